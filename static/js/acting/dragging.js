// Dragging rows onto folders, breadcrumbs and buckets: moves them there, with Ctrl or Alt copies.
import { parentOf } from "../names.js";
import { itemOf, listing } from "../page.js";
import { isSelected, selected } from "../selection.js";
import { toast } from "../toasts.js";
import { tn } from "../words.js";
import { carry } from "./carry.js";
import { element } from "./elements.js";
import { what } from "./phrases.js";
import { destinations, knownDestination } from "./places.js";

export const ROWS = "application/x-nats-files-rows";

let dragged = null; // the items, while they are dragged
let marked = null;

// A row can be dragged when the mouse goes down on it, by who may edit; links in it would be dragged alone otherwise.
document.addEventListener("pointerdown", (event) => {
  const row = event.target.closest?.("#rows > tr");
  if (!row || event.pointerType !== "mouse" || event.button) return;
  row.draggable = Boolean(listing()?.canEdit) && !event.target.closest("input, button");
});

document.addEventListener("dragstart", (event) => {
  const row = event.target.closest?.("#rows > tr");
  if (!row?.draggable || !listing()?.canEdit) return;
  dragged = isSelected(row) ? selected() : [itemOf(row)];
  event.dataTransfer.clearData();
  event.dataTransfer.setData(ROWS, String(dragged.length));
  event.dataTransfer.effectAllowed = "copyMove";
  showImage(event.dataTransfer);
  document.documentElement.classList.add("dragging-rows");
  destinations().catch(() => {});
});

function showImage(transfer) {
  const one = dragged.length === 1;
  const image = element("div", { className: "drag-image", textContent: one ? labelOf(dragged[0]) : what(dragged) });
  if (!one) image.dataset.count = dragged.length;
  document.body.append(image);
  transfer.setDragImage(image, 14, 14);
  setTimeout(() => image.remove());
}

function labelOf({ id }) {
  return document.getElementById(id)?.querySelector(".label")?.textContent ?? tn("{count} file", "{count} files", 1);
}

for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    if (!dragged || !event.dataTransfer.types.includes(ROWS)) return;
    const target = targetOf(event.target);
    mark(target?.element ?? null);
    if (!target) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = wantsCopy(event) ? "copy" : "move";
  });
}

document.addEventListener("drop", (event) => {
  if (!dragged || !event.dataTransfer.types.includes(ROWS)) return;
  event.preventDefault();
  const target = targetOf(event.target);
  const items = dragged;
  end();
  if (target) carry(wantsCopy(event) ? "copy" : "move", items, target.place).catch((error) => toast(error.message, "error"));
});

document.addEventListener("dragend", end);

function end() {
  dragged = null;
  mark(null);
  document.documentElement.classList.remove("dragging-rows");
}

function wantsCopy(event) {
  return event.ctrlKey || event.altKey;
}

function mark(next) {
  if (marked === next) return;
  marked?.classList.remove("drop-target");
  next?.classList.add("drop-target");
  marked = next;
}

// {element, place} of what is under the pointer, if the rows can be dropped there.
function targetOf(node) {
  const found = placeOf(node?.closest ? node : node?.parentElement);
  const bucket = found && knownDestination(found.bucket);
  const here = listing();
  if (!bucket || !here) return null;
  const { prefix } = found;
  if (found.bucket === here.bucket && dragged.some(({ kind, name }) => kind === "folder" && prefix.startsWith(name))) return null;
  if (found.bucket === here.bucket && dragged.every(({ name }) => parentOf(name) === prefix)) return null;
  return { element: found.element, place: { bucket: found.bucket, prefix, history: bucket.history } };
}

function placeOf(node) {
  const row = node?.closest("#rows > tr[data-kind=folder]");
  if (row) return { element: row, bucket: listing().bucket, prefix: itemOf(row).name };
  const link = node?.closest(".crumbs a[href], #side .nav a[href]");
  if (!link) return null;
  const url = new URL(link.href, location.href);
  const match = /^\/buckets\/([^/]+)\/$/.exec(url.pathname);
  return match && { element: link, bucket: decodeURIComponent(match[1]), prefix: url.searchParams.get("prefix") ?? "" };
}
