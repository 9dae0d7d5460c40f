// Shows how many people are in held reports, beside the total of displaced people. The registry counts these people by
// area.

import { call } from "/static/calls.js";
import { number } from "/static/tables.js";
import { sentence } from "/static/texts.js";

const SOON_MS = 2000; // outcomes within this time share one request

let held = { in_households: 0, in_groups: 0 };
/** @type {ReturnType<typeof setTimeout> | undefined} */
let asking;

/** Asks once for all outcomes that arrive within two seconds. */
export function askHeldPersonsSoon() {
  asking ??= setTimeout(() => {
    asking = undefined;
    void askHeldPersons();
  }, SOON_MS);
}

/** Asks the registry for the number. Without an answer, the page shows the last number. */
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
