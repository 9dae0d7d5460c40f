// Calls to our own services: a request with JSON or a file, a response with JSON or a problem, and a timeout.

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

/** The file was changed, moved or deleted after the person chose it, so the browser does not read it. */
export class FileChanged extends Error {}

/**
 * Sends a file. A call with a file takes longer than a call with JSON. Throws FileChanged.
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
    // if the file cannot be read, `fetch` fails with the same error as without a connection
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
 * A header with the page's account. The server refuses the call if another account has signed in on this browser.
 * @returns {Record<string, string>}
 */
function whose() {
  const { account } = document.body.dataset;
  return account ? { "dayar-account": account } : {};
}

/** Whether a call had no answer: no connection, or the timeout. @param {unknown} error */
export function isNoAnswer(error) {
  return error instanceof TypeError || error instanceof DOMException;
}

/**
 * The problem of a refused call; `text` is in the reader's language if the page knows the problem's type.
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
