// The presenter's view: shows what the stage tells, asks for the same few keys as the stage has.
// The stage tells the deck once ("programme") and then each moment ("desk"); see talk/notes/sheet.py.
"use strict";

const MARKS = {
  done: "✓", now: "▶", late: "!", failed: "✕", skipped: "–", next: "·", then: "·",
  held: "✓", pending: "·", broken: "✕", unknown: "?",
};
const PHONE = matchMedia("(max-width: 800px)");
const SURE_MS = 3000;
const RETRY_MS = [500, 1000, 2000, 4000];
const TWICE = ["again", "recording"];
const WAYS = {R: "recording", N: "again", S: "still", B: "black"};
const $ = (id) => document.getElementById(id);
const clock = (s) => `${s < 0 ? "−" : ""}${Math.floor(Math.abs(s) / 60)}:${String(Math.floor(Math.abs(s) % 60)).padStart(2, "0")}`;

let socket = null;
let tries = 0;
let programme = null;
let desk = null;

function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

// Write only what changed: a phone's battery, and a screen reader, are grateful.
function put(id, text) {
  const at = $(id);
  if (at.textContent !== text) at.textContent = text;
}

const kept = {};
function fill(id, value, make) {
  const as = JSON.stringify(value);
  if (kept[id] === as) return;
  kept[id] = as;
  $(id).replaceChildren(...make(value));
}

// --- the line to the stage ---------------------------------------------------------------------

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/ws${location.search}`);
  socket.onmessage = (message) => {
    tries = 0;
    document.body.classList.remove("alone");
    const told = JSON.parse(message.data);
    if (told.type === "programme") { programme = told; begin(); } else { desk = told; show(); }
  };
  socket.onclose = (event) => {
    document.body.classList.add("alone");
    const why = event.reason || "the stage does not answer";
    put("line", `not connected: ${why}. Trying again; the stage itself goes on without this.`);
    setTimeout(connect, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
  };
}

function ask(what, slide = 0) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({do: what, slide}));
}

// --- what is shown -----------------------------------------------------------------------------

function show() {
  const d = desk;
  const c = d.clocks;
  put("number", `${d.number} / ${programme?.cards.length ?? ""}`);
  put("title", d.title || "(no title)");
  clocks(c);
  fill("notes", d.notes, (notes) => notes.length
    ? notes.map((text) => element("p", text))
    : [element("p", "no notes for this slide", "none")]);
  put("step", d.steps ? `, step ${d.step} of ${d.steps}` : "");
  fill("words", d.words, (words) => words.map((w) => element("li", w.text, w.shown ? "" : "waits")));
  put("caption", d.caption ? `“${d.caption}”` : "");
  put("live", d.live ? `live: ${d.live}` : "");
  put("states", d.states.join(", "));
  following(d.following);
  $("cues-part").classList.toggle("empty", !d.cues.length);
  $("claims-part").classList.toggle("empty", !d.claims.length);
  fill("cues", d.cues, (cues) => cues.map(cue));
  fill("claims", d.claims, (claims) => claims.map(claim));
  put("cluster", d.cluster);
  put("verdict", d.verdict);
  $("verdict").className = `tone-${d.tone}`;
  put("machine", d.machine);
  ways(d.ways);
  strip();
  put("space", d.preparing || d.notice || `${PHONE.matches ? "next" : "space"}: ${d.space}`);
  $("space").classList.toggle("warn", Boolean(d.preparing || d.notice));
  put("views", `connected: ${d.viewers} view${d.viewers === 1 ? "" : "s"}`);
}

function clocks(c) {
  put("elapsed", c.running ? `${clock(c.elapsed_s)}${c.total_s ? ` of ${clock(c.total_s)}` : ""}` : "timer begins with slide 2");
  const left = c.total_s - c.elapsed_s;
  put("left", c.running && c.total_s ? (left >= 0 ? `${clock(left)} left` : `${clock(-left)} over`) : "");
  let said = "";
  if (c.against) {
    const than = `the ${c.against}`;
    said = c.behind_s > 0 ? `${clock(c.behind_s)} behind ${than}`
      : c.behind_s < 0 ? `${clock(-c.behind_s)} ahead of ${than}` : c.against === "plan" ? "on plan" : "as rehearsed";
  }
  put("behind", said);
  $("behind").className = c.behind_s > 120 ? "bad" : c.behind_s > 0 ? "warn" : "good";
  put("slide-time", c.running && c.planned_s ? `, this slide ${clock(c.slide_s)} of ${clock(c.planned_s)}` : "");
  $("due").style.left = `${100 * c.due}%`;
  $("here").style.left = `${100 * c.here}%`;
  put("total", clock(c.total_s));
  put("spent", clock(c.elapsed_s));
  $("time-part").classList.toggle("empty", !c.total_s);
}

function following(f) {
  put("next-number", f ? `, slide ${f.number}` : "");
  put("next-title", f ? f.title : "this is the last slide");
  fill("next-words", f ? f.words : [], (words) => words.map((text) => element("li", text)));
  const does = f && f.begins ? `at once: ${f.begins}` : "";
  put("next-live", [f && f.live ? `live: ${f.live}` : "", does].filter(Boolean).join("; "));
}

function cue(line) {
  const item = element("li", "", line.state);
  const when = line.at_s >= 0 ? clock(line.at_s) : line.state === "next" ? "next" : line.state === "then" ? "then" : "";
  item.append(element("span", MARKS[line.state], "mark"), element("time", when),
    element("span", line.text), element("span", line.said, "found"));
  return item;
}

function claim(line) {
  const item = element("li", "", line.state);
  item.title = line.bound;
  item.append(element("span", MARKS[line.state], "mark"), element("span", line.text),
    element("span", line.found, "found"));
  if (line.usual_s.length) {
    const took = line.usual_s.map((s) => s.toFixed(2)).join(" ");
    item.append(element("span", `last ${line.usual_s.length} rehearsals: ${took} s`, "usual"));
  }
  return item;
}

function ways(list) {
  fill("ways", list, () => list.map((way) => {
    const button = element("button");
    button.type = "button";
    button.disabled = !way.can;
    button.append(element("b", way.key), element("span", way.text));
    button.onclick = () => press(button, WAYS[way.key]);
    return button;
  }));
}

// What cannot be taken back is asked for twice: a thumb slips.
function press(button, what) {
  if (TWICE.includes(what) && !button.classList.contains("sure")) {
    const said = button.lastChild.textContent;
    button.classList.add("sure");
    button.lastChild.textContent = `press once more: ${said}`;
    setTimeout(() => {
      button.classList.remove("sure");
      button.lastChild.textContent = said;
    }, SURE_MS);
    return;
  }
  button.classList.remove("sure");
  ask(what);
}

// Made once and changed in place: a button that is replaced under a thumb is never pressed.
let cards = [];
function begin() {
  document.title = `notes: ${programme.title}`;
  const made = [];
  let kind = "walked";
  cards = programme.cards.map((card) => {
    if (card.kind === "still") return null;
    if (card.kind !== kind) {
      kind = card.kind;
      made.push(element("span", {question: "questions", appendix: "appendix", walked: "the talk"}[kind], "kind"));
    }
    const button = element("button", card.label);
    button.type = "button";
    button.title = `${card.title}${card.live ? " (live)" : ""}, slide ${card.number}`;
    button.onclick = () => ask("go", card.number);
    button.append(element("small"));
    made.push(button);
    return button;
  });
  $("strip").replaceChildren(...made);
}

function strip() {
  for (const [place, button] of cards.entries()) {
    if (!button) continue;
    const card = programme.cards[place];
    const spent = desk.spent_s[place];
    const time = spent >= 1 ? clock(spent) : card.plan_s ? clock(card.plan_s) : "";
    const small = time + (card.live ? " ●" : "");
    if (button.lastChild.textContent !== small) button.lastChild.textContent = small;
    button.classList.toggle("told", spent >= 1);
    if (card.number === desk.number) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

// --- keys --------------------------------------------------------------------------------------

const KEYS = {
  " ": "next", ArrowRight: "next", Enter: "next", PageDown: "next", ArrowLeft: "back",
  Backspace: "back", PageUp: "back", R: "recording", N: "again", S: "still", B: "black",
};

function larger(by) {
  const root = document.documentElement;
  const now = Number(getComputedStyle(root).getPropertyValue("--size")) || 1;
  root.style.setProperty("--size", String(Math.min(2.5, Math.max(0.6, now + by))));
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("goto").open) return;
  const pressed = document.activeElement?.tagName === "BUTTON" && [" ", "Enter"].includes(event.key);
  if (pressed) return; // the button has it
  if (KEYS[event.key]) ask(KEYS[event.key]);
  else if (event.key === "g") $("goto").showModal();
  else if (event.key === "+" || event.key === "=") larger(0.1);
  else if (event.key === "-") larger(-0.1);
  else return;
  event.preventDefault();
});
$("back").onclick = () => ask("back");
$("forward").onclick = () => ask("next");
// What was clicked does not keep the keyboard: space is the talk's key.
addEventListener("click", (event) => { if (event.detail) event.target.closest("button")?.blur(); });
$("goto").onclose = () => {
  const number = Number($("goto-number").value);
  $("goto-number").value = "";
  if (Number.isInteger(number) && number >= 1 && number <= (programme?.cards.length ?? 0)) ask("go", number);
};
// --- the wall ----------------------------------------------------------------------------------

// A picture at a time, and none while nobody looks: a phone in a pocket asks for nothing.
const WALL_MS = 500;
const wall = $("wall");
let walls = 0;
function look() {
  if (document.hidden || document.body.classList.contains("alone")) setTimeout(look, WALL_MS);
  else wall.src = `/stage.svg${location.search}&at=${walls++}`;
}
wall.onload = () => { wall.hidden = false; setTimeout(look, WALL_MS); };
wall.onerror = () => { wall.hidden = true; setTimeout(look, 10 * WALL_MS); };
look();

setInterval(() => put("time", new Date().toTimeString().slice(0, 8)), 500);
connect();
