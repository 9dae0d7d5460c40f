// The drawn map. The page gives the data to the map. The map tells the page what a person chose.

import { LngLatBounds, Map as MapLibre, NavigationControl, ScaleControl } from "/static/maplibre/maplibre-gl.mjs";
import { attribution, serveBackground, watchBackground } from "/static/map/background.js";
import { colour, loadBase } from "/static/map/base.js";
import { element } from "/static/elements.js";
import { collection, cornersOf } from "/static/map/features.js";
import { mark } from "/static/map/marks.js";
import { CHOSEN, isDrawn, style, SWITCHED } from "/static/map/style.js";
import { SIZE_OF } from "/static/map/style/people.js";
import { sentence } from "/static/texts.js";

/** @typedef {import("/static/map/features.js").Feature} Feature */

const COUNTRY = /** @type {[[number, number], [number, number]]} */ ([
  [69.2, 39.1],
  [80.3, 43.4],
]);
const AROUND = /** @type {[[number, number], [number, number]]} */ ([
  [60, 34],
  [90, 48],
]);
const PADDING = 12;
const NEAR_PX = 6;
const CLOSEST = 8; // the closest zoom for a chosen place, with its surroundings in view

/**
 * Puts large circles under small ones. MapLibre could sort the circles, but would then draw each number separately.
 * @param {string} source
 * @param {Feature[]} features
 */
function largestFirst(source, features) {
  const size = SIZE_OF[source];
  return size ? [...features].sort((a, b) => b.properties[size] - a.properties[size]) : features;
}

export class DrawnMap {
  /**
   * @param {(layer: string, ids: string[]) => void} chosen
   * @param {(place: "spot" | "centre", point: {lat: number, lng: number}) => void} pointed
   * @param {number} scale the enlargement of a map that nobody touches; 0 for a map that people use
   */
  constructor(chosen, pointed, scale = 0) {
    this.scale = scale;
    /** @type {Record<string, GeoJSON.FeatureCollection>} */
    this.data = {};
    /** @type {Map<string, string>} */
    this.texts = new Map();
    this.chosen = chosen;
    this.pointed = pointed;
    /** @type {Set<string>} */
    this.hidden = new Set();
  }

  /** Loads the base and the font. For a missing file of the font, the browser uses another font. */
  async load() {
    this.data.base = collection(await loadBase());
    return this;
  }

  async draw() {
    serveBackground();
    this.map = new MapLibre({
      container: "map",
      style: style(this.data, colour, this.hidden),
      bounds: COUNTRY,
      fitBoundsOptions: { padding: PADDING },
      maxBounds: AROUND,
      renderWorldCopies: false,
      interactive: !this.scale,
      pixelRatio: devicePixelRatio * (this.scale || 1),
      fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 300,
      attributionControl: { compact: false, customAttribution: ["Natural Earth", ...attribution] },
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      cooperativeGestures: matchMedia("(max-width: 800px)").matches || document.getElementById("small-map") !== null,
      locale: {
        "Map.Title": sentence("map"),
        "NavigationControl.ZoomIn": sentence("zoom_in"),
        "NavigationControl.ZoomOut": sentence("zoom_out"),
        "ScaleControl.Kilometers": sentence("kilometres"),
        "ScaleControl.Meters": sentence("metres"),
        "CooperativeGesturesHandler.WindowsHelpText": sentence("zoom_by_wheel"),
        "CooperativeGesturesHandler.MacHelpText": sentence("zoom_by_wheel"),
        "CooperativeGesturesHandler.MobileHelpText": sentence("two_fingers"),
      },
    });
    this.map.setMissingStyleImageResolver((id) => {
      const { image, options } = mark(id, colour);
      this.map?.addImage(id, image, options);
    });
    watchBackground(this.map);
    await this.map.once("load");
    for (const source of this.texts.keys()) this.set(source);
    this.map.on("movestart", () => {
      element("map").dataset.state = "moving";
    });
    this.map.on("idle", () => {
      element("map").dataset.state = "drawn";
    });
    new MutationObserver(() => this.restyle()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.restyle());
    if (!this.scale) this.obey(this.map);
  }

  /** @param {MapLibre} map */
  obey(map) {
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new ScaleControl({ unit: "metric" }), "top-left");
    map.on("click", ({ point, lngLat }) => {
      this.choose(point.x, point.y);
      this.pointed("spot", lngLat);
    });
    map.on("moveend", ({ target }) => this.pointed("centre", target.getCenter()));
    this.pointed("centre", map.getCenter());
    map.on("mousemove", ({ point }) => {
      element("map").classList.toggle("is-aimed", map.queryRenderedFeatures(point, { layers: CHOSEN }).length > 0);
    });
  }

  /** Shows the whole country again, after the page has changed its size. @param {number} scale */
  fit(scale) {
    this.scale = scale;
    this.map?.setPixelRatio(devicePixelRatio * scale);
    this.map?.fitBounds(COUNTRY, { padding: PADDING, animate: false });
  }

  /**
   * Draws the features if they have changed. Each drawing makes MapLibre create all tiles of the source.
   * @param {string} source
   * @param {Feature[]} features
   */
  show(source, features) {
    const data = collection(largestFirst(source, features)),
      text = JSON.stringify(data);
    if (this.texts.get(source) === text) return;
    this.texts.set(source, text);
    this.data[source] = data;
    this.set(source);
  }

  /** @param {string} source */
  set(source) {
    const known = this.map?.getSource(source);
    if (!known || !("setData" in known)) return;
    /** @type {import("/static/maplibre/maplibre-gl.mjs").GeoJSONSource} */ (known).setData(this.data[source]);
    this.turnLayers((this.map?.getLayersOrder() ?? []).filter((id) => this.map?.getLayer(id)?.source === source));
  }

  /** @param {Feature[]} features */
  showBoundaries(features) {
    this.show("boundaries", features);
    if (features.length && this.map?.getLayer("oblasts")) this.map.setLayoutProperty("oblasts", "visibility", "none");
  }

  /** @param {string} name @param {boolean} isShown */
  turn(name, isShown) {
    this.hidden[isShown ? "delete" : "add"](name);
    this.turnLayers(SWITCHED[name]);
  }

  /** @param {string[]} ids */
  turnLayers(ids) {
    for (const id of ids) {
      const layer = this.map?.getLayer(id);
      if (!layer) continue; // MapLibre draws the layer of a new style only in its next frame
      const isShown = isDrawn({ id, source: layer.source }, this.data, this.hidden);
      this.map?.setLayoutProperty(id, "visibility", isShown ? "visible" : "none");
    }
  }

  /** @param {Feature | undefined} feature */
  mark(feature) {
    this.show("selected", feature ? [feature] : []);
  }

  /** @param {Feature | undefined} feature @param {number} [closest] the largest level of zoom */
  select(feature, closest = CLOSEST) {
    this.mark(feature);
    const corners = cornersOf(feature?.geometry ?? null);
    if (!corners.length) return;
    const bounds = corners.reduce((known, [lon, lat]) => known.extend([lon, lat]), new LngLatBounds());
    this.map?.fitBounds(bounds, { padding: 60, maxZoom: Math.max(closest, this.map.getZoom()) });
  }

  /** @param {number} x @param {number} y */
  choose(x, y) {
    const layers = CHOSEN.filter((layer) => this.map?.getLayoutProperty(layer, "visibility") !== "none");
    const near =
      this.map?.queryRenderedFeatures(
        [
          [x - NEAR_PX, y - NEAR_PX],
          [x + NEAR_PX, y + NEAR_PX],
        ],
        { layers },
      ) ?? [];
    const [first] = near.sort((a, b) => CHOSEN.indexOf(a.layer.id) - CHOSEN.indexOf(b.layer.id));
    if (!first) return this.chosen("", []);
    const { id, ids } = first.properties;
    this.chosen(first.layer.id, String(ids ?? id).split(","));
  }

  /** Sets new colours, which MapLibre draws in its next frame, with the data of that moment. */
  restyle() {
    const newest = () => style(this.data, colour, this.hidden);
    this.map?.setStyle(newest(), { diff: false, transformStyle: newest });
  }
}
