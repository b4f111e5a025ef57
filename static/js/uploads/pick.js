// Choosing files or a folder with the browser's own dialog.
import { action } from "../controllers.js";
import { listing } from "../page.js";
import { fromInput } from "./collect.js";
import { upload } from "./uploads.js";

action("upload-files", () => pickFiles());
action("upload-folder", () => pick("pick-folder"));

export function pickFiles() {
  return pick("pick-files");
}

function pick(id) {
  if (!listing()?.canEdit) return false;
  const menu = document.getElementById("upload-menu");
  if (menu?.matches(":popover-open")) menu.hidePopover();
  const input = document.getElementById(id);
  input.click();
  return true;
}

document.addEventListener("change", ({ target }) => {
  if (target.id !== "pick-files" && target.id !== "pick-folder") return;
  upload(fromInput([...target.files]));
  target.value = "";
});
