// The changes as rows, the newest first. Rows are made once and used again and again: at a thousand changes a second, nothing is
// thrown away. What is told is put in as text only.
import { visible } from "../names.js";
import { exact, size, zone } from "../numbers.js";
import { language, t } from "../words.js";

const DAY = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
const TIME = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const GONE = new Set(["deleted", "expired"]);
const WITHOUT_SIZE = new Set(["linked"]);

// A change as it was told (buckets/feed.py).
export function parse([bucket, revision, kind, name, time, who, bytes, before, was]) {
  return { key: `${bucket}/${revision}`, bucket, kind, name, time, who, bytes, before, was };
}

export class Rows {
  // most: rows at a time; words: the label and icon of each kind; history(bucket): whether what was deleted there can be looked at.
  constructor(list, template, { most, words, history }) {
    this.list = list;
    this.template = template.content.firstElementChild;
    this.most = most;
    this.words = words;
    this.history = history;
    this.shown = new Map(); // the oldest first
  }

  has(key) {
    return this.shown.has(key);
  }

  // changes: the newest first.
  add(changes) {
    const fresh = document.createDocumentFragment();
    const added = new Map();
    for (const change of changes.slice(0, this.most)) {
      const known = this.shown.get(change.key);
      if (known) fill(known, change, this);
      else if (!added.has(change.key)) added.set(change.key, change);
    }
    this.#makeRoom(added.size);
    for (const [, change] of added) fresh.append(fill(this.spare?.pop() ?? this.template.cloneNode(true), change, this));
    const rows = [...fresh.children];
    for (const row of rows.reverse()) this.shown.set(row.dataset.key, row);
    this.list.prepend(fresh);
  }

  replace(changes) {
    this.clear();
    this.add(changes);
  }

  clear() {
    this.spare = [...this.shown.values()];
    this.shown.clear();
    this.list.replaceChildren();
  }

  // Of buckets that may not be seen any more.
  keepOnly(buckets) {
    for (const [key, row] of this.shown) if (!buckets.has(row.dataset.bucket)) this.#take(key, row);
  }

  #makeRoom(count) {
    this.spare ??= [];
    for (const [key, row] of this.shown) {
      if (this.shown.size + count <= this.most) return;
      this.#take(key, row);
    }
  }

  #take(key, row) {
    this.shown.delete(key);
    row.remove();
    this.spare.push(row);
  }
}

function fill(row, change, { words, history }) {
  const [when, what, link, bucket, who, amount] = row.children;
  const { label, icon } = words.get(change.kind);
  row.dataset.key = change.key;
  row.dataset.bucket = change.bucket;
  row.className = `live-change ${change.kind}`;
  const moment = new Date(change.time);
  when.dateTime = moment.toISOString();
  when.textContent = shortTime(moment);
  when.title = `${exact(moment)} ${zone(moment)}`;
  what.firstElementChild.firstElementChild.setAttribute("href", `#i-${icon}`);
  what.lastElementChild.textContent = label;
  fillName(link, change, history);
  bucket.textContent = change.bucket;
  who.textContent = change.who ? visible(change.who) : change.kind === "expired" ? "—" : t("another client");
  who.classList.toggle("unknown", !change.who);
  fillSize(amount, change);
  return row;
}

function fillName(link, { bucket, name, kind, was }, history) {
  const [path, label, former] = link.children;
  const cut = name.lastIndexOf("/") + 1;
  const page = GONE.has(kind) ? (history(bucket) ? "versions" : "") : "object";
  path.textContent = cut && cut < name.length ? visible(name.slice(0, cut)) : "";
  label.textContent = visible(cut < name.length ? name.slice(cut) : name);
  former.textContent = was ? t("was {name}", { name: visible(was) }) : "";
  link.title = visible(name);
  link.href = page ? `/buckets/${encodeURIComponent(bucket)}/${page}?name=${encodeURIComponent(name)}` : folder(bucket, name.slice(0, cut));
}

// Where nothing is kept of what was deleted: where it was.
function folder(bucket, prefix) {
  return `/buckets/${encodeURIComponent(bucket)}/${prefix ? `?prefix=${encodeURIComponent(prefix)}` : ""}`;
}

function fillSize(amount, { kind, bytes, before }) {
  const [grown, whole] = amount.children;
  const gone = GONE.has(kind);
  const change = gone ? -(before ?? 0) : kind === "replaced" && before !== null ? bytes - before : 0;
  grown.textContent = change ? `${change > 0 ? "+" : "−"}${size(Math.abs(change))}` : "";
  whole.textContent = gone || WITHOUT_SIZE.has(kind) ? "" : size(bytes);
}

function shortTime(moment) {
  return Date.now() - moment < 12 * 3600_000 ? TIME.format(moment) : DAY.format(moment);
}
