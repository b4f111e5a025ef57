// What is selected, by name: it stays through live updates, sorting, searching and paging, until another folder is opened.
import { action } from "./controllers.js";
import { allRows, rowsBetween } from "./list/ranges.js";
import { indexOf, total } from "./list/scroller.js";
import { itemOf, listing, rows } from "./page.js";
import { toast } from "./toasts.js";
import { language, tn } from "./words.js";

const chosen = new Map();
let place = "";
let anchor = null; // {id, index}: where a range begins

export function selected() {
  return [...chosen.values()];
}

export function clear() {
  chosen.clear();
  paint();
}

export function isSelected(row) {
  return chosen.has(row.id);
}

export function toggle(row, on = !chosen.has(row.id)) {
  if (on) chosen.set(row.id, itemOf(row));
  else chosen.delete(row.id);
  anchor = { id: row.id, index: indexOf(row) };
  paint();
}

// Nothing else any more.
export function selectOnly(row) {
  chosen.clear();
  toggle(row, true);
}

// From where the last one was selected to this row, also over rows that are not in the document.
export function extend(row) {
  const to = indexOf(row);
  const start = anchor && document.getElementById(anchor.id);
  const from = start ? indexOf(start) : (anchor?.index ?? to);
  anchor ??= { id: row.id, index: to };
  chosen.set(row.id, itemOf(row));
  paint();
  choose(() => rowsBetween(from, to));
}

export function selectPage(on = true) {
  if (on) choose(allRows);
  else clear();
}

async function choose(find) {
  const before = place;
  try {
    const items = await find();
    if (place !== before) return;
    for (const item of items) chosen.set(item.id, item);
    paint();
  } catch (error) {
    toast(error.message, "error");
    paint();
  }
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
  head.checked = count > 0 && count === all.length && chosen.size >= total();
  head.indeterminate = chosen.size > 0 && !head.checked;
}

function paintBar() {
  const bar = document.getElementById("selection");
  if (!bar) return;
  const size = chosen.size.toLocaleString(language);
  bar.hidden = chosen.size === 0;
  bar.querySelector("[data-count]").textContent = tn("{count} selected", "{count} selected", chosen.size, { count: size });
  bar.setAttribute("aria-label", tn("{count} selected file", "{count} selected files", chosen.size));
  document.getElementById("list").classList.toggle("room", chosen.size > 0);
}

// A click beside the name selects, as in other lists of files; with Ctrl one more or less, with Shift all up to there.
document.addEventListener("click", (event) => {
  const row = event.target.closest?.("#rows > tr[id]");
  if (!row || event.target.closest("a, button, input, label, form") || event.button || getSelection()?.type === "Range") return;
  if (event.shiftKey) extend(row);
  else if (event.ctrlKey || event.metaKey) toggle(row);
  else selectOnly(row);
});

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
