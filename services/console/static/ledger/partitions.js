// Shows each consumer's partitions: the number of records, their outcomes, and the faults.

import { button, element, make } from "/static/elements.js";
import { cell, figure, head, moment, number, row, strong } from "/static/tables.js";
import { sentence } from "/static/texts.js";

/**
 * @typedef {{consumer: string, topic: string, partition: number, kinds: Record<string, number>, first: number,
 *   next: number, end: number | null, unread_since: string | null, advanced_at: string | null, stopped: string | null}}
 *   Partition
 */

/** @type {Record<string, string>} by outcome, the page that lists what followed from the records */
const LISTS = { alerted: "/search?kind=alerts" };
const OLD_MS = 60_000; // if a partition's records wait longer, the page shows a fault

const page = element("ledger");
/** @type {Record<string, string>} */
const kindNames = JSON.parse(page.dataset.kinds ?? "{}");
/** @type {Map<string, Topic>} */
const topics = new Map();

/** The rows of a topic. Opening the partitions leaves the focus on the topic's button. */
class Topic {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.isOpen = false;
    /** @type {Partition[]} */
    this.held = [];
    this.body = make("tbody");
    this.button = button(
      "",
      () => {
        this.isOpen = !this.isOpen;
        this.show(this.held);
      },
      "as-link",
    );
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
  for (const partition of partitions)
    groups.set(nameOf(partition), [...(groups.get(nameOf(partition)) ?? []), partition]);
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

/** @param {Partition} partition */
function nameOf(partition) {
  return `${partition.consumer} ← ${partition.topic}`;
}

/** @param {Partition} partition */
function part(partition) {
  const drawn = row([
    head(sentence("partition", { number: partition.partition })),
    ...cells(partition),
    cell(state(partition)),
  ]);
  drawn.className = `part ${fault(partition) ? "is-bad" : ""}`;
  return drawn;
}

/** @param {Partition[]} held */
function summed(held) {
  /** @type {Record<string, number>} */
  const kinds = {};
  for (const partition of held)
    for (const [kind, count] of Object.entries(partition.kinds)) kinds[kind] = (kinds[kind] ?? 0) + count;
  const sum = (/** @type {(partition: Partition) => number} */ pick) =>
    held.reduce((total, partition) => total + pick(partition), 0);
  return {
    kinds,
    first: sum((partition) => partition.first),
    next: sum((partition) => partition.next),
    end: held.every(isKnown) ? sum((partition) => partition.end ?? 0) : null,
  };
}

/** @param {{kinds: Record<string, number>, first: number, next: number, end: number | null}} partition */
function cells(partition) {
  const way = partition.end === null ? null : partition.end - partition.next;
  const kinds = Object.entries(kindNames)
    .filter(([kind]) => partition.kinds[kind])
    .map(([kind, name]) => {
      const className = `kind ${["set_aside", "held", "rejected"].includes(kind) ? "bad" : ""}`;
      const content = [`${name} `, strong(number.format(partition.kinds[kind]))];
      return kind in LISTS
        ? make("a", { className, href: LISTS[kind] }, ...content)
        : make("span", { className }, ...content);
    });
  return [
    figure(partition.next - partition.first),
    cell(...kinds),
    figure(partition.first),
    figure(partition.next),
    figure(partition.end),
    figure(way),
  ];
}

/** As a sentence, or "". @param {Partition} partition */
export function fault(partition) {
  const counted = Object.values(partition.kinds).reduce((total, count) => total + count, 0);
  if (partition.stopped) return sentence("stopped", { reason: partition.stopped });
  if (partition.next - partition.first !== counted)
    return sentence("unbalanced", { difference: number.format(partition.next - partition.first - counted) });
  if (partition.unread_since && Date.now() - Date.parse(partition.unread_since) > OLD_MS)
    return sentence("lagging", { time: moment(partition.unread_since) });
  return "";
}

/** False if the broker did not answer with the end offset. @param {Partition} partition */
export function isKnown(partition) {
  return partition.end !== null;
}

/** @param {Partition} partition */
function state(partition) {
  if (fault(partition)) return fault(partition);
  if (!isKnown(partition)) return sentence("no_end");
  if (partition.advanced_at === null) return sentence("unread");
  return `${sentence("balanced")} · ${moment(partition.advanced_at)}`;
}
