// What to do where names are taken: asked for one after the other, or once for all that are left.
import { ask } from "../dialogs.js";
import { baseName, visible } from "../names.js";
import { language, t } from "../words.js";
import { where } from "./phrases.js";

// Which of the results are to be "replace"d or to be "keep"t beside what is there; the others are skipped.
export async function decide(taken, act, place) {
  const decided = { replace: [], keep: [] };
  for (let at = 0; at < taken.length; at += 1) {
    const left = taken.length - at;
    const { answer, forAll } = await question(taken[at], left, act, place);
    if (!answer) break;
    decided[answer]?.push(...(forAll ? taken.slice(at) : [taken[at]]));
    if (forAll) break;
  }
  return decided;
}

async function question(result, left, act, place) {
  const dialog = document.getElementById("ask-taken");
  const box = dialog.querySelector("[data-all] input");
  const answer = await ask("ask-taken", () => fill(dialog, box, result, left, act, place));
  return { answer, forAll: box.checked };
}

function fill(dialog, box, { to }, left, act, place) {
  const folder = to.slice(0, to.lastIndexOf("/") + 1);
  const put = (selector, text) => { dialog.querySelector(selector).textContent = text; };
  put("[data-title]", t("{name} is already in {place}", { name: visible(baseName(to)), place: where({ bucket: place.bucket, prefix: folder }) }));
  put("[data-text]", consequence(act, place));
  put("[data-all] span", t("Do this for all {count}", { count: left.toLocaleString(language) }));
  dialog.querySelector("[data-all]").hidden = left === 1;
  box.checked = false;
}

function consequence(act, { history }) {
  if (act === "link") return t("A link can take the place of another link, but never of a file.");
  return history ? t("Replacing it keeps what it was among its versions.") : t("Replacing it cannot be undone: this bucket keeps no history.");
}
