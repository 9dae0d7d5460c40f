// The layers from the server: the names of their features, and what the map draws from them.

import { make } from "/static/elements.js";
import { number } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";

/**
 * @typedef {GeoJSON.Feature<GeoJSON.Geometry | null, Record<string, any>>} Feature
 * @typedef {"units" | "boundaries" | "hazards" | "intensities" | "reports" | "alerts" | "displaced" | "returns" |
 *   "localities" | "sites" | "settlements"} Name
 * @typedef {Partial<Record<Name, Feature[]>>} Layers a layer that was not read yet is missing
 */

export const oneDigit = new Intl.NumberFormat(document.documentElement.lang === "en" ? "en" : "ru", {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
export const SEVERITIES = ["Extreme", "Severe", "Moderate", "Minor", "Unknown"];

/** @param {Feature} feature */
export function nameOf({ properties }) {
  if (properties.country) return sentence("abroad", { country: properties.country });
  return properties.name === ""
    ? sentence(properties.place ? "no_village" : "no_place")
    : (properties.name ?? titleOf(properties));
}

/** @param {Feature} feature */
export function nameButton(feature) {
  return make("button", { type: "button", className: "as-link", textContent: nameOf(feature) });
}

/** @param {Record<string, any>} properties */
function titleOf({ rule, type, type_text, magnitude, is_nothing }) {
  if (rule === "displacement") return sentence("displacement");
  if (rule === "budget") return sentence("budget");
  const hazard = type === "other" && type_text ? type_text : (words("hazards")[type ?? "other"] ?? type);
  if (rule === "exposure") return sentence("exposure", { hazard });
  if (is_nothing) return `${hazard}: ${sentence("nothing_found")}`;
  return magnitude === null || magnitude === undefined ? hazard : `${hazard} M ${oneDigit.format(magnitude)}`;
}

/**
 * Returns the points of a geometry. A polygon counts as one point.
 * @param {GeoJSON.Geometry | null} geometry
 * @returns {GeoJSON.Position[]}
 */
export function pointsOf(geometry) {
  if (!geometry) return [];
  if (geometry.type === "Point") return [geometry.coordinates];
  if (geometry.type === "MultiPoint") return geometry.coordinates;
  if (geometry.type === "Polygon") return [middle(geometry.coordinates[0])];
  if (geometry.type !== "GeometryCollection") return [];
  const points = geometry.geometries.filter(({ type }) => type === "Point");
  return (points.length ? points : geometry.geometries.slice(0, 1)).flatMap(pointsOf);
}

/** @param {GeoJSON.Geometry | null} geometry @returns {GeoJSON.Position[]} */
export function cornersOf(geometry) {
  if (!geometry) return [];
  if (geometry.type === "GeometryCollection") return geometry.geometries.flatMap(cornersOf);
  if (geometry.type === "Polygon") return geometry.coordinates.flat();
  if (geometry.type === "MultiPolygon") return geometry.coordinates.flat(2);
  return pointsOf(geometry);
}

/** @param {GeoJSON.Position[]} ring */
function middle(ring) {
  const [lons, lats] = [ring.map(([lon]) => lon), ring.map(([, lat]) => lat)];
  return [(Math.min(...lons) + Math.max(...lons)) / 2, (Math.min(...lats) + Math.max(...lats)) / 2];
}

/**
 * Combines hazards or alerts at one place into a shared mark, with the highest severity and the number of features.
 * @param {Feature[]} features
 * @param {string} kind
 * @returns {Feature[]}
 */
export function marksOf(features, kind) {
  const marks = /** @type {Map<string, Feature>} */ (new Map());
  for (const feature of [...features].sort((a, b) => rankOf(a) - rankOf(b))) {
    for (const point of pointsOf(feature.geometry)) {
      const mark = marks.get(String(point));
      if (mark) add(mark, feature);
      else marks.set(String(point), newMark(feature, point, kind));
    }
  }
  return [...marks.values()];
}

/**
 * Ranks a hazard: hazards in force first, and then by severity.
 * @param {Feature} feature
 */
function rankOf({ properties }) {
  return SEVERITIES.indexOf(properties.severity) + (properties.is_over ? SEVERITIES.length : 0);
}

/** @param {Feature} feature @param {GeoJSON.Position} point @param {string} kind @returns {Feature} */
function newMark(feature, point, kind) {
  const { id, severity, is_over } = feature.properties;
  const properties = {
    ids: id,
    count: 1,
    mark: `${kind}-${severity}`,
    rank: rankOf(feature),
    is_over: Boolean(is_over),
    name: nameOf(feature),
    label: kind === "alert" ? "" : nameOf(feature),
  };
  return { type: "Feature", geometry: { type: "Point", coordinates: point }, properties };
}

/** @param {Feature} mark @param {Feature} feature */
function add({ properties }, feature) {
  // a text, because MapLibre can turn a list into a text
  properties.ids += `,${feature.properties.id}`;
  properties.count += 1;
  properties.label = properties.mark.startsWith("alert")
    ? number.format(properties.count)
    : `${properties.name} +${number.format(properties.count - 1)}`;
}

/** @param {Feature[]} features @returns {GeoJSON.FeatureCollection} */
export function collection(features) {
  return /** @type {GeoJSON.FeatureCollection} */ ({ type: "FeatureCollection", features });
}

/**
 * @param {Feature[]} features
 * @returns {Feature[]}
 */
export function polygonsOf(features) {
  return features.flatMap((feature) =>
    parts(feature.geometry)
      .filter(({ type }) => type === "Polygon")
      .map((geometry) => ({ ...feature, geometry })),
  );
}

/** @param {GeoJSON.Geometry | null} geometry @returns {GeoJSON.Geometry[]} */
function parts(geometry) {
  if (!geometry) return [];
  return geometry.type === "GeometryCollection" ? geometry.geometries : [geometry];
}

/**
 * Returns the units with their boundaries. Units without an imported boundary are left out.
 * @param {Feature[]} features
 * @param {Feature[]} boundaries
 * @returns {Feature[]}
 */
export function shapesOf(features, boundaries) {
  const shapes = new Map(boundaries.map(({ properties, geometry }) => [properties.id, geometry]));
  return features
    .filter(({ properties }) => shapes.has(properties.id))
    .map((feature) => ({ ...feature, geometry: shapes.get(feature.properties.id) ?? null }));
}

/**
 * Returns the first district that all features of a shared mark have in common.
 * @param {Feature[]} features
 * @returns {string | undefined}
 */
export function commonDistrict(features) {
  const [first = [], ...others] = features.map(({ properties }) => /** @type {string[]} */ (properties.districts));
  return first.find((district) => others.every((districts) => districts.includes(district)));
}

/**
 * True if an event concerns the unit. An event in an oblast concerns all its districts.
 * @param {Feature} feature
 * @param {Feature} unit
 */
export function concerns({ properties }, unit) {
  const { id, parent, level } = unit.properties;
  const districts = /** @type {string[]} */ (properties.districts);
  return (
    districts.includes(id) ||
    districts.includes(parent) ||
    (level === 1 && districts.some((code) => oblastOf.get(code) === id))
  );
}

/** @type {Map<string, string>} */
const oblastOf = new Map();

/** @param {Feature[]} units */
export function know(units) {
  for (const { properties } of units) if (properties.parent) oblastOf.set(properties.id, properties.parent);
}
