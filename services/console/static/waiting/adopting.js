// The form that accepts a held report for a household that is already registered.

import { call, isNoAnswer, problem } from "/static/calls.js";
import { button, make } from "/static/elements.js";
import { sayAt } from "/static/field-notes.js";
import { number } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";
import { toast } from "/static/toasts.js";

/**
 * @typedef {import("/static/waiting/held.js").Held} Held
 * @typedef {{household_id: string, reasons: string[]}} Similar
 */

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;

/**
 * Makes the form. `changed` is called after the decision.
 * @param {Held} report @param {Similar[]} households @param {() => void} changed
 */
export function adoption({ outcome_id, kind }, households, changed) {
  const form = make("form", { className: "adoption", noValidate: true, autocomplete: "off" });
  const other = make("input", { id: `household-of-${outcome_id}`, name: "household", maxLength: 300 });
  const isLater = make("input", { type: "checkbox", name: "is-later" });
  const send = button(sentence("accept_under"), () => void decide());
  form.append(
    legend(),
    ...households.map(({ household_id, reasons }) => similar(household_id, reasons, households.length === 1)),
  );
  form.append(labelled(sentence("other_household"), other));
  if (kind === "household") form.append(labelled(sentence("is_later"), isLater, true));
  form.append(send);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void decide();
  });
  return form;

  /** Returns the typed household, or else the household chosen from the list. */
  function household() {
    if (other.value.trim()) return ID.exec(other.value)?.[0].toLowerCase();
    return /** @type {HTMLInputElement | null} */ (form.querySelector("input[type=radio]:checked"))?.value;
  }

  async function decide() {
    if (send.disabled) return; // Enter in a field would send the form during a request
    const household_id = household();
    if (!household_id) return sayAt(other, sentence("no_household"));
    send.disabled = true; // a second press would decide twice
    try {
      const body = { outcome_ids: [outcome_id], is_accepted: true, household_id, is_later: isLater.checked };
      const answer = await call("POST", "/registry/v1/held:decide", body);
      if (!answer.ok)
        return toast(
          answer.status === 401
            ? sentence("signed_out")
            : sentence("failed", { problem: (await problem(answer)).text }),
          "bad",
        );
      if (!(await answer.json()).outcome_ids.length) return toast(sentence("not_under"), "bad");
      toast(sentence("accepted", { count: number.format(1) }), "good");
      changed();
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
      toast(sentence("unsure"), "bad");
    } finally {
      send.disabled = false;
    }
  }
}

function legend() {
  return make("p", { className: "strong", textContent: sentence("registered_already") });
}

/** @param {string} id @param {string[]} reasons @param {boolean} isOnly */
function similar(id, reasons, isOnly) {
  const radio = make("input", { type: "radio", name: "similar", value: id, checked: isOnly });
  const link = make("a", {
    href: `/registry/households/${id}`,
    textContent: sentence("household_link", { id: id.slice(0, 8) }),
  });
  return make(
    "label",
    {},
    radio,
    " ",
    link,
    ` · ${reasons.map((reason) => words("duplicate_reasons")[reason] ?? reason).join(", ")}`,
  );
}

/** @param {string} text @param {HTMLInputElement} input @param {boolean} [isBox] */
function labelled(text, input, isBox = false) {
  const words = make("span", { textContent: text });
  return isBox ? make("label", {}, input, " ", words) : make("label", { className: "field" }, words, input);
}
