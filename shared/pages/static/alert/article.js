// Reads the content of an alert's page, for the page itself and for the panel beside the board's list.

const REFERRING = ["for", "aria-labelledby", "aria-describedby", "list"];

/**
 * The article of the alert's page as it is now. Without an answer, returns undefined.
 * In the panel, the ids get a prefix, because the board has some of the same ids.
 * @param {string} alert
 * @param {string} prefix
 * @returns {Promise<HTMLElement | undefined>}
 */
export async function readArticle(alert, prefix) {
  const answer = await fetch(`/alerts/${alert}`, { credentials: "same-origin" }).catch(() => undefined);
  if (!answer?.ok || answer.redirected) return undefined;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const article = /** @type {HTMLElement | null} */ (page.querySelector("article[data-alert]"));
  if (article && prefix) addPrefix(article, prefix);
  return article ?? undefined;
}

/** @param {HTMLElement} article @param {string} prefix */
function addPrefix(article, prefix) {
  for (const node of article.querySelectorAll("[id]")) node.id = prefix + node.id;
  for (const name of REFERRING) {
    for (const node of article.querySelectorAll(`[${name}]`)) {
      const ids = (node.getAttribute(name) ?? "").split(" ");
      node.setAttribute(name, ids.map((id) => prefix + id).join(" "));
    }
  }
}
