// What an answer means: whether another try is worth it, when, and how it is said.
import { t } from "../words.js";

export const TRIES = 8;
const LONGEST = 30;
const PASSING = new Set([0, 408, 423, 425, 429, 500, 502, 503, 504]);

// A broken connection and a site that is away are worth another try; a refusal is not.
export function isPassing({ status, again }) {
  return Boolean(again) || PASSING.has(status);
}

export function isSignedOut({ status, code }) {
  return status === 401 || code === "csrf_failed";
}

// Milliseconds before try number `tries` + 1; not at the same moment for all.
export function pauseBefore(tries, { retryAfter }) {
  const seconds = retryAfter || Math.min(LONGEST, 2 ** (tries - 1)) * (0.75 + Math.random() / 2);
  return seconds * 1000;
}

// A file that was changed or moved away since it was chosen cannot be read any more: the browser only says that the request broke.
export async function isReadable(file) {
  return file.slice(0, 1).arrayBuffer().then(() => true, () => false);
}

export function words({ status, message }) {
  if (status === 0) return t("The connection broke. Check that the site can be reached, then try again.");
  return message || t("The site answered with an error ({status}).", { status });
}
