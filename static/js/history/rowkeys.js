// Arrow keys, Home, End and Space in a list of rows or steps, as on the files page; Enter follows the link that has the focus.
import { register } from "../controllers.js";

const ROWS = "tbody tr, li.step";
const TYPING = "textarea, select, [contenteditable], input:not([type=checkbox])";

register("row-keys", (list) => {
  const keys = (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]") || event.target.matches(TYPING)) return;
    if (run(list, event.key)) event.preventDefault();
  };
  document.addEventListener("keydown", keys);
  return () => document.removeEventListener("keydown", keys);
});

function run(list, key) {
  const rows = [...list.querySelectorAll(ROWS)];
  const row = document.activeElement?.closest(ROWS);
  const at = rows.indexOf(row);
  if (key === "ArrowDown") return focus(rows[at < 0 ? 0 : Math.min(rows.length - 1, at + 1)]);
  if (key === "ArrowUp") return focus(rows[at < 0 ? rows.length - 1 : Math.max(0, at - 1)]);
  if (key === "Home") return focus(rows.at(0));
  if (key === "End") return focus(rows.at(-1));
  if (at < 0 || document.activeElement !== target(row)) return false;
  if (key === "Enter" && row.matches("li")) return click(row.querySelector("[data-open]"));
  return key === " " && click(row.querySelector("input[type=checkbox]"));
}

function target(row) {
  return row.matches("li") ? row : row.querySelector(".name");
}

function focus(row) {
  if (!row) return false;
  target(row).focus({ preventScroll: true, focusVisible: true });
  row.scrollIntoView({ block: "nearest" });
  return true;
}

function click(element) {
  element?.click();
  return Boolean(element);
}
