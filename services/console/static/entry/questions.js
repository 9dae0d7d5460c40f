// Asks a question in a dialog. The buttons of the dialog are the answers.

/**
 * Opens the dialog and returns the value of the pressed button, or "" after Esc.
 * @param {HTMLDialogElement} dialog
 * @returns {Promise<string>}
 */
export function ask(dialog) {
  dialog.returnValue = ""; // Esc does not change the value, so the dialog would return its previous answer
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}
