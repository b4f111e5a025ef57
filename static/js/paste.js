// Pasting files, folders or an image anywhere on the files page uploads them here. A picture without a name of its own gets one.
import { listing } from "./page.js";
import { fromDrop } from "./uploads/collect.js";
import { upload } from "./uploads/uploads.js";

// What browsers call a picture that is on the clipboard as such; a file that is really called so was not made just now.
const NAMELESS = /^image\.(png|jpe?g|webp|gif|bmp)$/;
const JUST_NOW = 5000;

document.addEventListener("paste", (event) => {
  if (event.defaultPrevented || !listing() || document.querySelector("dialog[open]") || isField(event.target)) return;
  if (![...event.clipboardData.items].some(({ kind }) => kind === "file")) return;
  event.preventDefault();
  upload(named(fromDrop(event.clipboardData), new Date()));
});

function isField(element) {
  return element.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
}

async function* named(found, now) {
  for await (const item of found) yield isNameless(item, now) ? { ...item, path: nameAt(now, item.path) } : item;
}

function isNameless({ file, path }, now) {
  return file && NAMELESS.test(path) && Math.abs(now - file.lastModified) < JUST_NOW;
}

// "pasted-20261123-140509.png", in the visitor's own time.
function nameAt(now, path) {
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString();
  return `pasted-${local.slice(0, 10).replaceAll("-", "")}-${local.slice(11, 19).replaceAll(":", "")}${path.slice(path.lastIndexOf("."))}`;
}
