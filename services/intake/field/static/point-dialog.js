// The dialog in which the author chooses a position on a map. Opening the dialog loads the map's files.

import { control } from "./controls.js";
import { element, make } from "./elements.js";
import { isHazard } from "./hazards.js";
import { coordinates, round, showPoint } from "./positions.js";
import { sentence } from "./texts.js";

/** @typedef {{point: import("./positions.js").Point | null}} Report the report for which the author chooses */
/** @typedef {import("/static/maplibre/maplibre-gl.mjs").Map} PointMap */

const dialog = /** @type {HTMLDialogElement} */ (element("point-dialog"));
const take = /** @type {HTMLButtonElement} */ (element("take-point"));
/** @type {{report: Report, map?: PointMap} | null} what the open dialog shows */
let shown = null;

/** @param {() => Report} open returns the report in the form @param {() => void} changed */
export function listenToPointDialog(open, changed) {
  /** @param {Report["point"]} point */
  const give = (point) => {
    open().point = point;
    showPoint(point);
    changed();
  };
  element("choose-point").addEventListener("click", () => void show(open()));
  element("cancel-point").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", forget);
  take.addEventListener("click", () => {
    const centre = shown?.map?.getCenter();
    // the form may show another report than at the opening, for example after another account has signed in
    if (centre && shown?.report === open()) give({ lat: round(centre.lat), lon: round(centre.lng) });
    dialog.close();
  });
  element("remove-point").addEventListener("click", () => {
    give(null);
    element("choose-point").focus();
  });
}

/** @param {Report} report */
async function show(report) {
  const own = (shown = { report });
  begin();
  if (!make("canvas").getContext("webgl2")) return say("mapUndrawable");
  const drawing = await load();
  if (shown !== own) return; // the author has closed the dialog during the loading
  if (!drawing) return say("mapMissing");
  try {
    await draw(drawing, own);
  } catch (error) {
    console.error(error);
    if (shown === own) say("mapUndrawable"); // the phone cannot draw the map
  }
}

function begin() {
  take.disabled = true;
  take.hidden = element("point-map").hidden = false;
  element("map-centre").textContent = "";
  element("map-hint").textContent = sentence("mapLoading");
  dialog.showModal();
}

/** Load the map's script and data. Undefined if the files are neither on the phone nor reachable. */
async function load() {
  try {
    const { loadMap, drawMap } = await import("./point-map.js");
    return { loaded: await loadMap(), drawMap };
  } catch (error) {
    console.error(error);
    return undefined;
  }
}

/**
 * @param {NonNullable<Awaited<ReturnType<typeof load>>>} drawing
 * @param {{report: Report, map?: PointMap}} own
 */
async function draw({ loaded, drawMap }, own) {
  const { point } = own.report;
  const map = (own.map = drawMap(loaded, { point, pcodes: chosenPlaces() }, moved));
  await map.once("load");
  moved(map.getCenter(), false);
  element("map-hint").textContent = sentence("mapHint");
  map.getCanvas().focus();
}

/**
 * The author can take the point only after moving the map. Until a movement, the centre of the map is a guess, such as
 * the middle of a district.
 * @param {import("./point-map.js").Spot} centre
 * @param {boolean} isOwn whether the author moved the map
 */
function moved({ lat, lng }, isOwn) {
  element("map-centre").textContent = coordinates({ lat, lon: lng });
  if (isOwn) take.disabled = false;
}

/** Show a sentence in place of the map. @param {string} name */
function say(name) {
  take.hidden = element("point-map").hidden = true;
  element("map-hint").textContent = sentence(name);
}

/** Close the map when the form locks or shows another report. An open map would show the point of the former author. */
export function closeMap() {
  dialog.close();
}

function forget() {
  shown?.map?.remove();
  shown = null;
  element("map").replaceChildren();
}

/**
 * Return the codes of the places in the form, at which the map can begin. A hazard has the place of the event. People
 * have the place where they are now, and then the place that they left.
 */
function chosenPlaces() {
  const places = isHazard() ? ["origin"] : ["destination", "origin"];
  return places.flatMap((name) =>
    [
      control(`${name}_locality`).dataset.settlement,
      control(`${name}_district`).value,
      control(`${name}_oblast`).value,
    ].flatMap((code) => code || []),
  );
}
