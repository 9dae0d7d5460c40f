// Calls to our own services, with JSON or a file, and a timeout. A response has JSON or a problem.

import { problems } from "./texts.js";

const LONGEST_MS = 10_000;

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 */
export function call(method, path, body) {
  return fetch(path, {
    method,
    headers: { ...whose(), ...(body && { "content-type": "application/json" }) },
    body: body ? JSON.stringify(body) : undefined,
    credentials: "same-origin",
    signal: AbortSignal.timeout(LONGEST_MS),
  });
}

/** A file that was changed, moved or deleted after the person chose it cannot be read. */
export class FileChanged extends Error {}

/**
 * Has its own timeout, because a file takes longer than JSON. Throws FileChanged.
 * @param {string} path
 * @param {File} file
 * @param {number} longestMs
 */
export async function callWithFile(path, file, longestMs) {
  try {
    return await fetch(path, {
      method: "POST",
      headers: { ...whose(), "content-type": "application/octet-stream" },
      body: file,
      credentials: "same-origin",
      signal: AbortSignal.timeout(longestMs),
    });
  } catch (error) {
    // `fetch` would report an unreadable file like a lost connection
    await file
      .slice(0, 1)
      .arrayBuffer()
      .catch(() => {
        throw new FileChanged();
      });
    throw error;
  }
}

/**
 * The server refuses the call if another account has signed in on this browser.
 * @returns {Record<string, string>}
 */
function whose() {
  const { account } = document.body.dataset;
  return account ? { "dayar-account": account } : {};
}

/** No connection, or the timeout. @param {unknown} error */
export function isNoAnswer(error) {
  return error instanceof TypeError || error instanceof DOMException;
}

/**
 * `text` is in the reader's language if the page knows the problem's type.
 * @param {Response} answer
 * @returns {Promise<{status: number, text: string, body: Record<string, any>}>}
 */
export async function problem(answer) {
  const isJson = (answer.headers.get("content-type") ?? "").includes("json");
  const body = isJson ? await answer.json() : {};
  const kind =
    String(body.type ?? "")
      .split(":")
      .pop() ?? "";
  return { status: answer.status, text: problems[kind] ?? body.title ?? String(answer.status), body };
}
