// Focus on rows that may not be there yet.

const PATIENCE = 3000;

export function focusRow(row) {
  (row?.querySelector(".name") ?? document.getElementById("main")).focus({ preventScroll: true, focusVisible: true });
}

// The row of this name comes by a live update, a moment later; until then its old one has the focus. Who goes elsewhere stays there.
export function focusWhenThere(name, oldId) {
  const find = () => [...document.querySelectorAll("#rows > tr")].find((row) => decodeURIComponent(row.dataset.name) === name);
  const look = () => {
    const active = document.activeElement;
    const free = active === document.body || active?.closest("#rows, #list, #main") === active || active?.closest("#rows");
    const row = find();
    if (row && free) focusRow(row);
    if (row || !free) stop();
  };
  const watcher = new MutationObserver(look);
  const timer = setTimeout(stop, PATIENCE);
  function stop() {
    watcher.disconnect();
    clearTimeout(timer);
  }
  focusRow(document.getElementById(oldId));
  const body = document.getElementById("rows");
  if (body) watcher.observe(body, { childList: true });
  look();
}
