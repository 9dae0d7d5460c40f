// This script, which is no module, loads first, so that the browser itself never sends a form that has a script.
// A form that is submitted before its script is loaded waits for the script.
// The input stays in the form and out of the URL.

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.hasAttribute("action") || form.method === "dialog") return;
  event.preventDefault();
  if (form.dataset.script) void import(form.dataset.script).then(({ submitted }) => submitted(form), () => scriptMissing(form));
});

/** @param {HTMLFormElement} form */
function scriptMissing(form) {
  const failure = /** @type {HTMLElement} */ (form.querySelector(".failure"));
  failure.textContent = JSON.parse(document.getElementById("texts")?.textContent ?? "{}").away ?? "";
  failure.hidden = false;
}

// If the page's script, or a script that it imports, did not load, the page looks usable but does nothing.
// The page then shows a message and loads the script again.
// The page does not reload itself, because a reload loses typed text.
/** @type {Set<string>} */
const missing = new Set();

addEventListener("error", ({ target }) => {
  if (!(target instanceof HTMLScriptElement)) return;
  missing.add(target.src);
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", showMissing, { once: true });
  else showMissing();
}, { capture: true });

function showMissing() {
  const notice = document.getElementById("script-missing");
  if (notice) notice.hidden = !missing.size;
}

document.addEventListener("click", ({ target }) => {
  if (!(target instanceof Element) || target.id !== "script-again") return;
  for (const script of missing) {
    void import(script).then(() => missing.delete(script), () => undefined).then(showMissing);
  }
});
