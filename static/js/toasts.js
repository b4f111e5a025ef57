// Short messages that go by themselves; errors stay until they are closed.
import { register } from "./controllers.js";

const SECONDS = 6;
const MOST = 4;
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

register("toast", (element) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn ghost small";
  button.textContent = "Close";
  button.addEventListener("click", () => element.remove());
  element.append(button);
  if (element.classList.contains("error")) return undefined;
  const timer = setTimeout(() => element.remove(), SECONDS * 1000);
  return () => clearTimeout(timer);
});
