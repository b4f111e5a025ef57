// Files out of a drop or a choice, folders included: yields {file, path} as they are found, path with the folders in it.
import { t } from "../words.js";

// Must be called while the drop event is handled: the browser empties the transfer afterwards.
export function fromDrop(transfer) {
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
  const files = items.map((item) => item.getAsFile());
  return walkAll(entries, files);
}

export async function* fromInput(fileList) {
  for (const file of fileList) yield { file, path: file.webkitRelativePath || file.name };
}

async function* walkAll(entries, files) {
  for (const [at, entry] of entries.entries()) {
    if (entry) yield* walk(entry, "");
    else if (files[at]) yield { file: files[at], path: files[at].name };
  }
}

async function* walk(entry, above) {
  const path = above + entry.name;
  if (entry.isFile) {
    yield await fileOf(entry, path);
    return;
  }
  const reader = entry.createReader();
  for (let found = await read(reader); found.length; found = await read(reader)) {
    for (const child of found) yield* walk(child, `${path}/`);
  }
}

// A directory is read in pieces (Chromium gives 100 entries at a time) until an empty piece comes.
function read(reader) {
  return new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
}

function fileOf(entry, path) {
  return new Promise((resolve) => {
    entry.file((file) => resolve({ file, path }), (error) => resolve({ error: t("The browser could not read it: {message}", { message: error.message }), path }));
  });
}
