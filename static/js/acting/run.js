// Works off what is chosen, some at a time: files by their names, folders by what is in them. A request takes as many as it can do in
// about a second, so progress is seen and Stop is heard.
import { pause, post } from "./sending.js";

const FIRST = 20;
const MOST = 400;
const QUICK = 400;
const SLOW = 1600;
const STOP_AFTER = 3000;
// What passes by itself, and how often it is tried again.
const PASSING = new Set(["history_behind", "busy", "listing_loading", "nats_unavailable"]);
const TRIES = 6;

let active = 0;

// What is half done stays so when the page goes.
addEventListener("beforeunload", (event) => {
  if (active) event.preventDefault();
});

export class Run {
  results = [];
  folders = []; // {name, to} of those without files that were taken, too
  stopped = false;
  #size = FIRST;
  #abort = new AbortController();

  // order: what every request says; items: {kind, name, to}, of which `to` is left out where nothing is carried; fields: what is said of
  // a file.
  constructor(url, order, items, tell = () => {}, fields = named) {
    Object.assign(this, { url, order, items, tell, fields, total: items.length });
  }

  stop() {
    this.stopped = true;
    setTimeout(() => this.#abort.abort(), STOP_AFTER);
  }

  // The results; those that a failure or Stop has left are in `results` too.
  async go() {
    active += 1;
    this.tell(0, this.total);
    try {
      await this.#files(this.items.filter(({ kind }) => kind !== "folder"));
      for (const folder of this.items.filter(({ kind }) => kind === "folder")) await this.#folder(folder);
      await this.#again();
    } catch (error) {
      if (!this.stopped) throw error;
    } finally {
      active -= 1;
    }
    return this.results;
  }

  async #files(items) {
    for (let start = 0; start < items.length && !this.stopped; ) {
      const some = items.slice(start, start + this.#size);
      const answer = await this.#send({ items: some.map(this.fields) });
      answer.results.forEach((result, place) => { result.item = some[place]; });
      start += some.length;
    }
  }

  async #folder({ name, to }) {
    for (let after = null, upto = 0; !this.stopped; ) {
      const answer = await this.#send({ folder: name, ...(to === undefined ? {} : { to }), after, upto, limit: this.#size });
      ({ after, upto } = answer);
      if (!after) return;
    }
  }

  // What could not be done just then.
  async #again() {
    for (let tries = 1; tries <= TRIES && !this.stopped; tries += 1) {
      const passing = this.results.filter(({ error, folder }) => error && !folder && PASSING.has(error.code));
      if (!passing.length) return;
      this.results = this.results.filter((result) => !passing.includes(result));
      await pause(tries * QUICK);
      await this.#files(passing.map((result) => result.item ?? result));
    }
  }

  async #send(body) {
    const began = performance.now();
    const answer = await post(this.url, { ...this.order, ...body }, this.#abort.signal);
    const took = performance.now() - began;
    if (took < QUICK) this.#size = Math.min(MOST, this.#size * 2);
    if (took > SLOW) this.#size = Math.max(1, Math.floor(this.#size / 2));
    if (body.folder && !body.after) this.total += answer.total - 1;
    this.results.push(...answer.results);
    this.folders.push(...(answer.folders ?? []));
    if (answer.folders_error) this.results.push({ name: body.folder, error: answer.folders_error, folder: true });
    this.tell(this.results.length, Math.max(this.total, this.results.length));
    return answer;
  }
}

function named({ name, to }) {
  return to === undefined ? name : { name, to };
}
