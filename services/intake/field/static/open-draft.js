// The report that the form in this tab shows.

import { isHeldHere, Kinds } from "./drafts.js";
import { account, isOwn, isSameName, kept } from "./kept.js";
import { idsOf } from "./reports.js";

/**
 * @typedef {import("./positions.js").Point} Point
 * @typedef {{ids: import("./reports.js").Ids, author: string, corrected: import("./kept.js").Outline | null,
 *   point: Point | null, isTouched: boolean, isKept: boolean, isLost?: boolean, kinds: Kinds}} Open The report in the
 *   form.
 *   `corrected` is the sent report that the author corrects. `isTouched` means that the author has changed the form.
 *   `isKept` means that the phone stores the form as a draft. `isLost` means that a full phone could not store the last
 *   change. `kinds` contains the entries for each kind of report.
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

/** @param {string} reportId */
export function isOpen(reportId) {
  return draft.ids.report_id === reportId;
}

export function isAnothers() {
  const { author } = draft;
  const latest = latestCorrected();
  return Boolean(author && !isSameName(author, account()?.name)) || Boolean(latest && !isOwn(latest));
}

/** True if this tab has stored the draft, but another tab has sent, removed or continued the draft. */
export function isElsewhere() {
  return draft.isKept && !isHeldHere(draft.ids.report_id);
}

/** Return the corrected report as it is stored now, because the centre may have answered since the correction began. */
export function latestCorrected() {
  return draft.corrected && (kept(draft.corrected.clear.report_id) ?? draft.corrected);
}
