// Draws one's own reports. A row has the time of sending, the result, and links for the author.

import { element, make } from "/static/elements.js";
import { explanationOf } from "/static/entry/explanations.js";
import { codeOf } from "/static/report-codes.js";
import { cell, labelled, row, small, strong } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";
import { dayAndClock } from "/static/time.js";

/**
 * @typedef {{report_id: string, kind: string, state: "received" | "recorded" | "under_review" | "refused",
 *   reason: string | null, is_alerted: boolean | null, sent_at: string, channel: string | null, line: number | null,
 *   record_id: string | null}} OwnReport
 */

const TAGS = { received: "tag", recorded: "tag is-good", under_review: "tag is-forecast", refused: "tag is-loud" };
/** @type {Record<string, string>} */
const FORMS = { hazard: "/new-event", household: "/new-household", group: "/new-count" };

/** Draws the reports. A focused link keeps the focus. @param {OwnReport[]} reports */
export function draw(reports) {
  const focused =
    document.activeElement?.closest("#reports tr") && /** @type {HTMLElement} */ (document.activeElement).id;
  element("reports").replaceChildren(...reports.map(drawn));
  element("none").hidden = reports.length > 0;
  if (focused) document.getElementById(focused)?.focus();
}

/** @param {OwnReport} report */
function drawn(report) {
  const made = row([
    cell(dayAndClock(new Date(report.sent_at)), ...sourceOf(report)),
    cell(strong(words("kinds")[report.kind] ?? report.kind), " ", codeOf(report)),
    cell(
      tag(report),
      ...[explanationOf(report), report.is_alerted && sentence("alerted")]
        .filter(Boolean)
        .map((text) => small(String(text))),
    ),
    cell(...links(report)),
  ]);
  made.dataset.key = report.report_id;
  made.dataset.state = report.state;
  return labelled(made, "reports-table");
}

/** Describes how a report came. The channel of very old reports is unknown. @param {OwnReport} report */
function sourceOf({ channel, line }) {
  const source = [
    channel && (words("channels")[channel] ?? channel),
    line !== null && sentence("row", { line }),
  ].filter(Boolean);
  return source.length ? [small(source.join(", "))] : [];
}

/** @param {OwnReport} report */
function tag({ state }) {
  return make("span", { className: TAGS[state] ?? "tag", textContent: words("states")[state] ?? state });
}

/** @param {OwnReport} report @returns {(HTMLAnchorElement | string)[]} */
function links(report) {
  const made = [recordOf(report), correctionOf(report)].filter((link) => link !== undefined);
  return made.length === 2 ? [made[0], " · ", made[1]] : made.length ? made : ["–"];
}

/** @param {OwnReport} report */
function recordOf(report) {
  const { kind, record_id } = report,
    subject = subjectOf(kind);
  return record_id && subject !== "hazard" ? link(report, "open", `/registry/${subject}s/${record_id}`) : undefined;
}

/**
 * Returns the link to the correction. A refused report without a record cannot be corrected. The link of such a report
 * leads to an empty form, in which the author writes the report again.
 * @param {OwnReport} report
 */
function correctionOf(report) {
  const { kind, state, record_id, report_id, channel } = report;
  if (!record_id)
    return state === "refused"
      ? link(report, "again", channel === "import" ? "/sheets" : (FORMS[kind] ?? "/new-movement"))
      : undefined;
  const named = `${subjectOf(kind)}=${record_id}`;
  if (kind === "hazard" || kind === "household") return link(report, "correct", `${FORMS[kind]}?${named}`);
  return link(report, "correct", `${FORMS[kind] ?? "/new-movement"}?${named}&report=${report_id}`);
}

/** @param {string} kind */
function subjectOf(kind) {
  return kind.replace("_movement", "");
}

/** @param {OwnReport} report @param {string} text @param {string} href */
function link(report, text, href) {
  const made = make("a", { href, textContent: sentence(text), id: `${text}-${report.report_id}` });
  made.ariaLabel = `${made.textContent}: ${words("kinds")[report.kind] ?? report.kind} ${codeOf(report)}`;
  return made;
}
