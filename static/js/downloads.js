// Downloading what is selected: one file as it is, several or a folder as one zip. A form is sent, so the browser stores it as it comes.
import { element } from "./acting/elements.js";
import { action } from "./controllers.js";
import { csrfToken, listing } from "./page.js";
import { selected } from "./selection.js";
import { toast } from "./toasts.js";
import { language, t } from "./words.js";

const FRAME = "archive-frame";
const MOST = 10_000;

action("download-selected", () => download(selected()));

export function downloadSelected() {
  download(selected());
}

export function download(items) {
  const here = listing();
  if (!here || !items.length) return;
  if (items.length === 1 && items[0].kind !== "folder") downloadOne(here, items[0].name);
  else if (items.length > MOST) toast(t("One archive takes {count} files and folders at most. Download the folder that they are in.", { count: MOST.toLocaleString(language) }), "error");
  else downloadArchive(here, items);
}

function downloadOne({ objectsUrl }, name) {
  element("a", { href: `${objectsUrl}?name=${encodeURIComponent(name)}`, download: "" }).click();
}

function downloadArchive({ objectsUrl }, items) {
  const names = items.filter(({ kind }) => kind !== "folder").map(({ name }) => name);
  const prefixes = items.filter(({ kind }) => kind === "folder").map(({ name }) => name);
  const fields = { csrfmiddlewaretoken: csrfToken(), selection: JSON.stringify({ names, prefixes }) };
  const inputs = Object.entries(fields).map(([name, value]) => element("input", { type: "hidden", name, value }));
  const form = element("form", { method: "post", action: objectsUrl.replace(/objects$/, "archive"), target: frame().name, hidden: true }, ...inputs);
  document.body.append(form);
  form.submit();
  form.remove();
  toast(t("The zip is on its way: your browser shows how far it is."), "info");
}

// An answer that is no download, an error, comes up in here, unseen.
function frame() {
  const there = document.getElementById(FRAME);
  if (there) return there;
  const made = element("iframe", { id: FRAME, name: FRAME, hidden: true, title: t("Downloads") });
  document.body.append(made);
  made.addEventListener("load", () => {
    if (!isBlank(made)) toast(t("The zip could not be made. Reload the page and try again."), "error");
  });
  return made;
}

// What the site refuses to show in a frame is not readable either.
function isBlank(made) {
  try {
    return made.contentWindow.location.href === "about:blank";
  } catch {
    return false;
  }
}
