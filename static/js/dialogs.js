// Questions. ask() resolves to the value of the button that closed the dialog, "" for Cancel and Escape; the focus goes back.
import { action } from "./controllers.js";

const open = new Map();

// Where Enter in a field must not mean Cancel, Cancel is not a submit button.
action("close-dialog", (button) => button.closest("dialog").close(""));

export function ask(id, fill = () => {}) {
  const dialog = document.getElementById(id);
  if (dialog.open) return open.get(dialog);
  const before = document.activeElement;
  const rowId = before?.closest?.("#rows > tr")?.id;
  fill(dialog);
  dialog.returnValue = "";
  dialog.showModal();
  const answer = new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      giveBack(before, rowId);
      resolve(dialog.returnValue);
    }, { once: true });
  });
  open.set(dialog, answer);
  return answer;
}

// The element may have been replaced by a live update, or be gone: then its row, or the page. Who has gone elsewhere meanwhile stays there.
function giveBack(before, rowId) {
  if (![before, document.body].includes(document.activeElement) && !document.activeElement?.closest("dialog")) return;
  const row = rowId && document.getElementById(rowId);
  const target = before?.isConnected && before !== document.body ? before : row ? row.querySelector(".name") : document.getElementById("main");
  target?.focus({ preventScroll: true });
}
