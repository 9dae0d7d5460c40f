// Shows the number of people in held reports beside the total of displaced people.
// The registry counts these people by area.

import { call } from "/static/calls.js";
import { number } from "/static/tables.js";
import { sentence } from "/static/texts.js";

const SOON_MS = 2000; // all outcomes that arrive within this time need only one request

let held = { in_households: 0, in_groups: 0 };
/** @type {ReturnType<typeof setTimeout> | undefined} */
let asking;

/** One request for all outcomes that arrive at about the same time. */
export function askHeldPersonsSoon() {
  asking ??= setTimeout(() => {
    asking = undefined;
    void askHeldPersons();
  }, SOON_MS);
}

/** If the registry does not answer, the page still shows the last number. */
export async function askHeldPersons() {
  if (!document.getElementById("held-persons")) return;
  const answer = await call("GET", "/registry/v1/held:persons").catch(() => undefined);
  if (!answer?.ok) return;
  held = await answer.json();
  showHeldPersons();
}

export function showHeldPersons() {
  const place = document.getElementById("held-persons");
  if (!place) return;
  place.hidden = !held.in_households && !held.in_groups;
  place.textContent = sentence("held_persons", {
    households: number.format(held.in_households),
    groups: number.format(held.in_groups),
  });
}
