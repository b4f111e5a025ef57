// Relative times stay true while a page is open.
import { ago } from "./numbers.js";

const SECONDS = 15;

function refresh() {
  if (document.hidden) return;
  const now = new Date();
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const text = ago(new Date(element.dateTime), now);
    if (element.textContent !== text) element.textContent = text;
  }
}

setInterval(refresh, SECONDS * 1000);
document.addEventListener("visibilitychange", refresh);
