// The links from the map to the form for a new event. The URL has only the rounded point and the district. If the form
// has opened the map, the map gives the place back to the form and closes.

const DIGITS = 4; // some 10 m

/** @typedef {{lat: number, lon: number}} Point */

const shown = document.getElementById("new-events"); // missing for people who may not report events
/** @type {{spot: Point | null, centre: Point | null}} */
const points = { spot: null, centre: null };
let district = "";

/**
 * @param {"spot" | "centre"} place
 * @param {{lat: number, lng: number}} point
 */
export function offerPoint(place, { lat, lng }) {
  points[place] = { lat: Number(lat.toFixed(DIGITS)), lon: Number(lng.toFixed(DIGITS)) };
  show();
}

/**
 * Offers the district of the chosen feature, and forgets the point that was chosen before.
 * @param {import("/static/map/features.js").Feature | undefined} feature
 */
export function offerDistrict(feature) {
  const { id, districts = [id] } = feature?.properties ?? { districts: [] };
  district = districts.length === 1 ? districts[0] : "";
  points.spot = null;
  show();
}

function show() {
  link("event-here", points.spot, district);
  link("event-at-centre", points.centre, "");
}

/** @param {string} id @param {Point | null} point @param {string} pcode */
function link(id, point, pcode) {
  const offer = shown?.querySelector(`#${id}`),
    anchor = offer?.querySelector("a"),
    words = offer?.querySelector("span");
  if (!(offer instanceof HTMLElement) || !anchor || !words) return;
  offer.hidden = !point && !pcode;
  anchor.search = String(
    new URLSearchParams({
      ...(point && { lat: String(point.lat), lon: String(point.lon) }),
      ...(pcode && { district: pcode }),
    }),
  );
  anchor.onclick = (event) => give(event, { point, pcode: pcode || null });
  words.textContent = point ? `${point.lat}, ${point.lon}` : "";
}

/** @param {MouseEvent} event @param {import("/static/new-event/points.js").Spot} spot */
function give(event, spot) {
  const form = /** @type {Window | null} */ (opener);
  if (shown?.dataset.takesPoint === undefined || !form) return;
  event.preventDefault();
  form.postMessage(spot, location.origin);
  close();
}
