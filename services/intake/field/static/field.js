// The field form: a report is kept on the phone first, then sent, and its answer is shown.

import { account, device, forgetOld, isAnswered, keep, remove, reports, setAccount, uuid } from "./kept.js";
import { counters, fields, read } from "./reports.js";

/**
 * @typedef {import("./kept.js").Kept} Kept
 * @typedef {import("./kept.js").Body} Body
 * @typedef {{pcode: string, name: string}} Unit
 */

const PATIENCE_MS = 20_000;
const AGAIN_MS = 30_000;

/** @type {Record<string, string>} */
const texts = JSON.parse(element("texts").textContent ?? "{}");
/** @type {(Unit & {districts: Unit[]})[]} */
const oblasts = JSON.parse(element("districts").textContent ?? "[]");
const form = /** @type {HTMLFormElement} */ (element("report"));
const status = element("main").dataset.status ?? "Actual";
/** @type {Body | null} */
let corrected = null;
/** @type {object | null} */
let point = null;
let isSending = false;

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {string} name @returns {HTMLInputElement} */
function control(name) {
  return /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
}

/** @param {HTMLElement} place @param {string} text */
function tell(place, text) {
  place.textContent = text;
  place.hidden = !text;
}

/** @param {string} text @param {Record<string, string | number>} values */
function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

// --- what is sent

/** Sends what waits, oldest first, so that no correction overtakes what it corrects. */
async function sendWaiting() {
  const known = account();
  if (isSending || !known || known.isOver) return;
  isSending = true;
  try {
    for (const report of reports().reverse()) {
      if (report.state === "waiting" && report.account === known.name && !(await send(report, known.token))) break;
    }
  } finally {
    isSending = false;
    show();
  }
}

/**
 * Whether to go on with the next one.
 * @param {Kept} report
 * @param {string} token
 */
async function send(report, token) {
  let answer;
  try {
    answer = await post("/intake/v1/displacements", report.body, token);
  } catch {
    return false;
  }
  if (answer.status === 401) {
    const known = account();
    if (known) setAccount({ ...known, isOver: true });
    return false;
  }
  if (answer.status === 429 || answer.status >= 500) return false;
  await settle(report, answer);
  return true;
}

/** @param {Kept} report @param {Response} answer */
async function settle(report, answer) {
  const told = await answer.json();
  const kept = reports().find((each) => each.body.report_id === report.body.report_id);
  if (!kept || kept.body.version !== report.body.version) return; // corrected meanwhile
  if (answer.ok) keep({ ...kept, state: told.status, errors: undefined });
  else keep({ ...kept, state: answer.status === 409 ? "conflict" : "refused", errors: told.errors, title: told.title });
  show();
}

/**
 * @param {string} path
 * @param {object} body
 * @param {string} [token]
 */
function post(path, body, token) {
  return fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
    credentials: "omit",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}

// --- what is shown

function show() {
  const known = account();
  const kept = reports();
  element("signing").hidden = Boolean(known && !known.isOver);
  element("sign-in-again").hidden = !known?.isOver;
  element("account").hidden = !known || Boolean(known.isOver);
  element("account-name").textContent = known?.name ?? "";
  element("signal").hidden = navigator.onLine;
  element("kept-reports").hidden = !kept.length;
  element("send-now").hidden = !kept.some((report) => report.state === "waiting");
  element("reports").replaceChildren(...kept.map(shown));
}

/** @param {Kept} report */
function shown(report) {
  const item = /** @type {HTMLElement} */ (copy("kept-report"));
  const { body } = report;
  item.classList.toggle("is-good", isAnswered(report));
  item.classList.toggle("is-bad", ["refused", "conflict"].includes(report.state));
  const version = body.version > 1 ? ` · ${filled(texts.version, { number: body.version - 1 })}` : "";
  part(item, "strong").textContent = texts[body.kind] + version;
  part(item, ".muted").textContent = `${filled(texts.persons, { count: body.persons })} · ${moment(report.at)}`;
  part(item, ".answer").textContent = answerOf(report);
  part(item, ".errors").replaceChildren(...(report.errors ?? []).map((error) => line(`${error.pointer} ${error.expected}`)));
  part(item, ".actions").append(
    button(texts.correct, () => correct(report)),
    ...(report.state === "waiting" ? [] : [button(texts.remove, () => forget(report))]),
  );
  return item;
}

/** @param {Kept} report */
function answerOf(report) {
  if (report.state === "waiting" && report.account && report.account !== account()?.name) return filled(texts.other, { name: report.account });
  return texts[report.state];
}

/** In figures alone, as not every phone knows Kyrgyz. @param {string} at */
function moment(at) {
  return new Date(at).toLocaleString("ru", { timeZone: "Asia/Bishkek", day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit" });
}

/** @param {string} id */
function copy(id) {
  const template = /** @type {HTMLTemplateElement} */ (element(id));
  return /** @type {Node} */ (template.content.firstElementChild).cloneNode(true);
}

/** @param {HTMLElement} item @param {string} selector */
function part(item, selector) {
  return /** @type {HTMLElement} */ (item.querySelector(selector));
}

/** @param {string} text */
function line(text) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

/** @param {string} text @param {() => void} deed */
function button(text, deed) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button";
  made.textContent = text;
  made.addEventListener("click", deed);
  return made;
}

// --- the form

/** @param {SubmitEvent} event */
function submitted(event) {
  event.preventDefault();
  const missing = wrong();
  tell(element("wrong"), missing);
  if (missing) return;
  const body = read(form, status, corrected, point);
  try {
    keep({ body, account: account()?.name ?? "", state: "waiting", at: new Date().toISOString() });
  } catch {
    return tell(element("wrong"), texts.full);
  }
  begin(null);
  show();
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
    return filled(texts.wrong, { fields: invalid.map((each) => each.labels?.[0]?.firstChild?.textContent ?? "").join(", ") });
  }
  const counted = counters(form).reduce((sum, each) => sum + Number(each.value), 0);
  return counted > Number(control("persons").value) ? texts.counts : "";
}

/** @param {Kept} report */
function correct(report) {
  begin(report);
  element("form-title").focus();
  element("form-title").scrollIntoView();
}

/** A clean form, or one that holds a report to correct; what was never sent keeps its version. @param {Kept | null} report */
function begin(report) {
  form.reset();
  point = report?.body.destination_point ?? null;
  corrected = report && { ...report.body, version: report.body.version - (isAnswered(report) || report.state === "conflict" ? 0 : 1) };
  element("members").replaceChildren();
  control("occurred").value = today();
  control("occurred").max = today();
  if (report) write(report.body);
  for (const name of ["origin", "destination"]) if (!report) districts(name, "");
  element("correcting").hidden = element("cancel").hidden = !report;
  tell(element("located"), "");
  tell(element("wrong"), "");
  kindChosen();
  membersChanged();
}

/** @param {Body} body */
function write(body) {
  for (const [name, value] of Object.entries({
    occurred: body.occurred_at.slice(0, 10), mobility: body.mobility, reason: body.reasons[0], hazard_type: body.hazard_type,
    persons: body.persons, households: body.households, shelter: body.shelter, intention: body.intention, phone: body.phone,
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
  for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=kind]"))) radio.disabled = Boolean(corrected) && !radio.checked;
  membersChanged();
}

/** @param {Record<string, any>} [member] */
function addMember(member) {
  const item = /** @type {HTMLElement} */ (copy("member"));
  item.dataset.id = member?.member_id ?? uuid();
  for (const field of fields(item)) field.value = String(member?.[field.dataset.name ?? ""] ?? (field.tagName === "SELECT" ? "unknown" : ""));
  if (!member) fields(item)[0].value = element("members").childElementCount ? "child" : "head";
  part(item, "[data-remove]").addEventListener("click", () => { item.remove(); membersChanged(); });
  element("members").append(item);
  membersChanged();
}

/** Where persons are listed their number is known. */
function membersChanged() {
  const count = element("members").childElementCount;
  const isListed = count > 0 && control("kind").value === "household";
  control("persons").readOnly = isListed;
  if (isListed) control("persons").value = String(count);
}

function locate() {
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    point = { lat: round(coords.latitude), lon: round(coords.longitude), accuracy: Math.round(coords.accuracy) };
    tell(element("located"), filled(texts.located, { metres: Math.round(coords.accuracy) }));
  }, () => tell(element("located"), texts.unlocated), { enableHighAccuracy: true, timeout: PATIENCE_MS });
}

/** @param {number} degrees */
function round(degrees) {
  return Math.round(degrees * 100_000) / 100_000; // one metre
}

/** Today in Bishkek. */
function today() {
  return new Date(Date.now() + 6 * 3_600_000).toISOString().slice(0, 10);
}

/** @param {Kept} report */
function forget(report) {
  if (!isAnswered(report) && !confirm(texts.sure)) return;
  remove(report);
  show();
}

// --- who reports

/** @param {SubmitEvent} event */
async function signIn(event) {
  event.preventDefault();
  const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
  const name = String(data.get("name")).trim();
  const failure = await signedIn(name, String(data.get("password")));
  tell(element("sign-in-failed"), failure);
  if (failure) return;
  /** @type {HTMLFormElement} */ (event.target).reset();
  adopt(name);
  show();
  void sendWaiting();
}

/** What went wrong, or nothing. @param {string} name @param {string} password */
async function signedIn(name, password) {
  try {
    const answer = await post("/v1/tokens", { name, password, device: device() });
    if (answer.ok) setAccount({ token: (await answer.json()).token, name });
    return answer.ok ? "" : { 403: texts.first, 429: texts.often }[answer.status] ?? texts.password;
  } catch {
    return texts.away;
  }
}

/** Reports written before anybody signed in are of whoever signs in first. @param {string} name */
function adopt(name) {
  for (const report of reports()) if (!report.account) keep({ ...report, account: name });
}

function signOut() {
  setAccount(null);
  show();
}

form.addEventListener("submit", submitted);
form.addEventListener("change", (event) => {
  const { name } = /** @type {HTMLInputElement} */ (event.target);
  if (name === "kind") kindChosen();
  if (name.endsWith("_oblast")) districts(name.replace("_oblast", ""), control(name).value);
});
element("sign-in").addEventListener("submit", (event) => void signIn(/** @type {SubmitEvent} */ (event)));
element("sign-out").addEventListener("click", signOut);
element("send-now").addEventListener("click", () => void sendWaiting());
element("add-member").addEventListener("click", () => addMember());
element("cancel").addEventListener("click", () => begin(null));
element("locate").addEventListener("click", locate);
element("locate").hidden = !("geolocation" in navigator && window.isSecureContext);
addEventListener("online", () => { show(); void sendWaiting(); });
addEventListener("offline", show);
setInterval(() => void sendWaiting(), AGAIN_MS);
if ("serviceWorker" in navigator) void navigator.serviceWorker.register("/intake/field/worker.js", { scope: "/intake/field" });
void navigator.storage?.persist?.();
forgetOld();
begin(null);
show();
void sendWaiting();
