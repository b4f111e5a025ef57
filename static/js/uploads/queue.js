// All uploads of this page: a few requests at a time, of one file each or of many small ones; each file until it is done, refused or
// cancelled. Knows nothing of how they are shown.
import { t } from "../words.js";
import { newItem, rename, renumber, tooLarge } from "./item.js";
import { forget, letGo } from "./memory.js";
import { isPassing, isReadable, isSignedOut, pauseBefore, TRIES, words } from "./retries.js";
import { Tally } from "./tally.js";
import { takeGroup } from "./together.js";
import { takeBack, transferOf } from "./transfer.js";

const AT_ONCE = 4;
const AGAIN = { state: "again" };

export class Queue extends EventTarget {
  items = new Map();
  waiting = [];
  active = new Set();
  paused = new Set();
  tally = new Tally();
  hold = ""; // why nothing is sent: "paused", "signed out"
  cancellations = 0; // who still looks for files to add can see that they are not wanted any more
  #lastId = 0;
  #requests = 0;
  #filling = false;

  constructor(decide) {
    super();
    this.decide = decide;
    addEventListener("online", () => this.#fill());
  }

  // target: see newItem; file: a File, or error: why there is none.
  add(target, file, error = "") {
    const item = newItem((this.#lastId += 1), target, file);
    this.items.set(item.id, item);
    this.tally.add(item);
    const refusal = error || tooLarge(item);
    if (refusal) {
      this.#finish(item, "failed", refusal);
      return;
    }
    this.waiting.push(item);
    this.#fillSoon();
  }

  get busy() {
    return this.active.size > 0 || this.waiting.length > 0 || this.paused.size > 0;
  }

  get(id) {
    return this.items.get(id);
  }

  pause(item) {
    if (this.active.has(item)) this.#stop(item, "paused");
    else if (this.#unqueue(item)) this.#rest(item);
  }

  resume(item) {
    if (!this.paused.delete(item)) return;
    this.#queue(item, true);
    this.#fill();
  }

  pauseAll() {
    this.#hold("paused");
  }

  // Somebody has to sign in first.
  awaitLogin() {
    this.#hold("signed out");
  }

  goOn() {
    this.hold = "";
    for (const item of this.paused) this.#queue(item);
    this.paused.clear();
    this.dispatchEvent(new Event("go-on"));
    this.#fill();
  }

  cancel(item) {
    if (this.active.has(item)) {
      this.#stop(item, "cancelled");
      return;
    }
    this.#unqueue(item);
    this.paused.delete(item);
    this.#discard(item);
  }

  cancelAll() {
    this.cancellations += 1;
    this.hold = "";
    const resting = [...this.waiting, ...this.paused];
    this.waiting = [];
    this.paused.clear();
    for (const item of resting) this.#discard(item, false);
    for (const item of this.active) this.#stop(item, "cancelled");
    this.#changed();
  }

  retry(item) {
    if (item.state !== "failed" || !item.file) return;
    this.tally.reopen(item);
    Object.assign(item, { why: "", tries: 0 });
    this.#queue(item);
    this.#fillSoon();
  }

  retryAll() {
    for (const item of this.items.values()) this.retry(item);
  }

  clear() {
    for (const item of this.items.values()) letGo(item);
    this.items.clear();
    this.tally = new Tally();
    this.#changed();
  }

  #hold(why) {
    this.hold = why;
    for (const item of this.active) this.#stop(item, "back");
    this.#changed();
  }

  #queue(item, first = false) {
    item.state = "waiting";
    if (first) this.waiting.unshift(item);
    else this.waiting.push(item);
  }

  #unqueue(item) {
    const place = this.waiting.indexOf(item);
    if (place >= 0) this.waiting.splice(place, 1);
    return place >= 0;
  }

  #rest(item) {
    item.state = "paused";
    this.paused.add(item);
    this.#changed();
  }

  // When all that is added in this turn is there: small files go together.
  #fillSoon() {
    if (this.#filling) return;
    this.#filling = true;
    setTimeout(() => {
      this.#filling = false;
      this.#fill();
    });
  }

  #fill() {
    while (!this.hold && this.#requests < AT_ONCE && this.waiting.length) this.#run(takeGroup(this.waiting));
    this.#changed();
  }

  // stop: what becomes of an active item instead of being sent: "paused", "back" (into the queue) or "cancelled".
  #stop(item, stop) {
    item.stop = stop;
    item.transfer?.abort();
    item.wake?.();
  }

  // A file that is alone goes on until its end; of many each goes back into the queue for another try.
  async #run(group) {
    this.#requests += 1;
    for (const item of group) this.active.add(item);
    for (let goesOn = true; goesOn; ) {
      const answers = await this.#send(group);
      [goesOn] = await Promise.all(group.map(async (item, place) => this.#settle(item, await this.#judge(item, answers[place]), group.length > 1)));
    }
    this.#requests -= 1;
    this.#fill();
  }

  async #send(group) {
    const stored = group.map((item) => item.stored);
    const transfer = transferOf(group, (item, sent, found) => this.tally.progress(item, Math.min(sent, item.size), found));
    for (const item of group) Object.assign(item, { state: "sending", transfer });
    const answers = await transfer.run();
    group.forEach((item, place) => {
      item.transfer = null;
      if (item.stored > stored[place]) item.tries = 0;
    });
    return answers;
  }

  // Whether it goes on at once.
  #settle(item, result, isOfMany) {
    const { stop } = item;
    if (result === AGAIN && !stop && !isOfMany) return true;
    item.stop = "";
    this.active.delete(item);
    if (stop === "cancelled" && result.state !== "done") this.#discard(item, false);
    else if (result !== AGAIN) this.#finish(item, result.state, result.why);
    else if (stop === "paused") this.#rest(item);
    else this.#queue(item, true);
    return false;
  }

  // How it ended, or AGAIN: it did not, or was stopped before.
  async #judge(item, answer) {
    if (answer.status === 201) {
      rename(item, answer.name);
      return { state: "done" };
    }
    if (item.stop || answer.status === -1) return AGAIN;
    if (isSignedOut(answer)) {
      this.awaitLogin();
      return AGAIN;
    }
    if (answer.status === 412 && !item.target.uniqueNames) {
      return (await this.#resolve(item)) === "skip" && !item.stop ? { state: "skipped" } : AGAIN;
    }
    if (answer.status === 412) answer.again = true; // somebody was faster in the same second
    return (await this.#mayRetry(item, answer)) ? AGAIN : { state: "failed", why: item.why || words(answer) };
  }

  // The name is taken. Keeping both takes the next free number.
  async #resolve(item) {
    if (item.number) {
      renumber(item, item.number + 1);
      return "keep";
    }
    item.state = "asking";
    this.#changed();
    const decision = await this.decide(item, this.waiting.length + this.active.size > 1);
    if (decision === "replace") item.overwrite = true;
    if (decision === "keep") renumber(item, 2);
    return decision;
  }

  async #mayRetry(item, answer) {
    item.tries += 1;
    if (!isPassing(answer) || (item.tries >= TRIES && navigator.onLine)) return false;
    if (!answer.status && !(await isReadable(item.file))) {
      item.why = t("The file was changed, moved or deleted since it was chosen. Choose it again.");
      return false;
    }
    item.state = navigator.onLine ? "retrying" : "offline";
    this.#changed();
    await this.#pause(item, pauseBefore(item.tries, answer));
    return true;
  }

  #pause(item, milliseconds) {
    if (item.stop) return Promise.resolve();
    return new Promise((resolve) => {
      item.wake = resolve;
      addEventListener("online", resolve, { once: true });
      if (navigator.onLine) setTimeout(resolve, milliseconds);
    });
  }

  #finish(item, state, why = "") {
    this.tally.finish(item, state);
    item.state = state;
    item.why = why;
    if (state !== "failed") item.file = null;
    this.#changed();
  }

  // The item is not wanted any more, nor what is stored of it.
  #discard(item, tell = true) {
    if (!this.items.delete(item.id)) return;
    this.tally.remove(item);
    const { address } = item;
    if (address && item.file) {
      forget(item);
      takeBack(address);
    }
    if (tell) this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
