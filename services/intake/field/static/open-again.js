// Opens the page once more if a module of the form does not load. After a second failure, the page asks the person to
// try again. The file is a classic script, because a classic script runs even if modules fail.

// key in session storage: the page was opened again, and the form has not started yet
const TRIED = "dayar.opened-again";

addEventListener(
  "error",
  ({ target }) => {
    if (!(target instanceof HTMLScriptElement) || sessionStorage.getItem(TRIED)) return;
    sessionStorage.setItem(TRIED, "true");
    location.reload();
  },
  true,
); // capture the event, because an `error` event does not bubble
