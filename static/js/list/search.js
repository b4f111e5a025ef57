// The search field: cleared by its button or Escape, which keep the focus in it; what was found is said to those who do not see it.
import { action } from "../controllers.js";
import { announce, listing } from "../page.js";
import { tn } from "../words.js";
import { total } from "./scroller.js";

let said = "";

action("clear-search", (button) => {
  const input = button.form.elements.q;
  clearSearch(input);
  input.focus();
});

export function focusSearch() {
  const input = document.getElementById("search");
  input.focus();
  input.select();
}

// Empties the field, or leaves one that is empty.
export function leaveSearch(input) {
  if (input.value) clearSearch(input);
  else input.blur();
}

function clearSearch(input) {
  input.value = "";
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

// Once for each search, when its rows have come.
export function tellFound() {
  const { query, prefix, everywhere } = listing();
  const now = query && [query, everywhere ? "" : prefix].join("\n");
  if (now && now !== said) announce(tn("{count} match", "{count} matches", total()));
  said = now;
}
