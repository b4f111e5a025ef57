// The keys; templates/_dialogs.html lists them for people.
import { send } from "./acting/acts.js";
import { rename } from "./acting/rename.js";
import { action } from "./controllers.js";
import { ask } from "./dialogs.js";
import { deleteSelected, remove } from "./deletion.js";
import { downloadSelected } from "./downloads.js";
import { newFolder } from "./folders.js";
import { focusRowAt, step, stepAside, stepPage } from "./list/focus.js";
import { columns, total } from "./list/scroller.js";
import { focusSearch, leaveSearch } from "./list/search.js";
import { itemOf } from "./page.js";
import { clear, extend, selected, selectPage, toggle } from "./selection.js";
import { pickFiles } from "./uploads/pick.js";

action("help", () => ask("help"));

const EARLY = 4000; // as long as a browser lets a key open its dialogs

const KEYS = {
  "/": () => focusSearch(),
  u: () => pickFiles(),
  n: () => newFolder(),
  d: () => withSelection(downloadSelected),
  m: () => onItems((items) => send("move", items)),
  c: () => onItems((items) => send("copy", items)),
  l: () => onItems((items) => send("link", items)),
  F2: () => renameCurrent(),
  Delete: () => withSelection(deleteSelected, (row) => remove([itemOf(row)])),
  "?": () => void ask("help"),
  ArrowDown: (event) => move(1, event.shiftKey),
  ArrowUp: (event) => move(-1, event.shiftKey),
  ArrowRight: (event) => columns() > 1 && move(1, event.shiftKey, stepAside),
  ArrowLeft: (event) => columns() > 1 && move(-1, event.shiftKey, stepAside),
  PageDown: (event) => move(1, event.shiftKey, stepPage),
  PageUp: (event) => move(-1, event.shiftKey, stepPage),
  Home: () => total() > 0 && void focusRowAt(0),
  End: () => total() > 0 && void focusRowAt(total() - 1),
  " ": (event) => select(event.shiftKey),
  Escape: () => (selected().length ? clear() : false),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.id === "search" && event.key === "Escape") leaveSearch(event.target);
  if (event.target.id === "search" && event.key === "ArrowDown") focusRowAt(0);
  if (isTyping(event.target)) return;
  const run = event.ctrlKey || event.metaKey ? (event.key === "a" ? () => selectPage() : null) : KEYS[event.key];
  if (!run || !document.getElementById("rows") && event.key !== "?") return;
  if (run(event) !== false) event.preventDefault();
});

// What early.js has kept: pressed once more, now that somebody listens. A key of long ago is none of now.
export function takeUpEarlyKeys() {
  removeEventListener("keydown", window.keepEarlyKey);
  const letters = (window.earlyKeys ?? []).filter(({ key, at }) => key.length === 1 && key !== " " && key in KEYS && performance.now() - at < EARLY);
  for (const { key } of letters.slice(-1)) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}

// Fields keep their keys; so does Space on a button or a box.
function isTyping(element) {
  return element.matches("textarea, select, [contenteditable], input:not([type=checkbox]), [popover]:popover-open *");
}

function currentRow() {
  return document.activeElement?.closest?.("#rows > tr") ?? null;
}

function move(direction, extending, by = step) {
  if (!total()) return false;
  const current = currentRow();
  if (extending && current && !selected().length) toggle(current, true);
  by(direction).then((row) => row && extending && extend(row));
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

// The same without changing the selection.
function onItems(run) {
  const row = currentRow();
  const items = selected().length ? selected() : row ? [itemOf(row)] : [];
  if (!items.length) return false;
  run(items);
  return true;
}

// The row under the focus, or the only one selected.
function renameCurrent() {
  const [only, ...others] = selected();
  const row = currentRow() ?? (only && !others.length ? document.getElementById(only.id) : null);
  if (!row) return false;
  rename(row);
  return true;
}
