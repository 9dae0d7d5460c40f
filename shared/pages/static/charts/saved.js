// Saves a chart as an image, and its table as a CSV file.

import { make } from "/static/elements.js";

const PADDING = 16;
const LINE = 22;

/**
 * @param {HTMLCanvasElement} canvas @param {string} title @param {{label: string, colour: () => string}[]} series
 * @param {string} ground @param {string} ink
 */
export function saveChart(canvas, title, series, ground, ink) {
  const scale = devicePixelRatio;
  const image = make("canvas");
  const context = image.getContext("2d");
  if (!context) return;
  const width = canvas.width / scale + 2 * PADDING;
  const family = getComputedStyle(document.body).fontFamily;
  const names = `13px ${family}`;
  context.font = names;
  const places = placed(
    series.map(({ label }) => 32 + context.measureText(label).width),
    width - PADDING,
  );
  const head = PADDING + LINE * (2 + (places.at(-1)?.line ?? 0));
  image.width = width * scale;
  image.height = canvas.height + (head + PADDING) * scale;
  context.fillStyle = ground;
  context.fillRect(0, 0, image.width, image.height);
  context.drawImage(canvas, PADDING * scale, head * scale);
  context.scale(scale, scale);
  context.fillStyle = ink;
  context.font = `600 15px ${family}`;
  context.fillText(title, PADDING, PADDING + 8, width - 2 * PADDING);
  context.font = names;
  for (const [number, { label, colour }] of series.entries()) {
    const { left, line } = places[number];
    const top = PADDING + LINE * (1 + line);
    context.fillStyle = colour();
    context.fillRect(left, top, 11, 11);
    context.fillStyle = ink;
    context.fillText(label, left + 16, top + 10);
  }
  image.toBlob((blob) => blob && save(blob, `${named(title)}.png`));
}

/**
 * Places the names side by side, and begins a new line when a line is full.
 * @param {number[]} widths
 * @param {number} right
 */
function placed(widths, right) {
  let left = PADDING;
  let line = 0;
  return widths.map((width) => {
    if (left > PADDING && left + width > right) [left, line] = [PADDING, line + 1];
    const place = { left, line };
    left += width;
    return place;
  });
}

/** Saves all rows, with unformatted numbers. @param {HTMLTableElement} table @param {string} title */
export function saveTable(table, title) {
  const lines = [...table.rows].map((row) =>
    [...row.cells].map((cell) => quoted(cell.dataset.value ?? cell.textContent?.trim() ?? "")).join(","),
  );
  // with the byte order mark, Excel reads the file as UTF-8
  save(new Blob([`\ufeff${lines.join("\r\n")}\r\n`], { type: "text/csv;charset=utf-8" }), `${named(title)}.csv`);
}

/** Quotes a cell. A spreadsheet would run a text that begins like a formula. @param {string} text */
function quoted(text) {
  const safe = /^[=+@\t]|^-(?!\d)/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""').replaceAll(/\s+/g, " ")}"`;
}

/** @param {string} title */
function named(title) {
  return (
    title
      .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
      .replaceAll(/^-|-$/g, "")
      .slice(0, 100) || "dayar"
  );
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
