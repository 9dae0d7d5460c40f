// The form's list of the household's members.

import { writeBirth } from "./birth-fields.js";
import { control } from "./controls.js";
import { element } from "./elements.js";
import { writeAnswers } from "./functioning.js";
import { personOf } from "./labels.js";
import { copy, part } from "./page.js";
import { fields } from "./reports.js";
import { sentence } from "./texts.js";
import { uuid } from "./uuid.js";

let save = () => {};

/** @param {() => void} changed */
export function listenToMembers(changed) {
  save = changed;
  element("add-member").addEventListener("click", () => {
    addMember();
    save();
  });
}

/** @param {Record<string, any>} [member] */
export function addMember(member) {
  const item = /** @type {HTMLElement} */ (copy("member"));
  item.dataset.id = member?.member_id ?? uuid();
  for (const field of fields(item))
    field.value = String(member?.[field.dataset.name ?? ""] ?? (field.tagName === "SELECT" ? "unknown" : ""));
  writeBirth(item, member ?? {});
  writeAnswers(item, member?.functioning);
  if (!member) fields(item)[0].value = element("members").childElementCount ? "child" : "head";
  part(item, "[data-remove]").addEventListener("click", () => removeMember(item));
  element("members").append(item);
  membersChanged();
}

/** @param {HTMLElement} item */
function removeMember(item) {
  const name = fields(item)
    .filter((field) => field.dataset.name?.endsWith("_name"))
    .map((field) => field.value)
    .join(" ")
    .trim();
  const person = personOf([...element("members").children].indexOf(item));
  if (!confirm(sentence("removePerson", { person: name ? `${person}, ${name}` : person }))) return;
  item.remove();
  membersChanged(1);
  save();
}

/**
 * Make the number of persons follow the list of members. A larger number stays, because a household may have unlisted
 * members.
 * @param {number} [removed]
 */
export function membersChanged(removed = 0) {
  const count = element("members").childElementCount;
  const persons = Number(control("persons").value);
  if (count && control("kind").value === "household" && (persons < count || persons === count + removed))
    control("persons").value = String(count);
}
