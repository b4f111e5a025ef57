// Undo: the button in a message, and Ctrl+Z for the last one that can still be undone.
import { listing } from "../page.js";
import { progress, toast } from "../toasts.js";
import { t } from "../words.js";
import { doing } from "./phrases.js";
import { tellFailures } from "./report.js";
import { Run } from "./run.js";
import { post } from "./sending.js";

const SECONDS = 15;

let last = null;

// text: what was done; order, items and folders: what the undoing requests say.
export function offerUndo(text, url, order, items, folders = []) {
  const offer = { url: `${url}/undo`, order, items, folders };
  last = offer;
  offer.element = toast(text, "success", { seconds: SECONDS, actions: [{ label: t("Undo"), run: () => undo(offer) }] });
}

async function undo(offer) {
  if (offer.begun) return;
  offer.begun = true;
  if (last === offer) last = null;
  offer.element?.remove();
  const shown = progress(() => run.stop());
  const run = new Run(offer.url, offer.order, offer.items, (done, all) => shown.update(doing("undo", done, all), done / all), fields);
  try {
    if (offer.folders.length) await post(offer.url, { ...offer.order, items: [], folders: offer.folders });
    const results = await run.go();
    const failed = results.filter(({ error }) => error);
    if (results.length > failed.length || offer.folders.length) toast(failed.length ? t("The rest is undone.") : t("Undone."), "success");
    tellFailures("undo", failed);
  } catch (error) {
    toast(error.message, "error");
  }
  shown.close();
}

function fields({ name, to, revision, replaced }) {
  return to === undefined ? name : { name, to, revision, replaced };
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.defaultPrevented) return;
  if (event.target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
  if (!last || !last.element?.isConnected || !listing()) return;
  event.preventDefault();
  undo(last);
});
