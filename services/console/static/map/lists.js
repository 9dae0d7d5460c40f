// The tables beside the map, with the content of the map: for keyboards, screen readers, and browsers without WebGL.

import { element, make } from "/static/elements.js";
import { concerns, nameButton, nameOf, oneDigit, SEVERITIES } from "/static/map/features.js";
import { cell, figure, head, number, row, small } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";
import { dayAndClock } from "/static/time.js";

/**
 * @typedef {import("/static/map/features.js").Feature} Feature
 * @typedef {import("/static/map/features.js").Layers} Layers
 */

/** @type {Record<string, (feature: Feature, layers: Layers) => HTMLTableCellElement[]>} */
const ROWS = {
  hazards: ({ properties }) => [place(properties), moment(properties.onset, properties)],
  reports: ({ properties }) => [place(properties), received(properties)],
  alerts: ({ properties }) => [place(properties), moment(properties.raised_at)],
  displaced: ({ properties }) => [
    figure(properties.households),
    figure(properties.persons),
    range(properties.counted_lowest, properties.counted_highest),
  ],
  intensities: ({ properties }) => [
    numeric(`${properties.degree} (${oneDigit.format(properties.intensity)})`),
    cell(quake(properties)),
  ],
  returns: ({ properties }) => [figure(properties.persons), figure(properties.counted)],
  localities: ({ properties }) => [place(properties), range(properties.counted_lowest, properties.counted_highest)],
  sites: ({ properties }) => [
    cell(properties.place),
    properties.occupancy ? range(properties.lowest, properties.highest) : numeric("–"),
    numeric(properties.capacity === null ? "–" : number.format(properties.capacity)),
  ],
};

/** @type {WeakMap<Element, string>} */
const contents = new WeakMap();

/** @param {string} table @param {Layers} layers */
export function list(table, layers) {
  const body = element(`${table}-rows`);
  const features = sorted(table, layers);
  const focused = document.activeElement?.closest("tr")?.dataset.id;
  const wanted = body.querySelector(".is-selected")?.getAttribute("data-id");
  const known = new Map([...body.children].map((shown) => [contents.get(shown), shown]));
  renew(
    body,
    features.map((feature) => taken(known, contentOf(feature)) ?? drawn(table, feature, layers)),
  );
  element(`${table}-none`).hidden = features.length > 0;
  if (focused) buttonOf(table, focused)?.focus({ preventScroll: true });
  if (wanted) point(table, wanted);
}

/** @param {Feature} feature */
function contentOf({ properties, geometry }) {
  return JSON.stringify([properties, geometry !== null]);
}

/**
 * Removes the row from the known rows, so that the table cannot show one row twice.
 * @param {Map<string | undefined, Element>} known
 * @param {string} content
 */
function taken(known, content) {
  const row = known.get(content);
  known.delete(content);
  return row;
}

/**
 * Replaces the changed rows. Drawing the whole table would take much longer.
 * @param {HTMLElement} body
 * @param {Element[]} rows
 */
function renew(body, rows) {
  const wanted = new Set(rows);
  for (const shown of [...body.children]) if (!wanted.has(shown)) shown.remove();
  let place = body.firstElementChild;
  for (const made of rows) {
    if (made === place) place = place.nextElementSibling;
    else body.insertBefore(made, place);
  }
}

/** @param {string} table @param {Layers} layers @returns {Feature[]} */
function sorted(table, layers) {
  const features = [...(layers[/** @type {keyof Layers} */ (table)] ?? [])];
  if (table === "displaced")
    return features.sort(
      (a, b) =>
        b.properties.persons + b.properties.counted_highest - a.properties.persons - a.properties.counted_highest,
    );
  if (table === "intensities") return features; // the server has sorted them
  if (table === "returns") return features.sort((a, b) => b.properties.larger - a.properties.larger);
  if (table === "reports")
    return features.sort((a, b) => Date.parse(b.properties.received_at) - Date.parse(a.properties.received_at));
  if (table === "localities")
    return features.sort((a, b) => b.properties.counted_highest - a.properties.counted_highest);
  if (table === "sites")
    return features.sort(
      (a, b) => (b.properties.highest ?? -1) - (a.properties.highest ?? -1) || nameOf(a).localeCompare(nameOf(b), "ru"),
    );
  return features.sort(
    (a, b) =>
      Number(a.properties.is_over ?? false) - Number(b.properties.is_over ?? false) ||
      SEVERITIES.indexOf(a.properties.severity) - SEVERITIES.indexOf(b.properties.severity),
  );
}

/** @param {string} table @param {Feature} feature @param {Layers} layers */
function drawn(table, feature, layers) {
  const made = row([head(chooser(table, feature)), ...ROWS[table](feature, layers)]);
  made.dataset.id = feature.properties.id;
  contents.set(made, contentOf(feature));
  if (feature.properties.severity) made.cells[0].append(severity(feature.properties.severity));
  if (!feature.geometry) made.cells[0].append(small(sentence("not_on_map"), "muted"));
  if (feature.properties.is_over && table === "hazards") made.classList.add("is-over");
  return made;
}

/** @param {string} table @param {Feature} feature */
export function chooser(table, feature) {
  const made = nameButton(feature);
  Object.assign(made.dataset, { choose: table, id: feature.properties.id });
  return made;
}

/** Marks the row, and leaves the focus where it is. @param {string} table @param {string} id */
export function point(table, id) {
  for (const known of document.querySelectorAll("tr.is-selected")) known.classList.remove("is-selected");
  const chosen = buttonOf(table, id)?.closest("tr");
  chosen?.classList.add("is-selected");
  chosen?.scrollIntoView({ block: "nearest" });
}

/** @param {string} table @param {string} id @returns {HTMLElement | null} */
function buttonOf(table, id) {
  return document.querySelector(`[data-choose="${table}"][data-id="${CSS.escape(id)}"]`);
}

/** @param {string} level */
export function severity(level) {
  const made = make("span", { className: "severity", textContent: words("severities")[level] });
  made.dataset.severity = level;
  return made;
}

/** @param {Record<string, any>} properties */
function place({ place: where }) {
  return cell(where || sentence("no_place"));
}

/** @param {string} instant @param {Record<string, any>} [properties] */
function moment(instant, properties = {}) {
  const made = cell(dayAndClock(new Date(instant)));
  if (properties.is_over) made.append(small(sentence("over"), "muted"));
  if (properties.is_forecast) made.append(small(sentence("forecast"), "muted"));
  return made;
}

/** @param {Record<string, any>} properties */
function quake({ magnitude, onset }) {
  return `M ${oneDigit.format(magnitude)}, ${dayAndClock(new Date(onset))}`;
}

/** @param {Feature} unit @param {Layers} layers */
export function expectedIn({ properties: { id } }, layers) {
  const expected = layers.intensities?.find(({ properties }) => properties.id === id);
  return (
    expected &&
    `${expected.properties.degree} (${oneDigit.format(expected.properties.intensity)}), ${quake(expected.properties)}`
  );
}

/** @param {Record<string, any>} properties */
function received({ received_at, age }) {
  const made = moment(received_at);
  made.append(small(age, "muted"));
  return made;
}

/** @param {number} lowest @param {number} highest */
export function inRange(lowest, highest) {
  return lowest === highest ? number.format(highest) : `${number.format(lowest)}–${number.format(highest)}`;
}

/** @param {number} lowest @param {number} highest */
function range(lowest, highest) {
  return numeric(inRange(lowest, highest));
}

/** @param {string} text */
function numeric(text) {
  const made = cell(text);
  made.className = "number";
  return made;
}

/**
 * Returns the features in the unit. A layer that was not read yet is undefined.
 * @param {Feature} unit
 * @param {Layers} layers
 */
export function within(unit, layers) {
  const isHere = (/** @type {Feature} */ feature) => concerns(feature, unit);
  return {
    hazards: layers.hazards?.filter(isHere),
    alerts: layers.alerts?.filter(isHere),
    sites: layers.sites?.filter(isHere),
  };
}
