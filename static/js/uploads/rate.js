// Speed over the last few seconds.

const WINDOW = 5000;

export class Rate {
  #points = [];

  // Give the bytes sent so far; get the speed in bytes a second.
  measure(sent, now = performance.now()) {
    const last = this.#points.at(-1);
    if (last && sent < last.sent) this.#points = [];
    this.#points.push({ sent, now });
    while (this.#points.length > 2 && now - this.#points[0].now > WINDOW) this.#points.shift();
    const first = this.#points[0];
    return now > first.now ? ((sent - first.sent) * 1000) / (now - first.now) : 0;
  }

  reset() {
    this.#points = [];
  }
}
