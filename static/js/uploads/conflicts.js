// What to do with a name that is taken: asked once, for this file or for all that follow until the queue is empty.
import { ask } from "../dialogs.js";
import { visible } from "../names.js";
import { t } from "../words.js";

let forAll = "";
let turn = Promise.resolve();

export function decide(item, more) {
  turn = turn.then(() => answer(item, more));
  return turn;
}

export function forgetDecision() {
  forAll = "";
}

async function answer(item, more) {
  if (item.stop) return "skip";
  if (forAll) return forAll;
  const dialog = document.getElementById("ask-conflict");
  const box = dialog.querySelector("[data-all] input");
  const given = await ask("ask-conflict", () => fill(dialog, box, item, more));
  if (box.checked && given) forAll = given;
  return given || "skip";
}

function fill(dialog, box, item, more) {
  const { bucket, history } = item.target;
  const what = history ? t("What it was stays among its versions.") : t("Replacing it cannot be undone.");
  dialog.querySelector("[data-title]").textContent = t("{name} is already there", { name: visible(item.label) });
  dialog.querySelector("[data-text]").textContent = `${t("The bucket {bucket} has a file of this name.", { bucket })} ${what}`;
  dialog.querySelector("[data-all]").hidden = !more;
  box.checked = false;
}
