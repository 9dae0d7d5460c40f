// The page behind a link with a token. The token is the fragment of the address, which browsers do not send to servers.
// This script sends the token in a form. That only shows the page's content; nothing happens without a button.

const opening = /** @type {HTMLFormElement | null} */ (document.getElementById("opening"));
const token = location.hash.slice(1);
if (opening && token) {
  /** @type {HTMLInputElement} */ (opening.elements.namedItem("token")).value = token;
  opening.submit();
} else if (opening) {
  const incomplete = document.getElementById("incomplete");
  if (incomplete) incomplete.hidden = false;
}
