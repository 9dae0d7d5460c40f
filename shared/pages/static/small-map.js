// Draws the page's small map when a person scrolls to it, because the library of the map is large.

import { make } from "./elements.js";

const NEAR = "200px"; // the distance at which the drawing begins

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

/** Draws the map. If this fails, the page still has the names of the places. @param {HTMLElement} section */
async function show(section) {
  try {
    const { drawArea } = await import("/static/map/area.js");
    if (!(await drawArea(JSON.parse(section.dataset.area ?? "")))) section.hidden = true;
  } catch (error) {
    console.error(error);
    section.hidden = true;
  }
}
