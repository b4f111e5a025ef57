// Short messages that go by themselves; errors stay until they are closed.
import { register } from "./controllers.js";
import { t } from "./words.js";

// Until it is closed.
export const STAYS = 0;
const SECONDS = 6;
const MOST = 4;
const PATIENCE = 400;
const ICONS = { success: "check", info: "check", error: "alert" };

// actions: {label, run}, a button each; seconds: how long it stays. Gives the element.
export function toast(text, kind = "success", { actions = [], seconds = SECONDS } = {}) {
  const box = document.getElementById("toasts");
  const element = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  element.classList.add(kind);
  element.setAttribute("role", kind === "error" ? "alert" : "status");
  element.querySelector("use").setAttribute("href", `#i-${ICONS[kind]}`);
  element.querySelector("p").textContent = text;
  element.dataset.seconds = seconds;
  element.append(...actions.map(({ label, run }) => button(label, run)));
  box.append(element);
  while (box.children.length > MOST) box.firstElementChild.remove();
  return element;
}

// For work that takes a while: shown after a moment, with a button that stops it.
export function progress(stop) {
  const element = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  const bar = document.createElement("progress");
  delete element.dataset.controller;
  element.querySelector("svg").replaceWith(bar);
  element.append(button(t("Stop"), stop));
  const timer = setTimeout(() => document.getElementById("toasts").append(element), PATIENCE);
  return {
    update(text, part) {
      element.querySelector("p").textContent = text;
      bar.setAttribute("aria-label", text);
      bar.value = part;
    },
    close() {
      clearTimeout(timer);
      element.remove();
    },
  };
}

function button(text, run) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "btn ghost small";
  element.textContent = text;
  element.addEventListener("click", run);
  return element;
}

register("toast", (element) => {
  element.append(button(t("Close"), () => element.remove()));
  if (element.classList.contains("error") || element.dataset.seconds === String(STAYS)) return undefined;
  return goLater(element, Number(element.dataset.seconds ?? SECONDS) * 1000);
});

// Not while somebody points at it or is in it.
function goLater(element, milliseconds) {
  let timer;
  const go = () => {
    if (element.matches(":hover, :focus-within")) timer = setTimeout(go, 1000);
    else element.remove();
  };
  timer = setTimeout(go, milliseconds);
  return () => clearTimeout(timer);
}
