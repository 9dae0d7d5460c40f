// The small map of an alert or a hazard. The map has no switches, and its data are read once.

import { call } from "/static/calls.js";
import { DrawnMap } from "/static/map/canvas.js";
import { marksOf, polygonsOf } from "/static/map/features.js";
import { addStyles } from "/static/map/page-files.js";

/** @typedef {import("/static/map/features.js").Feature} Feature */

/**
 * Draws the map. Returns false without drawing if no place is known.
 * @param {{pcodes: string[], feature?: Feature, hazard_id?: string | null}} area
 */
export async function drawArea({ pcodes, feature, hazard_id }) {
  const known = feature ? [feature] : [];
  const [units, boundaries, hazards] = await Promise.all([
    read("units"),
    read("boundaries"),
    feature || !hazard_id ? known : read(`hazards?hazard=${hazard_id}`),
  ]);
  const districts = pcodes.flatMap(
    (pcode) => [...boundaries, ...units].find(({ properties }) => properties.id === pcode) ?? [],
  );
  const area = joined([...districts, ...hazards]);
  if (!area) return false;
  const drawn = new DrawnMap(
    () => {},
    () => {},
  );
  await addStyles();
  await drawn.load();
  await drawn.draw();
  drawn.show("units", units);
  drawn.showBoundaries(boundaries);
  drawn.show("hazards", marksOf(hazards, "hazard"));
  drawn.show("areas", polygonsOf(hazards));
  drawn.select(area);
  return true;
}

/** @param {string} layer @returns {Promise<Feature[]>} */
async function read(layer) {
  const answer = await call("GET", `/console/v1/map/${layer}`);
  return (await answer.json()).features;
}

/** @param {Feature[]} features @returns {Feature | undefined} */
function joined(features) {
  const geometries = features.flatMap(({ geometry }) => geometry ?? []);
  return geometries.length
    ? { type: "Feature", geometry: { type: "GeometryCollection", geometries }, properties: {} }
    : undefined;
}
