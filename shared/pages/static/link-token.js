// The page behind a link with a token. The token is the fragment of the address, because browsers do not send fragments
// to servers. This script sends the token in a form, and the browser shows the answer. Nothing else happens until the
// person presses a button.

const opening = /** @type {HTMLFormElement | null} */ (document.getElementById("opening"));
const token = location.hash.slice(1);
if (opening && token) {
  /** @type {HTMLInputElement} */ (opening.elements.namedItem("token")).value = token;
  opening.submit();
} else if (opening) {
  const incomplete = document.getElementById("incomplete");
  if (incomplete) incomplete.hidden = false;
}

// A link to another language opens the page again, so the link needs the token too.
const given = /** @type {HTMLInputElement | null} */ (document.querySelector("input[name=token]"));
if (given?.value) {
  for (const link of document.querySelectorAll(".languages a"))
    /** @type {HTMLAnchorElement} */ (link).hash = given.value;
}
