// Dropping files and folders anywhere on the page: into the open folder, or onto a folder's row, tile or breadcrumb, into that one.
import { ROWS } from "../acting/dragging.js";
import { register } from "../controllers.js";
import { visible } from "../names.js";
import { itemOf, listing } from "../page.js";
import { t } from "../words.js";
import { fromDrop } from "./collect.js";
import { upload } from "./uploads.js";

register("drop", (overlay) => {
  let depth = 0;
  let marked = null;

  const hasFiles = (event) => event.dataTransfer?.types.includes("Files") && !event.dataTransfer.types.includes(ROWS);

  const mark = (next) => {
    if (marked === next) return;
    marked?.classList.remove("drop-target");
    next?.classList.add("drop-target");
    marked = next;
  };

  const show = (event) => {
    const here = listing();
    mark(here?.canEdit ? targetOf(event.target, here)?.element ?? null : null);
    overlay.hidden = false;
    overlay.classList.toggle("onto-row", Boolean(marked));
    overlay.classList.toggle("refused", !here?.canEdit);
    overlay.querySelector("[data-title]").textContent = titleOf(here);
    overlay.querySelector("[data-where]").textContent = here ? visible([here.bucket, ...here.prefix.split("/").slice(0, -1)].join(" / ")) : "";
    event.dataTransfer.dropEffect = here?.canEdit ? "copy" : "none";
  };

  const hide = () => {
    depth = 0;
    mark(null);
    overlay.hidden = true;
  };

  const listeners = {
    dragenter: (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth += 1;
      show(event);
    },
    dragover: (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      show(event);
    },
    dragleave: (event) => {
      if (!hasFiles(event)) return;
      depth -= 1;
      if (depth <= 0) hide();
    },
    drop: (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      const here = listing();
      const target = here && targetOf(event.target, here);
      hide();
      upload(fromDrop(event.dataTransfer), target?.prefix ?? null);
    },
  };
  for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener);
  return () => Object.entries(listeners).forEach(([name, listener]) => document.removeEventListener(name, listener));
});

function titleOf(here) {
  if (!here) return t("Open a bucket first");
  return here.canEdit ? t("Drop to upload") : t("You may only view this bucket");
}

// {element, prefix} of the folder under the pointer, null for none but the open one.
function targetOf(node, here) {
  const row = node.closest?.("#rows > tr[data-kind=folder]");
  if (row) return { element: row, prefix: itemOf(row).name };
  const crumb = node.closest?.(".crumbs a[href]");
  if (!crumb) return null;
  const { pathname, searchParams } = new URL(crumb.href, location.href);
  if (pathname !== new URL(here.filesUrl, location.href).pathname) return null;
  return { element: crumb, prefix: searchParams.get("prefix") ?? "" };
}
