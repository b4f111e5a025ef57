// One scroller over all rows of the view. Those in sight and some around them are in the document, empty space stands for the others;
// rows are asked for as somebody scrolls. Where things are is computed: to ask the browser would make it lay the list out in between.
import { listing, rows } from "../page.js";
import { Geometry } from "./geometry.js";
import { wanted } from "./wanted.js";

const GAPS = ["above", "below"];

const watchers = new Set();
let list = null;
let geometry = new Geometry();
let offset = 0;
let room = 0;
let head = 0;
let place = 0;
let way = 0;
let asking = null;
let answered = null;
let ask = () => false;

// run({first, last}): what is in sight, after each scroll and each change.
export function watch(run) {
  watchers.add(run);
}

// request(window): asks for these rows; false when that cannot be done now. Rows come with arrived().
export function attach(request) {
  const { element } = listing();
  list = document.getElementById("list");
  ask = request;
  asking = answered = null;
  way = 0;
  place = list.scrollTop;
  offset = Number(element.dataset.offset);
  geometry = new Geometry(Number(element.dataset.total));
  list.addEventListener("scroll", scrolled, { passive: true });
  const sizes = new ResizeObserver(resized);
  sizes.observe(list);
  sizes.observe(document.getElementById("rows"));
  measure();
  number();
  space();
  return () => sizes.disconnect();
}

export function total() {
  return geometry.total;
}

export function held() {
  return { offset, count: document.getElementById("rows").children.length };
}

export function columns() {
  return geometry.columns;
}

export function indexOf(row) {
  return row ? offset + rows().indexOf(row) : -1;
}

export function rowAt(index) {
  return document.getElementById("rows").children[index - offset] ?? null;
}

export function seen() {
  return geometry.seen(place, room);
}

// Who is at the top sees what is new there; elsewhere the rows in sight stay.
export function atTop() {
  return place <= 0;
}

// Scroll so that the row is the first one.
export function goTo(index) {
  const there = geometry.reach(index, room);
  space();
  list.scrollTop = there;
  place = list.scrollTop;
  look();
}

// Scroll as little as is needed to see the row.
export function reveal(index) {
  const row = rowAt(index);
  if (row) {
    row.scrollIntoView({ block: "nearest" });
    place = list.scrollTop;
    look();
    return;
  }
  const below = geometry.top(index) > place;
  goTo(below ? Math.max(0, index - geometry.columns * (Math.floor(room / geometry.height) - 2)) : index);
}

// The rows may be of another size, or stand otherwise: what is in sight stays so.
function remeasure() {
  const first = place > 0 ? seen().first : 0;
  if (measure()) goTo(first);
  else look();
}

// Rows came: `change` puts them into the document. What is in sight stays where it is.
export function arrived({ offset: start, total: count, moved }, change) {
  if (moved) [answered, asking] = [{ ...asking, total: count }, null];
  const anchors = place > 0 ? rows().slice(Math.max(0, seen().first - offset)).map((row, at) => [row.id, Math.max(offset, seen().first) + at]) : [];
  const outcome = change();
  offset = start;
  geometry.total = count;
  number();
  space();
  const anchor = anchors.find(([id]) => document.getElementById(id));
  const by = anchor ? geometry.top(indexOf(document.getElementById(anchor[0]))) - geometry.top(anchor[1]) : 0;
  if (by) {
    list.scrollTop = place + by;
    place = list.scrollTop;
  }
  look();
  return outcome;
}

// The connection is there (again): whatever was asked for is asked for anew.
export function askAgain() {
  asking = answered = null;
  look();
}

function scrolled() {
  if (!list.isConnected) return;
  const now = list.scrollTop;
  const jumped = now - place;
  if (jumped === 0) return;
  const settled = geometry.settle(now, jumped, room);
  if (geometry.whole > geometry.tall) space();
  if (settled !== now) list.scrollTop = settled;
  way = Math.abs(jumped) > 2 * room ? 0 : Math.sign(jumped);
  place = settled;
  look();
}

function look() {
  const sight = seen();
  const now = held();
  const next = wanted(sight, now, geometry.total, way, geometry.columns);
  if (next && !asking && !same(next, now) && !(same(next, answered) && answered.total === geometry.total)) {
    if (ask({ ...next, follow: !atTop() })) asking = next;
  }
  for (const run of watchers) run(sight);
}

function same(one, other) {
  return one.offset === other?.offset && one.count === other.count;
}

function number() {
  const table = document.querySelector("#list .files");
  table.setAttribute("aria-rowcount", geometry.total + 1);
  rows().forEach((row, at) => {
    const index = String(offset + at + 2);
    if (row.getAttribute("aria-rowindex") !== index) row.setAttribute("aria-rowindex", index);
  });
}

function space() {
  const { count } = held();
  const above = Math.max(0, geometry.top(offset));
  const end = count ? geometry.bottom(offset + count - 1) : above;
  set("above", above);
  set("below", offset + count >= geometry.total ? 0 : Math.max(0, geometry.tall - end));
}

function set(id, pixels) {
  const gap = document.getElementById(id);
  gap.hidden = pixels === 0;
  gap.rows[0].cells[0].style.height = `${pixels}px`;
}

// The only place that asks the browser. True when something is not as it was.
function measure() {
  head = list.querySelector("thead")?.offsetHeight ?? 0;
  // A cell that spans columns that are not shown would make room for them.
  const shown = [...list.querySelectorAll("th")].filter((each) => each.offsetWidth).length;
  for (const id of GAPS) document.getElementById(id).rows[0].cells[0].colSpan = Math.max(1, shown);
  const all = rows();
  const box = all[0]?.getBoundingClientRect();
  let { columns: side, height } = geometry;
  if (box?.height) {
    for (side = 1; side < all.length && all[side].getBoundingClientRect().top === box.top;) side += 1;
    const lines = Math.ceil(all.length / side) - 1;
    height = lines ? (all.at(-1).getBoundingClientRect().top - box.top) / lines : box.height;
  }
  room = Math.max(height, list.clientHeight - head);
  const changed = geometry.columns !== side || Math.abs(geometry.height - height) > 0.01;
  Object.assign(geometry, { columns: side, height });
  return changed;
}

function resized() {
  if (list.isConnected && list.clientHeight) remeasure();
}
