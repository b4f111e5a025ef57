// All uploads of this page: a few at a time, each until it is done, refused or cancelled. Knows nothing of how they are shown.
import { numbered } from "../names.js";
import { Transfer } from "./transfer.js";

const AT_ONCE = 4;
const TRIES = 5;
const FINAL = new Set(["done", "failed", "skipped"]);

export class Queue extends EventTarget {
  items = new Map();
  waiting = [];
  active = new Set();
  counts = { all: 0, done: 0, failed: 0, skipped: 0, bytes: 0, finishedBytes: 0 };
  cancellations = 0; // who still looks for files to add can see that they are not wanted any more
  #lastId = 0;

  constructor(decide) {
    super();
    this.decide = decide;
    addEventListener("online", () => this.#fill());
  }

  // target: {objectsUrl, bucket, name, label, maxUpload, likely}; file: a File, or error: why there is none.
  add(target, file, error = "") {
    const item = { id: (this.#lastId += 1), target, file, name: target.name, label: target.label, size: file?.size ?? 0, sent: 0, state: "waiting", why: "", tries: 0, overwrite: false };
    this.items.set(item.id, item);
    this.counts.all += 1;
    this.counts.bytes += item.size;
    const refusal = error || tooLarge(item);
    if (refusal) {
      this.#finish(item, "failed", refusal);
      return;
    }
    this.waiting.push(item);
    this.#fill();
  }

  get busy() {
    return this.active.size > 0 || this.waiting.length > 0;
  }

  get sent() {
    let sent = this.counts.finishedBytes;
    for (const item of this.active) sent += item.sent;
    return sent;
  }

  get(id) {
    return this.items.get(id);
  }

  cancel(item) {
    if (FINAL.has(item.state)) return this.#forget(item);
    item.cancelled = true;
    item.transfer?.abort();
    item.wake?.();
    this.waiting = this.waiting.filter((other) => other !== item);
    if (!this.active.has(item)) this.#forget(item);
    return undefined;
  }

  cancelAll() {
    this.cancellations += 1;
    const active = [...this.active];
    const waiting = this.waiting;
    this.waiting = [];
    for (const item of waiting) this.#forget(item, false);
    for (const item of active) this.cancel(item);
    this.#changed();
  }

  retry(item) {
    if (item.state !== "failed" || !item.file) return;
    this.counts.failed -= 1;
    this.counts.finishedBytes -= item.size;
    Object.assign(item, { state: "waiting", why: "", sent: 0, tries: 0 });
    this.waiting.push(item);
    this.#fill();
  }

  retryAll() {
    for (const item of this.items.values()) this.retry(item);
  }

  clear() {
    this.items.clear();
    this.counts = { all: 0, done: 0, failed: 0, skipped: 0, bytes: 0, finishedBytes: 0 };
    this.#changed();
  }

  #fill() {
    while (this.active.size < AT_ONCE && this.waiting.length) {
      const item = this.waiting.shift();
      this.active.add(item);
      this.#run(item);
    }
    this.#changed();
  }

  async #run(item) {
    const result = await this.#upload(item);
    this.active.delete(item);
    if (item.cancelled) this.#forget(item, false);
    else this.#finish(item, result.state, result.why ?? "");
    this.#fill();
  }

  async #upload(item) {
    for (;;) {
      if (item.cancelled) return { state: "failed" };
      const answer = await this.#send(item);
      if (item.cancelled) return { state: "failed" };
      if (answer.status === 201 || answer.status === 200) return { state: "done" };
      if (answer.status === 412) {
        if ((await this.#resolve(item)) === "skip") return { state: "skipped" };
      } else if (!(await this.#mayRetry(item, answer))) {
        return { state: "failed", why: words(answer) };
      }
    }
  }

  #send(item) {
    item.state = "sending";
    item.sent = 0;
    item.transfer = new Transfer(item.target, item.name, item.file, {
      onlyIfAbsent: !item.overwrite,
      progress: (sent) => { item.sent = Math.min(sent, item.size); },
    });
    return item.transfer.run();
  }

  // The name is taken. Keeping both takes the next free number.
  async #resolve(item) {
    if (item.number) {
      item.number += 1;
      renumber(item);
      return "keep";
    }
    Object.assign(item, { state: "asking", sent: 0 });
    this.#changed();
    const decision = await this.decide(item, this.waiting.length + this.active.size > 1);
    if (decision === "replace") item.overwrite = true;
    if (decision === "keep") {
      item.number = 2;
      renumber(item);
    }
    return decision;
  }

  // A broken connection and a site that is away are worth another try; a refusal is not.
  async #mayRetry(item, { status, retryAfter }) {
    const passing = status === 0 || status === 502 || status === 503 || status === 504;
    item.tries += 1;
    if (!passing || (item.tries >= TRIES && navigator.onLine)) return false;
    item.state = navigator.onLine ? "retrying" : "offline";
    item.sent = 0;
    this.#changed();
    await this.#pause(item, (retryAfter || 2 ** (item.tries - 1)) * 1000);
    return true;
  }

  #pause(item, milliseconds) {
    return new Promise((resolve) => {
      item.wake = resolve;
      addEventListener("online", resolve, { once: true });
      if (navigator.onLine) setTimeout(resolve, milliseconds);
    });
  }

  #finish(item, state, why) {
    item.state = state;
    item.why = why;
    item.sent = state === "done" ? item.size : 0;
    if (state !== "failed") item.file = null;
    this.counts[state] += 1;
    this.counts.finishedBytes += item.size;
    this.#changed();
  }

  #forget(item, tell = true) {
    if (!this.items.delete(item.id)) return;
    this.counts.all -= 1;
    this.counts.bytes -= item.size;
    if (FINAL.has(item.state)) {
      this.counts[item.state] -= 1;
      this.counts.finishedBytes -= item.size;
    }
    if (tell) this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

function renumber(item) {
  item.name = numbered(item.target.name, item.number);
  item.label = numbered(item.target.label, item.number);
}

function tooLarge({ size, target }) {
  if (!target.maxUpload || size <= target.maxUpload) return "";
  return `It is larger than this site takes: ${target.maxUpload.toLocaleString("en")} bytes is the limit.`;
}

function words({ status, message }) {
  if (status === 0) return "The connection broke. Check that the site can be reached, then try again.";
  if (status === 401) return "You are signed out. Sign in again in another tab, then try again here.";
  return message || `The site answered with an error (${status}).`;
}
