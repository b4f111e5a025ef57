// A field for a name that lies over the name in a row, so whatever live updates do to the row leaves it as it is.
import { visible } from "../names.js";
import { t } from "../words.js";
import { element } from "./elements.js";

const NARROWEST = 160;
const EDGE = 16;

export class NameField {
  // hint(value): what to say about what is typed; save(value) on Enter; gone(given) when the field goes, `given`: by Escape.
  constructor(rowId, name, { hint, save, gone }) {
    Object.assign(this, { rowId, old: name, hint, gone });
    this.#build(save);
    document.getElementById("list").append(this.form);
    this.watcher = new MutationObserver(() => this.#place());
    this.watcher.observe(document.getElementById("rows"), { childList: true, attributes: true, subtree: true, attributeFilter: ["class"] });
    this.sizes = new ResizeObserver(() => this.#place());
    this.sizes.observe(document.getElementById("list"));
    this.#place();
    this.input.focus();
  }

  get value() {
    return this.input.value.normalize("NFC");
  }

  get hasFocus() {
    return this.form.contains(document.activeElement);
  }

  select(from, to) {
    this.input.setSelectionRange(from, to);
  }

  wait(on) {
    this.input.readOnly = on;
  }

  say(text, wrong = true) {
    this.note.textContent = text;
    this.note.hidden = !text;
    this.note.classList.toggle("wrong", wrong);
    this.input.setAttribute("aria-invalid", String(Boolean(text) && wrong));
  }

  close(given = false) {
    if (this.closed) return;
    this.closed = true;
    this.watcher.disconnect();
    this.sizes.disconnect();
    this.form.remove();
    this.gone(given);
  }

  #build(save) {
    this.input = element("input", { className: "input", value: this.old, autocomplete: "off", spellcheck: false, maxLength: 1000 });
    this.input.setAttribute("aria-label", t("New name of {name}", { name: visible(this.old) }));
    this.input.setAttribute("aria-describedby", "rename-note");
    this.note = element("p", { id: "rename-note", hidden: true });
    this.note.setAttribute("role", "alert");
    this.form = element("form", { className: "rename", noValidate: true }, this.input, this.note);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      save(this.value);
    });
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("input", () => this.say(this.hint(this.value), false));
    this.input.addEventListener("blur", () => {
      if (this.input.value === this.old && document.hasFocus()) this.close();
    });
  }

  #key(event) {
    event.stopPropagation();
    if (event.key !== "Escape") return;
    event.preventDefault();
    this.close(true);
  }

  // Over the row's name, wherever the row is now; without its row it stays where it was.
  #place() {
    const label = document.getElementById(this.rowId)?.querySelector(".name .label");
    if (!this.form.isConnected) this.close();
    if (!label || this.closed) return;
    const list = document.getElementById("list");
    const [at, from, cell] = [label, list, label.closest("td")].map((each) => each.getBoundingClientRect());
    const left = at.left - from.left + list.scrollLeft - 8;
    const { style } = this.form;
    style.left = `${left}px`;
    style.top = `${at.top - from.top + list.scrollTop + at.height / 2}px`;
    style.width = `${Math.max(NARROWEST, cell.right - at.left, Math.min(300, list.clientWidth - left - EDGE))}px`;
  }
}
