// This classic script runs before all modules. If a form has no `action`, the form's script handles the submission, and
// the browser does not send the form. If the form's script is not loaded yet, the submission waits for the script.

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

// If a script of the page cannot be loaded, the page looks usable but does not react. The page then shows a message and
// loads the script again. The page is not reloaded, because a reload would lose typed text.
/** @type {Set<string>} */
const missing = new Set();
const RELOAD_MS = 10_000;
/** @type {ReturnType<typeof setInterval> | undefined} */
let reloading;

addEventListener("error", ({ target }) => {
  if (!(target instanceof HTMLScriptElement)) return;
  missing.add(target.src);
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", showMissing, { once: true });
  else showMissing();
}, { capture: true });

function showMissing() {
  const notice = document.getElementById("script-missing");
  if (notice) notice.hidden = !missing.size;
  clearInterval(reloading);
  // nobody types on a wall screen, and nobody presses its buttons
  if (missing.size && document.body.dataset.screen === "wall") reloading = setInterval(() => void reloadIfAnswered(), RELOAD_MS);
}

/** Loads the page again only if the server gives the page. No script of an error page would try again. */
async function reloadIfAnswered() {
  const answer = await fetch(location.href, { signal: AbortSignal.timeout(RELOAD_MS) }).catch(() => undefined); // asked again soon
  if (answer?.ok && !answer.redirected) location.reload();
}

document.addEventListener("click", ({ target }) => {
  if (!(target instanceof Element) || target.id !== "script-again") return;
  for (const script of missing) {
    void import(script).then(() => missing.delete(script), () => undefined).then(showMissing);
  }
});
