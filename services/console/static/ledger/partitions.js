// The consumers' partitions: records read, their outcomes, and faults.

import { element } from "/static/elements.js";
import { cell, figure, head, moment, number, row, strong } from "/static/tables.js";
import { sentence } from "/static/texts.js";

/** @typedef {{consumer: string, topic: string, partition: number, kinds: Record<string, number>, first: number, next: number, end: number | null, unread_since: string | null, advanced_at: string | null, stopped: string | null}} Partition */

const OLD_MS = 60_000; // records that wait longer than this are an alarm

const page = element("ledger");
/** @type {Record<string, string>} */
const kindNames = JSON.parse(page.dataset.kinds ?? "{}");
/** @type {Map<string, Topic>} */
const topics = new Map();

/** One topic of one consumer, with its partitions when opened. Its button is never replaced: it keeps the focus. */
class Topic {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.isOpen = false;
    /** @type {Partition[]} */
    this.held = [];
    this.body = document.createElement("tbody");
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "as-link";
    this.button.addEventListener("click", () => {
      this.isOpen = !this.isOpen;
      this.show(this.held);
    });
    this.top = row([head(this.button)]);
    this.body.append(this.top);
  }

  /** @param {Partition[]} held */
  show(held) {
    this.held = held;
    this.button.textContent = `${this.isOpen ? "▾" : "▸"} ${this.name}`;
    this.button.ariaExpanded = String(this.isOpen);
    const faults = held.map(fault).filter(Boolean);
    const state = faults[0] ?? sentence(held.every(isKnown) ? "balanced" : "no_end");
    [...this.top.cells].slice(1).forEach((old) => old.remove());
    this.top.append(...cells(summed(held)), cell(state));
    this.top.className = faults.length ? "is-bad" : "";
    this.body.querySelectorAll(".part").forEach((old) => old.remove());
    if (this.isOpen) this.body.append(...held.map(part));
  }
}

/** @param {Partition[]} partitions */
export function showPartitions(partitions) {
  /** @type {Map<string, Partition[]>} */
  const groups = new Map();
  for (const each of partitions) groups.set(nameOf(each), [...(groups.get(nameOf(each)) ?? []), each]);
  for (const [name, topic] of topics) if (!groups.has(name)) topic.body.remove();
  /** @type {Element | null} */
  let before = element("consumers").querySelector("thead");
  for (const [name, held] of groups) {
    const topic = topics.get(name) ?? new Topic(name);
    topics.set(name, topic);
    topic.show(held);
    if (before?.nextElementSibling !== topic.body) before?.after(topic.body);
    before = topic.body;
  }
}

/** @param {Partition} each */
function nameOf(each) {
  return `${each.consumer} ← ${each.topic}`;
}

/** @param {Partition} each */
function part(each) {
  const drawn = row([head(sentence("partition", { number: each.partition })), ...cells(each), cell(state(each))]);
  drawn.className = `part ${fault(each) ? "is-bad" : ""}`;
  return drawn;
}

/** @param {Partition[]} held */
function summed(held) {
  /** @type {Record<string, number>} */
  const kinds = {};
  for (const each of held) for (const [kind, count] of Object.entries(each.kinds)) kinds[kind] = (kinds[kind] ?? 0) + count;
  const sum = (/** @type {(each: Partition) => number} */ pick) => held.reduce((total, each) => total + pick(each), 0);
  return { kinds, first: sum((each) => each.first), next: sum((each) => each.next), end: held.every(isKnown) ? sum((each) => each.end ?? 0) : null };
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

/** The fault of a partition as a sentence, or "". @param {Partition} each */
export function fault(each) {
  const counted = Object.values(each.kinds).reduce((total, count) => total + count, 0);
  if (each.stopped) return sentence("stopped", { reason: each.stopped });
  if (each.next - each.first !== counted) return sentence("unbalanced", { difference: number.format(each.next - each.first - counted) });
  if (each.unread_since && Date.now() - Date.parse(each.unread_since) > OLD_MS) return sentence("lagging", { time: moment(each.unread_since) });
  return "";
}

/** Whether the broker answered with the partition's end offset. @param {Partition} each */
export function isKnown(each) {
  return each.end !== null;
}

/** @param {Partition} each */
function state(each) {
  if (fault(each)) return fault(each);
  if (!isKnown(each)) return sentence("no_end");
  if (each.advanced_at === null) return sentence("unread");
  return `${sentence("balanced")} · ${moment(each.advanced_at)}`;
}
