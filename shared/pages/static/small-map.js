// Draws the small map of a page when somebody scrolls to it. The library of the map is loaded only when the map is
// drawn.

import { make } from "./elements.js";

const NEAR = "200px"; // if the map is at most this far below the visible part of the page, the map is drawn

const section = document.getElementById("small-map");

if (section && make("canvas").getContext("webgl2")) {
  const watching = new IntersectionObserver(
    (seen) => {
      if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
      watching.disconnect();
      void show(section);
    },
    { rootMargin: NEAR },
  );
  section.hidden = false;
  watching.observe(section);
}

/** Without the library or the layers, the page still shows the names of the places. @param {HTMLElement} section */
async function show(section) {
  try {
    const { drawArea } = await import("/static/map/area.js");
    if (!(await drawArea(JSON.parse(section.dataset.area ?? "")))) section.hidden = true;
  } catch (error) {
    console.error(error);
    section.hidden = true;
  }
}
