// A new folder is a place to go: it exists in the bucket as soon as a file is in it.
import { action } from "./controllers.js";
import { ask } from "./dialogs.js";
import { listing } from "./page.js";

action("new-folder", () => newFolder());

export async function newFolder() {
  const here = listing();
  if (!here?.canEdit) return;
  const input = document.getElementById("folder-name");
  const answer = await ask("ask-folder", () => { input.value = ""; });
  const name = input.value.trim().replace(/\/+$/, "");
  if (answer !== "yes" || !name) return;
  const url = `${here.filesUrl}?prefix=${encodeURIComponent(`${here.prefix}${name}/`)}`;
  htmx.ajax("GET", url, { target: "#main", swap: "outerHTML", push: url });
}
