// Asks a question in a dialog.

/**
 * Opens the dialog, and returns the value of the pressed button, or "" after Esc.
 * @param {HTMLDialogElement} dialog
 * @returns {Promise<string>}
 */
export function ask(dialog) {
  dialog.returnValue = ""; // otherwise Esc would return the previous answer
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}
