// Deleting, after a question that names what will go; with Undo where there is a trash. A single file that goes there needs no question,
// unless a link would break.
import { doing, what } from "./acting/phrases.js";
import { tellFailures } from "./acting/report.js";
import { Run } from "./acting/run.js";
import { offerUndo } from "./acting/undo.js";
import { action } from "./controllers.js";
import { ask } from "./dialogs.js";
import { visible } from "./names.js";
import { leadSomewhere, warn } from "./links/warning.js";
import { itemOf, listing } from "./page.js";
import { clear, selected } from "./selection.js";
import { progress, toast } from "./toasts.js";
import { language, t, tn } from "./words.js";

const SHOWN = 50;

action("delete-row", (button) => remove([itemOf(button.closest("tr"))]));
action("delete-selected", () => deleteSelected());

export function deleteSelected() {
  const items = selected();
  if (items.length) remove(items);
}

export async function remove(items) {
  const here = listing();
  if (!here?.canEdit) return;
  const harmless = here.history && items.length === 1 && items[0].kind === "object" && !(await leadSomewhere(items, here));
  if (!harmless && (await ask("ask-delete", (dialog) => fill(dialog, items, here))) !== "yes") return;
  clear();
  const shown = progress(() => run.stop());
  const run = new Run(`${here.filesUrl}act`, { act: "delete" }, items.map(({ kind, name }) => ({ kind, name })), (done, all) => shown.update(doing("delete", done, all), done / all));
  try {
    await run.go();
  } catch (error) {
    toast(error.message, "error");
  }
  shown.close();
  tell(run, here);
}

function tell({ results, order, url, folders }, { history }) {
  const done = results.filter(({ error }) => !error).map(({ name }) => ({ name }));
  if (done.length && history) offerUndo(tn("{count} file moved to the trash.", "{count} files moved to the trash.", done.length), url, order, done, folders);
  else if (!done.length && folders.length) offerUndo(tn("{count} folder deleted.", "{count} folders deleted.", folders.length), url, order, done, folders);
  else if (done.length) toast(tn("{count} file deleted.", "{count} files deleted.", done.length));
  tellFailures("delete", results.filter(({ error }) => error));
}

function fill(dialog, items, here) {
  const { prefix, history } = here;
  const hasFolder = items.some(({ kind }) => kind === "folder");
  const lines = items.slice(0, SHOWN).map(({ name }) => visible(name.slice(prefix.length)));
  if (items.length > SHOWN) lines.push(t("and {count} more", { count: (items.length - SHOWN).toLocaleString(language) }));
  const put = (part, text) => { dialog.querySelector(`[data-${part}]`).textContent = text; };
  put("title", hasFolder ? t("Delete {what} with all in it?", { what: what(items) }) : t("Delete {what}?", { what: what(items) }));
  put("text", history ? t("It goes to the trash, from where it can be restored.") : t("This cannot be undone."));
  dialog.querySelector("[data-names]").replaceChildren(...lines.map(line));
  warn(dialog, items, here);
}

function line(text) {
  const element = document.createElement("li");
  element.textContent = text;
  return element;
}
