// Opens dead letters. The service that could not process the message opens it, and logs the opening.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { button, make } from "/static/elements.js";
import { cell, number, row } from "/static/tables.js";
import { sentence } from "/static/texts.js";
import { dayAndClock } from "/static/time.js";
import { toast } from "/static/toasts.js";
import { list } from "/static/waiting/opened.js";

/**
 * @typedef {import("/static/waiting/letters.js").Letter} Letter
 * @typedef {{is_ready: boolean, pointer: string | null, fields: Record<string, any> | null, text: string | null,
 *   is_whole: boolean}} Content
 */

const LOOK_MS = 500,
  LOOKS = 150; // the worker needs time to find the message in Kafka

export const mayOpen = "held" in (document.getElementById("waiting")?.dataset ?? {});

/**
 * Shows the contents of the dead letters below their row. A second call hides the contents.
 * @param {Letter[]} letters
 * @param {HTMLTableRowElement} above
 */
export function openLetters(letters, above) {
  const below = above.nextElementSibling;
  if (below?.classList.contains("opened")) return below.remove();
  const made = row([cell(...letters.map(line))]);
  made.className = "opened";
  made.cells[0].colSpan = above.cells.length;
  above.after(made);
  if (letters.length === 1) made.querySelector("button")?.click();
}

/** @param {Letter} letter */
function line(letter) {
  const made = make("div", { className: "letter" });
  const open = button(sentence("open"), () => void show(letter, made, open));
  open.ariaLabel = `${open.textContent}: ${nameOf(letter)}`;
  made.append(nameOf(letter), " ", open);
  return made;
}

/** @param {Letter} letter */
function nameOf({ partition, offset, set_aside_at }) {
  return sentence("letter", {
    time: dayAndClock(new Date(set_aside_at)),
    place: `${number.format(partition)}/${offset}`,
  });
}

/** @param {Letter} letter @param {HTMLElement} line @param {HTMLButtonElement} open */
async function show({ service, topic, partition, offset }, line, open) {
  open.disabled = true;
  try {
    const content = await read(service, { topic, partition, offset });
    if (!content) return;
    line.append(...shown(content));
    open.remove();
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    toast(sentence("away"), "bad");
  } finally {
    open.disabled = false;
  }
}

/** @param {string} service @param {object} letter @returns {Promise<Content | undefined>} */
async function read(service, letter) {
  const wanted = await call("POST", `/${service}/v1/dead-letters:open`, letter);
  if (!wanted.ok) return refused(wanted);
  const { opening_id } = await wanted.json();
  for (let look = 0; look < LOOKS; look += 1) {
    const answer = await call("GET", `/${service}/v1/dead-letters/openings/${opening_id}`);
    if (!answer.ok) return refused(answer);
    const content = await answer.json();
    if (content.is_ready) return content;
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_MS);
    });
  }
  toast(sentence("letter_late"), "bad");
  return undefined;
}

/** @param {Response} answer @returns {Promise<undefined>} */
async function refused(answer) {
  toast(
    answer.status === 401 ? sentence("signed_out") : sentence("failed", { problem: (await problem(answer)).text }),
    "bad",
  );
}

/** @param {Content} content @returns {(Node | string)[]} */
function shown({ fields, text, pointer, is_whole }) {
  const body = fields ? list(fields) : make("pre", { textContent: text ?? "" });
  return [
    ...(pointer ? [paragraph(sentence("letter_pointer", { pointer }))] : []),
    ...(is_whole ? [] : [paragraph(sentence(fields ? "letter_unopened" : "letter_cut"))]),
    body,
    paragraph(sentence("opened")),
  ];
}

/** @param {string} text */
function paragraph(text) {
  return make("p", { textContent: text });
}
