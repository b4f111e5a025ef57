// Renaming in place: F2, then Enter saves and Escape gives up.
import { offerToFollow } from "../links/warning.js";
import { baseName, parentOf, visible } from "../names.js";
import { itemOf, listing } from "../page.js";
import { progress, toast } from "../toasts.js";
import { t } from "../words.js";
import { NameField } from "./namefield.js";
import { doing } from "./phrases.js";
import { tellFailures } from "./report.js";
import { focusRow, focusWhenThere } from "./rowfocus.js";
import { Run } from "./run.js";
import { post } from "./sending.js";
import { offerUndo } from "./undo.js";

let field = null;

export function rename(row) {
  const here = listing();
  if (!here?.canEdit || !row) return;
  field?.close();
  new Renaming(row, here);
}

class Renaming {
  constructor(row, here) {
    this.rowId = row.id;
    this.here = here;
    this.url = `${here.filesUrl}act`;
    this.item = itemOf(row);
    this.isFolder = this.item.kind === "folder";
    this.parent = parentOf(this.item.name);
    this.old = this.item.name.slice(this.parent.length, this.isFolder ? -1 : undefined);
    const gone = (given) => {
      field = null;
      if (given) focusRow(document.getElementById(this.rowId));
    };
    this.field = field = new NameField(this.rowId, this.old, { hint: (name) => this.#hint(name), save: (name) => this.#save(name), gone });
    const dot = this.isFolder ? -1 : this.old.lastIndexOf(".");
    this.field.select(0, dot > 0 ? dot : this.old.length);
  }

  #hint(name) {
    const slash = name.lastIndexOf("/");
    return slash > 0 && !this.isFolder ? t("This moves it into the folder {folder}.", { folder: visible(name.slice(0, slash)) }) : "";
  }

  #refusal(name) {
    if (!name.trim()) return t("A name cannot be empty.");
    if (this.isFolder && name.includes("/")) return t("A folder’s name has no “/”. “Move…” puts it into another folder.");
    if (name.startsWith("/") || name.endsWith("/") || name.includes("//")) return t("There has to be a name before and after each “/”.");
    return "";
  }

  async #save(name) {
    const refusal = this.#refusal(name);
    if (name === this.old) this.field.close(true);
    else if (refusal) this.field.say(refusal);
    else await this.#send(name);
  }

  async #send(name) {
    this.field.wait(true);
    try {
      await (this.isFolder ? this.#saveFolder(name) : this.#saveFile(name));
    } catch (error) {
      this.field.say(error.message);
    }
    this.field.wait(false);
  }

  async #saveFile(name) {
    const { results: [result] } = await post(this.url, { act: "move", items: [{ name: this.item.name, to: this.parent + name }] });
    if (result.error) this.field.say(result.taken ? t("This name is taken. Choose another one.") : result.error.message);
    else this.#done(name, [result], [], result.to);
  }

  async #saveFolder(name) {
    const to = `${this.parent}${name}/`;
    const shown = progress(() => run.stop());
    const tell = (done, all) => shown.update(doing("move", done, all), done / all);
    const run = new Run(this.url, { act: "move", fresh: true }, [{ kind: "folder", name: this.item.name, to }], tell);
    try {
      await run.go();
    } finally {
      shown.close();
    }
    this.#done(name, run.results.filter(({ error }) => !error), run.folders, to);
    tellFailures("move", run.results.filter(({ error }) => error));
  }

  #done(name, results, folders, to) {
    const { hasFocus } = this.field;
    this.field.close();
    if (results.length || folders.length) offerUndo(t("Renamed to {name}.", { name: visible(baseName(name)) }), this.url, { act: "move" }, results, folders);
    else toast(t("Nothing was changed."), "info");
    offerToFollow(results.filter((result) => result.to), this.here, this.here.bucket);
    if (hasFocus) focusWhenThere(to, this.rowId);
  }
}
