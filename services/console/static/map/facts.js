// The panel with the facts about the hazard, alert, site or unit that a person chose.

import { element, make } from "/static/elements.js";
import { concerns, nameOf } from "/static/map/features.js";
import { chooser, expectedIn, inRange, severity, within } from "/static/map/lists.js";
import { number } from "/static/tables.js";
import { sentence } from "/static/texts.js";
import { dayAndClock, timeOf } from "/static/time.js";

/**
 * @typedef {import("/static/map/features.js").Feature} Feature
 * @typedef {import("/static/map/features.js").Layers} Layers
 * @typedef {[string, string | Node]} Fact a label and its value
 */

/** @type {Record<string, (feature: Feature, layers: Layers) => Fact[]>} */
const FACTS = {
  hazards: hazard,
  reports: report,
  alerts: alert,
  units: unit,
  localities: locality,
  sites: site,
  settlements: ({ properties }, layers) => ofDistrict(properties.districts[0], layers),
};

/**
 * Shows the facts about a feature of a table.
 * @param {string} table
 * @param {Feature | undefined} feature
 * @param {Layers} layers
 * @param {Feature[]} others
 */
export function describe(table, feature, layers, others) {
  element("chosen-title").textContent = feature ? nameOf(feature) : sentence("nothing_chosen");
  const facts = feature ? FACTS[table](feature, layers) : [];
  if (others.length) facts.push([sentence("also_here"), choosers(table, others)]);
  element("chosen-facts").replaceChildren(
    ...facts.flatMap(([label, value]) => [make("dt", {}, label), make("dd", {}, value)]),
  );
  element("chosen-hint").hidden = Boolean(feature);
  element("unchoose").hidden = !feature;
}

/** @param {Feature} feature @returns {Fact[]} */
function hazard({ properties }) {
  const { id, onset, expires, is_over } = properties;
  return [
    [sentence("severity"), severity(properties.severity)],
    [sentence("place"), properties.place || sentence("no_place")],
    [sentence("begins"), time(onset)],
    ...(expires ? [/** @type {Fact} */ ([sentence(is_over ? "over_since" : "ends"), time(expires)])] : []),
    [sentence("page"), link(sentence("open_hazard"), `/hazards/${id}`)],
  ];
}

/** @param {Feature} feature @returns {Fact[]} */
function report(feature) {
  const { received_at, age } = feature.properties;
  return [...hazard(feature), [sentence("received"), `${time(received_at)} (${age})`]];
}

/** @param {Feature} feature @param {Layers} layers @returns {Fact[]} */
function alert({ properties }, layers) {
  const cause = layers.hazards?.find((hazard) => hazard.properties.id === properties.hazard_id);
  return [
    [sentence("severity"), severity(properties.severity)],
    [sentence("place"), properties.place || sentence("no_place")],
    [sentence("raised"), time(properties.raised_at)],
    ...(cause ? [/** @type {Fact} */ ([sentence("hazard"), chooser("hazards", cause)])] : []),
    [sentence("answer"), link(sentence("open_alert"), `/alerts/${properties.id}`)],
  ];
}

/**
 * Returns the facts about a unit, without the layers that were not read yet.
 * @param {Feature} feature
 * @param {Layers} layers
 * @returns {Fact[]}
 */
function unit(feature, layers) {
  const { hazards, alerts, sites } = within(feature, layers);
  const { is_own, is_whole } = feature.properties;
  const isHere = (/** @type {Feature} */ { properties }) =>
    concerns({ ...feature, properties: { districts: [properties.id] } }, feature);
  const [people, returned] = [layers.displaced?.filter(isHere), layers.returns?.filter(isHere)];
  const shaken = expectedIn(feature, layers);
  const sum = (/** @type {Feature[]} */ features, /** @type {string} */ name) =>
    features.reduce((known, { properties }) => known + properties[name], 0);
  const times =
    people &&
    hazards &&
    [
      ...people.map(({ properties }) => properties.reported_at),
      ...hazards.map(({ properties }) => properties.received_at),
    ]
      .filter(Boolean)
      .sort();
  return [
    ...(is_whole
      ? []
      : [/** @type {Fact} */ ([sentence("people"), sentence(is_own ? "only_own_areas" : "outside_own_areas")])]),
    ...(is_own && people
      ? /** @type {Fact[]} */ ([
          [
            sentence("households_now"),
            sentence("households", {
              households: number.format(sum(people, "households")),
              persons: number.format(sum(people, "persons")),
            }),
          ],
          [
            sentence("counted_now"),
            sentence("persons", { persons: inRange(sum(people, "counted_lowest"), sum(people, "counted_highest")) }),
          ],
        ])
      : []),
    ...(is_own && returned
      ? [
          /** @type {Fact} */ ([
            sentence("returned_now"),
            sentence("returned", {
              persons: number.format(sum(returned, "persons")),
              counted: number.format(sum(returned, "counted")),
            }),
          ]),
        ]
      : []),
    ...(shaken ? [/** @type {Fact} */ ([sentence("expected"), shaken])] : []),
    ...of("hazards", hazards),
    ...(is_own || alerts?.length ? of("alerts", alerts) : []), // readers see no alerts outside their areas
    ...of("sites", sites),
    ...(is_own && times
      ? [
          /** @type {Fact} */ ([
            sentence("last_report"),
            times.length ? time(/** @type {string} */ (times.at(-1))) : sentence("none"),
          ]),
        ]
      : []),
    [sentence("page"), link(sentence("open_area"), `/areas/${feature.properties.id}`)],
  ];
}

/**
 * @param {Feature} feature
 * @param {Layers} layers
 * @returns {Fact[]}
 */
function locality({ properties }, layers) {
  const { counted_lowest, counted_highest, reported_at, districts, site_id } = properties;
  return [
    [sentence("counted_now"), sentence("persons", { persons: inRange(counted_lowest, counted_highest) })],
    ...ofDistrict(districts[0], layers),
    ...(reported_at ? [/** @type {Fact} */ ([sentence("last_report"), time(reported_at)])] : []),
    ...(site_id ? [siteLink(site_id)] : []),
  ];
}

/**
 * The district of a village or site, with the hazards and alerts of the district.
 * @param {string} id
 * @param {Layers} layers
 * @returns {Fact[]}
 */
function ofDistrict(id, layers) {
  const district = layers.units?.find(({ properties }) => properties.id === id);
  if (!district) return [];
  const { hazards, alerts } = within(district, layers);
  return [[sentence("district"), chooser("units", district)], ...of("hazards", hazards), ...of("alerts", alerts)];
}

/** @param {Feature} feature @returns {Fact[]} */
function site({ properties }) {
  const { occupancy, place, capacity, id } = properties;
  return [
    [sentence("place"), place],
    [sentence("people"), occupancy ? inRange(properties.lowest, properties.highest) : sentence("uncounted")],
    ...(occupancy ? [/** @type {Fact} */ ([sentence("counted_at"), countedAt(occupancy)])] : []),
    [sentence("capacity"), capacity === null ? sentence("unknown") : number.format(capacity)],
    ...(occupancy === undefined ? [] : [siteLink(id)]),
  ];
}

/** @param {string} id @returns {Fact} */
function siteLink(id) {
  return [sentence("page"), link(sentence("open_site"), `/registry/sites/${id}`)];
}

/**
 * Returns the time of the count, or a word for registered persons, who have no time of a count.
 * @param {import("/static/sites.js").Occupancy} occupancy
 */
function countedAt({ counted_at, counted_at_precision, is_registered }) {
  return is_registered || !counted_at ? sentence("registered") : timeOf(counted_at, counted_at_precision);
}

/**
 * Returns no fact if the layer was not read yet.
 * @param {string} table
 * @param {Feature[] | undefined} features
 * @returns {Fact[]}
 */
function of(table, features) {
  return features ? [[sentence(`${table}_here`), choosers(table, features)]] : [];
}

/** @param {string} table @param {Feature[]} features */
function choosers(table, features) {
  if (!features.length) return sentence("none");
  return make("ul", {}, ...features.map((feature) => make("li", {}, chooser(table, feature))));
}

/** @param {string} instant */
function time(instant) {
  return dayAndClock(new Date(instant));
}

/** @param {string} text @param {string} path */
function link(text, path) {
  return make("a", { href: path, textContent: text });
}
