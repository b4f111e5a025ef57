// The live dashboard: its page's elements, and the one board that is behind them.
import { action, register } from "../controllers.js";
import { Dashboard } from "./board.js";

let current = null;

register("dashboard", (element) => {
  current = new Dashboard(element);
  element.addEventListener("click", follow);
  return () => {
    current?.close();
    current = null;
  };
});

action("pause-live", () => current?.pause());
action("show-live-news", () => current?.catchUp());
action("clear-live", () => current?.filters.set({ bucket: "", what: "", q: "" }));
action("pick-live-bucket", ({ dataset }) => current?.filters.set({ bucket: current.rates.picked === dataset.bucket ? "" : dataset.bucket }));

// Within the page, so that uploads go on.
function follow(event) {
  const link = event.target.closest("a.name");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const url = link.getAttribute("href");
  htmx.ajax("GET", url, { target: "#main", swap: "outerHTML", push: url });
}
