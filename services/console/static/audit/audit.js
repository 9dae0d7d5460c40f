// Shows the security logs of all services in one list, newest first.

import { call, isNoAnswer } from "/static/calls.js";
import { element } from "/static/elements.js";
import { ended, say } from "/static/link.js";
import { now } from "/static/server-time.js";
import { cell, code, labelled, moment, row } from "/static/tables.js";
import { sentence } from "/static/texts.js";
import { exactClock } from "/static/time.js";

/**
 * @typedef {{id: number, at: string, action: string, result: string, account: string | null, address: string | null,
 *   subject: string | null, objects: string[], reason: string | null}} Entry
 */
/** @typedef {{service: string, entries: Entry[], next: number | null}} Page */

const SERVICES = {
  intake: "/intake/v1/audit",
  registry: "/registry/v1/audit",
  alerts: "/alerts/v1/audit",
  console: "/console/v1/audit",
};
const PAGE = 100;

/** @type {Record<"accounts" | "actions" | "results", Record<string, string>>} */
const names = { accounts: words("accounts"), actions: words("actions"), results: words("results") };
const filters = /** @type {HTMLFormElement} */ (element("filters"));
const older = /** @type {HTMLButtonElement} */ (element("older"));

/**
 * Each service's log: `waiting` has the entries that were read but not shown, and `next` the next position to read.
 * @type {Map<string, {waiting: Entry[], next: number | null | undefined}>}
 */
let logs = new Map();

/** @param {string} id @returns {Record<string, string>} */
function words(id) {
  return JSON.parse(element(id).textContent ?? "{}");
}

function begin() {
  logs = new Map(Object.keys(SERVICES).map((service) => [service, { waiting: [], next: undefined }]));
  element("audit").replaceChildren();
  return show();
}

/** Reads a hundred entries from each service, because the next hundred on the page may all come from one service. */
async function show() {
  const requested = logs;
  older.disabled = true; // a second press would list the same entries again
  const silent = (await Promise.all([...logs.keys()].map(read))).filter((name) => name !== undefined);
  if (requested !== logs) return; // the filters have changed: a newer request shows the list
  older.disabled = false;
  const waiting = [...logs].flatMap(([service, log]) => log.waiting.map((entry) => ({ service, entry })));
  waiting.sort((a, b) => b.entry.at.localeCompare(a.entry.at));
  const newest = waiting.slice(0, PAGE);
  for (const { service, entry } of newest) {
    const log = logs.get(service);
    if (log) log.waiting = log.waiting.filter((other) => other !== entry);
  }
  element("audit").append(...newest.map(({ service, entry }) => drawn(service, entry)));
  if (!element("audit").childElementCount) element("audit").append(row([cell(sentence("none"))]));
  older.hidden = [...logs.values()].every((log) => log.waiting.length === 0 && log.next === null);
  if (silent.length) say("lost", { names: silent.join(", ") });
  else say("live", { time: exactClock(now()) });
}

/** @param {string} service */
async function read(service) {
  const log = logs.get(service);
  if (!log || log.next === null || log.waiting.length >= PAGE) return undefined;
  const wanted = new URLSearchParams({ limit: String(PAGE) });
  for (const [name, value] of new FormData(filters)) if (value) wanted.set(name, String(value));
  if (log.next !== undefined) wanted.set("before", String(log.next));
  try {
    const answer = await call("GET", `${SERVICES[/** @type {keyof typeof SERVICES} */ (service)]}?${wanted}`);
    if (answer.ok) {
      const page = /** @type {Page} */ (await answer.json());
      log.waiting.push(...page.entries);
      log.next = page.next;
      return undefined;
    }
    if (answer.status === 401) ended();
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
  }
  return service;
}

/** @param {string} service @param {Entry} entry */
function drawn(service, entry) {
  const about = [entry.subject, entry.reason, ...entry.objects].filter((text) => text !== null);
  const at = cell(moment(entry.at));
  at.className = "nowrap";
  const made = row([
    at,
    cell(service),
    cell(entry.account ? (names.accounts[entry.account] ?? entry.account) : "—"),
    cell(entry.address ?? "—"),
    cell(names.actions[entry.action] ?? entry.action),
    cell(names.results[entry.result] ?? entry.result),
    cell(code(about.join(" ") || "—")),
  ]);
  made.className = entry.result === "done" ? "" : "is-bad";
  return labelled(made, "audit-table");
}

filters.addEventListener("change", () => void begin());
older.addEventListener("click", () => void show());
await begin();
