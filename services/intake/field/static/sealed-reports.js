// Encrypts a finished report, and stores the report on the phone for sending.

import { sealReport } from "./centre-key.js";
import { form } from "./controls.js";
import { account, clearOf, isSameName, keep } from "./kept.js";
import { remember } from "./sent-reports.js";
import { sentence } from "./texts.js";

/** @typedef {import("./kept.js").Body} Body */

let sealing = false;

export function isSealing() {
  return sealing;
}

/**
 * Returns an error text, or an empty value.
 * @param {Body} body
 * @param {string} author
 */
export async function store(body, author) {
  sealing = form.inert = true; // lock the form, because changes during the sealing would not be sent
  form.ariaBusy = "true";
  try {
    const sealed = await sealReport(body, author),
      at = new Date().toISOString();
    if (!sealed) return sentence("keyless");
    const name = account()?.name ?? "";
    keep({ clear: clearOf(body), sealed, account: author || name, state: "waiting", at });
    if (!author || isSameName(author, name)) remember(body, at);
    return "";
  } catch {
    return sentence("full");
  } finally {
    sealing = form.inert = false;
    form.ariaBusy = null;
  }
}
