// Stores drafts, encrypted with this phone's PIN. A draft is a report that the author has not finished. The phone
// stores each change at once, because the browser may end the tab at any time.

import { changed, clearOf, outlineOf } from "./kept.js";
import { recall } from "./sent-reports.js";
import { hasPin, isOpen, openDraft, sealDraft } from "./pin.js";
import { uuid } from "./uuid.js";

/**
 * @typedef {import("./kept.js").Kept} Kept
 * @typedef {import("./kept.js").Body} Body
 * @typedef {import("./kept.js").Outline} Outline
 * @typedef {{author: string, corrected: Outline | null, body: Body, others?: Record<string, Body>}} Written
 *   `others` contains the author's entries for other kinds of report, by kind
 * @typedef {{author: string, corrected: Outline | null, clear: import("./kept.js").Clear,
 *   sealed: import("./pin.js").SealedDraft, body?: Body, at: string, tab: string, isCopy?: boolean}} Draft `tab` is the
 *   tab that writes the draft. Only drafts of an earlier release have `body`. `isCopy` is true for a copy of a refused
 *   report that the author has not begun to correct.
 */

const PREFIX = "dayar.draft.";
const OPEN = "dayar.open";
// The number of the last write of each draft. Sealing takes time, so an older write may end after a newer write.
/** @type {Map<string, number>} */
const writes = new Map();
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

/** Keeps the author's entries for each kind of report. An author who has chosen a wrong kind loses no entries. */
export class Kinds {
  /** @param {Record<string, Body>} [others] the stored entries for the kinds that the form does not show */
  constructor(others = {}) {
    this.written = { ...others };
    this.unshown = { ...others };
  }

  /**
   * Note the entries of the shown kind. Return the entries of the other kinds.
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
 * Save the form as this tab's draft. After the save, only this tab can continue the draft. Return false if the draft
 * was not saved. The reason: during the sealing, the draft was sent or discarded, or a newer draft was saved.
 * @param {Written} draft
 * @throws {DOMException} if the phone's storage is full
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
 * Keep a copy of a refused report, encrypted with the PIN. The author can then correct the report without writing the
 * text again.
 * @param {Kept} report
 */
export async function keepCopy(report) {
  const body = recall(report) ?? report.body,
    { clear, account } = report;
  if (!body || !hasPin() || draftOf(clear.report_id)) return;
  const sealed = await sealDraft(JSON.stringify(body), clear.report_id, account);
  if (draftOf(clear.report_id)) return; // the author has begun a correction during the sealing
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
 * Discard the copy of a refused report, because the centre now has the report, or because the author removed the
 * report.
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
 * Encrypt the drafts that an earlier release of Dayar stored without encryption. The draft of a correction is stored
 * again without the whole report that it corrects.
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
    // On a full phone, the draft stays unencrypted until the next start.
  }
}

/** @param {string} reportId */
export function discard(reportId) {
  writes.set(reportId, ++write);
  localStorage.removeItem(PREFIX + reportId);
  changed();
}

/** This tab no longer has an open draft. */
export function letGo() {
  sessionStorage.removeItem(OPEN);
}

/** The open draft of this tab, also after a reload. */
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

/** Give the drafts without an account to this account. @param {string} name */
export function adoptDrafts(name) {
  for (const draft of drafts()) if (!draft.author) store({ ...draft, author: name });
}
