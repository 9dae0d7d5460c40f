// Stores drafts, sealed with this phone's PIN: a draft is a report that has not been sent. Each change of a draft is
// stored at once. If the browser ends the tab, only the text of the last milliseconds is lost.

import { changed, clearOf, outlineOf } from "./kept.js";
import { recall } from "./sent-reports.js";
import { hasPin, isOpen, openDraft, sealDraft } from "./pin.js";
import { uuid } from "./uuid.js";

/**
 * @typedef {import("./kept.js").Kept} Kept
 * @typedef {import("./kept.js").Body} Body
 * @typedef {import("./kept.js").Outline} Outline
 * @typedef {{author: string, corrected: Outline | null, body: Body, others?: Record<string, Body>}} Written
 *   `others` has the fields of the kinds of report that the author chose before this kind
 * @typedef {{author: string, corrected: Outline | null, clear: import("./kept.js").Clear,
 *   sealed: import("./pin.js").SealedDraft, body?: Body, at: string, tab: string, isCopy?: boolean}} Draft `tab` is the
 *   tab that writes the draft. Only drafts of an earlier release have `body`. `isCopy` is true for a copy of a refused
 *   report that the author has not begun to correct.
 */

const PREFIX = "dayar.draft.";
const OPEN = "dayar.open";
/** @type {Map<string, number>} */
const writes = new Map(); // sealing takes a moment, so an older write of a draft may end after a newer write
let write = 0;

/** @returns {Draft[]} newest first */
export function drafts() {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  return /** @type {Draft[]} */ (keys.map(stored)).sort((a, b) => b.at.localeCompare(a.at));
}

/** @param {string} reportId @returns {Draft | null} */
export function draftOf(reportId) {
  return stored(PREFIX + reportId);
}

/** @param {string} key @returns {Draft | null} */
function stored(key) {
  const draft = JSON.parse(localStorage.getItem(key) ?? "null");
  return (
    draft && {
      ...draft,
      clear: draft.clear ?? clearOf(draft.body),
      corrected: draft.corrected && outlineOf(draft.corrected),
    }
  );
}

/** The texts of all kinds of report, because the author may choose another kind by mistake. */
export class Kinds {
  /** @param {Record<string, Body>} [others] the texts of other kinds in a stored draft, which the form does not show */
  constructor(others = {}) {
    this.written = { ...others };
    this.unshown = { ...others };
  }

  /**
   * Note what the form shows now. Return what the author wrote for other kinds of reports.
   * @param {string} kind
   * @param {Body} body
   */
  note(kind, body) {
    const { [kind]: _, ...others } = this.written;
    this.written = { ...others, [kind]: body };
    delete this.unshown[kind];
    return others;
  }
}

/**
 * Save the form as this tab's draft, and stop other tabs from continuing the draft. Return whether the draft was saved.
 * A draft that is sent, discarded or saved again during the sealing is not saved.
 * @param {Written} draft @throws {DOMException} if the phone's storage is full
 */
export async function keepDraft({ author, corrected, body, others }) {
  const { report_id } = body,
    own = ++write;
  sessionStorage.setItem(OPEN, report_id);
  const sealed = await sealDraft(JSON.stringify({ ...body, others }), report_id, author);
  if (own < (writes.get(report_id) ?? 0)) return false;
  writes.set(report_id, own);
  const known = draftOf(report_id);
  store({
    author: known?.author || author,
    corrected: corrected && outlineOf(corrected),
    clear: clearOf(body),
    sealed,
    at: new Date().toISOString(),
    tab: tab(),
  });
  return true;
}

/**
 * Keep a copy, so that the author can correct the text of a refused report.
 * @param {Kept} report
 */
export async function keepCopy(report) {
  const body = recall(report) ?? report.body,
    { clear, account } = report;
  if (!body || !hasPin() || draftOf(clear.report_id)) return;
  const sealed = await sealDraft(JSON.stringify(body), clear.report_id, account);
  if (draftOf(clear.report_id)) return; // meanwhile, the author has begun to correct the report
  store({
    author: account,
    corrected: outlineOf(report),
    clear,
    sealed,
    at: new Date().toISOString(),
    tab: "",
    isCopy: true,
  });
}

/**
 * The copy is not needed any more: the centre has the report, or the author removed the report.
 * @param {string} reportId
 */
export function discardCopy(reportId) {
  if (draftOf(reportId)?.isCopy) discard(reportId);
}

/** @param {Draft} draft */
function store(draft) {
  localStorage.setItem(PREFIX + draft.clear.report_id, JSON.stringify(draft));
}

/** @param {Draft} draft */
export function isReadable({ body, sealed }) {
  return Boolean(body) || isOpen(sealed);
}

/** @param {Draft} draft @returns {Promise<Written>} */
export async function readDraft({ author, corrected, clear, sealed, body }) {
  const { others, ...written } = body ?? JSON.parse(await openDraft(sealed, clear.report_id));
  return { author, corrected, body: written, others };
}

/**
 * Seal the drafts that an earlier release of Dayar stored without encryption. An old draft is stored without the report
 * that the draft corrects.
 */
export async function sealOldDrafts() {
  if (!hasPin()) return;
  for (const draft of drafts()) await sealOldDraft(draft);
}

/** @param {Draft} draft */
async function sealOldDraft({ body, ...draft }) {
  try {
    const sealed = body ? await sealDraft(JSON.stringify(body), body.report_id, draft.author) : draft.sealed;
    if (draftOf(draft.clear.report_id)?.at === draft.at) store({ ...draft, sealed });
  } catch {
    // the phone is full, so the draft is not changed before the next start
  }
}

/** @param {string} reportId */
export function discard(reportId) {
  writes.set(reportId, ++write);
  localStorage.removeItem(PREFIX + reportId);
  changed();
}

/** Stop continuing the draft in this tab. */
export function letGo() {
  sessionStorage.removeItem(OPEN);
}

/** The draft that was open before a reload of the tab. */
export function held() {
  return draftOf(sessionStorage.getItem(OPEN) ?? "");
}

/** @param {string} reportId */
export function isHeldHere(reportId) {
  return draftOf(reportId)?.tab === tab();
}

/** The id of the tab survives a reload. */
function tab() {
  const known = sessionStorage.getItem("dayar.tab") ?? uuid();
  sessionStorage.setItem("dayar.tab", known);
  return known;
}

/** Drafts that were begun without a sign-in belong to the first account that signs in. @param {string} name */
export function adoptDrafts(name) {
  for (const draft of drafts()) if (!draft.author) store({ ...draft, author: name });
}
