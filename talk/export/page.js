"use strict";
const steps = Array.from(document.querySelectorAll(".step"));
let at = 0;
// A film plays while its step is on, stands at its end, and begins again; who wants no motion sees the end.
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const FRAME_MS = 700;
const STANDS = 4;
let playing = 0;
function play(step) {
  clearInterval(playing);
  const figure = step.querySelector("figure.film");
  if (!figure || STILL.matches) return;
  const frames = Array.from(figure.children);
  let number = 0;
  const turn = () => {
    const on = Math.min(number++, frames.length - 1);
    frames.forEach((frame, place) => frame.classList.toggle("now", place === on));
    if (number >= frames.length + STANDS) number = 0;
  };
  figure.classList.add("rolling");
  turn();
  playing = setInterval(turn, FRAME_MS);
}
function show(place) {
  at = Math.max(0, Math.min(steps.length - 1, place));
  steps.forEach((step, number) => step.classList.toggle("on", number === at));
  document.body.classList.toggle("first", at === 0);
  const step = steps[at];
  document.getElementById("where").textContent =
    step.dataset.slide + " / " + steps[steps.length - 1].dataset.slide;
  history.replaceState(null, "", "#" + step.dataset.slide + "." + step.dataset.step);
  window.scrollTo(0, 0);
  play(step);
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
