// What the drawer shows of a file, as the site renders it; the last ones are kept, so going back and forth is quick.

const MOST = 20;
const kept = new Map();
let place = "";

// What is kept is of one bucket, that of this address: names and revisions are its own.
function of(url) {
  if (url !== place) kept.clear();
  place = url;
  return kept;
}

export function known(url, name, revision) {
  const found = of(url).get(name);
  return found && found.revision === revision ? found.html : null;
}

// {html, ok}. An answer that is no part of a page (signed out, NATS away) is not ok.
export async function load(url, name) {
  const response = await fetch(`${url}?name=${encodeURIComponent(name)}`, { headers: { "HX-Request": "true", Accept: "text/html" } }).catch(() => null);
  const html = response?.ok ? await response.text() : "";
  return { html, ok: html.includes("drawer-content") };
}

export function keep(url, name, revision, html) {
  of(url).delete(name);
  kept.set(name, { revision, html });
  if (kept.size > MOST) kept.delete(kept.keys().next().value);
}

export function forget(name) {
  kept.delete(name);
}
