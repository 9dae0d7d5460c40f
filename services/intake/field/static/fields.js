// Writes a report into the form's fields, and shows the fields that the kind of report and the mobility need.

import { control, form } from "./controls.js";
import { element } from "./elements.js";
import { kindOf } from "./hazards.js";
import { isMovementKind } from "./kept.js";
import { addMember, membersChanged } from "./members.js";
import { isMovement, MOVEMENT, showDestination } from "./movements.js";
import { showMovers } from "./movers.js";
import { districts } from "./places.js";
import { counters, writeFamilyName } from "./reports.js";

/** @typedef {import("./kept.js").Body} Body */

/** @param {Body} body */
export function write(body) {
  for (const [name, value] of Object.entries({
    mobility: body.mobility,
    evacuation: body.evacuation,
    hazard_type: body.hazard_type,
    persons: body.persons ?? "",
    households: body.households,
    shelter: body.shelter,
    intention: body.intention,
    contact_name: body.contact_name,
    phone: body.phone,
    notes: body.notes,
    measure: body.measure,
    quantifier: body.quantifier,
    source_type: body.source_type,
    household_unit: body.household_unit,
  }))
    if (value !== undefined) control(name).value = String(value);
  for (const name of ["is_full_recount", "persons_estimated", "is_urgent"]) control(name).checked = Boolean(body[name]);
  for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=needs]")))
    box.checked = Boolean(body.needs?.includes(box.value));
  for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=kind]")))
    radio.checked = radio.value === (isMovementKind(body.kind) ? MOVEMENT : kindOf(body));
  control("consent").checked = body.legal_basis === "consent";
  for (const field of counters(form)) {
    const row = (body.sex_age ?? []).find(
      (/** @type {any} */ counted) => counted.sex === field.dataset.sex && counted.age === field.dataset.age,
    );
    field.value = row ? String(row.count) : "";
  }
  for (const name of ["origin", "destination"]) districts(name, body[name]?.pcode ?? body[name]?.country ?? "");
  for (const member of body.members ?? []) addMember(member);
  writeFamilyName();
}

/** @param {boolean} isCorrection the kind of a corrected report cannot change */
export function kindChosen(isCorrection) {
  const kind = /** @type {HTMLInputElement} */ (form.querySelector("[name=kind]:checked")).value;
  for (const section of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-kind]")))
    section.hidden = !section.dataset.kind?.split(" ").includes(kind);
  control("persons").min = kind === "group" ? "0" : "1"; // the count of a group can be 0, when everybody has left
  control("persons").required = !isMovement();
  showDestination();
  showMovers();
  for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=kind]")))
    radio.disabled = isCorrection && !radio.checked;
  membersChanged();
}

export function mobilityChosen() {
  element("evacuation-field").hidden = control("mobility").value !== "evacuation";
}
