// Runs before all modules, as a classic script. A form without `action` is sent by its own script. A submission waits
// until this script is loaded.

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.hasAttribute("action") || form.method === "dialog") return;
  event.preventDefault();
  if (form.dataset.script)
    void import(form.dataset.script).then(
      ({ submitted }) => submitted(form),
      () => scriptMissing(form),
    );
});

/** @param {HTMLFormElement} form */
function scriptMissing(form) {
  const failure = /** @type {HTMLElement} */ (form.querySelector(".failure"));
  failure.textContent = JSON.parse(document.getElementById("texts")?.textContent ?? "{}").away ?? "";
  failure.hidden = false;
}

// Missing scripts and style sheets are loaded again, because the page would look usable but not react. If the file
// still does not arrive and the server gives the page, the whole page is loaded again. The reload happens once, and
// only if nobody has typed, because it would lose the text.
/** @type {Set<HTMLScriptElement | HTMLLinkElement>} */
const missing = new Set();
const SOON_MS = 1000;
const AGAIN_MS = 10_000;
const RELOADED = "reloaded-for-missing-files";
/** @type {ReturnType<typeof setTimeout> | undefined} */
let nextTry;
let tries = 0;
let isTyped = false;

addEventListener(
  "error",
  ({ target }) => {
    const isFile =
      target instanceof HTMLScriptElement || (target instanceof HTMLLinkElement && target.rel === "stylesheet");
    if (!isFile || "later" in target.dataset) return; // the script that added this file tries again itself
    missing.add(target);
    tryAfter(SOON_MS);
  },
  { capture: true },
);

/** @param {number} ms */
function tryAfter(ms) {
  clearTimeout(nextTry);
  nextTry = setTimeout(() => void loadMissing(), ms);
}

async function loadMissing() {
  clearTimeout(nextTry);
  tries += 1;
  const slow = setTimeout(showMissing, SOON_MS); // without an answer, the browser waits for minutes
  await Promise.all(
    [...missing].map(async (file) => {
      if (await isLoaded(file)) missing.delete(file);
    }),
  );
  if (missing.size && (await isReloaded())) return;
  clearTimeout(slow);
  showMissing();
  if (missing.size) tryAfter(AGAIN_MS);
}

function showMissing() {
  const notice = document.getElementById("script-missing");
  if (notice) notice.hidden = !missing.size;
}

/**
 * Returns whether the file has arrived.
 * @param {HTMLScriptElement | HTMLLinkElement} file
 * @returns {Promise<boolean>}
 */
async function isLoaded(file) {
  // a classic script can only be loaded together with its page
  if (file instanceof HTMLScriptElement && file.type !== "module") return false;
  if (file instanceof HTMLScriptElement)
    return import(file.src).then(
      () => true,
      () => false,
    );
  const copy = /** @type {HTMLLinkElement} */ (file.cloneNode());
  copy.dataset.later = "";
  const arrival = new Promise((resolve) => {
    copy.addEventListener("load", () => resolve(true));
    copy.addEventListener("error", () => {
      copy.remove();
      resolve(false);
    });
  });
  file.after(copy);
  return arrival;
}

/**
 * Reloads the page only if no text is lost and the server gives the page: an error page of the browser would have no
 * script that tries again.
 */
async function isReloaded() {
  // nobody types on a wall screen or presses its buttons
  const isAllowed =
    document.body.dataset.screen === "wall"
      ? tries > 1
      : !isTyped && !sessionStorage.getItem(RELOADED) && document.getElementById("script-missing")?.dataset.reloadable;
  if (!isAllowed) return false;
  // without an answer, the page asks again soon
  const answer = await fetch(location.href, { signal: AbortSignal.timeout(AGAIN_MS) }).catch(() => undefined);
  if (!answer?.ok || answer.redirected || isTyped) return false;
  sessionStorage.setItem(RELOADED, "yes");
  location.reload();
  return true;
}

addEventListener("load", () => {
  if (!missing.size) sessionStorage.removeItem(RELOADED);
});
addEventListener("online", () => {
  if (missing.size) void loadMissing();
});
addEventListener(
  "input",
  () => {
    isTyped = true;
  },
  { capture: true },
);
document.addEventListener("click", ({ target }) => {
  if (target instanceof Element && target.id === "script-again") void loadMissing();
});
