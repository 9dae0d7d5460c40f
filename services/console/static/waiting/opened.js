// Opens a held report below its row, with all its fields. The registry records each opening.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { cell, row } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";
import { dayAndClock } from "/static/time.js";
import { toast } from "/static/toasts.js";
import { placeOf } from "/static/waiting/names.js";

/** @typedef {import("/static/waiting/held.js").Held} Held */

const INSTANTS = ["occurred_at", "reported_at", "counted_at"];
const PLACES = ["origin", "destination"];
const labels = /** @type {[string, string][]} */ (/** @type {unknown} */ (words("labels")));

/** The reports that are being read. @type {Set<string>} */
const beingRead = new Set();

/** Opens the report, or closes it if it is open. @param {Held} report @param {HTMLTableRowElement} above */
export async function open({ outcome_id }, above) {
  const below = above.nextElementSibling;
  if (below?.classList.contains("opened")) {
    below.remove();
    return showState(above, false);
  }
  if (beingRead.has(outcome_id)) return;
  beingRead.add(outcome_id);
  const report = await content(outcome_id);
  beingRead.delete(outcome_id);
  const shown = /** @type {HTMLTableRowElement | null} */ (document.querySelector(`#held tr[data-key="${outcome_id}"]`)); // the list may have been drawn again
  if (!report || !shown) return;
  const made = row([cell(list(report), sentence("opened"))]);
  made.className = "opened";
  made.cells[0].colSpan = shown.cells.length;
  shown.after(made);
  showState(shown, true);
}

/** @param {HTMLTableRowElement} above @param {boolean} isOpen */
function showState(above, isOpen) {
  above.classList.toggle("is-opened", isOpen);
  const button = above.querySelector("button");
  if (button) button.textContent = sentence(isOpen ? "close" : "open");
}

/** @param {string} id @returns {Promise<Record<string, any> | undefined>} */
async function content(id) {
  try {
    const answer = await call("GET", `/registry/v1/held/${id}`);
    if (answer.ok) return (await answer.json()).report;
    toast(sentence("failed", { problem: (await problem(answer)).text }), "bad");
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    toast(sentence("away"), "bad");
  }
  return undefined;
}

/** All fields: first those that have a label here, in the order of the labels. @param {Record<string, any>} report */
function list(report) {
  const made = document.createElement("dl");
  made.className = "facts";
  const others = Object.keys(report).filter((name) => name !== "kind" && !labels.some(([labelled]) => labelled === name));
  for (const [name, label] of [...labels, ...others.map((other) => [other, words("fields")[other] ?? other])]) {
    const text = value(name, report[name]);
    if (!text) continue;
    const [term, description] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = label;
    description.textContent = text;
    made.append(term, description);
  }
  return made;
}

/** @param {string} name @param {any} content @returns {string} */
function value(name, content) {
  if (content === undefined || content === null || content === "") return "";
  if (PLACES.includes(name)) return placeOf(content);
  if (INSTANTS.includes(name)) return dayAndClock(new Date(content));
  if (name === "members") return content.map(member).join("\n");
  if (name === "sex_age") return content.map((/** @type {any} */ { sex, age, count }) => `${code("sex", sex)}, ${age}: ${count}`).join("\n");
  return Array.isArray(content) ? content.map((item) => code(name, item)).join(", ") : code(name, content);
}

/** One person in one line. @param {Record<string, any>} person */
function member({ family_name, given_name, patronymic, sex, birth_year, birth_date, relationship, phone, personal_number, ...others }) {
  const name = [family_name, given_name, patronymic].filter(Boolean).join(" ");
  return [name, relationship && code("relationship", relationship), sex && code("sex", sex), birth_date ?? birth_year, phone, personal_number, ...Object.entries(others).filter(([name]) => name !== "member_id").map(named)].filter(Boolean).join(", ");
}

/** @param {[string, any]} field */
function named([name, content]) {
  const text = value(name, content);
  return text && `${words("fields")[name] ?? name}: ${text}`;
}

/** @param {string} kind @param {any} content @returns {string} */
function code(kind, content) {
  if (typeof content === "boolean") return sentence(content ? "yes" : "no");
  if (content && typeof content === "object") return Object.values(content).map((/** @type {any} */ item) => code(kind, item)).join(", ");
  const names = /** @type {Record<string, Record<string, string>>} */ (/** @type {unknown} */ (words("codes")));
  return String(names[kind]?.[content] ?? content);
}
