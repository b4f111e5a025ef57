// The address follows the place in the list: a reload, Back and a link to a page lead to it.
import { listing } from "../page.js";
import { goTo, total, watch } from "./scroller.js";

const PAGE = 100;
const PAUSE = 300;

let first = 0;
let timer = null;

// Where this address was left, else at its page.
export function restore(page) {
  forget();
  const left = history.state?.row;
  const start = Math.floor(left / PAGE) + 1 === page ? left : (page - 1) * PAGE;
  first = start;
  if (start > 0 && start < total()) goTo(start);
}

watch((sight) => {
  if (sight.first === first) return;
  first = sight.first;
  timer ??= setTimeout(write, PAUSE);
});

function forget() {
  clearTimeout(timer);
  timer = null;
}

function write() {
  if (timer === null) return;
  forget();
  const here = listing();
  if (!here || location.pathname !== new URL(here.filesUrl, location.href).pathname) return;
  const address = new URL(location.href);
  const page = Math.floor(first / PAGE) + 1;
  if (page > 1) address.searchParams.set("page", page);
  else address.searchParams.delete("page");
  history.replaceState({ ...history.state, htmx: true, row: first }, "", address);
}

document.addEventListener("htmx:before:history:update", write);
addEventListener("pagehide", write);
