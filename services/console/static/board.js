// The live board: hears the stream, has the panels that changed drawn anew by the server, and sends the operator's answers.

import { toast } from "/static/toasts.js";
import { call, problem } from "/static/calls.js";
import { alarm } from "/static/sound.js";

/** @typedef {{ajax: (verb: string, path: string, options: object) => Promise<void>}} Htmx */

/** @type {Record<string, string>} */
const PANEL_OF = { hazards: "hazards", alerts: "alerts", households: "households", outcomes: "reports" };
const QUIET_MS = 400; // a panel is drawn at most so often, however much arrives
const AGAIN_MS = 1500; // a panel that was not to be had, or is behind what was heard, is asked for again
const SILENCE_MS = 40_000; // the stream says something every 15 s: longer than this is no connection

const board = element("board");
const link = element("link");
let position = board.dataset.vector ?? "";
let heard = Date.now();
let newest = new Date();
/** @type {Map<string, Drawing>} */
const drawings = new Map();

/** One panel: what it knows already, and whether something newer is due. */
class Drawing {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.isDue = false;
    this.isBusy = false;
  }

  async draw() {
    this.isDue = true;
    if (this.isBusy) return;
    this.isBusy = true;
    while (this.isDue) {
      this.isDue = false;
      await this.swap();
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    }
    this.isBusy = false;
  }

  async swap() {
    const panel = element(`panel-${this.name}`);
    const before = keys(panel);
    const isOpen = panel.querySelector("details")?.open ?? false;
    const top = panel.scrollTop;
    await htmx().ajax("GET", `/board/${this.name}?at=${position}`, { target: `#panel-${this.name}`, swap: "outerHTML" })
      .catch(() => undefined); // asked for again below
    const drawn = element(`panel-${this.name}`);
    drawn.scrollTop = top;
    const details = drawn.querySelector("details");
    if (details) details.open = isOpen;
    for (const [key, row] of keys(drawn)) {
      if (before.get(key)?.outerHTML !== row.outerHTML && mark(row) !== mark(before.get(key))) row.classList.add("arrived");
    }
    if (this.name === "alerts") count();
    if (this.name === "reports") showDoor();
  }
}

/** @param {HTMLElement} panel @returns {Map<string, HTMLElement>} */
function keys(panel) {
  const rows = /** @type {NodeListOf<HTMLElement>} */ (panel.querySelectorAll("[data-key]"));
  return new Map([...rows].map((row) => [row.dataset.key ?? "", row]));
}

/** What of a row is news; an age that grew is not. @param {HTMLElement | undefined} row */
function mark(row) {
  return row && [row.dataset.revision, row.dataset.state, row.dataset.severity, row.dataset.count].join("|");
}

function listen() {
  const stream = new EventSource(`/stream?topics=${Object.keys(PANEL_OF).join(",")}&from=${position}`);
  stream.addEventListener("open", () => live());
  stream.addEventListener("error", () => lost(stream));
  for (const topic of Object.keys(PANEL_OF)) {
    stream.addEventListener(topic, (event) => { live(event); draw(PANEL_OF[topic]); });
  }
  stream.addEventListener("reset", (event) => { live(event); Object.values(PANEL_OF).forEach(draw); });
}

/** @param {MessageEvent} [event] */
function live(event) {
  if (event?.lastEventId) position = event.lastEventId;
  heard = Date.now();
  newest = new Date();
  say("live", link.dataset.live ?? "");
}

/** @param {EventSource} stream */
function lost(stream) {
  if (stream.readyState === EventSource.CLOSED) {
    void call("POST", "/v1/session").then((answer) => {
      if (answer.status === 401) return ended();
      setTimeout(listen, 2000);
    }, () => setTimeout(listen, 2000));
  }
  say("lost", (link.dataset.lost ?? "").replace("{time}", clock(newest)));
}

function ended() {
  const again = document.createElement("a");
  again.href = "/sign-in?next=/";
  again.textContent = link.dataset.ended ?? "";
  link.dataset.state = "ended";
  link.replaceChildren(again);
}

/** @param {string} state @param {string} text */
function say(state, text) {
  if (link.dataset.state === "ended") return;
  link.dataset.state = state;
  if (link.textContent !== text) link.textContent = text;
}

/** @param {string} name */
function draw(name) {
  const drawing = drawings.get(name) ?? new Drawing(name);
  drawings.set(name, drawing);
  void drawing.draw();
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

let waiting = Number(element("panel-alerts").dataset.waiting);

/** The tab says how many wait, and a new one may be heard. */
function count() {
  const now = Number(element("panel-alerts").dataset.waiting);
  if (now > waiting) alarm();
  waiting = now;
  document.title = (now ? `(${now}) ` : "") + document.title.replace(/^\(\d+\) /, "");
}

document.body.addEventListener("htmx:afterRequest", (event) => {
  const { xhr, successful, pathInfo } = /** @type {CustomEvent} */ (event).detail;
  const name = /^\/board\/(\w+)/.exec(pathInfo.requestPath)?.[1];
  if (!name || (successful && !xhr.getResponseHeader("x-late"))) return;
  if (xhr.status === 401) ended();
  else setTimeout(() => draw(name), AGAIN_MS);
});

// Answers.

const dialog = /** @type {HTMLDialogElement} */ (element("answering"));
const form = /** @type {HTMLFormElement} */ (element("answer"));
/** @type {{act: string, alert: string}} */
let asked = { act: "", alert: "" };

/** @param {string} act @param {string} alert */
function begin(act, alert) {
  if (act === "acknowledge") return void send(alert, "acknowledgement", {});
  asked = { act, alert };
  form.reset();
  element("answer-failure").hidden = true;
  element("verdicts").hidden = act !== "resolve";
  element("remark").hidden = act !== "resolve";
  element("behalf").hidden = act === "resolve";
  element("answering-title").textContent = (act === "resolve" ? dialog.dataset.resolve : dialog.dataset.acknowledge) ?? "";
  element("answering-about").textContent = document.getElementById(`title-${alert}`)?.textContent ?? "";
  dialog.showModal();
}

async function answer() {
  const given = new FormData(form);
  const said = (/** @type {string} */ name) => String(given.get(name) ?? "").trim();
  if (asked.act === "resolve") {
    if (!said("verdict")) return void /** @type {HTMLInputElement | null} */ (form.querySelector("[name=verdict]"))?.focus();
    return send(asked.alert, "resolution", { verdict: said("verdict"), ...(said("note") && { note: said("note") }) });
  }
  const name = said("name");
  if (!name) return element("behalf-name").focus();
  const at = said("at") && instant(said("at"));
  return send(asked.alert, "acknowledgement", { on_behalf_of: { name, by: said("by"), ...(at && { at }) } });
}

/** @param {string} alert @param {string} what @param {object} body */
async function send(alert, what, body) {
  try {
    const answer = await call("PUT", `/alerts/v1/alerts/${alert}/${what}`, body);
    if (!answer.ok) return refuse(await problem(answer));
    dialog.close();
    toast(dialog.dataset.done ?? "", "good");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    refuse({ text: dialog.dataset.away ?? "" });
  }
}

/** @param {{text?: string, status?: number, body?: Record<string, string>}} found */
function refuse(found) {
  const name = found.body?.acknowledged_name ?? found.body?.resolved_name;
  const at = found.body?.acknowledged_at ?? found.body?.resolved_at;
  const text = found.status === 409 && name && at
    ? (dialog.dataset.taken ?? "").replace("{name}", name).replace("{time}", clock(new Date(at)))
    : found.text ?? (dialog.dataset.failed ?? "").replace("{problem}", found.body?.title ?? String(found.status));
  if (dialog.open) {
    element("answer-failure").textContent = text;
    element("answer-failure").hidden = false;
  } else toast(text, "bad");
}

/** Today's HH:MM on the clock of Bishkek, or yesterday's where that is still to come. @param {string} time */
function instant(time) {
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Bishkek" }).format(new Date());
  const moment = new Date(`${today}T${time}:00+06:00`);
  if (moment.getTime() > Date.now() + 60_000) moment.setUTCDate(moment.getUTCDate() - 1);
  return moment.toISOString();
}

/** @param {Date} moment */
function clock(moment) {
  return new Intl.DateTimeFormat("ru", { timeZone: "Asia/Bishkek", hour: "2-digit", minute: "2-digit" }).format(moment);
}

/** @param {string} report */
async function showCaller(report) {
  const shown = /** @type {HTMLDialogElement} */ (element("caller"));
  const answer = await call("GET", `/v1/callers/${report}`);
  const told = answer.ok ? await answer.json() : {};
  for (const field of /** @type {NodeListOf<HTMLElement>} */ (shown.querySelectorAll("[data-field]"))) {
    field.textContent = told[field.dataset.field ?? ""] || (answer.ok ? "—" : shown.dataset.none ?? "");
  }
  shown.showModal();
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

form.addEventListener("submit", (event) => {
  if (/** @type {SubmitEvent} */ (event).submitter?.getAttribute("value") !== "send") return;
  event.preventDefault();
  void answer();
});

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no #${id}`);
  return found;
}

/** @returns {Htmx} */
function htmx() {
  return /** @type {any} */ (window).htmx;
}

// A word from the server is due every 15 seconds; an EventSource does not notice a line that was cut in silence.
setInterval(() => {
  if (Date.now() - heard > SILENCE_MS && link.dataset.state === "live") say("lost", (link.dataset.lost ?? "").replace("{time}", clock(newest)));
}, 5000);

count();
listen();
void askDoor();
setInterval(askDoor, 15_000);
const wanted = new URLSearchParams(location.search).get("alert");
if (wanted) document.getElementById(`alert-${wanted}`)?.focus();
