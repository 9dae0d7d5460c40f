// Calls to our own services: JSON out, JSON or a problem in, and never longer than ten seconds.

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

/** Whose page this is, which its calls say: they are refused once somebody else has signed in on this browser. */
function whose() {
  return JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
}

/** Whether a call failed for want of an answer: the line is down, or ten seconds were over. @param {unknown} error */
export function isNoAnswer(error) {
  return error instanceof TypeError || error instanceof DOMException;
}

/**
 * What a refused call says; `text` in the reader's language, where the page knows the problem by its type.
 * @param {Response} answer
 * @returns {Promise<{status: number, text: string, body: Record<string, any>}>}
 */
export async function problem(answer) {
  const isJson = (answer.headers.get("content-type") ?? "").includes("json");
  const body = isJson ? await answer.json() : {};
  const known = JSON.parse(document.getElementById("problems")?.textContent ?? "{}");
  const kind = String(body.type ?? "").split(":").pop() ?? "";
  return { status: answer.status, text: known[kind] ?? body.title ?? String(answer.status), body };
}
