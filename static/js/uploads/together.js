// One file, or many small ones, as one request: before each a line of JSON (docs/api.md). run() resolves to an answer for each item.
import { problem, t } from "../words.js";
import { Request } from "./request.js";

const SMALL = 256 * 1024;
const MOST_FILES = 50;
const MOST_BYTES = 2 * 1024 * 1024;
const ABORTED = { status: -1 };
const STATUS = { precondition_failed: 412, too_large: 413, busy: 503, unavailable: 503, history_behind: 503, server_error: 502, internal_error: 500 };

// The items at the beginning of `waiting` that go into one request; it loses them.
export function takeGroup(waiting) {
  const [first] = waiting;
  let number = 1;
  for (let bytes = first.size; number < MOST_FILES && number < waiting.length; number += 1) {
    const next = waiting[number];
    bytes += next.size;
    if (first.size > SMALL || next.size > SMALL || bytes > MOST_BYTES || next.target.uploadUrl !== first.target.uploadUrl) break;
  }
  return waiting.splice(0, number);
}

export class Together {
  #request = new Request();
  #stopped = false;

  // progress: called with an item, and how many of its bytes have gone.
  constructor(items, isTaken, progress) {
    Object.assign(this, { items, isTaken, progress });
  }

  async run() {
    for (const item of this.items) this.progress(item, 0);
    const refusal = this.items.length === 1 ? await this.isTaken(this.items[0]) : null;
    if (refusal || this.#stopped) return this.items.map(() => refusal ?? ABORTED);
    const lines = this.items.map(lineOf);
    const body = new Blob(this.items.flatMap((item, place) => [lines[place], item.file]), { type: "application/vnd.nats-files.uploads" });
    const answer = await this.#request.send("POST", this.items[0].target.uploadUrl, { body, progress: (loaded) => this.#spread(loaded, lines) });
    for (const item of this.items) item.tried = true;
    return this.items.map((item, place) => answerTo(place, answer));
  }

  abort() {
    this.#stopped = true;
    this.#request.abort();
  }

  #spread(loaded, lines) {
    let before = 0;
    this.items.forEach((item, place) => {
      before += lines[place].size;
      this.progress(item, Math.max(0, Math.min(item.size, loaded - before)));
      before += item.size;
    });
  }
}

function lineOf({ name, size, file, overwrite }) {
  return new Blob([`${JSON.stringify({ name, size, type: file.type, if_absent: !overwrite })}\n`]);
}

function answerTo(place, answer) {
  if (answer.status !== 200) return answer;
  const { error, object } = answer.document?.results?.[place] ?? { error: { message: t("The site did not say what became of it.") } };
  return error ? { status: error.code ? STATUS[error.code] ?? 400 : 502, ...error, message: problem(error) } : { status: 201, name: object.name };
}
