// Deleting, after a question that names what will go.
import { action } from "./controllers.js";
import { ask } from "./dialogs.js";
import { visible } from "./names.js";
import { csrfToken, itemOf, listing, plural } from "./page.js";
import { clear, selected } from "./selection.js";
import { toast } from "./toasts.js";

const SHOWN = 50;
const BATCH = 400;

action("delete-row", (button) => remove([itemOf(button.closest("tr"))]));
action("delete-selected", () => deleteSelected());

export function deleteSelected() {
  const items = selected();
  if (items.length) remove(items);
}

export async function remove(items) {
  const here = listing();
  if (!here?.canEdit) return;
  if ((await ask("ask-delete", (dialog) => fill(dialog, items, here.prefix))) !== "yes") return;
  clear();
  const outcome = { deleted: 0, failed: [] };
  try {
    for (let start = 0; start < items.length; start += BATCH) await send(here.deleteUrl, items.slice(start, start + BATCH), outcome);
  } catch (error) {
    toast(error.message, "error");
  }
  if (outcome.deleted) toast(`${plural(outcome.deleted, "file")} deleted.`);
  for (const { name, message } of outcome.failed.slice(0, 3)) toast(`${visible(name)} was not deleted: ${message}`, "error");
}

function fill(dialog, items, prefix) {
  const folders = items.filter(({ kind }) => kind === "folder").length;
  const files = items.length - folders;
  const parts = [files && plural(files, "file"), folders && `${plural(folders, "folder")} with all in ${folders === 1 ? "it" : "them"}`];
  dialog.querySelector("[data-title]").textContent = `Delete ${parts.filter(Boolean).join(" and ")}?`;
  const lines = items.slice(0, SHOWN).map(({ name }) => visible(name.slice(prefix.length)));
  if (items.length > SHOWN) lines.push(`and ${(items.length - SHOWN).toLocaleString("en")} more`);
  dialog.querySelector("[data-names]").replaceChildren(...lines.map(line));
}

function line(text) {
  const element = document.createElement("li");
  element.textContent = text;
  return element;
}

async function send(url, items, outcome) {
  const body = new FormData();
  body.append("confirm", "yes");
  for (const { kind, name } of items) body.append(kind, encodeURIComponent(name));
  const response = await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" } }).catch(() => null);
  if (!response) throw new Error("The site cannot be reached. Nothing more was deleted; try again in a moment.");
  const answer = await response.json().catch(() => null);
  if (!answer) throw new Error("That did not work. Reload the page and try again.");
  if (answer.error) throw new Error(answer.error.message);
  outcome.deleted += answer.deleted;
  outcome.failed.push(...answer.failed);
}
