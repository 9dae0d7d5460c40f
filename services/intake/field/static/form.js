// Shows the form: empty, with a draft, or with a report to correct.

import { mark, oddities, problems, refusedFields, summed, unmark } from "./checks.js";
import { control, form } from "./controls.js";
import { listenToCounted, writeCounted } from "./counted.js";
import { listenToCountries } from "./countries.js";
import { discard, draftOf, held, isReadable, keepDraft, Kinds, letGo, readDraft } from "./drafts.js";
import { element } from "./elements.js";
import { listenToEvents, writeEvent } from "./events.js";
import { kindChosen, mobilityChosen, write } from "./fields.js";
import { account, changed, CHANGED, isSameName, kept, nextVersion } from "./kept.js";
import { listenToHazards, needPlace, placed, renewSeen, writeHazard } from "./hazards.js";
import { listenToMembers, membersChanged } from "./members.js";
import { isSealing, store } from "./sealed-reports.js";
import { forgetAll, lastHousehold, recall } from "./sent-reports.js";
import { listenToMovements, movementOf, writeMovement } from "./movements.js";
import { sendWaiting } from "./outbox.js";
import { listenToMoments, writeMoment } from "./moments.js";
import { draft, isAnothers, isElsewhere, latestCorrected, openDraft } from "./open-draft.js";
import { tell } from "./page.js";
import { withPin } from "./pin-panel.js";
import { lock } from "./pin.js";
import { districts, searchPlaces, writeLocalities } from "./places.js";
import { closeMap, listenToPointDialog } from "./point-dialog.js";
import { locate, showPoint } from "./positions.js";
import { listenToReasons, writeReasons } from "./reasons.js";
import { common, idsOf, read } from "./reports.js";
import { listenToShortForm, showAll, showChosen } from "./short-form.js";
import { listenToSteps, restart, showSteps } from "./steps.js";
import { sentence } from "./texts.js";
import { today } from "./time.js";
import { ask, wasAsked } from "./unlikely-values.js";

/**
 * @typedef {import("./kept.js").Kept} Kept
 * @typedef {import("./kept.js").Body} Body
 */

const status = element("main").dataset.status ?? "Actual";

export function listen() {
  listenToSteps();
  form.addEventListener("submit", submitted);
  form.addEventListener("input", touched);
  form.addEventListener("change", (event) => {
    const { name } = /** @type {HTMLInputElement} */ (event.target);
    if (name === "kind") {
      const body = draft.kinds.unshown[control("kind").value];
      if (body) return reopen({ ...draft, body, others: draft.kinds.written });
      kindChosen(Boolean(draft.corrected));
      needPlace(draft.point);
      showSteps();
    }
    if (name === "mobility") mobilityChosen();
    if (name.endsWith("_oblast")) districts(name.replace("_oblast", ""), control(name).value);
    save();
  });
  searchPlaces(save);
  listenToCountries(save);
  listenToReasons(save);
  listenToMoments();
  listenToCounted();
  listenToMovements();
  listenToShortForm();
  listenToEvents();
  listenToHazards();
  listenToMembers(save);
  element("cancel").addEventListener("click", () => {
    discard(draft.ids.report_id);
    begin();
  });
  element("copy-last").addEventListener("click", copyLast);
  element("another").addEventListener("click", another);
  const open = () => draft;
  const pointChanged = () => {
    needPlace(draft.point);
    save();
  };
  element("locate").addEventListener("click", () => locate(open, pointChanged));
  listenToPointDialog(open, pointChanged);
  element("locate").hidden = !("geolocation" in navigator && window.isSecureContext);
  addEventListener(CHANGED, follow);
}

/**
 * After a change of account, or after another tab has continued the draft, show an empty form. A draft without an
 * account goes to the account that signs in first.
 */
function follow() {
  if (isAnothers()) forgetAll();
  if (isAnothers() || isElsewhere()) begin();
  draft.author = account()?.name ?? "";
}

/** @param {Event} event */
function touched({ target }) {
  if (target !== control("occurred")) renewToday();
  if (target instanceof Element) unmark(target);
  // For the control `kind`, the handler of `change` saves the form, after showing the stored entries of the new kind.
  if (/** @type {HTMLInputElement} */ (target).name !== "kind") save();
}

/** Save at every change. A phone that is short of memory ends pages without an event, so a later save could be lost. */
function save() {
  if (isAnothers()) return;
  draft.isTouched = true;
  element("another").hidden = false;
  element("copy-last").hidden = true;
  ask("");
  const open = draft,
    { author, corrected, point } = open,
    body = read(form, status, corrected?.clear ?? open.ids, point);
  keepDraft({ author, corrected, body, others: open.kinds.note(control("kind").value, body) }).then(
    (isKept) => {
      open.isKept ||= isKept;
      open.isLost = false;
      if (open !== draft) changed(); // the form shows another report, so the list must show this draft
    },
    () => {
      open.isLost = true;
      tell(element("wrong"), sentence("full"));
    },
  );
}

/** @param {SubmitEvent} event */
async function submitted(event) {
  event.preventDefault();
  if (isSealing()) return;
  if (isAnothers()) {
    // While the tab was suspended, another account may have signed in.
    begin();
    return tell(element("wrong"), sentence("another"));
  }
  renewToday();
  const invalid = problems(form);
  mark(form, invalid);
  tell(element("wrong"), summed(invalid.map(({ text }) => text)));
  if (invalid.length) return ask("");
  const latest = latestCorrected();
  const body = read(form, status, latest ? { ...latest.clear, version: nextVersion(latest) } : draft.ids, draft.point);
  const odd = oddities(body, today()).join("\n");
  if (odd && !wasAsked(odd)) return ask(odd);
  const sent = draft; // the form may show another draft when the sealing has ended
  const failure = await store(body, account()?.name ?? "");
  if (failure) return draft === sent && tell(element("wrong"), failure);
  discard(sent.ids.report_id);
  if (draft === sent) begin();
  element("kept-reports").scrollIntoView({ block: "end" });
  void sendWaiting();
}

/** @param {Kept} report */
export function correct(report) {
  const begun = draftOf(report.clear.report_id),
    body = recall(report);
  if (begun && !(begun.isCopy && body)) return goOn(begun);
  begin({ author: account()?.name ?? "", corrected: report, body: body ?? report.body ?? report.clear });
  element("written-anew").hidden = Boolean(body ?? report.body);
  changed();
  show();
}

/** @param {import("./drafts.js").Draft} begun */
export function goOn({ clear }) {
  // While the author entered the PIN, another tab may have changed or sent the draft.
  const begun = draftOf(clear.report_id);
  if (!begun) return changed();
  if (!isReadable(begun)) return withPin(begun.sealed, () => goOn(begun));
  void readDraft(begun).then(reopen);
}

/** @param {import("./drafts.js").Written} written */
function reopen(written) {
  begin(written);
  save();
  changed();
  show();
}

/**
 * Lock the page: forget the keys that the PIN has opened, and the sent reports, and empty the form. If a full phone
 * could not store the last change, the form stays open, because the change would be lost.
 */
export function close() {
  closeMap();
  lock();
  forgetAll();
  if (draft.isTouched && !draft.isLost) another();
}

/** The draft stays stored, and the form becomes empty. */
function another() {
  begin();
  changed();
  show();
}

/** Begin a report with the places, date, reasons and needs of the last household. The persons are not copied. */
function copyLast() {
  const last = lastHousehold();
  if (!last) return;
  begin({ author: account()?.name ?? "", corrected: null, body: { ...common(last), ...idsOf(), kind: "household" } });
  showChosen();
  save();
}

/** @param {Kept} report */
export function moveOn({ clear }) {
  reopen({ author: account()?.name ?? "", corrected: null, body: { ...idsOf(), ...movementOf(clear) } });
}

export function show() {
  element("form-title").focus({ preventScroll: true });
  element("form-title").scrollIntoView();
}

/** After a reload, show this tab's open draft, or an empty form. */
export function resume() {
  const left = held();
  begin();
  if (left && (!left.author || isSameName(left.author, account()?.name))) goOn(left);
}

/** @param {import("./drafts.js").Written} [begun] */
export function begin(begun) {
  closeMap();
  form.reset();
  letGo();
  const { corrected = null } = begun ?? {},
    body = begun && placed(begun.body);
  openDraft({
    ids: idsOf(body),
    author: begun?.author || (account()?.name ?? ""),
    corrected,
    point: body?.destination_point ?? null,
    isTouched: Boolean(body),
    isKept: false,
    kinds: new Kinds(begun?.others),
  });
  element("members").replaceChildren();
  control("occurred").value = control("occurred").max = today();
  writeCounted(body);
  if (body) write(body);
  writeReasons(body?.reasons && body);
  writeMoment(body?.occurred_at === undefined ? undefined : body);
  for (const name of ["origin", "destination"]) if (!body) districts(name, "");
  writeMovement(body);
  writeLocalities(body);
  element("correcting").hidden = element("cancel").hidden = !corrected;
  element("written-anew").hidden = true;
  element("another").hidden = !body;
  element("copy-last").hidden = Boolean(body) || !lastHousehold();
  if (body) showAll();
  else showChosen();
  showPoint(draft.point);
  tell(element("wrong"), "");
  ask("");
  kindChosen(Boolean(draft.corrected));
  mobilityChosen();
  membersChanged();
  writeEvent(body);
  writeHazard(body);
  needPlace(draft.point);
  restart();
  mark(form, refusedFields(corrected ? (kept(corrected.clear.report_id)?.errors ?? []) : []));
}

/**
 * A form can stay open over midnight: set the latest permitted day and time again. Day and time stay unchanged if the
 * author has set them.
 */
export function renewToday() {
  renewSeen();
  const field = control("occurred");
  if (field.value === field.max && !draft.isTouched) field.value = today();
  field.max = today();
}
