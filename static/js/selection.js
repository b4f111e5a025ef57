// What is selected, by name: it stays through live updates, sorting, searching and paging, until another folder is opened.
import { action } from "./controllers.js";
import { itemOf, listing, plural, rows } from "./page.js";

const chosen = new Map();
let place = "";
let anchorId = null;

export function selected() {
  return [...chosen.values()];
}

export function clear() {
  chosen.clear();
  paint();
}

export function toggle(row, on = !chosen.has(row.id)) {
  if (on) chosen.set(row.id, itemOf(row));
  else chosen.delete(row.id);
  anchorId = row.id;
  paint();
}

export function extend(row) {
  const all = rows();
  const from = all.findIndex(({ id }) => id === anchorId);
  const to = all.indexOf(row);
  const start = from < 0 ? to : from;
  for (const each of all.slice(Math.min(start, to), Math.max(start, to) + 1)) chosen.set(each.id, itemOf(each));
  anchorId ??= row.id;
  paint();
}

export function selectPage(on = true) {
  for (const row of rows()) {
    if (on) chosen.set(row.id, itemOf(row));
    else chosen.delete(row.id);
  }
  paint();
}

// All of the view is on the page, so what is not in `order` is not there any more.
export function prune(order) {
  const there = new Set(order);
  for (const id of chosen.keys()) if (!there.has(id)) chosen.delete(id);
}

export function paint() {
  const here = listing();
  const now = here ? `${here.bucket}/${here.prefix}` : "";
  if (now !== place) chosen.clear();
  place = now;
  const all = rows();
  for (const row of all) paintRow(row, chosen.has(row.id));
  paintHead(all);
  paintBar();
}

function paintRow(row, on) {
  row.classList.toggle("selected", on);
  const box = row.querySelector("input[type=checkbox]");
  if (box.checked !== on) box.checked = on;
}

function paintHead(all) {
  const head = document.getElementById("select-all");
  if (!head) return;
  const count = all.filter((row) => chosen.has(row.id)).length;
  head.checked = count > 0 && count === all.length;
  head.indeterminate = count > 0 && count < all.length;
}

function paintBar() {
  const bar = document.getElementById("selection");
  if (!bar) return;
  bar.hidden = chosen.size === 0;
  bar.querySelector("[data-count]").textContent = `${chosen.size.toLocaleString("en")} selected`;
  bar.setAttribute("aria-label", plural(chosen.size, "selected file"));
  document.getElementById("list").classList.toggle("room", chosen.size > 0);
}

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("#rows input[type=checkbox]");
  if (!box) return;
  if (event.shiftKey && box.checked) extend(box.closest("tr"));
  else toggle(box.closest("tr"), box.checked);
});

document.addEventListener("change", (event) => {
  if (event.target.id === "select-all") selectPage(event.target.checked);
});

action("clear-selection", () => {
  clear();
  document.getElementById("main").focus({ preventScroll: true });
});
