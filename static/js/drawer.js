// The details of a file in a panel beside the list: opened with its action or `i`, followed while others change it, closed with Esc.
import { copyText } from "./acting/clipboard.js";
import { action, register } from "./controllers.js";
import * as address from "./drawer/address.js";
import { forget, keep, known, load } from "./drawer/contents.js";
import { indexOf, reveal, watch as watchRows } from "./list/scroller.js";
import { watch } from "./live.js";
import { baseName, visible } from "./names.js";
import { announce, itemOf, rows } from "./page.js";
import { selected } from "./selection.js";
import { toast } from "./toasts.js";
import { t } from "./words.js";

const FOLLOW = 120;
const FRESH = 1000;
const MOVES = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", "Tab"]);
const PHONE = matchMedia("(max-width: 760px)");

let current = null;
let unwatch = null;
let timer = 0;
let pressed = -FRESH;

const drawer = () => document.getElementById("drawer");
const isOpen = () => drawer() !== null && !drawer().hidden;
const files = () => rows().filter((row) => row.dataset.kind === "object");
const rowOf = (name) => files().find((row) => itemOf(row).name === name) ?? null;

action("show-details", (link) => open(itemOf(link.closest("tr")).name));
action("drawer-close", () => close());
action("drawer-previous", () => step(-1));
action("drawer-next", () => step(1));
action("copy-address", ({ dataset }) => copyText(new URL(dataset.address, location.href).href));

register("drawer", () => {
  const name = address.openName();
  address.remember();
  if (name) open(name, { focus: false });
  return () => drawer() ?? leave();
});

address.onStep((name) => (name ? open(name) : close({ keepAddress: true })));

export function open(name, { focus = true } = {}) {
  const panel = drawer();
  panel.hidden = false;
  address.put(name);
  setInert(PHONE.matches);
  show(name);
  if (focus && !panel.contains(document.activeElement)) document.getElementById("drawer-title").focus({ preventScroll: true });
}

// By a key the focus stays in the list, so that the arrows go on; on a phone there is nothing else to see.
function openBeside(name) {
  open(name, { focus: PHONE.matches });
  announce(t("Details of {name}", { name: visible(baseName(name)) }));
}

// Between the files and the details.
function changeSides(inside) {
  if (inside) (rowOf(current)?.querySelector(".name") ?? document.getElementById("main")).focus({ focusVisible: true });
  else document.getElementById("drawer-title").focus({ preventScroll: true, focusVisible: true });
}

function close({ keepAddress = false } = {}) {
  if (!isOpen()) return;
  const held = drawer().contains(document.activeElement) || document.activeElement === document.body;
  const row = rowOf(current);
  drawer().hidden = true;
  leave();
  if (!keepAddress) address.clear();
  if (held) (row?.querySelector(".name") ?? document.getElementById("main")).focus({ preventScroll: true });
}

function leave() {
  unwatch?.();
  clearTimeout(timer);
  current = unwatch = null;
  setInert(false);
  mark();
}

function show(name) {
  if (current !== name) {
    unwatch?.();
    unwatch = null;
  }
  current = name;
  mark();
  const html = known(drawer().dataset.url, name, rowOf(name)?.dataset.rev);
  if (html) fill(name, html);
  else look(name);
}

async function look(name) {
  const panel = drawer();
  if (current !== name || !panel) return;
  const late = setTimeout(() => panel.querySelector(".drawer-content")?.classList.add("old"), 200);
  const { html, ok } = await load(panel.dataset.url, name);
  clearTimeout(late);
  if (current !== name || drawer() !== panel) return;
  if (ok) fill(name, html, true);
  else toast(t("The details cannot be shown now. Try again in a moment."), "error");
}

function fill(name, html, fresh = false) {
  const body = document.getElementById("drawer-body");
  body.innerHTML = html;
  htmx.process(body);
  const { label, revision } = body.firstElementChild.dataset;
  document.getElementById("drawer-title").textContent = label;
  if (fresh && revision !== "0") keep(drawer().dataset.url, name, revision, html);
  unwatch ??= watch({ socket: drawer().dataset.socket, name, revision: Number(revision) }, () => {
    forget(name);
    look(name);
  });
}

function step(by) {
  const all = files();
  const at = all.findIndex((row) => itemOf(row).name === current);
  const row = all[at < 0 ? 0 : at + by];
  if (!row) return;
  reveal(indexOf(row));
  address.put(itemOf(row).name);
  show(itemOf(row).name);
}

function mark() {
  for (const row of files()) row.classList.toggle("shown", itemOf(row).name === current);
}

watchRows(() => current !== null && mark());

// On a phone the panel covers all: nothing behind it can be reached.
function setInert(on) {
  for (const element of document.querySelectorAll(".topbar, #main > :not(#drawer)")) element.inert = on;
}

// With the details open, they follow the row that somebody moves to; not where a live update puts the focus.
document.addEventListener("focusin", ({ target }) => {
  const row = isOpen() && performance.now() - pressed < FRESH && target.matches(".name:focus-visible") ? target.closest("#rows > tr[data-kind=object]") : null;
  pressed = -FRESH;
  clearTimeout(timer);
  if (row && itemOf(row).name !== current) timer = setTimeout(() => isOpen() && open(itemOf(row).name, { focus: false }), FOLLOW);
});

document.addEventListener("keydown", (event) => {
  if (MOVES.has(event.key)) pressed = performance.now();
  if (!drawer() || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  if (document.querySelector("dialog[open], [popover]:popover-open") || event.target.matches("textarea, select, [contenteditable], input:not([type=checkbox])")) return;
  if (keys(event)) event.preventDefault();
}, { capture: true });

function keys({ key, target }) {
  const inside = isOpen() && drawer().contains(target);
  if (key === "Escape" && isOpen() && (inside || !selected().length)) return close(), true;
  if (inside && (key === "ArrowLeft" || key === "ArrowRight") && !target.matches("video, audio")) return step(key === "ArrowLeft" ? -1 : 1), true;
  if (inside && (key === "ArrowUp" || key === "ArrowDown") && target.closest(".drawer-head")) return step(key === "ArrowUp" ? -1 : 1), true;
  if (key === "F6" && isOpen()) return changeSides(inside), true;
  if (key !== "i") return false;
  if (isOpen()) return close(), true;
  const row = target.closest?.("#rows > tr[data-kind=object]");
  const only = selected().filter(({ kind }) => kind === "object");
  if (row) openBeside(itemOf(row).name);
  else if (only.length === 1) openBeside(only[0].name);
  return Boolean(row) || only.length === 1;
}
