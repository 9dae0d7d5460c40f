// The page of the map. Reads the layers, draws them on the map and in tables, and follows the stream.

import { listen } from "/static/board/listening.js";
import { element } from "/static/elements.js";
import { DrawnMap } from "/static/map/canvas.js";
import { describe } from "/static/map/facts.js";
import { commonDistrict, know, marksOf, pointsOf, polygonsOf, shapesOf } from "/static/map/features.js";
import { list, point } from "/static/map/lists.js";
import { layerRenewal, readLayer } from "/static/map/layers.js";
import { offerDistrict, offerPoint } from "/static/map/new-events.js";
import { watchAge, whenArrived } from "/static/map/notes.js";
import { offerSearch } from "/static/map/place-search.js";
import { fieldReports, ringsOf } from "/static/map/reports.js";
import { readReturns } from "/static/map/returns.js";
import { atSites, readSiteFeatures } from "/static/map/sites.js";
import { listenToSwitches, restoreSwitches, turnAll } from "/static/map/switches.js";
import { showTotals } from "/static/map/totals.js";
import { canDraw } from "/static/map/webgl.js";
import { number } from "/static/tables.js";
import { sentence } from "/static/texts.js";

/**
 * @typedef {import("/static/map/features.js").Feature} Feature
 * @typedef {import("/static/map/features.js").Layers} Layers
 * @typedef {import("/static/map/features.js").Name} Name
 */

/** @type {Record<string, Name[]>} */
const LAYERS_OF = {
  hazards: ["hazards", "intensities"],
  "hazards-restricted": ["hazards", "intensities"],
  alerts: ["alerts"],
  households: ["displaced", "returns", "sites"],
  groups: ["displaced", "returns", "localities", "sites"],
};
const QUIET_MS = 400;
const REGISTRY_MS = 5000; // longer than QUIET_MS, because the registry computes the layer for each request
const AT_FOUND = 10; // the largest level of zoom for a place that a person has searched
const OLD_MS = 60_000; // layers are read after this time even without an event, because hazards end

/** @type {Layers} */
const layers = {};
// `others` share the mark of the chosen feature, without a common district
let chosen = { table: "", id: "", others: /** @type {string[]} */ ([]) };
/** Features named in the page's address, which are selected as soon as their layer has arrived. */
const wanted = {
  hazards: new URLSearchParams(location.search).get("hazard") ?? "",
  units: new URLSearchParams(location.search).get("area") ?? "",
};
let uncomputed = 0;
/** @type {DrawnMap | undefined} */
let map;

/** Reads a layer. Returns true if the layer must be read again. @param {Name} name */
async function read(name) {
  if (name === "sites") return readSites();
  if (name === "returns") return readReturned();
  const { layer, isLate } = await readLayer(name);
  if (layer) take(name, layer);
  return isLate;
}

/** @param {Name} name @param {import("/static/map/layers.js").Layer} layer */
function take(name, { features, hidden, ...layer }) {
  layers[name] = name === "localities" ? atSites(features, layers.sites ?? []) : features;
  if (name === "units") know(features);
  uncomputed = layer.uncomputed ?? uncomputed;
  const more = document.getElementById(`${name}-hidden`);
  if (more) {
    const count = layer.uncomputed ?? hidden ?? 0;
    more.hidden = !count;
    more.textContent = sentence(name === "intensities" ? "uncomputed_why" : "hidden", { count: number.format(count) });
  }
  draw(name);
  if (name === "hazards") {
    layers.reports = fieldReports(features, new Date());
    draw("reports");
  }
}

async function readSites() {
  const features = await readSiteFeatures(layers.units ?? []);
  if (features) layers.sites = features;
  if (layers.localities) layers.localities = atSites(layers.localities, layers.sites ?? []);
  draw("sites");
  draw("localities");
  return features === undefined;
}

async function readReturned() {
  const features = await readReturns(layers.units ?? []);
  if (features) layers.returns = features;
  draw("returns");
  return features === undefined;
}

/** @type {Map<Name, () => Promise<void>>} */
const renewals = new Map();

/** True if the role sees the layer: some roles see no figures, or no places below districts. @param {Name} name */
function isOffered(name) {
  return !["localities", "sites", "returns"].includes(name) || document.getElementById(`${name}-rows`) !== null;
}

/** Reads and draws a layer. Calls during a reading lead to one more reading. @param {Name} name */
async function renew(name) {
  if (!isOffered(name)) return;
  const renewed =
    renewals.get(name) ?? layerRenewal(() => read(name), ["sites", "returns"].includes(name) ? REGISTRY_MS : QUIET_MS);
  renewals.set(name, renewed);
  await renewed();
}

/** @type {Record<Name, (features: Feature[]) => void>} */
const SHOWN = {
  units: (features) => map?.show("units", features),
  boundaries: (features) => {
    map?.showBoundaries(features);
    map?.show("shaken", shapesOf(layers.intensities ?? [], features));
  },
  hazards: (features) => {
    map?.show("hazards", marksOf(features, "hazard"));
    map?.show("areas", polygonsOf(features));
  },
  intensities: (features) => {
    map?.show("intensities", features);
    map?.show("shaken", shapesOf(features, layers.boundaries ?? []));
  },
  reports: (features) => map?.show("reports", ringsOf(features)),
  alerts: (features) => map?.show("alerts", marksOf(features, "alert")),
  displaced: (features) => {
    map?.show(
      "households",
      features.filter(({ properties }) => properties.persons),
    );
    map?.show(
      "counted",
      features
        .filter(({ properties }) => properties.counted_highest)
        .map((feature) => ({
          ...feature,
          properties: { ...feature.properties, persons: feature.properties.counted_highest },
        })),
    );
  },
  returns: (features) => map?.show("returns", features),
  localities: (features) =>
    map?.show(
      "localities",
      features.filter(({ properties }) => properties.counted_highest),
    ),
  sites: (features) => map?.show("sites", features),
  settlements: () => {}, // the map marks only the settlement that a person has found
};

/** Draws a layer. A layer without an answer has no count, because zero would be wrong. @param {Name} name */
function draw(name) {
  const features = layers[name];
  if (!features) return;
  SHOWN[name](features);
  if (document.getElementById(`${name}-rows`)) list(name, layers);
  if (uncomputed) element("intensities-none").hidden = true; // people may have felt these earthquakes
  showTotals(layers, uncomputed);
  if ((name === "hazards" || name === "units") && known(name, wanted[name])) {
    choose(name, wanted[name]);
    wanted[name] = "";
  }
  if (!chosen.id) return;
  describe(tableOf(), known(chosen.table, chosen.id), layers, alsoChosen());
  map?.mark(known(chosen.table, chosen.id));
}

/** Returns the feature, or undefined if nothing is chosen. @param {string} table @param {string} id */
function known(table, id) {
  const named = OF_UNITS.includes(table) ? "units" : /** @type {Name} */ (table);
  return layers[named]?.find(({ properties }) => properties.id === id);
}

function alsoChosen() {
  return chosen.others.flatMap((id) => known(chosen.table, id) ?? []);
}

const OF_UNITS = ["displaced", "returns", "intensities"];

function tableOf() {
  return OF_UNITS.includes(chosen.table) ? "units" : chosen.table;
}

/** @param {string} table @param {string} id @param {string[]} [others] @param {number} [closest] see DrawnMap.select */
function choose(table, id, others = [], closest) {
  chosen = { table, id, others };
  const feature = known(table, id);
  map?.select(feature, closest);
  describe(tableOf(), feature, layers, alsoChosen());
  offerDistrict(feature);
  point(table === "units" ? "displaced" : table, id);
}

/**
 * Offers the point of a found settlement for a new event.
 * @param {"units" | "settlements"} table
 * @param {string} id
 */
function found(table, id) {
  if (table === "units") return choose(table, id);
  choose(table, id, [], AT_FOUND);
  const { geometry = null, properties } = known(table, id) ?? {};
  const [place] = pointsOf(geometry);
  if (!place) return map?.select(known("units", properties?.districts[0]), AT_FOUND);
  offerPoint("spot", { lat: place[1], lng: place[0] });
}

/** @type {Record<string, string>} */
const TABLE_OF = { boundaries: "units", areas: "hazards", households: "displaced", counted: "displaced" };

/** @param {string} layer @param {string[]} ids */
function chosenOnMap(layer, ids) {
  const table = TABLE_OF[layer] ?? layer;
  const [id = "", ...others] = ids;
  const district = others.length ? commonDistrict(ids.flatMap((each) => known(table, each) ?? [])) : undefined;
  if (district) return choose("units", district);
  choose(table, id, others);
}

document.addEventListener("click", (event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest("[data-choose]");
  if (button instanceof HTMLElement) choose(button.dataset.choose ?? "", button.dataset.id ?? "");
});
restoreSwitches();
listenToSwitches((layer, isShown) => map?.turn(layer, isShown));
offerSearch(found, (layer) => take("settlements", layer));
element("unchoose").addEventListener("click", () => choose("", ""));

async function start() {
  if (await read("units").catch(() => true)) void renew("units"); // read once: units do not change
  for (const name of /** @type {Name[]} */ ([
    "hazards",
    "alerts",
    "displaced",
    "intensities",
    "returns",
    "localities",
    "sites",
    "boundaries",
  ]))
    void renew(name);
  listen(Object.keys(LAYERS_OF), (topics) =>
    topics.flatMap((topic) => LAYERS_OF[topic]).forEach((name) => void renew(name)),
  );
  setInterval(
    () =>
      Object.values(LAYERS_OF)
        .flat()
        .forEach((name) => void renew(name)),
    OLD_MS,
  );
  watchAge("map-panel");
  if (!canDraw()) return showNoMap();
  const opened = await whenArrived(() => new DrawnMap(chosenOnMap, offerPoint).load());
  try {
    await opened.draw();
  } catch {
    return showNoMap(); // the graphics card failed
  }
  map = opened;
  turnAll((layer, isShown) => opened.turn(layer, isShown));
  for (const name of /** @type {Name[]} */ (Object.keys(SHOWN))) draw(name);
  if (chosen.id) opened.select(known(chosen.table, chosen.id));
}

/** Says that the browser cannot draw the map. The tables still work. */
function showNoMap() {
  element("no-map").hidden = false;
  element("map").hidden = true;
  element("room").classList.add("is-listed");
}

void start();
