// Where the rows of a list stand, in pixels. Pure. `columns` rows stand side by side (1 in the table, more in a grid) and make a line.
// Browsers draw nothing taller than some 17 million pixels: of a taller list a stretch is there, `shift` pixels down, which moves when
// somebody jumps or comes to its end.

const TALLEST = 15_000_000;

export class Geometry {
  constructor(total = 0, height = 42, columns = 1) {
    Object.assign(this, { total, height, columns, shift: 0 });
  }

  get whole() {
    return Math.ceil(this.total / this.columns) * this.height;
  }

  get tall() {
    return Math.min(this.whole, TALLEST);
  }

  // Pixels from the beginning of the list, or of the stretch of it that is there, to the row's.
  top(index) {
    return Math.floor(index / this.columns) * this.height - this.shift;
  }

  bottom(index) {
    return this.top(index) + this.height;
  }

  // The rows that can be seen, even in part: `last` is the first one that cannot.
  seen(scrolled, space) {
    const line = (pixels) => Math.max(0, (pixels + this.shift) / this.height);
    const first = Math.min(Math.floor(line(scrolled)) * this.columns, Math.max(0, this.total - 1));
    return { first, last: Math.min(this.total, Math.ceil(line(scrolled + space)) * this.columns) };
  }

  // After scrolling to `scrolled`, by `jumped`: where to be scrolled to instead, so that all of a list that is too tall can be reached.
  settle(scrolled, jumped, space) {
    const spare = this.whole - this.tall;
    if (spare <= 0) {
      this.shift = 0;
      return scrolled;
    }
    const share = (pixels, of) => Math.max(0, Math.min(1, pixels / of));
    if (Math.abs(jumped) > 2 * space) {
      this.shift = Math.round(share(scrolled, this.tall - space) * spare);
      return scrolled;
    }
    const atTheEdge = (scrolled < space && this.shift > 0) || (scrolled > this.tall - 2 * space && this.shift < spare);
    if (!atTheEdge) return scrolled;
    const at = scrolled + this.shift;
    const there = Math.round(share(at, this.whole - space) * (this.tall - space));
    this.shift = Math.max(0, Math.min(spare, at - there));
    return at - this.shift;
  }

  // Where to be scrolled to, so that the row is at the top.
  reach(index, space) {
    const at = Math.floor(index / this.columns) * this.height;
    const spare = this.whole - this.tall;
    if (spare > 0) this.shift = Math.round(Math.min(1, at / Math.max(1, this.whole - space)) * spare);
    return at - this.shift;
  }
}
