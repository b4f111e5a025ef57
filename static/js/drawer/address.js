// The page's address says which file's details are open (?open=name), so that it can be shared, and Back closes them.

let shown = "";
let pushed = false;

export function openName() {
  return new URLSearchParams(location.search).get("open");
}

// The first file that is opened is a step of the browser's history; those that follow take its place.
export function put(name) {
  if (openName() === name) return;
  const address = new URL(location.href);
  address.searchParams.set("open", name);
  const step = openName() === null;
  history[step ? "pushState" : "replaceState"]({ ...history.state, htmx: true }, "", address);
  pushed ||= step;
}

export function clear() {
  if (openName() === null) return;
  if (pushed) {
    pushed = false;
    history.back();
    return;
  }
  const address = new URL(location.href);
  address.searchParams.delete("open");
  history.replaceState(history.state, "", address);
}

// The page that is shown now is the one of this address.
export function remember() {
  shown = page();
}

// run(name) when Back or Forward only opened (or with null closed) details on the same page, which then need not be asked for again.
export function onStep(run) {
  addEventListener("popstate", () => {
    pushed = false;
    if (isShown()) run(openName());
  });
  document.addEventListener("htmx:before:history:restore", (event) => {
    if (isShown()) event.preventDefault();
  });
}

function isShown() {
  return document.getElementById("drawer") !== null && page() === shown;
}

function page() {
  const { pathname, searchParams } = new URL(location.href);
  return [pathname, ...["prefix", "q", "in", "sort", "show"].map((key) => searchParams.get(key) ?? "")].join("\n");
}

document.addEventListener("htmx:after:history:push", () => {
  pushed = false;
  remember();
});
document.addEventListener("htmx:after:history:replace", remember);
