// p pauses, / goes to the names, arrows, Home and End move through the rows, Escape leaves them.

const TYPING = "textarea, select, [contenteditable], input";

export function listen(list, pause) {
  const keys = (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open], .side:popover-open")) return;
    if (event.target.matches(TYPING)) {
      if (event.target.id === "live-words" && event.key === "ArrowDown" && move(list, "ArrowDown")) event.preventDefault();
      return;
    }
    if (run(list, event.key, pause)) event.preventDefault();
  };
  document.addEventListener("keydown", keys);
  return () => document.removeEventListener("keydown", keys);
}

function run(list, key, pause) {
  if (key === "p") return pause() ?? true;
  if (key === "/") return focusWords();
  if (key === "Escape") return leave(list);
  return move(list, key);
}

function move(list, key) {
  const row = document.activeElement.closest?.(".live-change");
  const to = {
    ArrowDown: () => (row ? row.nextElementSibling ?? row : list.firstElementChild),
    ArrowUp: () => row?.previousElementSibling ?? row,
    Home: () => list.firstElementChild,
    End: () => list.lastElementChild,
  }[key]?.();
  if (!to) return false;
  to.querySelector(".name").focus({ preventScroll: true, focusVisible: true });
  to.scrollIntoView({ block: "nearest" });
  return true;
}

function focusWords() {
  const input = document.getElementById("live-words");
  input.focus();
  input.select();
  return true;
}

// Back to the newest, and on with what comes.
function leave(list) {
  if (!list.contains(document.activeElement)) return false;
  document.getElementById("main").focus({ preventScroll: true });
  list.parentElement.scrollTop = 0;
  return true;
}
