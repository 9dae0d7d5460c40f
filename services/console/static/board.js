// The live board: what the stream tells has its panels drawn anew, and what the operator does goes to the services.

import { begin } from "/static/answers.js";
import { call } from "/static/calls.js";
import { showCaller } from "/static/callers.js";
import { element } from "/static/elements.js";
import { listen } from "/static/listening.js";
import { draw } from "/static/panels.js";
import { alarm } from "/static/sound.js";

/** @type {Record<string, string>} */
const PANEL_OF = { hazards: "hazards", alerts: "alerts", households: "households", outcomes: "reports" };
const DOOR_MS = 15_000;
const OLD_MS = 60_000; // what is in force, new or of the last hours is so only for a time, whether or not anything comes

const board = element("board");
let waiting = waitingNow();

/** The tab says how many wait, and a new one may be heard, also where another was answered as it came. */
function count() {
  const now = waitingNow();
  if (now.count > waiting.count || [...now.shown].some((alert) => !waiting.shown.has(alert))) alarm();
  waiting = now;
  document.title = (now.count ? `(${now.count}) ` : "") + document.title.replace(/^\(\d+\) /, "");
}

function waitingNow() {
  const panel = element("panel-alerts");
  const rows = /** @type {NodeListOf<HTMLElement>} */ (panel.querySelectorAll("[data-state=waiting]"));
  return { count: Number(panel.dataset.waiting), shown: new Set([...rows].map((row) => row.dataset.key)) };
}

let atDoor = "";

/** What came to intake since it started, beside what became of it. */
async function askDoor() {
  const door = document.getElementById("door");
  if (!door) return;
  const answer = await call("GET", "/intake/v1/ledger").catch(() => undefined);
  if (!answer?.ok) return;
  const counts = (await answer.json()).door;
  atDoor = (door.dataset.text ?? "").replace(/\{(\w+)\}/g, (_, name) => String(counts[name] ?? "–"));
  showDoor();
}

function showDoor() {
  const door = document.getElementById("door");
  if (door) door.textContent = atDoor;
}

board.addEventListener("click", (event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest("[data-act]");
  if (!(button instanceof HTMLElement)) return;
  if (button.dataset.act === "caller") return void showCaller(button.dataset.report ?? "");
  begin(button.dataset.act ?? "", button.dataset.alert ?? "");
});

board.addEventListener("keydown", (event) => {
  const alert = document.activeElement;
  if (!(alert instanceof HTMLElement) || !alert.classList.contains("alert") || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.code === "KeyA" || event.code === "KeyR") {
    const button = /** @type {HTMLElement | null} */ (alert.querySelector(`[data-act="${event.code === "KeyA" ? "acknowledge" : "resolve"}"]`));
    button?.click();
    event.preventDefault();
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const next = event.key === "ArrowDown" ? alert.nextElementSibling : alert.previousElementSibling;
    if (next instanceof HTMLElement && next.classList.contains("alert")) next.focus();
    event.preventDefault();
  }
});

board.addEventListener("drawn", (event) => {
  const panel = /** @type {HTMLElement} */ (event.target).dataset.panel;
  if (panel === "alerts") count();
  if (panel === "reports") showDoor();
});

count();
listen(Object.keys(PANEL_OF), (topics) => topics.forEach((topic) => draw(PANEL_OF[topic])));
void askDoor();
setInterval(askDoor, DOOR_MS);
setInterval(() => Object.values(PANEL_OF).forEach(draw), OLD_MS);
const wanted = new URLSearchParams(location.search).get("alert");
if (wanted) document.getElementById(`alert-${wanted}`)?.focus();
