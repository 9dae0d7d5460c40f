// Shows the household, group or site that moved. The registry logs the read of a household.

import { element, make } from "/static/elements.js";
import { input, options } from "/static/entry/fields.js";
import { readOrTell } from "/static/entry/unread.js";
import { nameOf as nameOfSite } from "/static/sites.js";
import { sentence } from "/static/texts.js";

/** @typedef {{member_id: string, family_name?: string | null, given_name?: string | null}} Member */
/**
 * @typedef {{persons: number, current_pcode: string | null, current_country: string | null, members: Member[]}}
 *   Household
 */

const SHORT = 8;
const names = new Map(options("places").map(({ value, name }) => [value, name]));

/**
 * Shows the subject. If the subject cannot be read, the page says why, and the result is false.
 * @param {{kind: string, subject: string}} about
 */
export async function showSubject({ kind, subject }) {
  if (kind === "group") return showGroup(subject);
  const read = await readOrTell(`/registry/v1/${kind}s/${subject}`);
  if (!read) return false;
  return kind === "site" ? showSite(read) : showHousehold(read);
}

/** Shows only the group's id, because the form needs nothing else about a group. @param {string} id */
function showGroup(id) {
  element("about").textContent = sentence("group", { id: id.slice(0, SHORT) });
  element("part").hidden = false;
  return true;
}

/** @param {import("/static/sites.js").Site} site */
function showSite(site) {
  element("about").textContent = [nameOfSite(site), site.locality, names.get(site.pcode) ?? site.pcode]
    .filter(Boolean)
    .join(" · ");
  return true;
}

/** @param {Household} household */
function showHousehold({ persons, current_pcode, current_country, members }) {
  const place = current_pcode ?? current_country ?? "";
  element("about").textContent = [
    members.length ? nameOf(members[0]) : sentence("nameless"),
    sentence("persons", { count: persons }),
    names.get(place) ?? place,
  ]
    .filter(Boolean)
    .join(" · ");
  element("members").append(...members.map(choice));
  element("members").hidden = !members.length;
  element("part").hidden = Boolean(members.length);
  input("persons").max = String(persons);
  return true;
}

/** @param {Member} member */
function choice(member) {
  const box = make("input", { type: "checkbox", name: "members", value: member.member_id });
  box.dataset.pointer = "/member_ids";
  return make("label", {}, box, nameOf(member));
}

/** @param {Member} member */
function nameOf({ family_name, given_name }) {
  return [family_name, given_name].filter(Boolean).join(" ") || sentence("nameless");
}
