// The live board. Events of the stream redraw the panels. The operator's actions go to the services.

import "/static/board/filters.js";
import "/static/board/keys.js";
import "/static/households/person-in-charge.js";
import { begin } from "/static/board/answers.js";
import { attend } from "/static/board/attendance.js";
import { catchUp, note, noteChange, open } from "/static/board/beside.js";
import { call } from "/static/calls.js";
import { showCaller } from "/static/board/callers.js";
import { askEscalations, showEscalations } from "/static/board/escalations.js";
import { askHeldPersons, askHeldPersonsSoon, showHeldPersons } from "/static/board/held-persons.js";
import { sentence } from "/static/texts.js";
import { clock } from "/static/time.js";
import { element } from "/static/elements.js";
import { listen } from "/static/board/listening.js";
import { settle } from "/static/board/alerts-list.js";
import { watchPanels } from "/static/board/late-panels.js";
import { startMap, toggleMap } from "/static/board/map.js";
import { draw, drawHeard, showBy, showMore } from "/static/board/panels.js";
import { renewal } from "/static/board/renewals.js";

/** @type {Record<string, string[]>} */
const PANELS_OF = {
  hazards: ["hazards", "recent"],
  "hazards-restricted": ["hazards", "recent"],
  alerts: ["alerts", "key-figures", "recent"],
  households: ["households", "key-figures"],
  groups: ["households"],
  outcomes: ["reports"],
};
const ADMISSION_MS = 15_000;
const SITES_MS = 2000;
// the longest time between two requests for the next escalations: a silence changes them without an event
const ESCALATIONS_MS = 15_000;
const CLOCKS_MS = 5000;
const OLD_MS = 60_000; // panels are redrawn after this time even without an event, because hazards expire

const PAGE =
  /^\/(alerts|hazards|registry\/(groups|sites))\/[0-9a-f-]{36}(\?entry=report-[0-9a-f-]+)?$|^\/areas\/[A-Z]{2}\d+$/;

const board = element("board");
const renewClocks = renewal(askEscalations, CLOCKS_MS);
/** @type {ReturnType<typeof setTimeout> | undefined} */
let ringing;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let moving;

/** Reads the numbers of people at sites, once for all events within two seconds. */
function renewSites() {
  moving ??= setTimeout(() => {
    moving = undefined;
    document.querySelector("[data-fragment='/registry/occupied-sites']")?.dispatchEvent(new CustomEvent("outdated"));
  }, SITES_MS);
}

/** Asks for the ringing alerts 0.3 s after an event, because the worker must store the alerts first. */
function heardOf() {
  ringing ??= setTimeout(() => {
    ringing = undefined;
    document.dispatchEvent(new CustomEvent("alerts-changed"));
  }, 300);
}

let atAdmission = "";

async function askAdmission() {
  const admission = document.getElementById("admission");
  if (!admission) return;
  const answer = await call("GET", "/intake/v1/ledger").catch(() => undefined);
  if (!answer?.ok) return;
  const { admission: counts } = await answer.json();
  atAdmission = sentence("intake", { ...counts, since: clock(new Date(counts.since)) });
  showAdmission();
}

function showAdmission() {
  const admission = document.getElementById("admission");
  if (admission) admission.textContent = atAdmission;
}

board.addEventListener("click", (event) => {
  const more = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-more]"));
  if (more) return showMore(more.dataset.more ?? "");
  const button = /** @type {HTMLElement} */ (event.target).closest("[data-act]");
  if (!(button instanceof HTMLElement)) return openAimedAt(event);
  if (button.dataset.act === "map") return toggleMap();
  if (button.dataset.act === "caller") return void showCaller(button.dataset.report ?? "");
  begin(button.dataset.act ?? "", button.dataset.alert ?? "");
});

/**
 * Opens the page of the clicked row or link beside the list. With Ctrl, Shift or Alt, the browser opens the link.
 * @param {MouseEvent} event
 */
function openAimedAt(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || getSelection()?.type === "Range") return;
  const target = /** @type {HTMLElement} */ (event.target);
  const row = /** @type {HTMLElement | null} */ (target.closest(".alerts [data-sequence]"));
  const link = target.closest("a");
  const path = link
    ? (link.getAttribute("href") ?? "").replace(/#report-.*$/, "")
    : row && !target.closest("button, input")
      ? `/alerts/${row.dataset.key}`
      : "";
  if (!PAGE.test(path) || link?.id === "beside-page") return;
  event.preventDefault();
  row?.focus({ preventScroll: true });
  void open(path);
}

board.addEventListener("drawn", (event) => {
  const panel = /** @type {HTMLElement} */ (event.target).dataset.panel;
  if (panel === "alerts") {
    heardOf();
    showEscalations();
    void renewClocks();
  }
  if (panel === "alerts" || panel === "hazards") catchUp(panel);
  if (panel === "reports") {
    showAdmission();
    askHeldPersonsSoon(); // this panel is drawn after an outcome
  }
  if (panel === "households") showHeldPersons();
});

listen(Object.keys(PANELS_OF), (topics, data) =>
  topics.forEach((topic) => {
    noteChange();
    if (PANELS_OF[topic].includes("recent")) note(data); // the event is about an alert or a hazard
    PANELS_OF[topic].forEach(drawHeard);
    if (topic === "alerts") heardOf();
    if (PANELS_OF[topic].includes("households")) renewSites();
  }),
);
showBy("alerts", settle);
if (board.dataset.attended) attend();
void askAdmission();
void askHeldPersons();
void renewClocks();
setInterval(renewClocks, ESCALATIONS_MS);
setInterval(showEscalations, CLOCKS_MS);
setInterval(askAdmission, ADMISSION_MS);
setInterval(() => new Set(Object.values(PANELS_OF).flat()).forEach(draw), OLD_MS);
const wanted = new URLSearchParams(location.search).get("alert");
if (wanted) document.getElementById(`alert-${wanted}`)?.focus();
watchPanels();
startMap();
