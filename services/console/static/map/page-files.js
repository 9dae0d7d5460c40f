// Adds the stylesheets and scripts of the map to a page that loads the map later than itself.

/** The styles of every map. @returns {Promise<unknown>} */
export function addStyles() {
  return Promise.all(["/static/maplibre/maplibre-gl.css", "/static/map/map.css"].map((href) => added(Object.assign(document.createElement("link"), { rel: "stylesheet", href }), `link[href="${href}"]`)));
}

/** The library that reads the detailed background. */
export function addBackgroundReader() {
  const src = "/static/pmtiles/pmtiles.js";
  return added(Object.assign(document.createElement("script"), { src }), `script[src="${src}"]`);
}

/** Adds a file, unless it was added before. A file that does not arrive can be added again. @param {HTMLElement} node @param {string} selector */
function added(node, selector) {
  if (document.querySelector(selector)) return;
  document.head.append(node);
  return new Promise((resolve, reject) => {
    node.addEventListener("load", resolve);
    node.addEventListener("error", (event) => {
      node.remove();
      reject(event);
    });
  });
}
