// Releases chosen fields of a restricted event with a text for the public, or withdraws the release.

import { element } from "/static/elements.js";
import { line } from "/static/entry/fields.js";
import { ask } from "/static/entry/questions.js";
import { fail, refuse } from "/static/entry/refusals.js";
import { keepUnsent, sendByKeyboard, sendOnce, sendReport, showAnswer } from "/static/entry/sending.js";
import { sentence } from "/static/texts.js";
import { uuid } from "/static/uuid.js";

/**
 * @typedef {{lat: number, lon: number}} Point
 * @typedef {{released_revision: number, status?: string, type: string, urgency: string, onset: string,
 *   area: object}} Withdrawal
 * @typedef {{source: string, source_id: string, status: string, revision: number, next_revision: number,
 *   is_first: boolean, type: string, urgency: string, severity: string, certainty: string, districts: string[],
 *   villages: string[], locality: string | null, locality_pcode: string | null, point: Point | null, onset: string,
 *   expires: string | null, withdrawal: Withdrawal | null}} Known the event, without its internal text
 */

const form = /** @type {HTMLFormElement} */ (element("release"));
const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (form.querySelectorAll("button"));
const texts = /** @type {NodeListOf<HTMLTextAreaElement>} */ (form.querySelectorAll("textarea[data-language]"));
const exactPlaces = /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("input[data-place]"));
/** @type {Known} */
const known = JSON.parse(element("release-known").textContent ?? "{}");
const report = { id: uuid(), version: 1, at: "" };
const changes = keepUnsent(form);

/** @param {string} name */
function isChosen(name) {
  const box = form.querySelector(`input[name="${name}"]`);
  return box instanceof HTMLInputElement && box.checked;
}

/** Returns fields of every report from this page. The revision is above all revisions of the event and its releases. */
function heading() {
  report.at ||= new Date().toISOString();
  return {
    report_id: report.id,
    ...(report.version > 1 && { version: report.version }),
    revision: known.next_revision + report.version - 1,
    released_revision: known.revision,
    scope: "Public",
    status: known.status,
    source: known.source,
    source_id: known.source_id,
    reported_at: report.at,
  };
}

function release() {
  return {
    ...heading(),
    ...(!known.is_first && { msg_type: "Update" }),
    type: known.type,
    onset: known.onset,
    urgency: known.urgency,
    area: area(),
    text: publicText(),
    ...(isChosen("severity") && { severity: known.severity }),
    ...(isChosen("certainty") && { certainty: known.certainty }),
    ...(isChosen("locality") && known.locality_pcode && { locality_pcode: known.locality_pcode }),
    ...(isChosen("expires") && { expires: known.expires }),
  };
}

/** Returns the withdrawal, with public fields only, because newer facts may be restricted. */
function withdrawal() {
  return { ...heading(), msg_type: "Cancel", ...known.withdrawal };
}

function area() {
  const pcodes = [...known.districts, ...(isChosen("villages") ? known.villages : [])];
  return {
    ...(pcodes.length && { pcodes }),
    ...(isChosen("locality") && { description: known.locality }),
    ...(isChosen("point") && { point: known.point }),
  };
}

function publicText() {
  const written = [...texts]
    .map((field) => /** @type {const} */ ([field.dataset.language ?? "", field.value.trim()]))
    .filter(([, words]) => words);
  return Object.fromEntries(
    written.map(([language, words]) => [language, { headline: line(words), description: words }]),
  );
}

async function send() {
  if (!texts.length) return;
  if (!Object.keys(publicText()).length) return fail(sentence("missing"), [texts[0]]);
  if (!Object.keys(area()).length) return fail(sentence("placeless"), [...exactPlaces].slice(0, 1));
  await sendOnce(form, () => sent(release, "accepted"));
}

/** @param {() => object} body @param {string} success */
async function sent(body, success) {
  const answer = await sendReport("/intake/v1/hazards", report, body);
  if (!answer.ok) return refuse(answer);
  const { status } = await answer.json();
  showAnswer(
    form,
    changes,
    sentence(status === "accepted" ? success : status, { event: element("event").textContent ?? "" }),
  );
  element("back").focus();
}

sendByKeyboard(form, () => void send());
document.getElementById("withdraw")?.addEventListener("click", async () => {
  const answer = await ask(/** @type {HTMLDialogElement} */ (element("withdrawing")));
  if (answer === "withdraw") await sendOnce(form, () => sent(withdrawal, "withdrawn"));
});
// the buttons are disabled at first: before this script runs, Enter would send the form without checks
for (const button of buttons) button.disabled = false;
