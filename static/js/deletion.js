// Deleting, after a question that names what will go.
import { action } from "./controllers.js";
import { ask } from "./dialogs.js";
import { visible } from "./names.js";
import { csrfToken, itemOf, listing, plural } from "./page.js";
import { clear, selected } from "./selection.js";
import { progress, toast } from "./toasts.js";

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
  if ((await ask("ask-delete", (dialog) => fill(dialog, items, here))) !== "yes") return;
  clear();
  const work = new Work(here.deleteUrl, items);
  const shown = progress(() => { work.stopped = true; });
  try {
    await work.run((done, all) => shown.update(`Deleting ${Math.min(done + 1, all).toLocaleString("en")} of ${all.toLocaleString("en")}`, done / all));
  } catch (error) {
    toast(error.message, "error");
  }
  shown.close();
  if (work.deleted) toast(`${plural(work.deleted, "file")} deleted.`);
  for (const { name, message } of work.failed.slice(0, 3)) toast(`${visible(name)} was not deleted: ${message}`, "error");
}

function fill(dialog, items, { prefix, history }) {
  const folders = items.filter(({ kind }) => kind === "folder").length;
  const files = items.length - folders;
  const parts = [files && plural(files, "file"), folders && `${plural(folders, "folder")} with all in ${folders === 1 ? "it" : "them"}`];
  dialog.querySelector("[data-title]").textContent = `Delete ${parts.filter(Boolean).join(" and ")}?`;
  const lines = items.slice(0, SHOWN).map(({ name }) => visible(name.slice(prefix.length)));
  if (items.length > SHOWN) lines.push(`and ${(items.length - SHOWN).toLocaleString("en")} more`);
  dialog.querySelector("[data-text]").textContent = history ? "It goes to the trash, from where it can be restored." : "This cannot be undone.";
  dialog.querySelector("[data-names]").replaceChildren(...lines.map(line));
}

function line(text) {
  const element = document.createElement("li");
  element.textContent = text;
  return element;
}

class Work {
  deleted = 0;
  failed = [];
  stopped = false;

  constructor(url, items) {
    this.url = url;
    this.items = items;
  }

  // A batch at a time; folders hold more than one request may delete, so they are asked for until nothing is left in them.
  async run(tell) {
    for (let start = 0; start < this.items.length; start += BATCH) {
      const batch = this.items.slice(start, start + BATCH);
      for (let more = true; more && !this.stopped; ) {
        const answer = await send(this.url, batch);
        this.deleted += answer.deleted;
        this.failed.push(...answer.failed);
        more = answer.more > 0 && answer.failed.length === 0;
        tell(this.deleted, this.deleted + answer.more + Math.max(0, this.items.length - start - BATCH));
      }
    }
  }
}

async function send(url, items) {
  const body = new FormData();
  for (const { kind, name } of items) body.append(kind, encodeURIComponent(name));
  const headers = { "X-CSRFToken": csrfToken(), Accept: "application/json" };
  const response = await fetch(url, { method: "POST", body, headers }).catch(() => null);
  if (!response) throw new Error("The site cannot be reached. Nothing more was deleted; try again in a moment.");
  const answer = response.ok ? await response.json().catch(() => null) : null;
  if (!answer) throw new Error(`That did not work (${response.status}). Reload the page and try again.`);
  return answer;
}
