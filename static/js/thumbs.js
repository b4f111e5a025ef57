// Thumbnails show themselves when they are there; until then, and where there is none, the icon behind them does.
import { register } from "./controllers.js";

function show({ target }) {
  if (target.naturalWidth && target.matches?.("img.thumb")) target.classList.add("there");
}

document.addEventListener("load", show, true);

// Those that were there before this script was.
register("thumbs", (list) => {
  for (const target of list.querySelectorAll("img.thumb")) if (target.complete) show({ target });
});
