// Keeps the session of a page. A session lasts 30 minutes, and is renewed by input or by a connected board. Each page
// shows when its session has ended.

import { call, isNoAnswer } from "./calls.js";
import { heed, now } from "./server-time.js";
import { sentence } from "./texts.js";
import { clock } from "./time.js";

const KEEP_MS = 5 * 60_000;
const WARNING_MS = 5 * 60_000;
const AGAIN_MS = 10_000;
const LOOK_MS = 1000;
const USES = ["pointerdown", "keydown", "wheel", "touchstart"];

let used = true;
let keptAt = -Infinity;
let ends = performance.now() + Number(document.body.dataset.lasts ?? 0) * 1000;
let isFinal = false; // true twelve hours after the sign-in: the session ends without a further renewal
let isOver = false;

export function watchSession() {
  for (const kind of USES)
    addEventListener(
      kind,
      () => {
        used = true;
      },
      { passive: true },
    );
  document.getElementById("session-stay")?.addEventListener("click", () => void keep());
  void look();
  setInterval(look, LOOK_MS);
}

/** True if somebody has used the page, or if the page is a connected board. */
function isPresent() {
  const { keep, presence, connected } = document.body.dataset;
  return used || keep === "always" || (presence === "board" && connected === "yes");
}

async function look() {
  if (isOver) return;
  if (isPresent() && performance.now() - keptAt >= KEEP_MS) await keep();
  const left = ends - performance.now();
  if (left <= 0) return showEnd();
  const warning = document.getElementById("session-warning");
  if (!warning) return;
  warning.toggleAttribute("hidden", left > WARNING_MS);
  if (warning.hidden) return;
  /** @type {HTMLElement} */ (warning.querySelector("span")).textContent = sentence(
    isFinal ? "session_final" : "session_idle",
    { time: clock(new Date(now().getTime() + left)) },
  );
  document.getElementById("session-stay")?.toggleAttribute("hidden", isFinal);
  document.getElementById("session-again")?.toggleAttribute("hidden", !isFinal);
}

async function keep() {
  const wasUsed = used;
  const { screen } = document.body.dataset; // a wall screen gets a longer session
  [used, keptAt] = [false, performance.now()];
  try {
    const answer = await call("POST", `/v1/session${screen ? `?screen=${screen}` : ""}`);
    heed(answer);
    if (answer.status === 401) return showEnd();
    if (!answer.ok) return keepAgain(wasUsed);
    const lasts = Date.parse((await answer.json()).expires_at) - Date.parse(answer.headers.get("date") ?? "");
    if (Number.isNaN(lasts)) return;
    ends = performance.now() + lasts;
    isFinal = lasts < WARNING_MS;
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    keepAgain(wasUsed);
  }
}

/** @param {boolean} wasUsed */
function keepAgain(wasUsed) {
  used ||= wasUsed;
  keptAt = performance.now() - KEEP_MS + AGAIN_MS;
}

/** Shows that the session has ended. A page without this message would look as if nothing happened in the country. */
export function showEnd() {
  if (isOver) return;
  isOver = true;
  const page = document.getElementById("session-ended");
  if (!page) return;
  const text = /** @type {HTMLElement} */ (page.querySelector(".session-ended-text"));
  text.textContent = sentence("session_over", { time: clock(now()) });
  page.hidden = false;
  document.getElementById("session-warning")?.setAttribute("hidden", "");
  document.title = `⚠ ${text.textContent.split(".")[0]}`;
  document.dispatchEvent(new CustomEvent("session-ended"));
}
