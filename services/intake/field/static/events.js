// The form's question whether people left because of an event. Without a signal, the form does not ask.

import { control, form } from "./controls.js";
import { statedCode } from "./countries.js";
import { element } from "./elements.js";
import { EventQuestion, haveFled } from "./event-question.js";
import { isHazard } from "./hazards.js";
import { account } from "./kept.js";
import { placeName } from "./labels.js";
import { readMoment } from "./moments.js";
import { isMovement } from "./movements.js";
import { post } from "./outbox.js";
import { readReasons } from "./reasons.js";

/** @typedef {import("./kept.js").Body} Body */

const question = new EventQuestion(element("event-question"), {
  ask: (departure) => post("/intake/v1/hazards:proposals", departure, account()?.token),
  nameOf: (pcode) => placeName({ pcode }),
});

export function listenToEvents() {
  form.addEventListener("change", ask);
  addEventListener("online", ask);
}

/** Empty if the author chose no event. @returns {Partial<Body>} */
export function readEvent() {
  return question.answer;
}

/** @param {Body} [body] */
export function writeEvent(body) {
  question.restore({ hazard_id: body?.hazard_id, hazard_type: body?.hazard_type });
  ask();
}

function ask() {
  void question.show(departure());
}

/** Return what the centre needs to find events. Undefined if a field is missing, or if the question does not apply. */
function departure() {
  const oblast = statedCode("origin"),
    pcode = control("origin_district").value || oblast;
  const isPlace = oblast.startsWith("KG"),
    { value: type } = control("hazard_type");
  if (
    isMovement() ||
    isHazard() ||
    !isPlace ||
    !control("occurred").value ||
    !haveFled(control("mobility").value) ||
    !account()?.token
  )
    return undefined;
  return {
    status: element("main").dataset.status ?? "Actual",
    pcode,
    ...readMoment(),
    ...(type && { hazard_type: type }),
    reasons: readReasons().reasons,
  };
}
