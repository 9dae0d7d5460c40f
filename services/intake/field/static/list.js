// The list of this phone's drafts and reports, with the state of each.

import { discard, discardCopy, drafts } from "./drafts.js";
import { button, element } from "./elements.js";
import { expectation } from "./expectations.js";
import { correct, goOn, moveOn } from "./form.js";
import { kindOf } from "./hazards.js";
import {
  account,
  awaitsSignIn,
  isAnswered,
  isMovementKind,
  isOver,
  isOwn,
  isSameName,
  kept,
  receiptOf,
  remove,
  reports,
} from "./kept.js";
import { labelOf, placeName } from "./labels.js";
import { areOwnPeople } from "./movements.js";
import { isOpen } from "./open-draft.js";
import { sendAgain } from "./outbox.js";
import { codeOf } from "./report-codes.js";
import { reverse } from "./reversals.js";
import { canSeal } from "./sealing.js";
import { shownCode } from "./short-codes.js";
import { copy, line, part } from "./page.js";
import { sentence, words } from "./texts.js";
import { dayAndClock } from "./time.js";

/**
 * @typedef {import("./kept.js").Kept} Kept
 * @typedef {import("./kept.js").Clear} Clear
 * @typedef {import("./drafts.js").Draft} Draft
 */

export function show() {
  const kept = reports(),
    waiting = kept.filter((report) => ["waiting", "unopened"].includes(report.state)).length;
  showAccount();
  showDrafts();
  element("signal").hidden = navigator.onLine;
  element("kept-reports").hidden = element("to-reports").hidden = !kept.length;
  element("to-reports").textContent = sentence("sum", { count: kept.length, waiting });
  element("send-now").hidden = !waiting;
  element("reports").replaceChildren(...kept.map(shown));
}

/** Show the account only. If the whole list were replaced, a screen reader would read the list from the start. */
export function showAccount() {
  const known = account();
  const hasEnded = Boolean(known && isOver(known));
  element("signing").hidden = !canSeal() || (Boolean(known) && !hasEnded); // passwords need encryption
  element("sign-in-again").hidden = !hasEnded;
  element("account").hidden = !canSeal() || !known || hasEnded;
  element("account-name").textContent = known?.name ?? "";
}

/** Leaves out the open draft and the copies of refused reports. */
function showDrafts() {
  const name = account()?.name;
  const own = drafts().filter(
    (draft) => !isCopy(draft) && (!draft.author || isSameName(draft.author, name)) && !isOpen(draft.clear.report_id),
  );
  element("drafts").hidden = !own.length || !canSeal();
  element("draft-list").replaceChildren(...own.map(begun));
}

/**
 * True if the draft is only a copy of a refused report. The button "Correct" at a refused report opens its copy.
 * @param {Draft} draft
 */
function isCopy(draft) {
  return Boolean(draft.isCopy && kept(draft.clear.report_id));
}

/** @param {Draft} draft */
function begun(draft) {
  const item = /** @type {HTMLElement} */ (copy("kept-report"));
  item.dataset.key = draft.clear.report_id;
  title(item, draft.clear, draft.at);
  part(item, ".actions").append(
    button(sentence("goOn"), () => goOn(draft)),
    button(sentence("discard"), () => {
      if (confirm(sentence("sureDraft"))) discard(draft.clear.report_id);
    }),
  );
  return item;
}

/** @param {Kept} report */
function shown(report) {
  const item = /** @type {HTMLElement} */ (copy("kept-report"));
  item.dataset.key = report.clear.report_id;
  const isBad = ["refused", "conflict", "unopened"].includes(report.state) || receiptOf(report)?.state === "refused";
  item.classList.toggle("is-good", isAnswered(report) && !isBad);
  item.classList.toggle("is-bad", isBad);
  title(item, report.clear, report.at);
  part(item, ".answer").textContent = answerOf(report);
  part(item, ".errors").replaceChildren(
    ...[...new Set((report.errors ?? []).map((error) => wrong(error, report.clear.kind)))].map(line),
  );
  part(item, ".actions").append(
    ...(isOwn(report) && canSeal() ? [button(sentence("correct"), () => correct(report))] : []),
    ...(!isBad && canSeal() && areOwnPeople(report) ? [button(sentence("later"), () => moveOn(report))] : []),
    ...(!isBad && canSeal() && isReversible(report)
      ? [button(sentence("wrong"), () => reverse(report, part(item, ".muted").textContent ?? ""))]
      : []),
    ...(isOwn(report) && report.sealed && ["refused", "conflict"].includes(report.state)
      ? [button(sentence("sendAgain"), () => sendAgain(report))]
      : []),
    ...(report.state === "waiting" ? [] : [button(sentence("remove"), () => forget(report))]),
  );
  return item;
}

/** @param {Kept} report */
function isReversible(report) {
  return isMovementKind(report.clear.kind) && isOwn(report) && isAnswered(report) && !report.clear.is_reversed;
}

/**
 * Describe a report without names of persons: kind, number of persons, places, time, and short code of the household.
 * @param {HTMLElement} item
 * @param {Clear} clear
 * @param {string} at
 */
function title(item, clear, at) {
  const version = clear.version > 1 ? ` · ${sentence("version", { number: clear.version - 1 })}` : "";
  part(item, "strong").textContent = `${sentence(kindOf(clear))} ${codeOf(clear)}${version}`;
  const what =
    clear.kind === "hazard"
      ? seen(clear)
      : isMovementKind(clear.kind)
        ? movedTo(clear)
        : [
            sentence("persons", { count: clear.persons ?? "?" }),
            [clear.origin, clear.destination].map((place) => placeName(place) || "?").join(" → "),
          ];
  const code = clear.short_code ?? clear.household_code;
  part(item, ".muted").textContent = [
    ...what,
    dayAndClock(new Date(at)),
    code && sentence("shortCode", { code: shownCode(code) }),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** @param {Clear} clear */
function seen({ type, origin }) {
  return [words("hazards")[type ?? ""], placeName(origin ?? {})];
}

/**
 * Without a number of persons, the movement concerns the whole household or group. Some movements have no destination.
 * @param {Clear} clear
 */
function movedTo({ movement, persons, destination, is_reversed }) {
  return [
    is_reversed && sentence("reversed"),
    words("movements")[movement ?? ""],
    persons && sentence("persons", { count: persons }),
    destination && placeName(destination),
  ];
}

/** @param {Kept} report */
function answerOf(report) {
  if (report.state === "waiting" && !isOwn(report)) return sentence("other", { name: report.account });
  if (awaitsSignIn(report)) return sentence("awaitsSignIn");
  const { state, reason, is_alerted } = receiptOf(report) ?? { state: "received", reason: null };
  if (!isAnswered(report) || state === "received") return sentence(report.state);
  const result = sentence(`receipt_${state}`, { reason: words("refusals")[reason ?? ""] ?? "" });
  return [result, is_alerted && sentence("receipt_alerted"), state !== "refused" && words("advice")[reason ?? ""]]
    .filter(Boolean)
    .join(". ");
}

/**
 * Return what the centre expects in a wrong field. The text begins with the field's label if the form has the field.
 * @param {import("./kept.js").FieldError} error
 * @param {Clear["kind"]} kind
 */
function wrong(error, kind) {
  const label = labelOf(error.pointer, isMovementKind(kind) ? "household_movement" : kind),
    expected = expectation(error);
  if (!label) return expected || `${error.pointer} ${error.expected}`;
  return [sentence("check", { field: label }), expected].filter(Boolean).join(". ");
}

/** @param {Kept} report */
function forget(report) {
  if (!isAnswered(report) && !confirm(sentence("sure"))) return;
  discardCopy(report.clear.report_id);
  remove(report);
}
