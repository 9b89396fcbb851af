"use strict";
const steps = Array.from(document.querySelectorAll(".step"));
let at = 0;
function show(place) {
  at = Math.max(0, Math.min(steps.length - 1, place));
  steps.forEach((step, number) => step.classList.toggle("on", number === at));
  document.body.classList.toggle("first", at === 0);
  const step = steps[at];
  document.getElementById("where").textContent =
    step.dataset.slide + " / " + steps[steps.length - 1].dataset.slide;
  history.replaceState(null, "", "#" + step.dataset.slide + "." + step.dataset.step);
  window.scrollTo(0, 0);
}
function asked() {
  const [slide, step] = location.hash.slice(1).split(".");
  const place = steps.findIndex((each) => each.dataset.slide === slide && each.dataset.step === (step || "1"));
  return place < 0 ? 0 : place;
}
const FORWARD = ["ArrowRight", "ArrowDown", "PageDown", " ", "Enter"];
const BACKWARD = ["ArrowLeft", "ArrowUp", "PageUp", "Backspace"];
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (FORWARD.includes(event.key)) show(at + 1);
  else if (BACKWARD.includes(event.key)) show(at - 1);
  else if (event.key === "Home") show(0);
  else if (event.key === "End") show(steps.length - 1);
  else return;
  event.preventDefault();
});
document.getElementById("next").addEventListener("click", () => show(at + 1));
document.getElementById("back").addEventListener("click", () => show(at - 1));
window.addEventListener("hashchange", () => show(asked()));
if (steps.length) {
  document.body.classList.add("turning");
  show(asked());
}
