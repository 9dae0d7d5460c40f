// The report that the form in this tab shows.

import { isHeldHere, Kinds } from "./drafts.js";
import { account, isOwn, isSameName, kept } from "./kept.js";
import { idsOf } from "./reports.js";

/**
 * @typedef {import("./positions.js").Point} Point
 * @typedef {{ids: import("./reports.js").Ids, author: string, corrected: import("./kept.js").Outline | null,
 *   point: Point | null, isTouched: boolean, isKept: boolean, isLost?: boolean, kinds: Kinds}} Open the report in the
 *   form: ids, author, the report that it corrects, position, whether it was changed, and whether it is stored as a
 *   draft, whether the last change could not be stored, and what was written as each kind of report
 */

/** @type {Open} */
export let draft = {
  ids: idsOf(),
  author: "",
  corrected: null,
  point: null,
  isTouched: false,
  isKept: false,
  kinds: new Kinds(),
};

/** @param {Open} next */
export function openDraft(next) {
  draft = next;
}

/** Whether the form in this tab shows the report. @param {string} reportId */
export function isOpen(reportId) {
  return draft.ids.report_id === reportId;
}

export function isAnothers() {
  const { author } = draft;
  const latest = latestCorrected();
  return Boolean(author && !isSameName(author, account()?.name)) || Boolean(latest && !isOwn(latest));
}

/** Whether another tab sent the draft, removed it, or continues it. */
export function isElsewhere() {
  return draft.isKept && !isHeldHere(draft.ids.report_id);
}

/** The report that the draft corrects, as stored now, because the centre may have answered it meanwhile. */
export function latestCorrected() {
  return draft.corrected && (kept(draft.corrected.clear.report_id) ?? draft.corrected);
}
