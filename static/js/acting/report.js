// What could not be done: one in a message, several in a list of names and reasons.
import { ask } from "../dialogs.js";
import { visible } from "../names.js";
import { toast } from "../toasts.js";
import { t } from "../words.js";
import { allFailed, failed as words } from "./phrases.js";

const SHOWN = 200;

export function tellFailures(act, failed) {
  if (!failed.length) return;
  if (failed.length === 1) toast(words(act, failed[0]), "error");
  else ask("results", (dialog) => fill(dialog, act, failed));
}

function fill(dialog, act, failed) {
  dialog.querySelector("[data-title]").textContent = allFailed(act, failed.length);
  const lines = failed.slice(0, SHOWN).map(({ name, error }) => line(visible(name), error.message));
  if (failed.length > SHOWN) lines.push(line(t("and more"), ""));
  dialog.querySelector("[data-names]").replaceChildren(...lines);
}

function line(name, why) {
  const element = document.createElement("li");
  const title = document.createElement("b");
  const reason = document.createElement("span");
  title.textContent = name;
  reason.textContent = why;
  element.append(title, reason);
  return element;
}
