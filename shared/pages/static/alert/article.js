// Reads the content of a page, for the page itself and for the panel beside the board's list.

import { call } from "/static/calls.js";
import { make } from "/static/elements.js";
import { refresh } from "/static/fragments.js";

const REFERRING = ["for", "aria-labelledby", "aria-describedby", "list"];

/**
 * Returns undefined without an answer, or after a refusal. Use a prefix for the ids in the panel: the board has some of
 * the same ids.
 * @param {string} path
 * @param {string} prefix
 * @param {(answer: Response) => void} [refused] is told of a refusal
 * @returns {Promise<HTMLElement | undefined>}
 */
export async function readArticle(path, prefix, refused) {
  const answer = await call("GET", path).catch(() => undefined);
  if (answer && !answer.ok) refused?.(answer);
  const text = answer?.ok && !answer.redirected ? await answer.text().catch(() => undefined) : undefined;
  if (text === undefined) return undefined;
  const page = new DOMParser().parseFromString(text, "text/html");
  const article =
    /** @type {HTMLElement | null} */ (page.querySelector("article[data-alert]")) ??
    wrapped(page.querySelector("main"));
  if (prefix) addPrefix(article, prefix);
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (article.querySelectorAll("[data-unrendered]")))
    void refresh(part);
  return article;
}

/** Makes an article from a page that has none. @param {HTMLElement | null} main */
function wrapped(main) {
  return make("article", { className: main?.className ?? "" }, ...(main?.childNodes ?? []));
}

/** @param {HTMLElement} article @param {string} prefix */
function addPrefix(article, prefix) {
  for (const node of article.querySelectorAll("[id]")) node.id = prefix + node.id;
  for (const link of article.querySelectorAll("a[href^='#']"))
    link.setAttribute("href", `#${prefix}${link.getAttribute("href")?.slice(1)}`);
  for (const name of REFERRING) {
    for (const node of article.querySelectorAll(`[${name}]`)) {
      const ids = (node.getAttribute(name) ?? "").split(" ");
      node.setAttribute(name, ids.map((id) => prefix + id).join(" "));
    }
  }
}
