// Draws the held reports, with the reason of each.

import { button, element, make } from "/static/elements.js";
import { placeOf } from "/static/entry/report-values.js";
import { cell, labelled, number, row, small } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";
import { dayAndClock } from "/static/time.js";
import { age, nameOf } from "/static/waiting/names.js";
import { selection } from "/static/waiting/selection.js";

/**
 * @typedef {{outcome_id: string, kind: string, version: number, reason: string, received_at: string, author: string,
 *   channel: string, flags: string[], assignee: string | null, is_acceptable: boolean, is_adoptable: boolean,
 *   is_elsewhere: boolean, waits: boolean, subject_pcode: string | null, clear: Record<string, any>}} Held
 * @typedef {{reason: string, reports: number, oldest: string}} Reason
 */

export const rows = selection("held", showSelected);

/** @param {Reason[]} reasons @param {string} chosen @param {(reason: string) => void} choose */
export function drawReasons(reasons, chosen, choose) {
  const all = reasons.reduce((total, { reports }) => total + reports, 0);
  element("held-count").textContent = number.format(all);
  element("held-none").hidden = all > 0;
  const chips = reasons.map(({ reason, reports, oldest }) =>
    chip(reason, sentence("chip", { reason: because(reason), count: number.format(reports), age: age(oldest) })),
  );
  const shown = element("reasons");
  const hasFocus = shown.contains(document.activeElement);
  shown.replaceChildren(...(reasons.length > 1 ? [chip("", sentence("all")), ...chips] : chips));
  if (hasFocus)
    // the arrow keys choose another reason
    /** @type {HTMLInputElement | null} */ (shown.querySelector(":checked") ?? shown.querySelector("input"))?.focus();

  /** @param {string} reason @param {string} text */
  function chip(reason, text) {
    const input = make("input", { type: "radio", name: "reason", value: reason, checked: reason === chosen });
    input.addEventListener("change", () => choose(reason));
    return make("label", {}, input, text);
  }
}

/** @param {Held[]} reports @param {(report: Held, row: HTMLTableRowElement) => void} open */
export function drawHeld(reports, open) {
  rows.keep(reports.map(({ outcome_id }) => outcome_id));
  const focused = focusOf(document.activeElement);
  const former = new Map(
    [...document.querySelectorAll("#held tr[data-key]")].map((shown) => [
      /** @type {HTMLElement} */ (shown).dataset.key,
      shown,
    ]),
  );
  element("held").replaceChildren(
    ...reports.flatMap((report) => withOpened(drawn(report, open), former.get(report.outcome_id))),
  );
  rows.shown();
  if (focused) /** @type {HTMLElement | null} */ (document.querySelector(focused))?.focus();
}

/**
 * Keeps an opened report open, because a new opening would be one more entry in the security log.
 * @param {HTMLTableRowElement} made @param {Element | undefined} former
 */
function withOpened(made, former) {
  const below = former?.nextElementSibling;
  const button = made.querySelector("button");
  if (!below?.classList.contains("opened") || !button) return [made];
  made.classList.add("is-opened");
  button.textContent = sentence("close");
  return [made, below];
}

/** @param {Element | null} focused */
function focusOf(focused) {
  const key = /** @type {HTMLElement | null} */ (focused?.closest("#held tr[data-key]"))?.dataset.key;
  return key && `#held tr[data-key="${CSS.escape(key)}"] ${focused?.localName}`;
}

/** @param {Held} report @param {(report: Held, row: HTMLTableRowElement) => void} open */
function drawn(report, open) {
  const { clear } = report;
  const what = [
    words("kinds")[report.kind],
    clear.movement && words("movements")[clear.movement],
    clear.is_reversed && words("fields").is_reversed,
    clear.is_full_recount && words("fields").is_full_recount,
    clear.persons && sentence("persons", { count: number.format(clear.persons) }),
  ];
  const made = row([
    cell(checkbox(report)),
    cell(age(report.received_at), small(dayAndClock(new Date(report.received_at)))),
    cell(...(clear.is_urgent ? [tag(words("fields").is_urgent), " "] : []), what.filter(Boolean).join(" · ")),
    cell(way(report)),
    cell(
      because(report.reason),
      small(sentence(nextStep(report))),
      ...report.flags.filter((flag) => flag !== report.reason).map((flag) => small(words("flags")[flag] ?? flag)),
    ),
    cell(nameOf(report.author), small(words("channels")[report.channel] ?? report.channel)),
    cell(report.assignee ? nameOf(report.assignee) : "–"),
    cell(button(sentence("open"), () => open(report, made))),
  ]);
  labelled(made, "held-table");
  made.dataset.key = report.outcome_id;
  return made;
}

/**
 * Describes the way of a movement. Without origin and destination, shows the present place of its people.
 * @param {Held} report
 */
function way({ clear, subject_pcode }) {
  if (!clear.origin && !clear.destination) return placeOf(subject_pcode ? { pcode: subject_pcode } : undefined);
  return `${placeOf(clear.origin, clear.origin_locality)} → ${placeOf(clear.destination, clear.destination_locality)}`;
}

/** @param {Held} report */
function nextStep({ is_acceptable, is_elsewhere, waits }) {
  if (waits) return "waits";
  if (is_elsewhere) return "elsewhere";
  return is_acceptable ? "may_accept" : "no_decision";
}

/** @param {string} reason */
function because(reason) {
  return words("reasons")[reason] ?? reason;
}

/** @param {Held} report */
function checkbox(report) {
  const name = sentence("select", {
    report: words("kinds")[report.kind] ?? report.kind,
    author: nameOf(report.author),
    time: dayAndClock(new Date(report.received_at)),
  });
  return rows.checkbox(report.outcome_id, name, report.waits);
}

/** @param {number} count @param {boolean} isAll */
function showSelected(count, isAll) {
  element("acts").hidden = !count;
  element("selected").textContent = sentence("selected", { count: number.format(count) });
  /** @type {HTMLInputElement} */ (element("select-all")).checked = isAll;
}

/** @param {string} text */
function tag(text) {
  return make("span", { className: "tag is-loud", textContent: text });
}
