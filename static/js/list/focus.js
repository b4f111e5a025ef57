// The keyboard's place among all rows of the view, also while its row is scrolled out of the document.
import { columns, indexOf, reveal, rowAt, seen, total, watch } from "./scroller.js";

let at = null;
let awaited = null;

document.addEventListener("focusin", ({ target }) => {
  const row = target.closest?.("#rows > tr");
  if (row) at = indexOf(row);
  else if (target.id !== "list") at = null;
  if (!row && target.id !== "list") forget();
});

// The index of the row that has the focus, or had it when it was scrolled away; null without one.
function currentIndex() {
  const row = document.activeElement?.closest?.("#rows > tr");
  if (row) return indexOf(row);
  return document.activeElement?.id === "list" ? awaited?.index ?? at : null;
}

// Focus the row, which may have to come first: resolves to it, or to null when somebody goes elsewhere meanwhile.
export function focusRowAt(index) {
  forget();
  const place = Math.max(0, Math.min(total() - 1, index));
  if (total() === 0) return Promise.resolve(null);
  const row = rowAt(place);
  if (row) {
    focus(row);
    reveal(place);
    return Promise.resolve(row);
  }
  document.getElementById("list").focus({ preventScroll: true });
  const answer = new Promise((resolve) => { awaited = { index: place, resolve }; });
  reveal(place);
  return answer;
}

// From the current row (or the first in sight) by so many lines; resolves as focusRowAt().
export function step(lines) {
  const current = currentIndex();
  if (current === null) return focusRowAt(lines > 0 ? seen().first : seen().last - 1);
  return focusRowAt(current + lines * columns());
}

// By so many rows within the lines of a grid; a table has none.
export function stepAside(rows) {
  const current = currentIndex();
  return current === null || columns() === 1 ? Promise.resolve(null) : focusRowAt(current + rows);
}

// By what is in sight at once.
export function stepPage(direction) {
  const { first, last } = seen();
  return step(direction * Math.max(1, Math.floor((last - first) / columns()) - 2));
}

// A live update has moved the rows: `by` so many places.
export function shiftFocus(by) {
  if (at !== null) at += by;
}

function focus(row) {
  row.querySelector(".name")?.focus({ preventScroll: true, focusVisible: true });
}

function forget() {
  awaited?.resolve(null);
  awaited = null;
}

// Rows came or somebody scrolled: the awaited row may be there, or the one that had the focus again.
watch(() => {
  if (document.activeElement?.id !== "list") return;
  const index = awaited?.index ?? at;
  const row = index === null ? null : rowAt(index);
  if (!row) return;
  const { resolve } = awaited ?? {};
  awaited = null;
  focus(row);
  resolve?.(row);
});

