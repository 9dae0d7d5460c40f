// Calls to our own services, with JSON or a file, and with a timeout. An answer contains JSON or a problem.

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

/** The chosen file cannot be read, because it was changed, moved or deleted after the choice. */
export class FileChanged extends Error {}

/**
 * Sends a file. The timeout is longer than for JSON. Throws FileChanged.
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
    // `fetch` reports an unreadable file and a lost connection in the same way, so the file is read once more
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
 * States the page's account. The server refuses the call if another account has signed in on this browser.
 * @returns {Record<string, string>}
 */
function whose() {
  const { account } = document.body.dataset;
  return account ? { "dayar-account": account } : {};
}

/** True for a lost connection or a timeout. @param {unknown} error */
export function isNoAnswer(error) {
  return error instanceof TypeError || error instanceof DOMException;
}

/**
 * Reads the problem of an answer. `text` is in the reader's language if the page has words for the problem's type.
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
