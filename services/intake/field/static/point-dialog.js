// The dialog in which the author chooses the position on a map. The map's files are loaded when the dialog opens.

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

/** @param {() => Report} open the report in the form @param {() => void} changed */
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
    // another account may have signed in meanwhile, so the form may show another report
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
  if (shown !== own) return; // the author has closed the dialog
  if (!drawing) return say("mapMissing");
  try {
    await draw(drawing, own);
  } catch (error) {
    console.error(error);
    if (shown === own) say("mapUndrawable"); // the graphics of the phone failed
  }
}

function begin() {
  take.disabled = true;
  take.hidden = element("point-map").hidden = false;
  element("map-centre").textContent = "";
  element("map-hint").textContent = sentence("mapLoading");
  dialog.showModal();
}

/** The script of the map, and what the map draws. Returns nothing without a signal, if the phone has no such files. */
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
 * Nobody takes the point at which the map begins: this point is only in the middle of a district, for example.
 * @param {import("./point-map.js").Spot} centre @param {boolean} isOwn whether the author moved the map
 */
function moved({ lat, lng }, isOwn) {
  element("map-centre").textContent = coordinates({ lat, lon: lng });
  if (isOwn) take.disabled = false;
}

/** Says why there is no map. @param {string} name */
function say(name) {
  take.hidden = element("point-map").hidden = true;
  element("map-hint").textContent = sentence(name);
}

/** Another report or the PIN is shown, and the map would still show the former author's point. */
export function closeMap() {
  dialog.close();
}

function forget() {
  shown?.map?.remove();
  shown = null;
  element("map").replaceChildren();
}

/** The codes of the village, district and oblast where the event happened, or where the people are now. */
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
