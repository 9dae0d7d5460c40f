// The map in the middle of the board. It is loaded after the board itself, and only where it is shown and can be drawn.
// The list and the map select each other: what is open beside the list is marked on the map, and a click on a mark opens it.

import { open } from "/static/board/beside.js";
import { renewal } from "/static/board/renewals.js";
import { element } from "/static/elements.js";
import { know, marksOf, polygonsOf } from "/static/map/features.js";
import { readLayer } from "/static/map/layers.js";
import { canDraw } from "/static/map/webgl.js";

/** @typedef {import("/static/map/features.js").Feature} Feature */

const WIDE = matchMedia("(min-width: 1600px)"); // on a smaller screen, a person must turn the map on
const KEPT = "board-map"; // what the browser remembers: "on" or "off"
const STYLES = ["/static/maplibre/maplibre-gl.css", "/static/map/map.css"];
const QUIET_MS = 2000; // the shortest interval between two readings of a layer
const AGAIN_MS = 1500; // a layer that is behind the stream is read again after this time
/** @type {Record<string, Layer>} the layer with the data of a panel */
const LAYER_OF = { alerts: "alerts", hazards: "hazards", households: "displaced" };

/** @typedef {"units" | "alerts" | "hazards" | "displaced"} Layer */
/** @type {Record<Layer, Feature[]>} */
const layers = { units: [], alerts: [], hazards: [], displaced: [] };
/** @type {import("/static/map/canvas.js").DrawnMap | undefined} */
let map;
/** Whether the map is being loaded or was loaded. */
let isLoaded = false;
/** False if the browser has no WebGL, or if the base map did not arrive. @type {boolean | undefined} */
let isAble;
/** The path of what is open beside the list. */
let shown = "";

/** Shows the map after the board, if this person wants it. */
export function startMap() {
  document.addEventListener("shown-beside", (event) => select(/** @type {CustomEvent<string>} */ (event).detail));
  document.addEventListener("drawn", (event) => {
    const layer = LAYER_OF[/** @type {HTMLElement} */ (event.target).dataset.panel ?? ""];
    if (layer && map) void renewals[layer]();
    pressed();
  });
  WIDE.addEventListener("change", turn);
  addEventListener("load", () => setTimeout(turn)); // the board itself is shown first
}

/** Turns the map on or off, and remembers it. */
export function toggleMap() {
  localStorage.setItem(KEPT, isWanted() ? "off" : "on");
  turn();
}

function isWanted() {
  return (localStorage.getItem(KEPT) ?? (WIDE.matches ? "on" : "off")) === "on";
}

function pressed() {
  document.getElementById("map-switch")?.setAttribute("aria-pressed", String(isWanted()));
}

function turn() {
  const isDrawn = isWanted() && (isAble ??= canDraw());
  element("board-map").hidden = !isWanted();
  element("map").hidden = !isDrawn;
  element("no-map").hidden = isDrawn;
  element("board").classList.toggle("has-map", isDrawn);
  pressed();
  if (isDrawn && !isLoaded) void load().catch(fail);
}

/** The base map did not arrive, or the graphics card failed. The lists remain. */
function fail() {
  isAble = false;
  turn();
}

async function load() {
  isLoaded = true;
  const [{ DrawnMap }] = await Promise.all([import("/static/map/canvas.js"), ...STYLES.map(addStyle)]);
  const opened = new DrawnMap(chosenOnMap, () => {});
  await opened.open();
  map = opened;
  await Promise.all(/** @type {Layer[]} */ (Object.keys(layers)).map(read));
  select(shown);
}

/** @param {string} href */
function addStyle(href) {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  document.head.append(link);
  return new Promise((resolve, reject) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", reject);
  });
}

/** @type {Record<string, () => Promise<void>>} */
const renewals = Object.fromEntries(Object.keys(layers).map((name) => [name, renewal(() => read(/** @type {Layer} */ (name)), QUIET_MS)]));

/** @param {Layer} name */
async function read(name) {
  const { layer, isLate } = await readLayer(name);
  if (isLate) setTimeout(renewals[name], AGAIN_MS);
  if (!layer) return;
  layers[name] = layer.features;
  draw(name);
}

/** @param {Layer} layer */
function draw(layer) {
  if (layer === "units") {
    know(layers.units);
    map?.show("units", layers.units);
  }
  if (layer === "alerts") map?.show("alerts", marksOf(layers.alerts, "alert"));
  if (layer === "hazards") {
    map?.show("hazards", marksOf(layers.hazards, "hazard"));
    map?.show("areas", polygonsOf(layers.hazards));
  }
  if (layer === "displaced") {
    map?.show("households", layers.displaced.filter(({ properties }) => properties.persons));
    map?.show("counted", layers.displaced.filter(({ properties }) => properties.counted_highest).map(withCount));
  }
}

/** @param {Feature} feature @returns {Feature} */
function withCount(feature) {
  return { ...feature, properties: { ...feature.properties, persons: feature.properties.counted_highest } };
}

/** Marks on the map what is open beside the list. Of an alert that the map does not show, nothing is marked. @param {string} path */
function select(path) {
  shown = path;
  const [, kind, id] = path.split("/");
  const among = { alerts: layers.alerts, hazards: layers.hazards, areas: layers.units }[kind] ?? [];
  map?.select(among.find(({ properties }) => properties.id === id));
}

/** A mark of several hazards or alerts opens their district, which lists them. @param {string} layer @param {string[]} ids */
function chosenOnMap(layer, ids) {
  const [id] = ids;
  if (!id) return;
  const kind = { alerts: "alerts", hazards: "hazards", areas: "hazards" }[layer];
  const [district] = ids.length > 1 && kind ? featureOf(id)?.properties.districts ?? [] : [];
  if (!kind || district) return void open(`/areas/${district ?? id}`);
  document.getElementById(`alert-${id}`)?.scrollIntoView({ block: "nearest" });
  void open(`/${kind}/${id}`);
}

/** @param {string} id */
function featureOf(id) {
  return [...layers.alerts, ...layers.hazards].find(({ properties }) => properties.id === id);
}
