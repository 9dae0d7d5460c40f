// The page of one's own reports. Results arrive later, so the page reads the shown reports again every few seconds.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { element } from "/static/elements.js";
import { ended, say } from "/static/link.js";
import { draw } from "/static/my-reports/rows.js";
import { now } from "/static/server-time.js";
import { sentence } from "/static/texts.js";
import { exactClock } from "/static/time.js";

/** @typedef {import("/static/my-reports/rows.js").OwnReport} OwnReport */

const PAGE = 50,
  LONGEST_PAGE = 200;
const EVERY_MS = 5_000;

const filters = /** @type {HTMLFormElement} */ (element("filters"));
/** @type {OwnReport[]} */
let reports = [];
let next = "";
let turn = 0; // number of the newest reading; answers to earlier readings are ignored
let isReadingMore = false;

/** Reads the shown reports again, or only the newest if there are too many for one request. */
async function refresh() {
  const page = await read({ limit: String(Math.min(LONGEST_PAGE, Math.max(PAGE, reports.length))) });
  if (!page) return;
  const isWhole = reports.length <= page.reports.length || !page.next;
  const known = new Set(page.reports.map(({ report_id }) => report_id));
  const older = isWhole ? [] : reports.slice(page.reports.length).filter(({ report_id }) => !known.has(report_id));
  show([...page.reports, ...older], isWhole ? page.next : next);
}

async function more() {
  isReadingMore = true;
  const page = await read({ limit: String(PAGE), cursor: next });
  isReadingMore = false;
  if (page) show([...reports, ...page.reports], page.next);
}

/**
 * Reads a page of reports. Without an answer, shows a notice and returns undefined.
 * @param {Record<string, string>} place
 * @returns {Promise<{reports: OwnReport[], next: string} | undefined>}
 */
async function read(place) {
  const own = ++turn;
  try {
    const answer = await call("GET", `/intake/v1/receipts?${new URLSearchParams({ ...wanted(), ...place })}`);
    if (own !== turn) return undefined;
    element("stale").hidden = answer.ok;
    if (answer.status === 401) return void ended();
    if (!answer.ok)
      return void (element("stale").textContent = sentence("failed", { problem: (await problem(answer)).text }));
    const page = await answer.json();
    say("live", { time: exactClock(now()) });
    return own === turn ? { reports: page.reports, next: page.next ?? "" } : undefined;
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    if (own === turn) say("lost");
    return undefined;
  }
}

/**
 * Shows the reports. Unchanged reports are not drawn again, so a screen reader keeps its position.
 * @param {OwnReport[]} fresh
 * @param {string} cursor
 */
function show(fresh, cursor) {
  const isUnchanged = reports.length > 0 && JSON.stringify(fresh) === JSON.stringify(reports);
  [reports, next] = [fresh, cursor];
  element("more").hidden = !next;
  if (!isUnchanged) draw(reports);
}

/** @returns {Record<string, string>} */
function wanted() {
  return Object.fromEntries(
    [...new FormData(filters)].filter(([, value]) => value).map(([name, value]) => [name, String(value)]),
  );
}

function chooseStated() {
  for (const [name, value] of new URLSearchParams(location.search)) {
    const select = filters.elements.namedItem(name);
    if (select instanceof HTMLSelectElement && [...select.options].some((option) => option.value === value))
      select.value = value;
  }
}

filters.addEventListener("change", () => {
  reports = [];
  history.replaceState(null, "", `?${new URLSearchParams(wanted())}`);
  void refresh();
});
element("more").addEventListener("click", () => void more());
chooseStated();
for (;;) {
  if (!isReadingMore && !document.hidden) await refresh();
  await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
}
