// One HTTP request whose body's progress can be followed. Resolves, never rejects, to {status, code, message, retryAfter, document, header(name)}:
// status 0: the connection broke; -1: it was aborted.
import { csrfToken } from "../page.js";
import { problem } from "../words.js";

export class Request {
  #request = new XMLHttpRequest();

  send(method, address, { headers = {}, body = null, progress = () => {} } = {}) {
    return new Promise((resolve) => {
      const request = this.#request;
      request.open(method, address);
      request.setRequestHeader("X-CSRFToken", csrfToken());
      request.setRequestHeader("Accept", "application/json");
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.upload.addEventListener("progress", ({ loaded }) => progress(loaded));
      request.addEventListener("load", () => resolve(outcome(request)));
      request.addEventListener("error", () => resolve({ status: 0 }));
      request.addEventListener("abort", () => resolve({ status: -1 }));
      request.send(body);
    });
  }

  abort() {
    this.#request.abort();
  }
}

function outcome(request) {
  const { status } = request;
  const retryAfter = Number(request.getResponseHeader("Retry-After")) || 0;
  const document = parsed(request.responseText);
  const error = document?.error ?? {};
  return { status, code: error.code, message: problem(error), retryAfter, document, header: (name) => request.getResponseHeader(name) ?? "" };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
