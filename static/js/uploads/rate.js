// Speed over the last few seconds.

const WINDOW = 5000;
const FIRST = 800; // before that it would only be a guess, which jumps

export class Rate {
  #points = [];

  // Give the amount so far; get the speed a second, 0 as long as it is not known.
  measure(amount, now = performance.now()) {
    const last = this.#points.at(-1);
    if (last && amount < last.amount) this.#points = [];
    this.#points.push({ amount, now });
    while (this.#points.length > 2 && now - this.#points[0].now > WINDOW) this.#points.shift();
    const first = this.#points[0];
    return now - first.now > FIRST ? ((amount - first.amount) * 1000) / (now - first.now) : 0;
  }

  reset() {
    this.#points = [];
  }
}
