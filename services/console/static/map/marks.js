// Draws the marks of severities. Each severity has its own shape, because colour alone must not carry the meaning.

import { make } from "/static/elements.js";

const SIZE = 44;
const RATIO = 2; // pixels for each pixel of CSS, for sharp edges on phones

/**
 * The corners of each shape, between 0 and 1. A shape without corners is a circle.
 * @type {Record<string, number[][]>}
 */
const SHAPES = {
  Extreme: [
    [0.3, 0],
    [0.7, 0],
    [1, 0.3],
    [1, 0.7],
    [0.7, 1],
    [0.3, 1],
    [0, 0.7],
    [0, 0.3],
  ],
  Severe: [
    [0.5, 0],
    [1, 0.95],
    [0, 0.95],
  ],
  Moderate: [
    [0.5, 0],
    [1, 0.5],
    [0.5, 1],
    [0, 0.5],
  ],
};

/**
 * Draws the mark with an id such as `hazard-Severe` or `alert-Extreme`. Only alerts have a ring.
 * @param {string} id
 * @param {(name: string) => string} colour
 */
export function mark(id, colour) {
  const [kind, severity] = id.split("-");
  const canvas = make("canvas", { width: SIZE, height: SIZE });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  if (kind === "alert") ring(pen, colour);
  outline(pen, SHAPES[severity], kind === "alert" ? 13 : 9);
  pen.lineJoin = "round";
  pen.lineWidth = 4;
  pen.strokeStyle = colour("surface");
  pen.stroke();
  pen.fillStyle = colour(severity.toLowerCase());
  pen.fill();
  return { image: pen.getImageData(0, 0, SIZE, SIZE), options: { pixelRatio: RATIO } };
}

/** @param {CanvasRenderingContext2D} pen @param {(name: string) => string} colour */
function ring(pen, colour) {
  pen.beginPath();
  pen.arc(SIZE / 2, SIZE / 2, SIZE / 2 - 3, 0, 2 * Math.PI);
  pen.fillStyle = colour("surface");
  pen.fill();
  pen.lineWidth = 4;
  pen.strokeStyle = colour("bad");
  pen.stroke();
}

/** @param {CanvasRenderingContext2D} pen @param {number[][] | undefined} corners @param {number} inset */
function outline(pen, corners, inset) {
  const side = SIZE - 2 * inset;
  pen.beginPath();
  if (corners) for (const [x, y] of corners) pen.lineTo(inset + x * side, inset + y * side);
  else pen.arc(SIZE / 2, SIZE / 2, side / 2.4, 0, 2 * Math.PI);
  pen.closePath();
}
