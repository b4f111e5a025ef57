// What can be done with the row under the pointer, or with the focus in it. One set of controls is in the page: a copy in each of
// thousands of rows would take longer to make and to lay out than all the rest of them. The menu of a row has all of it too.
import { listing } from "../page.js";
import { t } from "../words.js";

const ROW = "#rows > tr";
const LABELS = {
  details: (name) => t("Details of {name}", { name }),
  download: (name) => t("Download {name}", { name }),
  versions: (name) => t("Versions of {name}", { name }),
  delete: (name) => t("Delete {name}", { name }),
};

// Rows that only pass under the pointer while somebody scrolls get none.
const REST = 40;
let timer = 0;

document.addEventListener("focusin", ({ target }) => offer(target.closest?.(ROW)));
document.addEventListener("pointerover", ({ target }) => {
  clearTimeout(timer);
  timer = setTimeout(() => offer(target.closest?.(ROW)), REST);
});

function offer(row) {
  for (const quick of document.querySelectorAll(`${ROW} .quick`)) if (!quick.closest("tr").matches(":hover, :focus-within")) quick.remove();
  if (!row?.isConnected || row.querySelector(".quick")) return;
  const quick = document.createElement("span");
  quick.className = "quick";
  quick.append(...controls(row));
  row.querySelector(".acts > div").prepend(quick);
  row.dataset.late = "";
}

function controls(row) {
  const { filesUrl, objectsUrl } = listing();
  const { kind, name, content } = row.dataset;
  const label = row.querySelector(".label").textContent;
  const addresses = { details: `${filesUrl}object`, download: objectsUrl, versions: `${filesUrl}versions` };
  return [...document.getElementById("row-acts").content.cloneNode(true).children].filter((control) => {
    const { act } = control.dataset;
    if (addresses[act]) control.href = `${addresses[act]}?name=${name}`;
    control.setAttribute("aria-label", LABELS[act](label));
    if (act === "details" && row.querySelector("[data-action=show-details]")) return false; // a link's has it always
    return act === "delete" || (kind === "object" && (act !== "download" || content !== undefined));
  });
}
