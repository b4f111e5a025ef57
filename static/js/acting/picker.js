// Choosing where to: a bucket, and a folder in it, which may be a new one.
import { ask } from "../dialogs.js";
import { parentOf, visible } from "../names.js";
import { listing } from "../page.js";
import { toast } from "../toasts.js";
import { t } from "../words.js";
import { element } from "./elements.js";
import { FolderList } from "./folderlist.js";
import { HERE, TITLES, named, where } from "./phrases.js";
import { destinations, knownDestination } from "./places.js";

// {bucket, prefix, history}, or null for Cancel. Who may edit the open bucket is asked at once, and gets the others as they are known.
export async function pickPlace(act, items) {
  const here = listing();
  const own = knownDestination(here.bucket);
  const picker = new Picker(act, items, own ? [own] : await destinations(), here);
  const answer = ask("ask-place", (dialog) => picker.open(dialog));
  if (own) destinations().then((buckets) => picker.offer(buckets), (error) => toast(error.message, "error"));
  return (await answer) === "yes" ? picker.place : null;
}

class Picker {
  constructor(act, items, buckets, here) {
    Object.assign(this, { act, items, buckets, here });
    this.bucket = buckets.find(({ name }) => name === here.bucket) ?? buckets[0];
    this.prefix = this.bucket?.name === here.bucket ? here.prefix : "";
  }

  get place() {
    return { bucket: this.bucket.name, prefix: this.prefix, history: this.bucket.history };
  }

  open(dialog) {
    this.part = (name) => dialog.querySelector(`[data-${name}]`);
    this.part("title").textContent = TITLES[this.act](named(this.items));
    this.part("go").textContent = HERE[this.act]();
    this.offer(this.buckets);
    const select = this.part("bucket");
    select.onchange = () => {
      this.bucket = this.buckets.find(({ name }) => name === select.value);
      this.go(this.bucket.name === this.here.bucket ? this.here.prefix : "");
    };
    this.list = new FolderList(this.part("filter"), this.part("folders"), this.part("note"), { go: (prefix) => this.go(prefix), aim: (prefix) => this.aim(prefix) });
    if (this.bucket) this.go(this.prefix);
    else this.refuse(t("There is no bucket in which you may change anything."));
    queueMicrotask(() => this.part("filter").focus());
  }

  // To choose from; the one chosen stays.
  offer(buckets) {
    this.buckets = buckets;
    const select = this.part("bucket");
    select.replaceChildren(...buckets.map(({ name }) => element("option", { value: name, textContent: name })));
    select.value = this.bucket?.name ?? "";
  }

  go(prefix) {
    this.prefix = prefix;
    this.part("crumbs").replaceChildren(...this.crumbs());
    this.list.show(this.bucket, prefix);
    this.aim(prefix);
  }

  // Where things go when "Move here" is pressed now.
  aim(prefix) {
    this.prefix = prefix;
    const refusal = this.refusal();
    if (refusal) this.refuse(refusal);
    else this.say(t("{what} → {place}", { what: named(this.items), place: where(this.place) }), true);
  }

  refuse(text) {
    this.say(text, false);
  }

  say(text, possible) {
    this.part("what").textContent = text;
    this.part("what").classList.toggle("refused", !possible);
    this.part("go").disabled = !possible;
  }

  refusal() {
    if (this.bucket.name !== this.here.bucket) return "";
    if (this.items.some(({ kind, name }) => kind === "folder" && this.prefix.startsWith(name))) return t("A folder cannot be put into itself.");
    const stay = this.items.every(({ name }) => parentOf(name) === this.prefix);
    return this.act === "move" && stay ? this.#there() : "";
  }

  crumbs() {
    const steps = this.prefix.split("/").slice(0, -1);
    const places = [{ label: this.bucket.name, prefix: "" }];
    steps.forEach((label, at) => places.push({ label: visible(label), prefix: `${steps.slice(0, at + 1).join("/")}/` }));
    return places.map(({ label, prefix }, at) => {
      const last = at === places.length - 1;
      const crumb = element(last ? "span" : "button", { textContent: label });
      if (last) crumb.setAttribute("aria-current", "true");
      else Object.assign(crumb, { type: "button", onclick: () => this.#back(prefix) });
      return element("li", {}, crumb);
    });
  }

  #there() {
    return this.items.length === 1 ? t("That is where it is now. Choose another folder.") : t("That is where they are now. Choose another folder.");
  }

  #back(prefix) {
    this.go(prefix);
    this.part("filter").focus();
  }
}
