// Stores drafts, which are reports not sent yet. Drafts are saved at every change, so that a killed tab loses nothing.

import { changed } from "./kept.js";
import { uuid } from "./uuid.js";

/**
 * @typedef {import("./kept.js").Kept} Kept
 * @typedef {import("./kept.js").Body} Body
 * @typedef {{author: string, corrected: Kept | null, body: Body, at: string, tab: string}} Draft `tab` is the tab that writes the draft
 */

const PREFIX = "dayar.draft.";
const OPEN = "dayar.open"; // the key of the open draft's id in session storage

/** @returns {Draft[]} newest first */
export function drafts() {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  return keys.map((key) => JSON.parse(localStorage.getItem(key) ?? "null")).sort((a, b) => b.at.localeCompare(a.at));
}

/** @param {string} reportId @returns {Draft | null} */
export function draftOf(reportId) {
  return JSON.parse(localStorage.getItem(PREFIX + reportId) ?? "null");
}

/** Save as this tab's draft; another tab then no longer continues the draft. @param {Omit<Draft, "at" | "tab">} draft @throws {DOMException} if the phone's storage is full */
export function keepDraft(draft) {
  const { report_id } = draft.body;
  localStorage.setItem(PREFIX + report_id, JSON.stringify({ ...draft, at: new Date().toISOString(), tab: tab() }));
  sessionStorage.setItem(OPEN, report_id);
}

/** @param {string} reportId */
export function discard(reportId) {
  localStorage.removeItem(PREFIX + reportId);
  changed();
}

/** Stop continuing the draft in this tab. The draft stays stored. */
export function letGo() {
  sessionStorage.removeItem(OPEN);
}

/** The draft that was open in this tab before a reload. */
export function held() {
  return draftOf(sessionStorage.getItem(OPEN) ?? "");
}

/** @param {string} reportId */
export function isHeldHere(reportId) {
  return draftOf(reportId)?.tab === tab();
}

/** The id of this tab, which survives a reload. */
function tab() {
  const known = sessionStorage.getItem("dayar.tab") ?? uuid();
  sessionStorage.setItem("dayar.tab", known);
  return known;
}

/** Drafts that were begun without a sign-in belong to the first account that signs in. @param {string} name */
export function adoptDrafts(name) {
  for (const draft of drafts()) {
    if (!draft.author) localStorage.setItem(PREFIX + draft.body.report_id, JSON.stringify({ ...draft, author: name }));
  }
}
