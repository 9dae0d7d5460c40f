// The ledger page. Reads the ledgers of all services, and shows records, outcomes, backlog and imbalances.

import { call, isNoAnswer } from "/static/calls.js";
import { element } from "/static/elements.js";
import { ended, say } from "/static/link.js";
import { fault, isKnown, showPartitions } from "/static/ledger/partitions.js";
import { now } from "/static/server-time.js";
import { cell, code, figure, head, moment, number, row } from "/static/tables.js";
import { sentence } from "/static/texts.js";
import { exactClock } from "/static/time.js";

/** @typedef {import("/static/ledger/partitions.js").Partition} Partition */
/** @typedef {Record<"sent" | "accepted" | "spooled" | "duplicate" | "refused", number>} Counts */
/** @typedef {Counts & {since: string, channels: Record<string, Counts>}} Admission */
/** @typedef {{records: number, bytes: number, damaged: number}} Spool */
/** @typedef {{admission: Admission, spool: Spool}} IntakeLedger */
/**
 * @typedef {{topic: string, partition: number, offset: number, event_id: string | null, reason: string,
 *   pointer: string, set_aside_at: string}} Letter
 */
/** @typedef {{consumer: string, partitions: Partition[], dead_letters: Letter[], dead_letters_count: number}} Ledger */

const CONSUMERS = {
  intake: "/intake/v1/ledger/consumer",
  registry: "/registry/v1/ledger",
  alerts: "/alerts/v1/ledger",
  console: "/console/v1/ledger",
};
const ANSWERS = /** @type {const} */ (["sent", "accepted", "spooled", "duplicate", "refused"]);
const EVERY_MS = 5000;

async function look() {
  /** @type {Set<string>} */
  const silent = new Set();
  /** @param {string} name @param {string} path */
  const read = async (name, path) => {
    try {
      const answer = await call("GET", path);
      if (answer.ok) return await answer.json();
      if (answer.status === 401) ended();
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
    }
    silent.add(name);
    return undefined;
  };
  /** @type {[IntakeLedger | undefined, ...(Ledger | undefined)[]]} */
  const [intake, ...services] = await Promise.all([
    read("intake", "/intake/v1/ledger"),
    ...Object.entries(CONSUMERS).map(([name, path]) => read(name, path)),
  ]);
  const heard = services.filter((service) => service !== undefined);
  const partitions = heard.flatMap((service) => service.partitions);
  if (intake) showAdmission(intake);
  showPartitions(partitions);
  showLetters(heard);
  const isBad = partitions.some((partition) => fault(partition)) || (intake && !(isWhole(intake) && isEmpty(intake)));
  showVerdict(isBad ? "bad" : silent.size || !partitions.every(isKnown) ? "unknown" : "good");
  if (silent.size) say("lost", { names: [...silent].join(", ") });
  else say("live", { time: exactClock(now()) });
}

/** @param {IntakeLedger} intake */
function isWhole(intake) {
  return [intake.admission, ...Object.values(intake.admission.channels)].every(balances);
}

/** @param {Counts} counts */
function balances(counts) {
  return counts.sent === counts.accepted + counts.spooled + counts.duplicate + counts.refused;
}

/** @param {IntakeLedger} intake */
function isEmpty(intake) {
  return intake.spool.records === 0 && intake.spool.damaged === 0;
}

/** @param {IntakeLedger} intake */
function showAdmission(intake) {
  const names = JSON.parse(element("admission").dataset.channels ?? "{}");
  /** @type {[string, Counts][]} */
  const rows = [[sentence("all"), intake.admission], ...Object.entries(intake.admission.channels)];
  element("admission").replaceChildren(
    ...rows.map(([name, counts]) => {
      const drawn = row([head(names[name] ?? name), ...ANSWERS.map((answer) => figure(counts[answer]))]);
      drawn.className = balances(counts) ? "" : "is-bad";
      return drawn;
    }),
  );
  element("admission-since").textContent = sentence("since", { time: moment(intake.admission.since) });
  const spool = element("spool");
  spool.textContent = sentence("spool", {
    records: number.format(intake.spool.records),
    bytes: number.format(intake.spool.bytes),
    damaged: number.format(intake.spool.damaged),
  });
  spool.classList.toggle("bad", !isEmpty(intake));
}

/** @param {Ledger[]} heard */
function showLetters(heard) {
  const newest = heard
    .flatMap((service) => service.dead_letters.map((letter) => ({ ...letter, consumer: service.consumer })))
    .sort((a, b) => b.set_aside_at.localeCompare(a.set_aside_at));
  element("letters-count").textContent = number.format(
    heard.reduce((total, service) => total + service.dead_letters_count, 0),
  );
  const rows = newest.map((letter) =>
    row([
      cell(moment(letter.set_aside_at)),
      cell(`${letter.consumer} ← ${letter.topic}/${letter.partition}`),
      figure(letter.offset),
      cell(code(letter.reason)),
      cell(code(letter.pointer)),
      cell(code(letter.event_id ?? "—")),
    ]),
  );
  element("letters").replaceChildren(...(rows.length ? rows : [row([cell(sentence("none"))])]));
}

/** @param {"good" | "bad" | "unknown"} state */
function showVerdict(state) {
  const verdict = element("verdict");
  const text = sentence(state);
  verdict.dataset.state = state;
  if (verdict.textContent !== text) verdict.textContent = text;
}

for (;;) {
  await look();
  await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
}
