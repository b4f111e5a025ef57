// Downloading what is selected, one file after the other.
import { action } from "./controllers.js";
import { listing } from "./page.js";
import { selected } from "./selection.js";
import { toast } from "./toasts.js";

const PAUSE = 400;

action("download-selected", () => downloadSelected());

export async function downloadSelected() {
  const files = selected().filter(({ kind }) => kind === "object");
  if (!files.length) {
    toast("Select files to download; folders cannot be downloaded as a whole yet.", "info");
    return;
  }
  const { objectsUrl } = listing();
  for (const { name } of files) {
    const link = document.createElement("a");
    link.href = `${objectsUrl}?name=${encodeURIComponent(name)}`;
    link.download = "";
    link.click();
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
