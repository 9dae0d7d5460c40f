// The map of a figure: a circle for the people at each place. The library of maps is large, so the page loads the map
// only when a person opens it.

import { call } from "/static/calls.js";
import { element, showText } from "/static/elements.js";
import { canDraw } from "/static/map/webgl.js";
import { number } from "/static/tables.js";
import { sentence } from "/static/texts.js";

/**
 * @typedef {import("/static/map/features.js").Feature} Feature
 * @typedef {{pcode: string, persons: number, group_persons: number}} PlaceFigure
 */

const place = element("map");
const button = /** @type {HTMLButtonElement} */ (element("open-map"));
/** @type {Map<string, PlaceFigure>} */
const figures = new Map(
  JSON.parse(place.dataset.places ?? "[]").map((/** @type {PlaceFigure} */ figure) => [figure.pcode, figure]),
);

async function open() {
  button.disabled = true;
  const panel = /** @type {HTMLElement} */ (place.parentElement);
  panel.hidden = !canDraw();
  const isShown =
    !panel.hidden &&
    (await load().then(
      () => true,
      () => false,
    ));
  panel.hidden = !isShown;
  button.hidden = isShown;
  showText("map-place", sentence(isShown ? "choose_circle" : "no_map"));
}

/** Throws an error if the library, the base of the map or the places are missing. */
async function load() {
  const [{ DrawnMap }, answer] = await Promise.all([
    import("/static/map/canvas.js"),
    call("GET", "/console/v1/map/units"),
  ]);
  /** @type {Feature[]} */
  const units = (await answer.json()).features;
  const map = new DrawnMap(
    (_, [pcode]) => describe(units.find(({ properties }) => properties.id === pcode)),
    () => {},
  );
  await map.load();
  await map.draw();
  map.show("units", units);
  map.show("households", withPersons(units, "persons"));
  map.show("counted", withPersons(units, "group_persons"));
}

/** @param {Feature[]} units @param {"persons" | "group_persons"} kind */
function withPersons(units, kind) {
  return units.flatMap((unit) => {
    const persons = figures.get(unit.properties.id)?.[kind];
    return persons ? [{ ...unit, properties: { ...unit.properties, persons } }] : [];
  });
}

/** @param {Feature | undefined} unit */
function describe(unit) {
  if (!unit) return showText("map-place", sentence("choose_circle"));
  const { persons = 0, group_persons = 0 } = figures.get(unit.properties.id) ?? {};
  showText(
    "map-place",
    sentence("at_place", {
      place: unit.properties.name,
      persons: number.format(persons),
      counted: number.format(group_persons),
    }),
  );
}

element("map-section").hidden = false; // hidden at first: without this script, the section stays empty
button.addEventListener("click", () => void open());
