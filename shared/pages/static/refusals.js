// The reasons for refused actions on alerts, in the reader's language.

import { sentence } from "./texts.js";
import { clock } from "./time.js";

const DEEDS = ["acknowledged", "confirmed", "progressed", "snoozed", "resolved"];

/** @param {{status: number, text: string, body: Record<string, any>}} problem */
export function refusal({ status, text, body }) {
  const deed = DEEDS.find((done) => body[`${done}_name`]);
  return status === 409 && deed
    ? taken(body[`${deed}_name`], body[`${deed}_at`] ?? body[`${deed}_until`])
    : sentence("failed", { problem: text });
}

/** @param {string} name @param {string} at */
export function taken(name, at) {
  return sentence("taken", { name, time: clock(new Date(at)) });
}
