// Draws the small map of a page, with its large library, only when somebody scrolls to it.

import { make } from "./elements.js";

const NEAR = "200px"; // the map is drawn this far before it becomes visible

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
