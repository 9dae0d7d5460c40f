// A classic script that runs before all modules. A form without `action` is sent by its own module. A submission waits
// until this module is loaded.

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

// Loads missing scripts and style sheets again, because a page without them looks usable but does not react. If a file
// is still missing while the server sends the page, the whole page is loaded again. The page is loaded again only once,
// and only if nobody has typed, because a reload loses the typed text.
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
    if (!isFile || "later" in target.dataset) return; // the script that added the file loads it again itself
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
  const slow = setTimeout(showMissing, SOON_MS); // a browser without an answer waits for minutes
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
 * Loads the file again. Returns true if the file has arrived.
 * @param {HTMLScriptElement | HTMLLinkElement} file
 * @returns {Promise<boolean>}
 */
async function isLoaded(file) {
  // a classic script runs only when its page is loaded
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
 * Reloads the page if no typed text is lost and the server answers. Without an answer, a reload would show the
 * browser's error page, which never tries again.
 */
async function isReloaded() {
  // a wall screen needs no check for typed text
  const isAllowed =
    document.body.dataset.screen === "wall"
      ? tries > 1
      : !isTyped && !sessionStorage.getItem(RELOADED) && document.getElementById("script-missing")?.dataset.reloadable;
  if (!isAllowed) return false;
  // without an answer, the next attempt follows soon
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
