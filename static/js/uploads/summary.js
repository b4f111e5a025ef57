// What the tray says of all files together.
import { clock, size } from "../numbers.js";
import { language, t } from "../words.js";
import { Rate } from "./rate.js";

const count = (number) => number.toLocaleString(language);

export function title(queue) {
  const { all, finished } = queue.tally;
  if (!queue.busy) return outcome(queue.tally);
  const numbers = { done: count(finished), number: count(Math.min(all, finished + 1)), all: count(all) };
  if (queue.hold === "signed out") return t("Waiting for you · {done} of {all}", numbers);
  if (queue.hold || !(queue.active.size || queue.waiting.length)) return t("Paused · {done} of {all}", numbers);
  return t("Uploading {number} of {all}", numbers);
}

export function outcome({ done, failed, skipped }) {
  const parts = [
    done && t("{count} uploaded", { count: count(done) }),
    failed && t("{count} failed", { count: count(failed) }),
    skipped && t("{count} skipped", { count: count(skipped) }),
  ];
  return parts.filter(Boolean).join(", ") || t("Uploads");
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
    return `${tally.isOfSmallFiles ? t("{count} files/s", { count: count(Math.round(files)) }) : `${size(bytes)}/s`} · ${left}`;
  }

  reset() {
    for (const rate of [this.#bytes, this.#files, this.#effort]) rate.reset();
  }
}
