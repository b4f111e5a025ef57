// The arrows lead to the files before and after this one in its folder, from wherever they do nothing else.
import { register } from "../controllers.js";

const RELATIONS = { ArrowLeft: "prev", ArrowRight: "next" };

register("beside", (nav) => {
  const go = (event) => {
    const { key, target } = event;
    if (!RELATIONS[key] || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (document.querySelector("dialog[open], [popover]:popover-open") || target.closest("input, textarea, select, [contenteditable], video, audio, summary, [tabindex='0']")) return;
    const link = nav.querySelector(`[rel=${RELATIONS[key]}]`);
    if (!link) return;
    event.preventDefault();
    link.click();
  };
  document.addEventListener("keydown", go);
  return () => document.removeEventListener("keydown", go);
});
