// What the tray says of all files together.
import { clock, size } from "../numbers.js";
import { Rate } from "./rate.js";

const TITLES = { paused: "Paused", "signed out": "Waiting for you" };

const count = (number) => number.toLocaleString("en");

export function title(queue) {
  const { all, finished } = queue.tally;
  if (!queue.busy) return outcome(queue.tally);
  const words = TITLES[queue.hold] ?? (queue.active.size || queue.waiting.length ? "Uploading" : "Paused");
  return `${words} ${words === "Uploading" ? count(Math.min(all, finished + 1)) : `· ${count(finished)}`} of ${count(all)}`;
}

export function outcome({ done, failed, skipped }) {
  return [done && `${count(done)} uploaded`, failed && `${count(failed)} failed`, skipped && `${count(skipped)} skipped`].filter(Boolean).join(", ") || "Uploads";
}

export class Speed {
  #bytes = new Rate();
  #files = new Rate();
  #effort = new Rate();

  // "214 MiB/s · 0:31", "212 files/s · 0:10"; "" as long as it is not known.
  measure(tally) {
    const bytes = this.#bytes.measure(tally.moved);
    const files = this.#files.measure(tally.finished);
    const effort = this.#effort.measure(tally.effort);
    if (!effort) return "";
    const left = clock((tally.work - tally.workDone) / effort);
    return `${tally.isOfSmallFiles ? `${count(Math.round(files))} files` : size(bytes)}/s · ${left}`;
  }

  reset() {
    for (const rate of [this.#bytes, this.#files, this.#effort]) rate.reset();
  }
}
