// What is begun and not sent: saved at every change, so that a killed tab loses nothing; several may wait.

import { changed, uuid } from "./kept.js";

/**
 * @typedef {import("./kept.js").Kept} Kept
 * @typedef {import("./kept.js").Body} Body
 * @typedef {{author: string, corrected: Kept | null, body: Body, at: string, tab: string}} Draft `tab` is the one that writes it
 */

const PREFIX = "dayar.draft.";
const OPEN = "dayar.open"; // in the tab: which draft it holds

/** @returns {Draft[]} newest first */
export function drafts() {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  return keys.map((key) => JSON.parse(localStorage.getItem(key) ?? "null")).sort((a, b) => b.at.localeCompare(a.at));
}

/** @param {string} reportId @returns {Draft | null} */
export function draftOf(reportId) {
  return JSON.parse(localStorage.getItem(PREFIX + reportId) ?? "null");
}

/** As this tab's own: another one that held it lets it go. @param {Omit<Draft, "at" | "tab">} draft @throws {DOMException} where the phone has no room */
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

/** The draft stays, and this tab holds it no more. */
export function letGo() {
  sessionStorage.removeItem(OPEN);
}

/** What this tab held before it was loaded again. */
export function held() {
  return draftOf(sessionStorage.getItem(OPEN) ?? "");
}

/** @param {string} reportId */
export function isHeldHere(reportId) {
  return draftOf(reportId)?.tab === tab();
}

/** This tab's own name, also after it was loaded again. */
function tab() {
  const known = sessionStorage.getItem("dayar.tab") ?? uuid();
  sessionStorage.setItem("dayar.tab", known);
  return known;
}

/** What was begun before anybody signed in is of whoever signs in first. @param {string} name */
export function adoptDrafts(name) {
  for (const draft of drafts()) {
    if (!draft.author) localStorage.setItem(PREFIX + draft.body.report_id, JSON.stringify({ ...draft, author: name }));
  }
}
