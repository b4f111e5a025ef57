// List or grid. Both are the same rows: the listing's data-view says which, and grid.css makes it. A cookie tells the server, so that the
// next page comes as it is to be. list/scroller.js sees that the rows have got another size, and measures how many stand in a line.
import { action } from "./controllers.js";
import { announce, listing } from "./page.js";
import { t } from "./words.js";

const YEAR = 365 * 24 * 3600;

action("view", (button) => show(button.dataset.view));

function show(view) {
  const here = listing();
  if (!here || here.element.dataset.view === view) return;
  document.cookie = `files_view=${view}; path=/; max-age=${YEAR}; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  here.element.dataset.view = view;
  for (const each of document.querySelectorAll("[data-action=view]")) each.setAttribute("aria-pressed", String(each.dataset.view === view));
  announce(view === "grid" ? t("Shown as a grid") : t("Shown as a list"));
}
