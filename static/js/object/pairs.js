// Rows of names and values in a form: one more, one less. Without scripts there is always one spare.
import { action } from "../controllers.js";

action("add-pair", (button) => {
  const rows = button.closest("fieldset").querySelector(".pair-rows");
  const row = rows.lastElementChild.cloneNode(true);
  for (const field of row.querySelectorAll("input, textarea")) field.value = field.defaultValue = "";
  rows.append(row);
  row.querySelector("input").focus();
});

// The last one stays, empty: it is what others are made from.
action("drop-pair", (button) => {
  const row = button.closest(".pair-row");
  const next = row.nextElementSibling ?? row.previousElementSibling;
  if (next) row.remove();
  else for (const field of row.querySelectorAll("input, textarea")) field.value = "";
  (next ?? row).querySelector("input").focus();
});
