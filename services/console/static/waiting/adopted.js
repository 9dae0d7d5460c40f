// The held reports that a person accepted for another household. A button reverses the acceptance.

import { call } from "/static/calls.js";
import { button, element, make } from "/static/elements.js";
import { placeOf } from "/static/entry/report-values.js";
import { cell, labelled, named, number, row, small } from "/static/tables.js";
import { sentence, words } from "/static/texts.js";
import { dayAndClock } from "/static/time.js";
import { noteUntilApplied, posted, readList, sending, tellChanged } from "/static/waiting/decisions.js";
import { knowledge } from "/static/waiting/knowledge.js";
import { lookAgain } from "/static/waiting/looks.js";
import { learnNames, nameOf } from "/static/waiting/names.js";
import { keyed, redraw } from "/static/waiting/redrawing.js";

/**
 * @typedef {{decision_id: string, household_id: string, kind: string, author: string, account: string,
 *   decided_at: string, is_later: boolean, is_open: boolean, clear: Record<string, any>}} Adopted
 */

const mayDecide = "decides" in element("waiting").dataset;
let heldChanged = () => {};

export function readAdopted() {
  return readList("adopted", list);
}

/** @returns {Promise<Response | undefined>} */
async function list() {
  const answer = await call("GET", "/registry/v1/held:adopted");
  if (!answer.ok) return answer;
  /** @type {{adopted: Adopted[]}} */
  const { adopted } = await answer.json();
  await learnNames(adopted.flatMap(({ author, account }) => [author, account]));
  element("adopted").hidden = !adopted.length;
  element("adopted-count").textContent = number.format(adopted.length);
  redraw(
    element("adopted-reports"),
    adopted.map((each) => keyed(each.decision_id, drawn(each))),
  );
  return undefined;
}

/** @param {Adopted} adopted */
function drawn({ decision_id, household_id, kind, author, account, decided_at, is_later, is_open, clear }) {
  const name = sentence("household_link", { id: household_id.slice(0, 8) });
  const link = make("a", { href: `/registry/households/${household_id}`, textContent: name });
  const what = [
    words("kinds")[kind],
    clear.movement && words("movements")[clear.movement],
    clear.persons && sentence("persons", { count: number.format(clear.persons) }),
  ];
  const way =
    clear.origin || clear.destination ? [small(`${placeOf(clear.origin)} → ${placeOf(clear.destination)}`)] : [];
  return labelled(
    row([
      cell(link, ...(is_later ? [small(sentence("is_later"))] : [])),
      cell(what.filter(Boolean).join(" · "), ...way),
      cell(nameOf(author)),
      cell(nameOf(account), small(dayAndClock(new Date(decided_at)))),
      cell(
        ...noteUntilApplied(!is_open),
        ...(!is_open && mayDecide
          ? [
              named(
                button(sentence("reverse"), () => void reverse(decision_id)),
                name,
              ),
            ]
          : []),
      ),
    ]),
    "adopted-table",
  );
}

/** @param {string} id */
async function reverse(id) {
  const reason = knowledge("adopted-reason");
  if (!reason) return;
  const mayHaveChanged = await sending("adopted", async () => {
    const changed = await posted("held:reverse", { decision_ids: [id], reason });
    if (changed) tellChanged("acceptance_reversed", changed.length, 1);
    return Boolean(changed);
  });
  if (!mayHaveChanged) return;
  await readAdopted();
  lookAgain(readAdopted);
  heldChanged();
}

/**
 * Sets the function to call after a reversal. The reversed report is held again.
 * @param {() => void} changed
 */
export function listenToAdopted(changed) {
  heldChanged = changed;
}
