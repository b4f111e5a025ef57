// The folders of a folder, narrowed by what is typed, which can also name a new one. The keys stay in the field.
import { visible } from "../names.js";
import { t, tn } from "../words.js";
import { element, icon } from "./elements.js";
import { folders } from "./places.js";

const SHOWN = 200;

export class FolderList {
  #found = { folders: [], more: false };
  #asked = 0;
  #ready = null; // while the list is awaited
  #early = 0; // how often Enter was pressed meanwhile
  #starts = ""; // what those that were found begin with
  #active = -1;
  #options = [];

  // go(prefix) opens a folder; aim(prefix) tells which is meant now: the one that is marked, else the open one.
  constructor(field, list, note, { go, aim }) {
    Object.assign(this, { field, list, note, go, aim });
    field.oninput = () => this.#narrow();
    field.onkeydown = (event) => this.#key(event);
    list.onclick = (event) => this.#enter(this.#options[[...list.children].indexOf(event.target.closest("li"))]);
  }

  show(bucket, prefix) {
    Object.assign(this, { bucket, prefix });
    this.field.value = "";
    this.#found = { folders: [], more: false };
    this.#ready = this.#load("");
  }

  async #load(starts) {
    const number = (this.#asked += 1);
    this.#starts = starts;
    try {
      const found = await folders(this.bucket, this.prefix, starts);
      if (number !== this.#asked) return;
      this.#found = found;
      this.#paint();
      this.#ready = null;
    } catch (error) {
      if (number !== this.#asked) return;
      this.#ready = null;
      this.#say(error.message);
    }
  }

  // Of a folder with more folders than come at once, those that begin so are asked for.
  #narrow() {
    this.#active = this.#typed ? 0 : -1;
    if (this.#found.more || this.#starts) this.#ready = this.#load(this.#typed);
    this.#paint();
  }

  get #typed() {
    return this.field.value.trim().replace(/^\/+/, "");
  }

  #paint() {
    const typed = this.#typed.replace(/\/+$/, "");
    const wanted = typed.toLowerCase();
    const matching = this.#found.folders.filter(({ name }) => name.toLowerCase().includes(wanted));
    this.#options = matching.slice(0, SHOWN);
    if (typed && !matching.some(({ name }) => name === typed)) this.#options.push({ fresh: true, name: typed, prefix: `${this.prefix}${typed}/` });
    this.#active = Math.min(this.#active, this.#options.length - 1);
    this.list.replaceChildren(...this.#options.map((option, at) => this.#line(option, at)));
    this.list.hidden = !this.#options.length;
    this.field.setAttribute("aria-expanded", String(this.#options.length > 0));
    this.#say(this.#options.length ? "" : t("There are no folders in here. Type a name to make one."));
    this.#mark();
  }

  #line({ name, objects, fresh }, at) {
    const line = element("li", { id: `place-folder-${at}`, role: "option" });
    const label = element("span", { className: "label", textContent: fresh ? t("New folder “{name}”", { name: visible(name) }) : visible(name) });
    line.append(icon(fresh ? "plus" : "folder"), label);
    if (!fresh) line.append(element("small", { textContent: tn("{count} file", "{count} files", objects) }));
    return line;
  }

  #mark() {
    [...this.list.children].forEach((line, at) => line.setAttribute("aria-selected", String(at === this.#active)));
    const line = this.list.children[this.#active];
    line?.scrollIntoView({ block: "nearest" });
    if (line) this.field.setAttribute("aria-activedescendant", line.id);
    else this.field.removeAttribute("aria-activedescendant");
    this.aim(this.#options[this.#active]?.prefix ?? this.prefix);
  }

  #key(event) {
    const { key } = event;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (step && this.#options.length) this.#active = Math.max(-1, Math.min(this.#options.length - 1, this.#active + step));
    else if (key === "Enter" && this.#active >= 0) this.#enterActive();
    else if (key === "Backspace" && !this.field.value && this.prefix) this.go(this.prefix.slice(0, this.prefix.lastIndexOf("/", this.prefix.length - 2) + 1));
    else return;
    event.preventDefault();
    this.#mark();
  }

  // Who is faster than the list means what will be there; a second Enter means that place.
  async #enterActive() {
    if (this.#ready && (this.#early += 1) > 1) return;
    await this.#ready;
    const again = this.#early > 1;
    this.#early = 0;
    this.#enter(this.#options[this.#active]);
    if (again) this.field.form.querySelector("[data-go]").click();
  }

  #enter(option) {
    if (!option) return;
    this.#active = -1;
    this.field.focus();
    this.go(option.prefix);
  }

  #say(text) {
    this.note.textContent = text;
  }
}
