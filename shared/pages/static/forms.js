// No module, and loaded before the page's content: a form that a script sends is never sent by the browser itself.
// Submitted before its script is there, it waits for it: what was typed stays in the form, and out of the address.

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.hasAttribute("action") || form.method === "dialog") return;
  event.preventDefault();
  if (form.dataset.script) void import(form.dataset.script).then(({ submitted }) => submitted(form), () => scriptMissing(form));
});

/** @param {HTMLFormElement} form */
function scriptMissing(form) {
  const failure = /** @type {HTMLElement} */ (form.querySelector(".failure"));
  failure.textContent = /** @type {HTMLElement} */ (document.querySelector("[data-away]")).dataset.away ?? "";
  failure.hidden = false;
}
