// The keys; templates/_dialogs.html lists them for people.
import { action } from "./controllers.js";
import { ask } from "./dialogs.js";
import { deleteSelected, remove } from "./deletion.js";
import { downloadSelected } from "./downloads.js";
import { newFolder } from "./folders.js";
import { itemOf, rows } from "./page.js";
import { clear, extend, selected, selectPage, toggle } from "./selection.js";
import { pickFiles } from "./uploads/pick.js";

action("help", () => ask("help"));

const KEYS = {
  "/": () => focusSearch(),
  u: () => pickFiles(),
  n: () => newFolder(),
  d: () => withSelection(downloadSelected),
  Delete: () => withSelection(deleteSelected, (row) => remove([itemOf(row)])),
  "?": () => void ask("help"),
  ArrowDown: (event) => move(1, event.shiftKey),
  ArrowUp: (event) => move(-1, event.shiftKey),
  Home: () => focusRow(rows().at(0)),
  End: () => focusRow(rows().at(-1)),
  " ": (event) => select(event.shiftKey),
  Escape: () => (selected().length ? clear() : false),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.id === "search" && event.key === "Escape") leaveSearch(event.target);
  if (event.target.id === "search" && event.key === "ArrowDown") focusRow(rows()[0]);
  if (isTyping(event.target)) return;
  const run = event.ctrlKey || event.metaKey ? (event.key === "a" ? () => selectPage() : null) : KEYS[event.key];
  if (!run || !document.getElementById("rows") && event.key !== "?") return;
  if (run(event) !== false) event.preventDefault();
});

// Fields keep their keys; so does Space on a button or a box.
function isTyping(element) {
  return element.matches("textarea, select, [contenteditable], input:not([type=checkbox]), [popover]:popover-open *");
}

function focusSearch() {
  const input = document.getElementById("search");
  input.focus();
  input.select();
}

function leaveSearch(input) {
  if (input.value) {
    input.value = "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  } else {
    input.blur();
  }
}

function currentRow() {
  return document.activeElement?.closest?.("#rows > tr") ?? null;
}

function focusRow(row) {
  const link = row?.querySelector(".name");
  if (!link) return false;
  link.focus({ focusVisible: true });
  row.scrollIntoView({ block: "nearest" });
  return true;
}

function move(step, extending) {
  const all = rows();
  const current = currentRow();
  if (extending && current && !selected().length) toggle(current, true);
  const at = current ? all.indexOf(current) + step : step > 0 ? 0 : all.length - 1;
  const row = all[Math.max(0, Math.min(all.length - 1, at))];
  if (!focusRow(row)) return false;
  if (extending) extend(row);
  return true;
}

function select(extending) {
  const row = currentRow();
  if (!row || !document.activeElement.classList.contains("name")) return false;
  if (extending) extend(row);
  else toggle(row);
  return true;
}

// The selection, or without one the row under the focus.
function withSelection(run, runOne = null) {
  const row = currentRow();
  if (selected().length) run();
  else if (row && runOne) runOne(row);
  else if (row) {
    toggle(row, true);
    run();
  } else return false;
  return true;
}
