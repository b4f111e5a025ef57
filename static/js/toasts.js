// Short messages that go by themselves; errors stay until they are closed.
import { register } from "./controllers.js";

const SECONDS = 6;
const MOST = 4;
const PATIENCE = 400;
const ICONS = { success: "check", info: "check", error: "alert" };

export function toast(text, kind = "success") {
  const box = document.getElementById("toasts");
  const element = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  element.classList.add(kind);
  element.setAttribute("role", kind === "error" ? "alert" : "status");
  element.querySelector("use").setAttribute("href", `#i-${ICONS[kind]}`);
  element.querySelector("p").textContent = text;
  box.append(element);
  while (box.children.length > MOST) box.firstElementChild.remove();
}

// For work that takes a while: shown after a moment, with a button that stops it.
export function progress(stop) {
  const element = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  const bar = document.createElement("progress");
  delete element.dataset.controller;
  element.querySelector("svg").replaceWith(bar);
  element.append(button("Stop", stop));
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
  element.append(button("Close", () => element.remove()));
  if (element.classList.contains("error")) return undefined;
  const timer = setTimeout(() => element.remove(), SECONDS * 1000);
  return () => clearTimeout(timer);
});
