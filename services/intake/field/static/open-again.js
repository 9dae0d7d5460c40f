// A classic script, so that it runs even if the form's modules do not load. If one of them does not load, it opens the
// page again, once. If that does not help, the page asks the person to try again.

const TRIED = "dayar.opened-again"; // in session storage until the form has opened

addEventListener(
  "error",
  ({ target }) => {
    if (!(target instanceof HTMLScriptElement) || sessionStorage.getItem(TRIED)) return;
    sessionStorage.setItem(TRIED, "true");
    location.reload();
  },
  true,
); // such an event does not bubble
