// The form: empty, or holding a report to correct.

import { account, CHANGED, isOwn, isSameName, keep, kept, nextVersion, uuid } from "./kept.js";
import { sendWaiting } from "./outbox.js";
import { nameOf } from "./labels.js";
import { copy, element, filled, part, tell, texts } from "./page.js";
import { counters, fields, read } from "./reports.js";

/**
 * @typedef {import("./kept.js").Kept} Kept
 * @typedef {import("./kept.js").Body} Body
 * @typedef {{pcode: string, name: string}} Unit
 * @typedef {{lat: number, lon: number, accuracy: number}} Point
 * @typedef {{author: string, corrected: Kept | null, point: Point | null, isTouched: boolean}} Draft who began it, what it corrects, where it is
 */

const LEFT = "dayar.left";
const LOCATING_MS = 20_000;

/** @type {(Unit & {districts: Unit[]})[]} */
const oblasts = JSON.parse(element("districts").textContent ?? "[]");
const form = /** @type {HTMLFormElement} */ (element("report"));
const status = element("main").dataset.status ?? "Actual";
/** @type {Draft} */
let draft = { author: "", corrected: null, point: null, isTouched: false };

/** @param {string} name @returns {HTMLInputElement} */
function control(name) {
  return /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
}

export function listen() {
  form.addEventListener("submit", submitted);
  form.addEventListener("input", touched);
  form.addEventListener("change", (event) => {
    const { name } = /** @type {HTMLInputElement} */ (event.target);
    if (name === "kind") kindChosen();
    if (name.endsWith("_oblast")) districts(name.replace("_oblast", ""), control(name).value);
  });
  element("add-member").addEventListener("click", () => addMember());
  element("cancel").addEventListener("click", () => begin(null));
  element("locate").addEventListener("click", locate);
  element("locate").hidden = !("geolocation" in navigator && window.isSecureContext);
  addEventListener(CHANGED, follow);
}

/** A phone is shared: what one typed another must neither read nor send. What nobody's was is of whoever signs in first. */
function follow() {
  if (isAnothers()) begin(null);
  draft.author = account()?.name ?? "";
}

function isAnothers() {
  const { author } = draft;
  const latest = latestCorrected();
  return Boolean(author && !isSameName(author, account()?.name)) || Boolean(latest && !isOwn(latest));
}

/** What the draft corrects, as it is now: it may have been answered meanwhile. */
function latestCorrected() {
  return draft.corrected && (kept(draft.corrected.body.report_id) ?? draft.corrected);
}

/** @param {Event} event */
function touched({ target }) {
  if (target !== control("occurred")) renewToday();
  draft.isTouched = true;
}

/** @param {SubmitEvent} event */
function submitted(event) {
  event.preventDefault();
  if (isAnothers()) { // a tab that slept was not told of it
    begin(null);
    return tell(element("wrong"), texts.another);
  }
  renewToday();
  const missing = wrong();
  tell(element("wrong"), missing);
  if (missing) return;
  const latest = latestCorrected();
  const body = read(form, status, latest && { ...latest.body, version: nextVersion(latest) }, draft.point);
  try {
    keep({ body, account: account()?.name ?? "", state: "waiting", at: new Date().toISOString() });
  } catch {
    return tell(element("wrong"), texts.full);
  }
  begin(null);
  element("kept-reports").scrollIntoView({ block: "start" });
  void sendWaiting();
}

function wrong() {
  const controls = [...form.elements].filter((each) => each instanceof HTMLInputElement || each instanceof HTMLSelectElement || each instanceof HTMLTextAreaElement);
  const invalid = controls.filter((each) => each.offsetParent && !each.validity.valid);
  controls.forEach((each) => each.toggleAttribute("aria-invalid", false));
  invalid.forEach((each) => each.setAttribute("aria-invalid", "true"));
  if (invalid.length) {
    invalid[0].focus();
    return filled(texts.wrong, { fields: [...new Set(invalid.map(nameOf))].join(", ") });
  }
  const listed = control("kind").value === "household" ? element("members").childElementCount : 0;
  if (listed && listed !== Number(control("persons").value)) {
    control("persons").setAttribute("aria-invalid", "true");
    control("persons").focus();
    return filled(texts.listed, { listed, persons: control("persons").value });
  }
  const counted = counters(form).reduce((sum, each) => sum + Number(each.value), 0);
  return counted > Number(control("persons").value) ? texts.counts : "";
}

/** @param {Kept} report */
export function correct(report) {
  if (draft.isTouched && !confirm(texts.begun)) return;
  begin(report);
  element("form-title").focus();
  element("form-title").scrollIntoView();
}

/** A clean form, or one that holds a report to correct, or what was begun. @param {Kept | null} report @param {Body} [body] */
export function begin(report, body = report?.body) {
  form.reset();
  sessionStorage.removeItem(LEFT);
  draft = { author: account()?.name ?? "", corrected: report, point: body?.destination_point ?? null, isTouched: Boolean(body) };
  element("members").replaceChildren();
  control("occurred").value = control("occurred").max = today();
  if (body) write(body);
  for (const name of ["origin", "destination"]) if (!body) districts(name, "");
  element("correcting").hidden = element("cancel").hidden = !report;
  showPoint();
  tell(element("wrong"), "");
  kindChosen();
  membersChanged();
}

/** The page goes, as for another language, or sleeps, and a phone short of memory may end it: what is begun stays in its tab. */
export function leave() {
  if (document.visibilityState !== "hidden" || !draft.isTouched) return;
  const { author, corrected, point } = draft;
  sessionStorage.setItem(LEFT, JSON.stringify({ author, corrected, body: read(form, status, corrected?.body ?? null, point) }));
}

/** What was begun here before, or a clean form. */
export function resume() {
  const left = JSON.parse(sessionStorage.getItem(LEFT) ?? "null");
  draft = { ...draft, corrected: null, ...left };
  if (left && !isAnothers()) begin(left.corrected, left.body);
  else begin(null);
}

/** @param {Body} body */
function write(body) {
  for (const [name, value] of Object.entries({
    occurred: body.occurred_at.slice(0, 10), mobility: body.mobility, reason: body.reasons[0], hazard_type: body.hazard_type,
    persons: body.persons || "", households: body.households, shelter: body.shelter, intention: body.intention, phone: body.phone,
    notes: body.notes, measure: body.measure, quantifier: body.quantifier, source_type: body.source_type,
  })) if (value !== undefined) control(name).value = String(value);
  for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=needs]"))) box.checked = body.needs.includes(box.value);
  for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=kind]"))) radio.checked = radio.value === body.kind;
  control("consent").checked = body.legal_basis === "consent";
  for (const field of counters(form)) {
    const found = (body.sex_age ?? []).find((/** @type {any} */ each) => each.sex === field.dataset.sex && each.age === field.dataset.age);
    field.value = found ? String(found.count) : "";
  }
  for (const name of ["origin", "destination"]) districts(name, body[name].pcode ?? body[name].country);
  for (const member of body.members ?? []) addMember(member);
}

/** @param {string} name @param {string} code */
function districts(name, code) {
  const oblast = oblasts.find((each) => each.pcode === code || each.districts.some((district) => district.pcode === code));
  control(`${name}_oblast`).value = oblast?.pcode ?? code;
  const select = /** @type {HTMLSelectElement} */ (element(`${name}-district`));
  select.replaceChildren(...[{ pcode: "", name: texts.whole }, ...(oblast?.districts ?? [])].map((unit) => new Option(unit.name, unit.pcode)));
  select.value = oblast?.pcode === code ? "" : code;
  /** @type {HTMLElement} */ (select.closest(".field")).hidden = !oblast?.districts.length;
}

function kindChosen() {
  const kind = /** @type {HTMLInputElement} */ (form.querySelector("[name=kind]:checked")).value;
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-kind]"))) each.hidden = each.dataset.kind !== kind;
  for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=kind]"))) radio.disabled = Boolean(draft.corrected) && !radio.checked;
  membersChanged();
}

/** @param {Record<string, any>} [member] */
function addMember(member) {
  const item = /** @type {HTMLElement} */ (copy("member"));
  item.dataset.id = member?.member_id ?? uuid();
  for (const field of fields(item)) field.value = String(member?.[field.dataset.name ?? ""] ?? (field.tagName === "SELECT" ? "unknown" : ""));
  if (!member) fields(item)[0].value = element("members").childElementCount ? "child" : "head";
  part(item, "[data-remove]").addEventListener("click", () => { item.remove(); membersChanged(1); });
  element("members").append(item);
  membersChanged();
}

/** The number goes with the list, but what was told of more people than are listed yet stands. @param {number} [removed] */
function membersChanged(removed = 0) {
  const count = element("members").childElementCount;
  const told = Number(control("persons").value);
  if (count && control("kind").value === "household" && (told < count || told === count + removed)) control("persons").value = String(count);
}

/** For the draft that asked: a place found late is not that of the next household. */
function locate() {
  const asking = draft;
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    if (asking !== draft) return;
    draft.point = { lat: round(coords.latitude), lon: round(coords.longitude), accuracy: Math.round(coords.accuracy) };
    showPoint();
  }, () => {
    if (asking === draft) tell(element("located"), texts.unlocated);
  }, { enableHighAccuracy: true, timeout: LOCATING_MS });
}

function showPoint() {
  tell(element("located"), draft.point ? filled(texts.located, { metres: draft.point.accuracy }) : "");
}

/** @param {number} degrees */
function round(degrees) {
  return Math.round(degrees * 100_000) / 100_000; // one metre
}

/** A form left open overnight: the new day can be chosen, and stands where nobody had begun. What is begun keeps the day that it shows. */
export function renewToday() {
  const field = control("occurred");
  if (field.value === field.max && !draft.isTouched) field.value = today();
  field.max = today();
}

/** Today in Bishkek. */
function today() {
  return new Date(Date.now() + 6 * 3_600_000).toISOString().slice(0, 10);
}
