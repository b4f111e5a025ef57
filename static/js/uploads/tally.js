// Sums over all files of a queue, kept as they change: a queue may have a hundred thousand of them.

const EACH = 32 * 1024; // what a file costs beside its bytes, for the time left of many small ones

export class Tally {
  all = 0;
  done = 0;
  failed = 0;
  skipped = 0;
  bytes = 0; // of all that is or will be sent
  sent = 0; // of these
  moved = 0; // that went over the network: an upload that goes on has more

  get finished() {
    return this.done + this.failed + this.skipped;
  }

  get work() {
    return this.bytes + this.all * EACH;
  }

  get workDone() {
    return this.sent + this.finished * EACH;
  }

  get effort() {
    return this.moved + this.finished * EACH;
  }

  get isOfSmallFiles() {
    return this.all > 20 && this.bytes / this.all < 2 * EACH;
  }

  add(item) {
    this.all += 1;
    this.bytes += item.size;
  }

  remove(item) {
    this.reopen(item);
    this.progress(item, 0, true);
    this.all -= 1;
    this.bytes -= item.size;
  }

  // found: it was there before, and has not just been sent.
  progress(item, sent, found) {
    const more = sent - item.sent;
    item.sent = sent;
    this.sent += more;
    if (found || more < 0) return;
    item.moved += more;
    this.moved += more;
  }

  finish(item, state) {
    this.progress(item, state === "done" ? item.size : 0, true);
    if (state !== "done") this.bytes -= item.size;
    this[state] += 1;
  }

  // Takes the finish of an item back, if it has come.
  reopen({ state, size }) {
    if (state !== "done" && state !== "failed" && state !== "skipped") return;
    if (state !== "done") this.bytes += size;
    this[state] -= 1;
  }
}
