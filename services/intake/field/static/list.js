// The reports on this phone and what became of each.

import { account, isAnswered, isOver, isOwn, remove, reports } from "./kept.js";
import { correct } from "./form.js";
import { labelOf } from "./labels.js";
import { button, copy, element, filled, line, part, texts } from "./page.js";

/** @typedef {import("./kept.js").Kept} Kept */

export function show() {
  const kept = reports();
  showAccount();
  element("signal").hidden = navigator.onLine;
  element("kept-reports").hidden = !kept.length;
  element("send-now").hidden = !kept.some((report) => report.state === "waiting");
  element("reports").replaceChildren(...kept.map(shown));
}

/** Apart from the reports, as a sign-in ends by time alone, and a list made anew is read out anew. */
export function showAccount() {
  const known = account();
  const hasEnded = Boolean(known && isOver(known));
  element("signing").hidden = Boolean(known) && !hasEnded;
  element("sign-in-again").hidden = !hasEnded;
  element("account").hidden = !known || hasEnded;
  element("account-name").textContent = known?.name ?? "";
}

/** @param {Kept} report */
function shown(report) {
  const item = /** @type {HTMLElement} */ (copy("kept-report"));
  const { body } = report;
  item.classList.toggle("is-good", isAnswered(report));
  item.classList.toggle("is-bad", ["refused", "conflict"].includes(report.state));
  const version = body.version > 1 ? ` · ${filled(texts.version, { number: body.version - 1 })}` : "";
  part(item, "strong").textContent = texts[body.kind] + version;
  part(item, ".muted").textContent = `${filled(texts.persons, { count: body.persons })} · ${moment(report.at)}`;
  part(item, ".answer").textContent = answerOf(report);
  part(item, ".errors").replaceChildren(...[...new Set((report.errors ?? []).map(told))].map(line));
  part(item, ".actions").append(
    ...(isOwn(report) ? [button(texts.correct, () => correct(report))] : []),
    ...(report.state === "waiting" ? [] : [button(texts.remove, () => forget(report))]),
  );
  return item;
}

/** @param {Kept} report */
function answerOf(report) {
  if (report.state === "waiting" && !isOwn(report)) return filled(texts.other, { name: report.account });
  return texts[report.state];
}

/** In the reader's words where the form has the field. @param {import("./kept.js").FieldError} error */
function told(error) {
  return labelOf(error.pointer) || `${error.pointer} ${error.expected}`;
}

/** In figures alone, as not every phone knows Kyrgyz. @param {string} at */
function moment(at) {
  return new Date(at).toLocaleString("ru", { timeZone: "Asia/Bishkek", day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit" });
}

/** @param {Kept} report */
function forget(report) {
  if (!isAnswered(report) && !confirm(texts.sure)) return;
  remove(report);
}
