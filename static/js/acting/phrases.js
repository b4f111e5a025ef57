// What is done to what, in words.
import { parentOf, visible } from "../names.js";
import { language, t, tn } from "../words.js";

export const TITLES = {
  move: (what) => t("Move {what}", { what }),
  copy: (what) => t("Copy {what}", { what }),
  link: (what) => t("Link to {what}", { what }),
};

export const HERE = { move: () => t("Move here"), copy: () => t("Copy here"), link: () => t("Make links here") };

const DOING = {
  move: (numbers) => t("Moving {done} of {all}", numbers),
  copy: (numbers) => t("Copying {done} of {all}", numbers),
  link: (numbers) => t("Linking {done} of {all}", numbers),
  delete: (numbers) => t("Deleting {done} of {all}", numbers),
  undo: (numbers) => t("Undoing {done} of {all}", numbers),
};

const DONE = {
  move: (count, place) => tn("{count} file moved to {place}.", "{count} files moved to {place}.", count, { place }),
  copy: (count, place) => tn("{count} file copied to {place}.", "{count} files copied to {place}.", count, { place }),
  link: (count, place) => tn("{count} link made in {place}.", "{count} links made in {place}.", count, { place }),
};

const FOLDERS_DONE = {
  move: (count, place) => tn("{count} folder moved to {place}.", "{count} folders moved to {place}.", count, { place }),
  copy: (count, place) => tn("{count} folder copied to {place}.", "{count} folders copied to {place}.", count, { place }),
};

const FAILED = {
  move: (name, why) => t("{name} was not moved: {why}", { name, why }),
  copy: (name, why) => t("{name} was not copied: {why}", { name, why }),
  link: (name, why) => t("{name} was not linked: {why}", { name, why }),
  delete: (name, why) => t("{name} was not deleted: {why}", { name, why }),
  undo: (name, why) => t("{name} stays as it is: {why}", { name, why }),
};

const ALL_FAILED = {
  move: (count) => tn("{count} file was not moved", "{count} files were not moved", count),
  copy: (count) => tn("{count} file was not copied", "{count} files were not copied", count),
  link: (count) => tn("{count} file was not linked", "{count} files were not linked", count),
  delete: (count) => tn("{count} file was not deleted", "{count} files were not deleted", count),
  undo: (count) => tn("{count} file stays as it is", "{count} files stay as they are", count),
};

export function doing(act, done, all) {
  return DOING[act]({ done: Math.min(done + 1, all).toLocaleString(language), all: all.toLocaleString(language) });
}

export function done(act, count, place) {
  return DONE[act](count, where(place));
}

export function foldersDone(act, count, place) {
  return FOLDERS_DONE[act](count, where(place));
}

export function failed(act, { name, error }) {
  return FAILED[act](visible(name), error.message);
}

export function allFailed(act, count) {
  return ALL_FAILED[act](count);
}

// "3 files and 1 folder"
export function what(items) {
  const folders = items.filter(({ kind }) => kind === "folder").length;
  const files = items.length - folders;
  const parts = [files && tn("{count} file", "{count} files", files), folders && tn("{count} folder", "{count} folders", folders)].filter(Boolean);
  return parts.length === 2 ? t("{files} and {folders}", { files: parts[0], folders: parts[1] }) : (parts[0] ?? "");
}

// The same, or the name of the only one.
export function named(items) {
  const [{ name }, ...others] = items;
  return others.length ? what(items) : visible(name.slice(parentOf(name).length));
}

// "reports / 2026"
export function where({ bucket, prefix }) {
  return [bucket, ...prefix.split("/").slice(0, -1).map(visible)].join(" / ");
}
