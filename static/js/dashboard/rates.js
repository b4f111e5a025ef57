// How much happens in each bucket: what came in each second, as numbers and small charts.
import { size } from "../numbers.js";
import { language, t } from "../words.js";

const KEPT = 300; // seconds
const SHOWN = 120;
const BARS = 60;
const AVERAGED = 5;
const MOST_CARDS = 12;
const SORTED_EVERY = 10;
const HEIGHT = 20;
const SHORT = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
const WHOLE = new Intl.NumberFormat(language);

export class Rates {
  constructor(list, template) {
    this.list = list;
    this.template = template.content.firstElementChild;
    this.buckets = new Map(); // by name: by second: [bytes, changes]
    this.cards = new Map();
    this.ahead = 0;
    this.sortedAt = 0;
    this.picked = "";
  }

  get now() {
    return Math.floor(Date.now() / 1000 + this.ahead);
  }

  took({ now, seconds }) {
    this.ahead = now + 0.5 - Date.now() / 1000;
    for (const [bucket, told] of Object.entries(seconds)) {
      const known = this.buckets.get(bucket) ?? new Map();
      this.buckets.set(bucket, known);
      for (const [second, bytes, ...counts] of told) known.set(second, [bytes, counts.reduce((sum, count) => sum + count, 0)]);
    }
  }

  keepOnly(names) {
    for (const bucket of this.buckets.keys()) if (!names.has(bucket)) this.buckets.delete(bucket);
    for (const bucket of names) if (!this.buckets.has(bucket)) this.buckets.set(bucket, new Map());
    this.sortedAt = 0;
    this.draw();
  }

  pick(bucket) {
    this.picked = bucket;
    this.sortedAt = 0;
    this.draw();
  }

  draw() {
    const now = this.now;
    const all = summed(now);
    const found = new Map([["", all]]);
    for (const [bucket, seconds] of this.buckets) {
      const own = summed(now);
      for (const [second, [bytes, changes]] of seconds) {
        if (second <= now - KEPT) seconds.delete(second);
        else for (const each of [own, all]) each.add(second, bytes, changes);
      }
      found.set(bucket, own);
    }
    if (now - this.sortedAt >= SORTED_EVERY) this.#choose(found, now);
    for (const [bucket, card] of this.cards) fill(card, bucket, found.get(bucket) ?? summed(now), bucket === this.picked);
    return all;
  }

  // The busiest, by name, so that they stay where they are; and the one that is looked at alone.
  #choose(found, now) {
    this.sortedAt = now;
    const names = [...this.buckets.keys()].sort((one, other) => found.get(other).changes - found.get(one).changes || (one < other ? -1 : 1));
    names.sort((one, other) => (other === this.picked) - (one === this.picked));
    const chosen = names.length > 1 ? ["", ...names.slice(0, MOST_CARDS - 1).sort()] : names;
    if (chosen.length === this.cards.size && chosen.every((name) => this.cards.has(name))) return;
    const cards = new Map(chosen.map((name) => [name, this.cards.get(name) ?? this.template.cloneNode(true)]));
    for (const [name, card] of this.cards) if (!cards.has(name)) card.remove();
    this.cards = cards;
    let next = this.list.firstElementChild;
    for (const card of cards.values()) {
      if (card === next) next = next.nextElementSibling;
      else this.list.insertBefore(card, next);
    }
  }
}

function summed(now) {
  const sums = { bytes: 0, changes: 0, lateBytes: 0, lateChanges: 0, byteBars: new Array(BARS).fill(0), changeBars: new Array(BARS).fill(0) };
  const each = SHOWN / BARS;
  const end = Math.floor(now / each);
  sums.add = (second, bytes, changes) => {
    sums.bytes += bytes;
    sums.changes += changes;
    if (second < now && second >= now - AVERAGED) {
      sums.lateBytes += bytes / AVERAGED;
      sums.lateChanges += changes / AVERAGED;
    }
    const bar = BARS - 1 - (end - Math.floor(second / each));
    if (bar < 0 || bar >= BARS) return;
    sums.byteBars[bar] += bytes;
    sums.changeBars[bar] += changes;
  };
  return sums;
}

function fill(card, bucket, sums, picked) {
  const button = card.firstElementChild;
  const [title, changes, changeChart, bytes, byteChart, total] = button.children;
  put(title.lastElementChild, bucket || t("All buckets"));
  put(changes.firstElementChild, t("{number}/s", { number: SHORT.format(sums.lateChanges) }));
  put(bytes.firstElementChild, t("{number}/s", { number: size(sums.lateBytes) }));
  put(total, t("{changes} · {size} in 5 min", { changes: WHOLE.format(sums.changes), size: size(sums.bytes) }));
  draw(changeChart, sums.changeBars);
  draw(byteChart, sums.byteBars);
  button.dataset.bucket = bucket;
  set(button, "aria-pressed", String(picked));
}

function draw(chart, bars) {
  const most = Math.max(...bars);
  const heights = bars.map((bar) => (bar ? Math.max(1.5, (bar / most) * HEIGHT) : 0));
  set(chart.firstElementChild, "d", most ? `M0 ${HEIGHT}${heights.map((height, at) => `V${(HEIGHT - height).toFixed(1)}H${at + 1}`).join("")}V${HEIGHT}z` : "");
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
