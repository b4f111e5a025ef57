// A new folder: it stays until it is deleted, with files in it or without.
import { post } from "./acting/sending.js";
import { action } from "./controllers.js";
import { ask } from "./dialogs.js";
import { focusRowAt } from "./list/focus.js";
import { indexOf, watch } from "./list/scroller.js";
import { visible } from "./names.js";
import { itemOf, listing, rows } from "./page.js";
import { toast } from "./toasts.js";
import { t } from "./words.js";

const PATIENCE = 3000;

let awaited = null;

action("new-folder", () => newFolder());

export async function newFolder() {
  const here = listing();
  if (!here?.canEdit) return;
  const input = document.getElementById("folder-name");
  const answer = await ask("ask-folder", () => { input.value = ""; });
  const name = input.value.trim().replace(/^\/+|\/+$/g, "");
  if (answer !== "yes" || !name) return;
  const folder = `${here.prefix}${name}/`;
  awaitRow(`${here.prefix}${name.split("/")[0]}/`);
  try {
    await post(`${here.filesUrl}folders/new`, { folder });
    toast(t("Folder “{name}” created.", { name: visible(name) }), "success", { actions: [{ label: t("Open"), run: () => open(here, folder) }] });
  } catch (error) {
    awaited = null;
    toast(error.message, "error");
  }
}

function open(here, folder) {
  const url = `${here.filesUrl}?prefix=${encodeURIComponent(folder)}`;
  htmx.ajax("GET", url, { target: "#main", swap: "outerHTML", push: url });
}

// Its row gets the focus when it comes, unless somebody goes elsewhere meanwhile.
function awaitRow(name) {
  awaited = { name, from: document.activeElement, until: performance.now() + PATIENCE };
}

watch(() => {
  if (!awaited) return;
  const row = rows().find((each) => each.dataset.kind === "folder" && itemOf(each).name === awaited.name);
  const stale = performance.now() > awaited.until || ![awaited.from, document.body, document.getElementById("main")].includes(document.activeElement);
  if (!row && !stale) return;
  awaited = null;
  if (row && !stale) focusRowAt(indexOf(row));
});
