// Adds the map's stylesheets and scripts to a page that loads its map late.

import { make } from "/static/elements.js";

/** @type {Map<string, Promise<unknown>>} */
const files = new Map();

/** @returns {Promise<unknown>} */
export function addStyles() {
  return Promise.all(
    ["/static/maplibre/maplibre-gl.css", "/static/map/map.css"].map((href) =>
      added(make("link", { rel: "stylesheet", href }), `link[href="${href}"]`),
    ),
  );
}

export function addBackgroundReader() {
  const src = "/static/pmtiles/pmtiles.js";
  return added(make("script", { src }), `script[src="${src}"]`);
}

/**
 * Adds the file once. If the file did not arrive, a new call adds the file again.
 * @param {HTMLElement} node
 * @param {string} selector
 */
function added(node, selector) {
  const known = files.get(selector);
  if (known || document.querySelector(selector)) return known;
  node.dataset.later = ""; // `forms.js` does not retry this file: the caller does
  const arrived = new Promise((resolve, reject) => {
    node.addEventListener("load", resolve);
    node.addEventListener("error", (event) => {
      node.remove();
      files.delete(selector);
      reject(event);
    });
  });
  files.set(selector, arrived);
  document.head.append(node);
  return arrived;
}
