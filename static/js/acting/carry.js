// Moving, copying and linking from beginning to end: the work, the questions on the way, and what became of it, with Undo.
import { offerToFollow } from "../links/warning.js";
import { parentOf } from "../names.js";
import { listing } from "../page.js";
import { clear } from "../selection.js";
import { progress, toast } from "../toasts.js";
import { t } from "../words.js";
import { inOrder } from "./order.js";
import { doing, done as doneWords, foldersDone } from "./phrases.js";
import { tellFailures } from "./report.js";
import { Run } from "./run.js";
import { decide } from "./taken.js";
import { offerUndo } from "./undo.js";

// place: {bucket, prefix, history}. Gives the results, or null when nothing was begun.
export async function carry(act, items, place) {
  const here = listing();
  if (!here || !items.length) return null;
  clear();
  const url = `${here.filesUrl}act`;
  const order = { act, bucket: place.bucket };
  const carried = items.map((item) => ({ ...item, to: placed(item, place.prefix) }));
  const dimmed = act === "move" ? dim(items) : [];
  const folders = [];
  const results = await workOff(act, url, order, carried, place, folders);
  for (const row of dimmed) row.classList.remove("leaving");
  tell(act, results, place, url, order, folders);
  if (act === "move") offerToFollow(results.filter(({ error, skipped, to }) => to && !error && !skipped), here, place.bucket);
  return results;
}

// Where it goes: its own name, or a folder's, in the other folder.
function placed({ name }, prefix) {
  return prefix + name.slice(parentOf(name).length);
}

async function workOff(act, url, order, items, place, folders) {
  let stopped = false;
  const all = [];
  const work = async (some, taken) => {
    const shown = progress(() => { stopped = true; run.stop(); });
    const run = new Run(url, { ...order, taken }, some, (done, total) => shown.update(doing(act, done, total), done / total));
    try {
      return await run.go();
    } catch (error) {
      toast(error.message, "error");
      stopped = true;
      return run.results;
    } finally {
      folders.push(...run.folders);
      shown.close();
    }
  };
  const first = await work(items, "ask");
  const taken = first.filter((result) => result.taken);
  all.push(...first.filter((result) => !result.taken));
  if (!taken.length || stopped) return all;
  const decided = await decide(taken, act, place);
  const replacing = inOrder(decided.replace, all.filter(({ error }) => !error).map(({ to }) => to), order.bucket === listing()?.bucket);
  decided.replace = replacing.items;
  all.push(...replacing.twice);
  for (const answer of ["keep", "replace"]) {
    if (decided[answer].length && !stopped) all.push(...(await work(decided[answer], answer)));
  }
  return all;
}

function tell(act, results, place, url, order, folders) {
  const done = results.filter(({ error, skipped }) => !error && !skipped);
  if (done.length || folders.length) {
    const undoable = done.filter(({ replaced }) => !replaced || place.history);
    const words = done.length ? doneWords(act, done.length, place) : foldersDone(act, folders.length, place);
    const text = undoable.length < done.length ? `${words} ${t("What was replaced is gone for good.")}` : words;
    if (undoable.length || folders.length) offerUndo(text, url, order, undoable, folders);
    else toast(text);
  } else if (!results.some(({ error }) => error)) {
    toast(t("Nothing was changed."), "info");
  }
  tellFailures(act, results.filter(({ error }) => error));
}

function dim(items) {
  const rows = items.map(({ id }) => document.getElementById(id)).filter(Boolean);
  for (const row of rows) row.classList.add("leaving");
  return rows;
}
