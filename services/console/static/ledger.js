// The ledger of all services, read by the browser: what came, what became of it, what is on its way, and what does not add up.

import { call } from "/static/calls.js";

/** @typedef {{consumer: string, topic: string, partition: number, kinds: Record<string, number>, first: number, next: number, end: number | null, advanced_at: string | null, stopped: string | null}} Partition */
/** @typedef {{topic: string, partition: number, offset: number, event_id: string | null, reason: string, pointer: string, set_aside_at: string, consumer: string}} Letter */

const CONSUMERS = { registry: "/registry/v1/ledger", alerts: "/alerts/v1/ledger", console: "/console/v1/ledger" };
const ANSWERS = ["sent", "accepted", "spooled", "duplicate", "refused"];
const EVERY_MS = 5000;
const OLD_MS = 60_000; // what has waited longer than this is an alarm

const page = element("ledger");
/** @type {Record<string, string>} */
const kindNames = JSON.parse(page.dataset.kinds ?? "{}");
const number = new Intl.NumberFormat(document.documentElement.lang === "en" ? "en" : "ru");
const time = new Intl.DateTimeFormat("ru", { timeZone: "Asia/Bishkek", day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
/** @type {Set<string>} */
const opened = new Set();

async function look() {
  /** @type {string[]} */
  const silent = [];
  /** @param {string} name @param {string} path */
  const read = async (name, path) => {
    try {
      const answer = await call("GET", path);
      if (answer.ok) return await answer.json();
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    }
    silent.push(name);
    return undefined;
  };
  const [intake, ...services] = await Promise.all([
    read("intake", "/intake/v1/ledger"), ...Object.entries(CONSUMERS).map(([name, path]) => read(name, path)),
  ]);
  const heard = services.filter(Boolean);
  if (intake) showDoor(intake);
  /** @type {Partition[]} */
  const partitions = heard.flatMap((each) => each.partitions);
  showConsumers(partitions);
  showLetters(heard.flatMap((each) => each.dead_letters.map((/** @type {Letter} */ letter) => ({ ...letter, consumer: each.consumer }))));
  showVerdict(partitions.every((each) => !fault(each)), silent);
}

/** @param {any} told */
function showDoor(told) {
  const names = JSON.parse(element("door").dataset.roads ?? "{}");
  const rows = [[element("door").dataset.all ?? "", told.door], ...Object.entries(told.door.roads).map(([road, counts]) => [names[road] ?? road, counts])];
  element("door").replaceChildren(...rows.map(([name, counts]) => {
    const isWhole = counts.sent === counts.accepted + counts.spooled + counts.duplicate + counts.refused;
    const drawn = row([head(name), ...ANSWERS.map((answer) => figure(counts[answer]))]);
    drawn.className = isWhole ? "" : "is-bad";
    return drawn;
  }));
  element("door-since").textContent = (element("door-since").dataset.text ?? "").replace("{time}", moment(told.door.since));
  const spool = element("spool");
  spool.textContent = (spool.dataset.text ?? "").replace("{records}", number.format(told.spool.records)).replace("{bytes}", number.format(told.spool.bytes)).replace("{damaged}", number.format(told.spool.damaged));
  spool.classList.toggle("bad", told.spool.records > 0 || told.spool.damaged > 0);
}

/** @param {Partition[]} partitions */
function showConsumers(partitions) {
  const table = element("consumers");
  const groups = Map.groupBy ? Map.groupBy(partitions, nameOf) : grouped(partitions);
  const bodies = [...groups].map(([name, held]) => body(name, held));
  table.querySelectorAll("tbody").forEach((old) => old.remove());
  table.append(...bodies);
}

/** @param {Partition[]} partitions @returns {Map<string, Partition[]>} */
function grouped(partitions) {
  /** @type {Map<string, Partition[]>} */
  const groups = new Map();
  for (const each of partitions) groups.set(nameOf(each), [...(groups.get(nameOf(each)) ?? []), each]);
  return groups;
}

/** @param {Partition} each */
function nameOf(each) {
  return `${each.consumer} ← ${each.topic}`;
}

/** One topic of one consumer, and its partitions when it is opened. @param {string} name @param {Partition[]} held */
function body(name, held) {
  const drawn = document.createElement("tbody");
  const isOpen = opened.has(name);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "as-link";
  button.textContent = `${isOpen ? "▾" : "▸"} ${name}`;
  button.ariaExpanded = String(isOpen);
  button.addEventListener("click", () => {
    if (!opened.delete(name)) opened.add(name);
    drawn.replaceWith(body(name, held));
  });
  const faults = held.map(fault).filter(Boolean);
  const top = row([head(button), ...cells(summed(held)), cell(faults[0] ?? page.dataset.balanced ?? "")]);
  top.className = faults.length ? "is-bad" : "";
  drawn.append(top);
  if (isOpen) drawn.append(...held.map(part));
  return drawn;
}

/** @param {Partition} each */
function part(each) {
  const drawn = row([head((page.dataset.partition ?? "").replace("{number}", String(each.partition))), ...cells(each), cell(state(each))]);
  drawn.className = `part ${fault(each) ? "is-bad" : ""}`;
  return drawn;
}

/** @param {Partition[]} held */
function summed(held) {
  /** @type {Record<string, number>} */
  const kinds = {};
  for (const each of held) for (const [kind, count] of Object.entries(each.kinds)) kinds[kind] = (kinds[kind] ?? 0) + count;
  const sum = (/** @type {(each: Partition) => number} */ pick) => held.reduce((total, each) => total + pick(each), 0);
  const isKnown = held.every((each) => each.end !== null);
  return { kinds, first: sum((each) => each.first), next: sum((each) => each.next), end: isKnown ? sum((each) => each.end ?? 0) : null };
}

/** @param {{kinds: Record<string, number>, first: number, next: number, end: number | null}} each */
function cells(each) {
  const way = each.end === null ? null : each.end - each.next;
  const kinds = Object.entries(kindNames).filter(([kind]) => each.kinds[kind]).map(([kind, name]) => {
    const shown = document.createElement("span");
    shown.className = `kind ${["set_aside", "held", "rejected"].includes(kind) ? "bad" : ""}`;
    shown.append(`${name} `, strong(number.format(each.kinds[kind])));
    return shown;
  });
  return [figure(each.next - each.first), cell(...kinds), figure(each.first), figure(each.next), figure(each.end), figure(way)];
}

/** What is wrong with a partition, in words. @param {Partition} each */
function fault(each) {
  const counted = Object.values(each.kinds).reduce((total, count) => total + count, 0);
  if (each.stopped) return (page.dataset.stopped ?? "").replace("{reason}", each.stopped);
  if (each.next - each.first !== counted) return (page.dataset.unbalanced ?? "").replace("{difference}", number.format(each.next - each.first - counted));
  if (each.end !== null && each.end > each.next && isOld(each)) return (page.dataset.lagging ?? "").replace("{time}", moment(each.advanced_at ?? ""));
  return "";
}

/** @param {Partition} each */
function isOld(each) {
  return each.advanced_at !== null && Date.now() - Date.parse(each.advanced_at) > OLD_MS;
}

/** @param {Partition} each */
function state(each) {
  if (fault(each)) return fault(each);
  if (each.end === null) return page.dataset.unknown ?? "";
  if (each.advanced_at === null) return page.dataset.unread ?? "";
  return `${page.dataset.balanced ?? ""} · ${moment(each.advanced_at)}`;
}

/** @param {Letter[]} letters */
function showLetters(letters) {
  const newest = letters.sort((a, b) => b.set_aside_at.localeCompare(a.set_aside_at));
  element("letters-count").textContent = number.format(newest.length);
  const rows = newest.map((each) => row([
    cell(moment(each.set_aside_at)), cell(`${each.consumer} ← ${each.topic}/${each.partition}`), figure(each.offset),
    cell(code(each.reason)), cell(code(each.pointer)), cell(code(each.event_id ?? "—")),
  ]));
  element("letters").replaceChildren(...(rows.length ? rows : [row([cell(element("letters").dataset.none ?? "")])]));
}

/** @param {boolean} isGood @param {string[]} silent */
function showVerdict(isGood, silent) {
  const verdict = element("verdict");
  verdict.dataset.state = isGood && !silent.length ? "good" : "bad";
  verdict.textContent = (isGood && !silent.length ? verdict.dataset.good : isGood ? "" : verdict.dataset.bad) ?? "";
  const link = element("link");
  link.dataset.state = silent.length ? "lost" : "live";
  link.textContent = silent.length ? (link.dataset.lost ?? "").replace("{names}", silent.join(", ")) : (link.dataset.live ?? "").replace("{time}", moment(new Date().toISOString()));
}

/** @param {string} instant */
function moment(instant) {
  return instant ? time.format(new Date(instant)) : "—";
}

/** @param {HTMLTableCellElement[]} cells */
function row(cells) {
  const drawn = document.createElement("tr");
  drawn.append(...cells);
  return drawn;
}

/** @param {...(string | Node)} content */
function cell(...content) {
  const drawn = document.createElement("td");
  drawn.append(...content);
  return drawn;
}

/** @param {string | Node} content */
function head(content) {
  const drawn = document.createElement("th");
  drawn.scope = "row";
  drawn.append(content);
  return drawn;
}

/** @param {number | null} value */
function figure(value) {
  const drawn = cell(value === null ? "?" : number.format(value));
  drawn.className = "number";
  return drawn;
}

/** @param {string} text */
function strong(text) {
  const drawn = document.createElement("strong");
  drawn.textContent = text;
  return drawn;
}

/** @param {string} text */
function code(text) {
  const drawn = document.createElement("code");
  drawn.textContent = text;
  return drawn;
}

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no #${id}`);
  return found;
}

for (;;) {
  await look();
  await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
}
