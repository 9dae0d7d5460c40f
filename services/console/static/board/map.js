// The map on the board. The map is loaded after the board, if the person wants the map and the browser can draw it.

import { open } from "/static/board/beside.js";
import { element } from "/static/elements.js";
import { commonDistrict, know, marksOf, nameButton, polygonsOf } from "/static/map/features.js";
import { layerRenewal, readLayer } from "/static/map/layers.js";
import { showHidden, watchAge, whenArrived } from "/static/map/notes.js";
import { addBackgroundReader, addStyles } from "/static/map/page-files.js";
import { canDraw } from "/static/map/webgl.js";
import { sentence } from "/static/texts.js";

/** @typedef {import("/static/map/features.js").Feature} Feature */

const WIDE = matchMedia("(min-width: 1600px)"); // on a smaller screen, the map is off until a person turns it on
const KEPT = "board-map"; // the key of the choice in the browser's storage: "on" or "off"
const QUIET_MS = 2000;
/** @type {Record<string, Layer>} */
const LAYER_OF = { alerts: "alerts", hazards: "hazards", households: "displaced" };

/** @typedef {"units" | "alerts" | "hazards" | "displaced"} Layer */
/** @type {Record<Layer, Feature[]>} */
const layers = { units: [], alerts: [], hazards: [], displaced: [] };
/** @type {import("/static/map/canvas.js").DrawnMap | undefined} */
let map;
let isLoaded = false;
/** False without WebGL, or after the graphics card has failed. @type {boolean | undefined} */
let isAble;
let shown = "";
/**
 * The path that the newest click on a shared mark has opened. The page offers the mark's other records until another
 * path is opened.
 */
let offeredWith = "";
let hasMoved = false;

export function startMap() {
  document.addEventListener("shown-beside", (event) => select(/** @type {CustomEvent<string>} */ (event).detail));
  document.addEventListener("drawn", (event) => {
    const layer = LAYER_OF[/** @type {HTMLElement} */ (event.target).dataset.panel ?? ""];
    if (layer && map) void renewals[layer]();
    pressed();
  });
  WIDE.addEventListener("change", turn);
  addEventListener("load", () => setTimeout(turn)); // the board comes first
}

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
  if (isDrawn && !isLoaded) void openMap();
}

async function openMap() {
  isLoaded = true;
  const opened = await whenArrived(load);
  try {
    await opened.draw();
  } catch {
    isAble = false; // the graphics card failed; the lists still work
    return turn();
  }
  map = opened;
  for (const renew of Object.values(renewals)) void renew();
  watchAge("board-map");
}

async function load() {
  const [{ DrawnMap }] = await Promise.all([
    import("/static/map/canvas.js"),
    addStyles(),
    element("board").dataset.background && addBackgroundReader(),
  ]);
  return new DrawnMap(chosenOnMap, () => {}).load();
}

/** @type {Record<string, () => Promise<void>>} */
const renewals = Object.fromEntries(
  Object.keys(layers).map((name) => [name, layerRenewal(() => read(/** @type {Layer} */ (name)), QUIET_MS)]),
);

/** @param {Layer} name */
async function read(name) {
  const { layer, isLate } = await readLayer(name);
  if (layer) {
    layers[name] = layer.features;
    draw(name);
    mark();
    showHidden(name, layer.hidden ?? 0);
  }
  return isLate;
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
    map?.show(
      "households",
      layers.displaced.filter(({ properties }) => properties.persons),
    );
    map?.show("counted", layers.displaced.filter(({ properties }) => properties.counted_highest).map(withCount));
  }
}

/** @param {Feature} feature @returns {Feature} */
function withCount(feature) {
  return { ...feature, properties: { ...feature.properties, persons: feature.properties.counted_highest } };
}

/** @param {string} path */
function select(path) {
  shown = path;
  hasMoved = false;
  if (path !== offeredWith) offer("", []);
  mark();
}

/** Marks the open record on the map. Marks nothing if the record is not on the map. */
function mark() {
  if (!map) return;
  const [, kind, id] = shown.split("/");
  const among = { alerts: layers.alerts, hazards: layers.hazards, areas: layers.units }[kind] ?? [];
  const feature = among.find(({ properties }) => properties.id === id);
  if (hasMoved || !feature) return map.mark(feature);
  hasMoved = true;
  map.select(feature);
}

/**
 * Opens the mark's hazard or alert. A mark of several records opens their common district. Without a common district,
 * the first record is opened, and the others are offered.
 * @param {string} layer
 * @param {string[]} ids
 */
function chosenOnMap(layer, ids) {
  const [id] = ids;
  if (!id) return;
  const kind = { alerts: "alerts", hazards: "hazards", areas: "hazards" }[layer];
  const district = ids.length > 1 && kind ? commonDistrict(ids.flatMap(featuresOf)) : undefined;
  if (!kind || district) {
    offer("", []);
    return void open(`/areas/${district ?? id}`);
  }
  offer(
    `/${kind}/${id}`,
    ids
      .slice(1)
      .flatMap(featuresOf)
      .map((feature) => opener(`/${kind}/${feature.properties.id}`, feature)),
  );
  document.getElementById(`alert-${id}`)?.scrollIntoView({ block: "nearest" });
  void open(`/${kind}/${id}`);
}

/**
 * Lists the hazards and alerts of a shared mark.
 * @param {string} path
 * @param {HTMLElement[]} buttons
 */
function offer(path, buttons) {
  offeredWith = path;
  element("map-more").hidden = !buttons.length;
  element("map-more").replaceChildren(
    `${sentence("also_here")}: `,
    ...buttons.flatMap((button, index) => (index ? [", ", button] : [button])),
  );
}

/** @param {string} path @param {Feature} feature */
function opener(path, feature) {
  const button = nameButton(feature);
  button.addEventListener("click", () => void open(path));
  return button;
}

/** Returns an empty list if the feature has left the map. @param {string} id */
function featuresOf(id) {
  return [...layers.alerts, ...layers.hazards].filter(({ properties }) => properties.id === id);
}
