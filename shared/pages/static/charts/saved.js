// Saves a chart as an image, and its table as a CSV file.

const PADDING = 16;
const LINE = 22;

/**
 * The image has the title, the names of the colours, and the chart.
 * @param {HTMLCanvasElement} canvas @param {string} title @param {{label: string, colour: () => string}[]} series
 * @param {string} ground @param {string} ink
 */
export function saveChart(canvas, title, series, ground, ink) {
  const scale = devicePixelRatio;
  const image = document.createElement("canvas");
  const head = (PADDING + 2 * LINE) * scale;
  image.width = canvas.width + 2 * PADDING * scale;
  image.height = canvas.height + head + PADDING * scale;
  const context = image.getContext("2d");
  if (!context) return;
  context.fillStyle = ground;
  context.fillRect(0, 0, image.width, image.height);
  context.drawImage(canvas, PADDING * scale, head);
  context.scale(scale, scale);
  const family = getComputedStyle(document.body).fontFamily;
  context.fillStyle = ink;
  context.font = `600 15px ${family}`;
  context.fillText(title, PADDING, PADDING + 8, image.width / scale - 2 * PADDING);
  context.font = `13px ${family}`;
  let left = PADDING;
  for (const { label, colour } of series) {
    context.fillStyle = colour();
    context.fillRect(left, PADDING + LINE, 11, 11);
    context.fillStyle = ink;
    context.fillText(label, left + 16, PADDING + LINE + 10);
    left += 32 + context.measureText(label).width;
  }
  image.toBlob((blob) => blob && save(blob, `${named(title)}.png`));
}

/** All rows of the table with numbers as numbers. @param {HTMLTableElement} table @param {string} title */
export function saveTable(table, title) {
  const lines = [...table.rows].map((row) => [...row.cells].map((cell) => quoted(cell.dataset.value ?? cell.textContent?.trim() ?? "")).join(","));
  // a byte order mark at the beginning makes Excel read UTF-8
  save(new Blob([`\ufeff${lines.join("\r\n")}\r\n`], { type: "text/csv;charset=utf-8" }), `${named(title)}.csv`);
}

/** A text that begins like a formula is marked as a text. @param {string} text */
export function quoted(text) {
  const safe = /^[=+@\t]|^-(?!\d)/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""').replaceAll(/\s+/g, " ")}"`;
}

/** @param {string} title */
function named(title) {
  return title.replaceAll(/[^\p{L}\p{N}]+/gu, "-").replaceAll(/^-|-$/g, "").slice(0, 100) || "dayar";
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
