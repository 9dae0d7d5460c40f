// This classic script runs even if the form's modules do not load. If a module does not load, the page is opened again,
// once. If a module still does not load, the page asks the person to try again.

const TRIED = "dayar.opened-again"; // stays in session storage until the form has opened

addEventListener(
  "error",
  ({ target }) => {
    if (!(target instanceof HTMLScriptElement) || sessionStorage.getItem(TRIED)) return;
    sessionStorage.setItem(TRIED, "true");
    location.reload();
  },
  true,
); // `true`, because an `error` event does not bubble
