// Before something goes: which links lead to it. After it has gone elsewhere: whether they are to follow.
import { visible } from "../names.js";
import { csrfToken } from "../page.js";
import { STAYS, toast } from "../toasts.js";
import { language, t, tn } from "../words.js";

const SHOWN = 5;
const MOST = 1000;
const MOST_AT_ONCE = 500; // two fields each, in a form that may have some more than 1,000

// Adds to the dialog, when there are any, which links would break; the items are those of a selection.
export async function warn(dialog, items, { filesUrl }) {
  dialog.querySelector("[data-breaks]")?.remove();
  const found = await leadingTo(filesUrl, items);
  if (!found?.total || !dialog.open) return;
  dialog.querySelector("[data-breaks]")?.remove();
  const box = make("div", { className: "breaks" }, make("div", {}, make("b", { textContent: tn("{count} link leads to this and will break:", "{count} links lead to this and will break:", found.total) }), list(found)));
  box.dataset.breaks = "";
  box.setAttribute("role", "status");
  dialog.querySelector("[data-names]").after(box);
}

// Whether a question is due before these go: a link leads to one of them, or that cannot be found out.
export async function leadSomewhere(items, { filesUrl }) {
  return (await leadingTo(filesUrl, items))?.total !== 0;
}

// Offers to lead the links to where the files are now; moves: {name, to} of what has another place, in `bucket`.
export async function offerToFollow(moves, { filesUrl }, bucket) {
  const some = moves.slice(0, MOST);
  if (!some.length) return;
  const found = await leadingTo(filesUrl, some.map(({ name }) => ({ kind: "object", name })));
  if (!found?.total) return;
  const run = (event) => {
    event.target.closest(".toast").remove();
    follow(filesUrl, some, bucket);
  };
  const words = tn("{count} link leads to where this was.", "{count} links lead to where this was.", found.total);
  toast(words, "info", { seconds: STAYS, actions: [{ label: t("Let the links follow"), run }] });
}

async function follow(filesUrl, moves, bucket) {
  const failed = [];
  let changed = 0;
  for (let at = 0; at < moves.length; at += MOST_AT_ONCE) {
    const body = new FormData();
    body.append("to_bucket", bucket);
    for (const { name, to } of moves.slice(at, at + MOST_AT_ONCE)) {
      body.append("was", encodeURIComponent(name));
      body.append("now", encodeURIComponent(to));
    }
    const answer = await followAll(`${filesUrl}links/follow`, body);
    changed += answer.changed;
    failed.push(...answer.failed);
    if (answer.left) {
      toast(t("The links could not be changed. Look at the page of links."), "error");
      break;
    }
  }
  if (changed) toast(tn("{count} link follows.", "{count} links follow.", changed));
  for (const { name, message } of failed.slice(0, SHOWN)) toast(t("The link {name} was not changed: {message}", { name: visible(name), message }), "error");
}

// The site leads some links at a time elsewhere, and tells how many are left.
async function followAll(url, body) {
  const all = { changed: 0, failed: [], left: true };
  while (all.left) {
    const answer = await post(url, body);
    if (!answer) break;
    const { changed, failed, left } = answer;
    Object.assign(all, { changed: all.changed + changed, failed, left });
    if (!changed) break;
  }
  return all;
}

async function leadingTo(filesUrl, items) {
  const body = new FormData();
  for (const { kind, name } of items.slice(0, MOST)) body.append(kind, encodeURIComponent(name));
  return post(`${filesUrl}links/to`, body);
}

async function post(url, body) {
  const headers = { "X-CSRFToken": csrfToken(), Accept: "application/json" };
  const response = await fetch(url, { method: "POST", body, headers }).catch(() => null);
  return response?.ok ? response.json().catch(() => null) : null;
}

function list({ links, total }) {
  const lines = links.slice(0, SHOWN).map(({ bucket, name }) => make("li", { textContent: `${bucket} / ${visible(name)}` }));
  if (total > SHOWN) lines.push(make("li", { textContent: t("and {count} more", { count: (total - SHOWN).toLocaleString(language) }) }));
  return make("ul", {}, ...lines);
}

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
