// The map on which the author chooses a point. The map shows the same base map as the console, with districts and
// villages.

import { Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl } from "/static/maplibre/maplibre-gl.mjs";
import { colour, loadBase } from "/static/map/base.js";
import { addStyles } from "/static/map/page-files.js";
import { base } from "/static/map/style/base.js";
import { text } from "/static/map/style/labels.js";
import { oblasts } from "./labels.js";
import { readGazetteer, settlementOptions } from "./settlements.js";
import { sentence } from "./texts.js";

/**
 * @typedef {{lng: number, lat: number}} Spot
 * @typedef {{pcodes: string[], point: import("./positions.js").Point | null}} Start `point` is the author's point;
 *   `pcodes` are the codes of the chosen village, district and oblast, smallest first
 * @typedef {{points: Record<string, [number, number]>, boundaries: GeoJSON.Geometry[]}} Places
 * @typedef {{base: GeoJSON.Feature<any, any>[], places: Places,
 *   villages: import("./settlements.js").PlaceOption[]}} Loaded
 */

const COUNTRY = /** @type {[number, number, number, number]} */ ([69.2, 39.1, 80.3, 43.4]);
const AROUND = /** @type {[number, number, number, number]} */ ([60, 34, 90, 48]);
const AT_POINT = 14; // levels of zoom
const AT_VILLAGE = 13;
const AT_DISTRICT = 9;
const AT_OBLAST = 7.5;
const CLOSEST = 18;

/** Loads what the map draws. @returns {Promise<Loaded>} */
export async function loadMap() {
  const [features, places, gazetteer] = await Promise.all([
    loadBase(),
    readPlaces(),
    readGazetteer(new URL("settlements.json", import.meta.url).pathname),
    addStyles(),
  ]);
  return { base: features, places, villages: settlementOptions(gazetteer, () => "") };
}

/** @returns {Promise<Places>} */
async function readPlaces() {
  const answer = await fetch(new URL("map-places.json", import.meta.url), { credentials: "omit" });
  if (!answer.ok) throw new Error(`map-places.json: ${answer.status}`);
  return answer.json();
}

/**
 * Draw the map. The author takes the point at the centre of the map.
 * @param {Loaded} loaded
 * @param {Start} start
 * @param {(centre: Spot, isOwn: boolean) => void} moved `isOwn` means that the author has moved the map
 */
export function drawMap(loaded, start, moved) {
  setWorkerUrl(new URL("map-worker.js", import.meta.url).href);
  const map = new MapLibre({
    container: "map",
    style: styleOf(loaded),
    ...viewOf(start, loaded.places),
    maxBounds: AROUND,
    maxZoom: CLOSEST,
    renderWorldCopies: false,
    fadeDuration: 0,
    attributionControl: { compact: false, customAttribution: "Natural Earth" },
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    locale: {
      "Map.Title": sentence("mapKeys"),
      "NavigationControl.ZoomIn": sentence("zoomIn"),
      "NavigationControl.ZoomOut": sentence("zoomOut"),
      "ScaleControl.Kilometers": sentence("kilometres"),
      "ScaleControl.Meters": sentence("metres"),
    },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ unit: "metric" }), "top-left");
  // Jump to the tapped point. An animated movement would let the author take a point on the way to the tapped point.
  map.on("click", ({ lngLat, originalEvent }) => map.jumpTo({ center: lngLat }, { originalEvent }));
  map.on("moveend", ({ originalEvent }) => moved(map.getCenter(), Boolean(originalEvent)));
  return map;
}

/**
 * Return the centre and zoom at the start: the author's point, else the smallest chosen place, else the country.
 * @param {Start} start
 * @param {Places} places
 */
function viewOf({ point, pcodes }, { points }) {
  if (point) return { center: /** @type {[number, number]} */ ([point.lon, point.lat]), zoom: AT_POINT };
  const known = pcodes.find((pcode) => points[pcode]);
  return known ? { center: points[known], zoom: zoomOf(known) } : { bounds: COUNTRY };
}

/** @param {string} pcode */
function zoomOf(pcode) {
  const oblast = oblasts.find((unit) => unit.pcode === pcode);
  if (oblast) return oblast.districts.length ? AT_OBLAST : AT_DISTRICT; // an oblast without districts is a city
  return oblasts.some(({ districts }) => districts.some((district) => district.pcode === pcode))
    ? AT_DISTRICT
    : AT_VILLAGE;
}

/** @param {Loaded} loaded @returns {import("/static/maplibre/maplibre-gl.mjs").StyleSpecification} */
function styleOf({ base: features, places: { points, boundaries }, villages }) {
  const units = oblasts.flatMap((oblast) => [
    { ...oblast, level: 1 },
    ...oblast.districts.map((district) => ({ ...district, level: 2 })),
  ]);
  return {
    version: 8,
    sources: {
      base: source(features),
      boundaries: source(boundaries.map((geometry) => ({ type: "Feature", geometry, properties: {} }))),
      units: source(units.flatMap((unit) => marked(points[unit.pcode], unit.name, unit.level))),
      villages: source(villages.flatMap(({ value, name }) => marked(points[value], name, 4))),
    },
    layers: [
      ...base(colour, !boundaries.length),
      {
        id: "villages",
        type: "circle",
        source: "villages",
        minzoom: 9,
        paint: { "circle-radius": 2.5, "circle-color": colour("map-label"), "circle-opacity": 0.65 },
      },
      {
        ...text("village-names", "villages", colour, {
          "text-size": 12,
          "text-anchor": "top",
          "text-offset": [0, 0.4],
        }),
        minzoom: 10,
      },
    ],
  };
}

/** @param {GeoJSON.Feature<any, any>[]} features */
function source(features) {
  return {
    type: /** @type {const} */ ("geojson"),
    data: /** @type {GeoJSON.FeatureCollection} */ ({ type: "FeatureCollection", features }),
  };
}

/**
 * @param {[number, number] | undefined} coordinates
 * @param {string} name
 * @param {number} level
 * @returns {GeoJSON.Feature[]}
 */
function marked(coordinates, name, level) {
  return coordinates
    ? [{ type: "Feature", geometry: { type: "Point", coordinates }, properties: { name, level } }]
    : [];
}
