// Dropping files and folders anywhere on the page, or onto a folder's row.
import { register } from "../controllers.js";
import { visible } from "../names.js";
import { listing } from "../page.js";
import { fromDrop } from "./collect.js";
import { upload } from "./uploads.js";

register("drop", (overlay) => {
  let depth = 0;
  let row = null;

  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

  const mark = (next) => {
    if (row === next) return;
    row?.classList.remove("target");
    next?.classList.add("target");
    row = next;
  };

  const show = (event) => {
    const here = listing();
    mark(here?.canEdit ? (event.target.closest?.("#rows > tr[data-kind=folder]") ?? null) : null);
    overlay.hidden = false;
    overlay.classList.toggle("onto-row", Boolean(row));
    overlay.classList.toggle("refused", !here?.canEdit);
    overlay.querySelector("[data-title]").textContent = here?.canEdit ? "Drop to upload" : here ? "You may only view this bucket" : "Open a bucket first";
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
      const folder = event.target.closest?.("#rows > tr[data-kind=folder]");
      hide();
      upload(fromDrop(event.dataTransfer), folder ? decodeURIComponent(folder.dataset.name) : null);
    },
  };
  for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener);
  return () => Object.entries(listeners).forEach(([name, listener]) => document.removeEventListener(name, listener));
});
