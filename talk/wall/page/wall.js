// The wall: draws what the stage says is painted there, and says nothing. See talk/wall/canvas.py.
"use strict";

const CELL_W = 10, CELL_H = 20, BASE = 15;
const RETRY_MS = [500, 1000, 2000, 4000];
const SVG = "http://www.w3.org/2000/svg";
const wall = document.getElementById("wall");
const line = document.getElementById("line");
let size = "";
let rows = [];
let ground = null;
let tries = 0;

function element(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function run(y, [x, cells, text, colour, bold]) {
  const width = cells * CELL_W;
  if (!text) return element("rect", {x: x * CELL_W, y: y * CELL_H, width, height: CELL_H, fill: colour});
  const made = element("text", {
    x: x * CELL_W, y: y * CELL_H + BASE, textLength: width, lengthAdjust: "spacingAndGlyphs", fill: colour,
  });
  if (bold) made.setAttribute("font-weight", "bold");
  made.textContent = text;
  return made;
}

function draw(picture) {
  const asked = `0 0 ${picture.width * CELL_W} ${picture.height * CELL_H}`;
  if (asked !== size) {
    size = asked;
    wall.setAttribute("viewBox", size);
    ground = element("rect", {width: "100%", height: "100%"});
    rows = Array.from({length: picture.height}, () => element("g", {}));
    wall.replaceChildren(ground, ...rows);
  }
  ground.setAttribute("fill", picture.ground);
  document.body.style.background = picture.ground;
  document.title = picture.title || "the talk";
  for (const [y, runs] of Object.entries(picture.rows)) {
    rows[y].replaceChildren(...runs.map((each) => run(Number(y), each)));
  }
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws`);
  socket.onmessage = (message) => {
    tries = 0;
    document.body.classList.remove("alone");
    draw(JSON.parse(message.data));
  };
  socket.onclose = () => {
    document.body.classList.add("alone");
    line.textContent = "the stage does not answer: the talk is over, or too many are looking. Trying again…";
    setTimeout(connect, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
  };
}
connect();
