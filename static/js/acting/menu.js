// The menu of a row, or of all that is selected: by the right button, the menu key or a row's "⋯".
import { action } from "../controllers.js";
import { itemOf, listing, rows } from "../page.js";
import { isSelected, selected, selectOnly } from "../selection.js";
import { t } from "../words.js";
import { ITEMS } from "./menuitems.js";
import { element, icon } from "./elements.js";

const EDGE = 8;

let row = null;
let before = null;

action("row-menu", (button) => {
  const { left, bottom } = button.getBoundingClientRect();
  open(button.closest("tr"), left, bottom + 4, false);
});

document.addEventListener("contextmenu", (event) => {
  if (event.target.closest?.("#row-menu")) event.preventDefault();
  const target = event.target.closest?.("#rows > tr");
  if (!target || event.shiftKey) return;
  event.preventDefault();
  if (event.button === 2 || event.pointerType === "touch") open(target, event.clientX, event.clientY);
  else openAtRow(target);
});

document.addEventListener("keydown", (event) => {
  const asks = event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey);
  const target = asks && document.activeElement?.closest?.("#rows > tr");
  if (!target || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  openAtRow(target);
});

function openAtRow(target) {
  const { left, bottom } = (target.querySelector(".name") ?? target).getBoundingClientRect();
  open(target, left + 28, bottom - 4);
}

// On a row that is not selected it is about that row alone, which is then selected.
function open(target, x, y, selects = true) {
  const menu = document.getElementById("row-menu");
  const here = listing();
  if (!menu || !here) return;
  const inSelection = isSelected(target);
  if (!inSelection && selects) selectOnly(target);
  row = target;
  before = document.activeElement;
  const items = inSelection ? selected() : [itemOf(target)];
  const many = items.length > 1;
  const about = { here, row, item: itemOf(row), items, many };
  menu.replaceChildren(...ITEMS.filter((each) => each.shown(about)).map((each) => line(each, about)));
  menu.showPopover();
  place(menu, x, y);
  menu.firstElementChild?.focus();
}

function line({ label, symbol, key, danger, run }, about) {
  const button = element("button", { type: "button", className: danger ? "danger" : "", tabIndex: -1 }, icon(symbol), element("span", { textContent: label() }));
  button.setAttribute("role", "menuitem");
  if (key) {
    const hint = element("kbd", { textContent: key === "Del" ? t("Del") : key });
    hint.setAttribute("aria-hidden", "true");
    button.append(hint);
    button.setAttribute("aria-keyshortcuts", key === "Del" ? "Delete" : key);
  }
  button.addEventListener("click", () => {
    close();
    run(about);
  });
  return button;
}

function place(menu, x, y) {
  const { width, height } = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(EDGE, Math.min(x, innerWidth - width - EDGE))}px`;
  menu.style.top = `${Math.max(EDGE, y + height + EDGE > innerHeight ? Math.max(EDGE, Math.min(y, innerHeight - EDGE) - height) : y)}px`;
}

function close() {
  document.getElementById("row-menu")?.hidePopover();
}

// The focus goes back to where it was, or to the row, unless somebody has gone elsewhere.
function giveBack() {
  const active = document.activeElement;
  if (active && active !== document.body && !active.closest("#row-menu")) return;
  const there = row && (document.getElementById(row.id) ?? rows()[0]);
  const target = before?.isConnected && before !== document.body ? before : there?.querySelector(".name");
  target?.focus({ preventScroll: true });
}

document.addEventListener("toggle", (event) => {
  if (event.target.id === "row-menu" && event.newState === "closed") giveBack();
}, true);

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("#row-menu");
  if (!menu) return;
  const lines = [...menu.children];
  const at = lines.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (to !== undefined) lines.at(to % lines.length).focus();
  else if (event.key === "Tab" || event.key === "Escape") close();
  else if (event.key.length === 1 && !event.ctrlKey && event.key !== " ") begins(lines, at, event.key)?.focus();
  else return;
  event.preventDefault();
});

// The next line that begins with the letter.
function begins(lines, at, letter) {
  const order = [...lines.slice(at + 1), ...lines.slice(0, at + 1)];
  return order.find((each) => each.textContent.trim().toLowerCase().startsWith(letter.toLowerCase()));
}
