// A field that offers a bucket's names while one types (ARIA combobox). pick(input, { fetchNames, chosen }): what is typed counts, too.
import { size } from "../numbers.js";
import { visible } from "../names.js";
import { t } from "../words.js";

const PAUSE = 150;

export function pick(input, { fetchNames, chosen = () => {} }) {
  const list = Object.assign(document.createElement("ul"), { className: "name-list-box", id: `${input.id}-list`, hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", t("Files to choose from"));
  input.after(list);
  input.removeAttribute("list"); // the browser's own, for who has no scripts
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" })) input.setAttribute(name, value);
  let timer;
  let asked = 0;

  const options = () => [...list.querySelectorAll("[role=option]:not([aria-disabled])")];
  const current = () => list.querySelector("[aria-selected=true]");
  const show = (on) => {
    list.hidden = !on;
    input.setAttribute("aria-expanded", String(on));
    if (!on) mark(null);
  };
  const mark = (option) => {
    current()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  };
  const choose = (option) => {
    input.value = option.dataset.name;
    show(false);
    chosen(option.dataset.name);
  };
  const look = async () => {
    asked += 1;
    const mine = asked;
    const answer = await fetchNames(input.value).catch(() => null);
    if (mine !== asked || document.activeElement !== input) return;
    list.replaceChildren(...entries(answer, list.id));
    show(true);
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  };

  if (document.activeElement === input) later(); // typed before this script was there
  input.addEventListener("input", later);
  input.addEventListener("focus", later);
  input.addEventListener("blur", () => {
    clearTimeout(timer);
    show(false);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event, event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter" && current()) choose(current());
    else if (event.key === "Escape" && !list.hidden) show(false);
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]:not([aria-disabled])");
    if (option) choose(option);
  });

  function step(event, by) {
    if (list.hidden) return void look();
    const all = options();
    const at = all.indexOf(current());
    mark(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + by))] ?? null);
  }
}

function entries(answer, id) {
  if (!answer) return [note(t("The files cannot be listed now. Type the whole name."))];
  const found = answer.names.map((each, number) => entry(each, `${id}-${number}`));
  if (!found.length) return [note(t("No file is called so."))];
  return answer.more ? [...found, note(t("There are more: type a part of the name."))] : found;
}

function entry({ name, size: bytes }, id) {
  const item = Object.assign(document.createElement("li"), { id });
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  item.dataset.name = name;
  item.append(Object.assign(document.createElement("bdi"), { textContent: visible(name) }), Object.assign(document.createElement("small"), { textContent: size(bytes) }));
  return item;
}

function note(text) {
  const item = Object.assign(document.createElement("li"), { textContent: text });
  item.setAttribute("role", "option");
  item.setAttribute("aria-disabled", "true");
  item.setAttribute("aria-selected", "false");
  return item;
}
