// The wall screen, which works for weeks without a mouse or a keyboard.

import { age } from "/static/ages.js";
import { listen } from "/static/board/listening.js";
import { behindMs, draw } from "/static/board/panels.js";
import { renewal } from "/static/board/renewals.js";
import { call } from "/static/calls.js";
import { element, showText } from "/static/elements.js";
import { layersBehindMs } from "/static/map/layers.js";
import { now } from "/static/server-time.js";
import { sentence } from "/static/texts.js";
import { drawLayer, openMap } from "/static/wall/country.js";
import { askEscalations, showEscalations } from "/static/board/escalations.js";
import { Paging } from "/static/wall/paging.js";

const TURN_MS = 12_000;
const TICK_MS = 1000;
const OLD_MS = 60_000; // everything is read after this time even without an event, because hazards end
const LATE_MS = 5000; // a screen with a longer delay is not live

// the longest time between two requests for the next escalations: a silence changes them without an event
const ASK_MS = 15_000;
const CLOCKS_MS = 2000;

// the shortest time between two reloads: a server may still have the old edition
const RELOAD_MS = 60_000;
const TOUCHED_MS = 5000; // for this time after an input, the controls stay, and the page does not change
const INPUTS = ["pointermove", "pointerdown", "keydown", "touchstart"];

/** @type {Record<string, string[]>} */
const PANELS_OF = { alerts: ["wall", "key-figures"], households: ["key-figures"] };
/** @type {Record<string, string>} */
const LAYER_OF = { hazards: "hazards", "hazards-restricted": "hazards", alerts: "alerts" };
const TOPICS = ["hazards", "hazards-restricted", "alerts", "households"];

const room = element("room");
const behind = new Intl.NumberFormat(document.documentElement.lang === "en" ? "en" : "ru", {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const paging = new Paging();
const renewClocks = renewal(askEscalations, CLOCKS_MS);
/** @type {ReturnType<typeof setTimeout> | undefined} */
let touched;

/** @param {string[]} topics */
function renew(topics) {
  for (const name of new Set(topics.flatMap((topic) => PANELS_OF[topic] ?? []))) draw(name);
  for (const name of new Set(topics.flatMap((topic) => LAYER_OF[topic] ?? []))) drawLayer(name);
}

/** Arranges the rows after a drawing, or after a change of the screen's size. */
function arrange() {
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#wall-rows > li")]);
  for (const moment of document.querySelectorAll("#wall-rows time[data-age]"))
    moment.textContent = age(moment.getAttribute("datetime") ?? "", now());
  showEscalations();
  paging.divide(rows, document.getElementById("wall-rows")?.clientHeight ?? 0);
  showPage();
}

function showPage() {
  showText("wall-page", paging.count > 1 ? `${paging.page + 1}/${paging.count}` : "");
}

function turn() {
  if (touched || paging.count < 2) return;
  paging.turn();
  showPage();
}

/** Shows a red note if the screen is too far behind. */
function tick() {
  const ms = Math.max(behindMs(), layersBehindMs());
  showText(
    "behind",
    document.body.dataset.connected === "yes" ? sentence("behind", { seconds: behind.format(ms / 1000) }) : "",
  );
  room.classList.toggle("is-late", ms > LATE_MS);
  showEscalations();
}

/** Reloads the page after an update, as soon as the new version answers. */
async function loadEdition() {
  const isOurs = element("panel-wall").dataset.edition === room.dataset.edition;
  if (isOurs || Date.now() - Number(sessionStorage.getItem("reloaded-at") ?? 0) < RELOAD_MS) return;
  const answer = await call("GET", location.pathname).catch(() => undefined); // the next drawing asks again
  if (!answer?.ok || answer.redirected) return;
  sessionStorage.setItem("reloaded-at", String(Date.now()));
  location.reload();
}

function touch() {
  document.body.dataset.touched = "yes";
  clearTimeout(touched);
  touched = setTimeout(() => {
    touched = undefined;
    delete document.body.dataset.touched;
  }, TOUCHED_MS);
}

document.addEventListener("drawn", (event) => {
  const { panel } = /** @type {HTMLElement} */ (event.target).dataset;
  if (panel !== "wall") return;
  arrange();
  void renewClocks();
  void loadEdition();
});
for (const kind of INPUTS) addEventListener(kind, touch, { passive: true });
new ResizeObserver(arrange).observe(room); // a notice below the list changes the list's height
void document.fonts.ready.then(arrange);
arrange();
void renewClocks();
listen(TOPICS, renew);
renew(TOPICS); // the first reading shows how old the page is
void openMap();
setInterval(turn, TURN_MS);
setInterval(tick, TICK_MS);
setInterval(renewClocks, ASK_MS);
setInterval(() => renew(TOPICS), OLD_MS);
