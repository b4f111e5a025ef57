// What acts on files is sent as JSON and answered as JSON; what goes wrong is an Error in words.
import { csrfToken } from "../page.js";
import { signedOut } from "../session.js";
import { t } from "../words.js";

const TRIES = 5;
const PAUSE = 400;

export async function post(url, body, signal) {
  for (let tries = 1; ; tries += 1) {
    const response = await send(url, body, signal);
    const answer = await response.json().catch(() => null);
    if (response.ok && answer) return answer;
    if (response.status === 401) signedOut();
    if (response.status !== 503 || tries === TRIES || signal?.aborted) throw new Error(words(response, answer));
    await pause(tries * PAUSE);
  }
}

export async function get(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!response) throw new Error(away());
  const answer = await response.json().catch(() => null);
  if (!response.ok || !answer) throw new Error(words(response, answer));
  return answer;
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function send(url, body, signal) {
  const headers = { "X-CSRFToken": csrfToken(), "Content-Type": "application/json", Accept: "application/json" };
  try {
    return await fetch(url, { method: "POST", body: JSON.stringify(body), headers, signal });
  } catch (error) {
    throw signal?.aborted ? error : new Error(away());
  }
}

function away() {
  return t("The site cannot be reached. Try again in a moment.");
}

function words(response, answer) {
  return answer?.error?.message ?? t("That did not work ({status}). Reload the page and try again.", { status: response.status });
}
