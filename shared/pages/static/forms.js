// Not a module, and loaded before the page's content: the browser must never send a form that a script sends.
// A form that is submitted before its script is loaded waits for the script. The input stays in the form and out of the
// URL.

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
