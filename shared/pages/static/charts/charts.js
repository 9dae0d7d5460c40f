// Draws a chart above each table with `data-chart`, and saves the chart and the table as files. Readers who cannot see
// the chart have the same numbers in the table.
//
// - A column is drawn if its header has `data-series`: as a line, or as a bar on top of the bars before it.
// - `data-tone` names the column's colour.
// - `data-value` is the number of a cell. A cell without `data-value` leaves a gap. The table's foot is not drawn.
// - `data-label` of the table is the label of the axis.
// - With `data-chart="rows"`, the rows are not months: each bar lies in its own line, beside the name of its row.

import uPlot from "/static/uplot/uPlot.esm.js";
import { saveChart, saveTable } from "/static/charts/saved.js";
import { button, make } from "/static/elements.js";
import { sentence } from "/static/texts.js";

const HEIGHT = 260;
const QUIET = "button is-quiet";
const BAR = 0.62; // width of a bar, relative to the distance between two bars
const LABEL = 78; // pixels for a label on the horizontal axis
const STEPS = [1, 2, 3, 4, 6, 12];
const NUMBERS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6];
const ROW = 30; // pixels for a row with a lying bar
const MOST_OF_WIDTH = 0.4;

/** @typedef {{label: string, isLine: boolean, tone: string, values: (number | null)[]}} Series */
/**
 * @typedef {{title: string, unit: string, of: string, labels: string[], series: Series[], isLying: boolean}} Drawing
 *   `of` names the labels
 */

/** @param {HTMLTableElement} table @returns {Drawing} */
function read(table) {
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  const series = heads.flatMap((head, column) =>
    head.dataset.series
      ? {
          label: head.textContent?.trim() ?? "",
          isLine: head.dataset.series === "line",
          tone: head.dataset.tone ?? "accent",
          values: rows.map((row) => number(row.cells[column]?.dataset.value)),
        }
      : [],
  );
  const heading = document.getElementById(table.closest("section")?.getAttribute("aria-labelledby") ?? "");
  return {
    title: heading?.textContent?.trim() ?? "",
    unit: table.dataset.label ?? "",
    of: heads[0]?.textContent?.trim() ?? "",
    labels: rows.map((row) => row.cells[0]?.textContent?.trim() ?? ""),
    series,
    isLying: table.dataset.chart === "rows",
  };
}

/** @param {string | undefined} text */
function number(text) {
  return text === undefined || text === "" ? null : Number(text);
}

/** Puts each bar on the end of the bar before it. @param {Series[]} series */
function stacked(series) {
  /** @type {number[]} */
  let below = [];
  return series.map((each) => {
    if (each.isLine) return each.values;
    below = each.values.map((value, row) => (below[row] ?? 0) + (value ?? 0));
    return below;
  });
}

/**
 * Returns the colour of the tone in the page's theme.
 * @param {Element} near
 * @param {string} tone
 */
function colour(near, tone) {
  const probe = make("span");
  probe.style.color = `var(--${tone})`;
  near.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** @param {Element} place @param {Drawing} drawing @returns {uPlot.Options} */
function options(place, { labels, of, series, unit, isLying }) {
  const [text, muted, line] = ["text", "muted", "line"].map((tone) => colour(place, tone));
  const font = `12px ${getComputedStyle(place).fontFamily}`;
  const axis = { stroke: muted, font, labelFont: font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const shown = (/** @type {number} */ value) => value.toLocaleString(document.documentElement.lang);
  const [names, width] = isLying ? fitting(labels, font, MOST_OF_WIDTH * place.clientWidth) : [labels, 0];
  const ofNames = isLying
    ? { side: 3, size: width + 12, incrs: [1], space: 1 }
    : { side: 2, size: 28, incrs: STEPS, space: LABEL };
  return {
    width: place.clientWidth,
    height: height(labels.length, isLying),
    scales: {
      x: { time: false, range: () => [-0.6, labels.length - 0.4], ori: isLying ? 1 : 0, dir: isLying ? -1 : 1 },
      y: { range: (_, __, most) => [0, Math.max(most * 1.08, 1)], ori: isLying ? 0 : 1 },
    },
    axes: [
      { ...axis, ...ofNames, grid: { show: false }, values: (_, places) => places.map((at) => names[at] ?? "") },
      {
        ...axis,
        side: isLying ? 2 : 3,
        label: unit,
        labelSize: unit ? 22 : 0,
        size: isLying ? 28 : 54,
        incrs: NUMBERS,
        values: (_, places) => places.map(shown),
      },
    ],
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    series: [
      { label: of, value: (_, at) => labels[at] ?? "" },
      ...ordered(series).map(({ label, tone, isLine, values }) => ({
        label,
        stroke: colour(place, tone),
        width: isLine ? 2 : 0,
        fill: isLine ? undefined : colour(place, tone),
        points: { show: isLine, size: 6, fill: text },
        spanGaps: false,
        paths: isLine ? undefined : uPlot.paths.bars?.({ size: [BAR, 48], align: 0 }),
        value: (
          /** @type {uPlot} */ _,
          /** @type {number | null} */ __,
          /** @type {number} */ ___,
          /** @type {number | null} */ at,
        ) => (at === null ? "" : values[at] === null ? "–" : shown(values[at] ?? 0)),
      })),
    ],
  };
}

/** @param {number} count @param {boolean} isLying */
function height(count, isLying) {
  return isLying ? 70 + ROW * count : HEIGHT;
}

/**
 * Shortens the names to the width `most`, and returns the names with the width of the widest name.
 * @param {string[]} names
 * @param {string} font
 * @param {number} most
 * @returns {[string[], number]}
 */
function fitting(names, font, most) {
  const context = make("canvas").getContext("2d");
  if (!context) return [names, most];
  context.font = font;
  const width = (/** @type {string} */ name) => context.measureText(name).width;
  const cut = names.map((name) => {
    let short = name;
    while (short.length > 1 && width(short) > most) short = `${short.replace(/…$/, "").slice(0, -1)}…`;
    return short;
  });
  return [cut, Math.ceil(Math.max(0, ...cut.map(width)))];
}

/** Reverses the order: lower bars are drawn later, and cover the higher bars. @template T @param {T[]} series */
function ordered(series) {
  return [...series].reverse();
}

/** @param {HTMLTableElement} table */
function draw(table) {
  const drawing = read(table);
  const place = make("div", { role: "img", ariaLabel: drawing.title });
  const figure = make("figure", { className: "plot" }, place);
  (table.closest(".scroll") ?? table).before(figure);
  const data = /** @type {uPlot.AlignedData} */ ([
    drawing.labels.map((_, at) => at),
    ...ordered(stacked(drawing.series)),
  ]);
  let chart = drawn(place, drawing, data);
  new ResizeObserver(() =>
    chart.setSize({ width: place.clientWidth, height: height(drawing.labels.length, drawing.isLying) }),
  ).observe(place);
  const redraw = (/** @type {string} */ scheme) => {
    place.style.colorScheme = scheme;
    chart.destroy();
    chart = drawn(place, drawing, data);
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw(""));
  addEventListener("beforeprint", () => redraw("light")); // paper is white
  addEventListener("afterprint", () => redraw(""));
  const tones = drawing.series.map(({ label, tone }) => ({ label, colour: () => colour(place, tone) }));
  figure.append(
    make(
      "p",
      { className: "saving no-print" },
      button(
        sentence("save_chart"),
        () => saveChart(chart.ctx.canvas, drawing.title, tones, colour(place, "surface"), colour(place, "text")),
        QUIET,
      ),
      button(sentence("save_table"), () => saveTable(table, drawing.title), QUIET),
    ),
  );
}

/**
 * @param {HTMLElement} place
 * @param {Drawing} drawing
 * @param {uPlot.AlignedData} data
 */
function drawn(place, drawing, data) {
  const chart = new uPlot(options(place, drawing), data, place);
  const [, ...names] = place.querySelectorAll(".u-legend .u-series");
  for (const name of ordered(names)) name.parentElement?.append(name);
  return chart;
}

/** @param {ParentNode} part */
export function drawCharts(part) {
  for (const table of part.querySelectorAll("table[data-chart]:has(tbody tr)"))
    draw(/** @type {HTMLTableElement} */ (table));
}

drawCharts(document);
