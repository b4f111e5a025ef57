// One upload over HTTP. Resolves to {status, code, message, retryAfter}; status 0: the connection broke.
import { csrfToken } from "../page.js";

const ASK_FIRST = 1024 * 1024;

export class Transfer {
  // target: {objectsUrl, likely(name): is the name probably taken}
  constructor(target, name, file, { onlyIfAbsent, progress }) {
    this.target = target;
    this.name = name;
    this.address = `${target.objectsUrl}?name=${encodeURIComponent(name)}`;
    this.file = file;
    this.onlyIfAbsent = onlyIfAbsent;
    this.progress = progress;
  }

  // Not to send a large file only to have it refused: ask first whether the name is taken. The upload's own condition decides.
  async run() {
    const worthAsking = this.onlyIfAbsent && (this.file.size > ASK_FIRST || this.target.likely(this.name));
    if (worthAsking && (await this.#isThere())) return { status: 412, code: "precondition_failed", message: "" };
    return this.stopped ? { status: -1 } : this.#send();
  }

  abort() {
    this.stopped = true;
    this.request?.abort();
  }

  async #isThere() {
    const address = `${this.target.objectsUrl}?prefix=${encodeURIComponent(this.name)}&limit=1`;
    const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
    const found = answer?.ok ? await answer.json() : null;
    return found?.objects[0]?.name === this.name;
  }

  #send() {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      this.request = request;
      request.open("PUT", this.address);
      request.setRequestHeader("X-CSRFToken", csrfToken());
      request.setRequestHeader("Accept", "application/json");
      if (this.onlyIfAbsent) request.setRequestHeader("If-None-Match", "*");
      request.upload.addEventListener("progress", ({ loaded }) => this.progress(loaded));
      request.addEventListener("load", () => resolve(outcome(request)));
      request.addEventListener("error", () => resolve({ status: 0 }));
      request.addEventListener("abort", () => resolve({ status: -1 }));
      request.send(this.file);
    });
  }
}

function outcome(request) {
  const retryAfter = Number(request.getResponseHeader("Retry-After")) || 0;
  try {
    const { error } = JSON.parse(request.responseText);
    return { status: request.status, code: error?.code, message: error?.message, retryAfter };
  } catch {
    return { status: request.status, message: `The site answered with an error (${request.status}).`, retryAfter };
  }
}
