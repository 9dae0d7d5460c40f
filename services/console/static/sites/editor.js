// The form for a new site, or for the next version of a site.

import { call, isNoAnswer } from "/static/calls.js";
import { Combobox } from "/static/combobox.js";
import { element } from "/static/elements.js";
import { given as givenIn, input, options } from "/static/entry/fields.js";
import { fail, labels, refuse } from "/static/entry/refusals.js";
import { keepUnsent, sendByKeyboard, sendOnce } from "/static/entry/sending.js";
import { PlaceSearch } from "/static/place-search.js";
import { storedSettlement } from "/static/settlements.js";
import { nameOf } from "/static/sites.js";
import { sentence, words } from "/static/texts.js";
import { uuid } from "/static/uuid.js";

/**
 * @typedef {import("/static/sites.js").Site} Site
 * @typedef {import("/static/sites.js").PlaceOption} PlaceOption
 */

const TEXTS = ["name_ky", "name_ru", "name_en", "locality"];
const NUMBERS = ["capacity", "lat", "lon"];
const form = /** @type {HTMLFormElement} */ (element("site"));
const district = new Combobox(input("district"), options("places"));
const locality = new PlaceSearch(input("locality"), {
  stated: () => district.chosen?.value ?? "",
  chosen: (option) => {
    if (option) district.set(option.pcode);
  },
});
const changes = keepUnsent(form);
let siteId = "",
  version = 0;
/** @type {Site | undefined} */
let known;
let isPersonShown = true; // if the person in charge is hidden, saving does not change the person

district.input.addEventListener("input", () => locality.forget()); // settlements depend on the district

/** @param {PlaceOption[]} villages */
export function offer(villages) {
  locality.offer(villages);
}

/** @param {string} name */
function given(name) {
  return givenIn(form, name);
}

/**
 * Opens the form, unless the person wants to keep unsaved input.
 * @param {Site} [site]
 */
export function open(site) {
  if (!mayLeave()) return;
  form.reset();
  district.clear();
  locality.clear();
  fail("");
  siteId = site?.site_id ?? uuid();
  version = site?.version ?? 0;
  known = site;
  if (site) write(site);
  isPersonShown = !site?.has_person_in_charge;
  element("person").hidden = isPersonShown;
  element("person-fields").hidden = !isPersonShown;
  element("editor-title").textContent = site ? sentence("change_site", { name: nameOf(site) }) : sentence("new");
  element("editor").hidden = false;
  input("name-ky").focus();
  element("editor").scrollIntoView({ block: "nearest" });
}

/** @param {Site} site */
function write(site) {
  const values = /** @type {Record<string, any>} */ (site);
  for (const name of [...TEXTS, ...NUMBERS])
    /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value = values[name] ?? "";
  for (const name of ["type", "state"]) input(name).value = values[name];
  for (const box of needs()) box.checked = site.needs.includes(box.value);
  district.set(site.pcode);
  locality.chosen =
    site.locality && site.locality_pcode ? storedSettlement(site.locality_pcode, site.locality, site.pcode) : undefined;
}

function needs() {
  return /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("[name=needs]")]);
}

export function isOpen() {
  return !element("editor").hidden;
}

function mayLeave() {
  if (isOpen() && changes.areUnsent && !confirm(sentence("unsaved"))) return false;
  changes.areUnsent = false;
  return true;
}

function body() {
  return {
    version: version + 1,
    ...Object.fromEntries(TEXTS.map((name) => [name, given(name) || null])),
    locality_pcode: (given("locality") && /** @type {PlaceOption | undefined} */ (locality.chosen)?.settlement) || null,
    capacity: numeric("capacity"),
    lat: numeric("lat"),
    lon: numeric("lon"),
    pcode: district.chosen?.value ?? "",
    type: given("type"),
    state: given("state"),
    needs: needs()
      .filter(({ checked }) => checked)
      .map(({ value }) => value),
    ...(isPersonShown && {
      person_in_charge: given("person-name")
        ? { name: given("person-name"), phone: given("person-phone") || null }
        : null,
    }),
  };
}

/** Reads a number with a comma or a point, or null from an empty field. @param {string} name */
function numeric(name) {
  return given(name) ? Number(given(name).replace(",", ".")) : null;
}

/** Returns false if a value is missing or wrong. Shows the first error, and marks the fields with this error. */
function isComplete() {
  district.leave();
  locality.leave();
  for (const [text, fields] of errors()) {
    if (!fields.length) continue;
    fail(sentence(text, { fields: labels(fields) }), fields);
    return false;
  }
  return true;
}

/** @returns {[string, HTMLInputElement[]][]} */
function errors() {
  const { lat, lon } = body();
  const names = ["name-ky", "name-ru", "name-en"].map(input),
    point = [input("lat"), input("lon")];
  const isPoint = (lat === null) === (lon === null) && !Number.isNaN(lat) && !Number.isNaN(lon);
  return [
    ["unnamed", names.some(({ value }) => value.trim()) ? [] : names.slice(0, 1)],
    ["missing", district.chosen ? [] : [district.input]],
    ["check", input("capacity").validity.valid ? [] : [input("capacity")]],
    ["check", isPoint ? [] : point],
    ["missing", given("person-phone") && !given("person-name") ? [input("person-name")] : []],
    ["check", input("person-phone").validity.valid ? [] : [input("person-phone")]],
  ];
}

/** @param {(site: Site) => void} saved @param {() => void} closed only for closing without saving */
export function listen(saved, closed) {
  sendByKeyboard(form, () => {
    if (isComplete()) void sendOnce(form, () => save(saved));
  });
  element("person").addEventListener("click", () => void showPerson());
  element("cancel").addEventListener("click", () => {
    if (!mayLeave()) return;
    close();
    closed();
  });
}

/** @param {(site: Site) => void} saved */
async function save(saved) {
  const answer = await call("PUT", `/registry/v1/sites/${siteId}`, body());
  const { site } = answer.status === 409 ? await answer.clone().json() : { site: undefined };
  if (site?.site_id === siteId) return follow(site);
  if (!answer.ok) return refuse(answer);
  changes.areUnsent = false;
  close();
  saved(await answer.json());
}

/**
 * Handles a change of the site by another person. The form keeps the typed values, shows the new values of the other
 * fields, and lists the changes. The next version number follows the other person's version.
 * @param {Site} site
 */
function follow(site) {
  const now = /** @type {Record<string, any>} */ (site),
    typed = /** @type {Record<string, any>} */ (body()),
    before = /** @type {Record<string, any>} */ (known ?? {});
  const fields = Object.keys(typed).filter((name) => name in site && name !== "version");
  const mine = fields.filter((name) => differ(typed[name], before[name]));
  // the name and its code change together
  if (mine.includes("locality") && !mine.includes("locality_pcode")) mine.push("locality_pcode");
  const theirs = fields.filter(
    (name) => name !== "locality_pcode" && differ(now[name], before[name]) && differ(now[name], typed[name]),
  );
  version = site.version;
  known = site;
  write(/** @type {Site} */ ({ ...site, ...Object.fromEntries(mine.map((name) => [name, typed[name]])) }));
  fail(
    sentence("changed", {
      changes: theirs.map((name) => `${labelOf(name)}: ${shown(name, now[name])}`).join("; ") || "–",
    }),
  );
}

/** @param {unknown} one @param {unknown} other */
function differ(one, other) {
  return JSON.stringify(one) !== JSON.stringify(other);
}

/** @param {string} name */
function labelOf(name) {
  return name === "needs"
    ? needs()[0].closest("fieldset")?.querySelector("legend")?.textContent
    : labels([fieldOf(name)]);
}

/** @param {string} name */
function fieldOf(name) {
  return /** @type {HTMLElement} */ (form.querySelector(`[data-pointer="/${name}"]`));
}

/** @param {string} name @param {any} value */
function shown(name, value) {
  if (name === "needs") return value.map((/** @type {string} */ need) => words("needs")[need]).join(", ") || "–";
  if (name === "pcode") return options("places").find((place) => place.value === value)?.name ?? value;
  return { type: words("types"), state: words("states") }[name]?.[value] ?? value ?? "–";
}

function close() {
  element("editor").hidden = true;
  element("new").focus();
}

async function showPerson() {
  const asked = siteId;
  try {
    const answer = await call("GET", `/registry/v1/sites/${asked}/person-in-charge`);
    if (asked !== siteId || !isOpen()) return;
    if (!answer.ok) return refuse(answer);
    const person = await answer.json();
    if (asked !== siteId || !isOpen()) return;
    input("person-name").value = person.name;
    input("person-phone").value = person.phone ?? "";
    isPersonShown = true;
    element("person").hidden = true;
    element("person-fields").hidden = false;
    input("person-name").focus();
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    fail(sentence("away"));
  }
}
