// The live listing: keeps the rows as the bucket is, through one socket that outlives moving between folders.
import { register } from "./controllers.js";
import { announce, listing, plural, rows } from "./page.js";
import { patch } from "./patch.js";
import { paint, prune } from "./selection.js";
import { signedOut } from "./session.js";
import { Connection } from "./socket.js";

const ENDED = { 4401: signedOut, 4404: reload, 4410: () => {} };

let connection = null;
let number = 0;

register("listing", () => {
  follow();
  paint();
  return () => setTimeout(() => listing() || leave());
});

function follow() {
  const here = listing();
  if (connection?.path !== here.socket) {
    leave();
    connection = new Connection(here.socket, { opened: handshake, message, ended, waiting: () => showState("wait", navigator.onLine ? "Reconnecting…" : "Offline") });
  } else if (connection.isOpen) {
    handshake();
  }
}

document.addEventListener("signed-in", () => {
  if (!listing() || connection?.isOpen) return;
  leave();
  follow();
});

function leave() {
  connection?.close();
  connection = null;
}

function handshake() {
  const here = listing();
  if (!here) return;
  number += 1;
  const shown = Object.fromEntries(rows().map((row) => [row.id, row.dataset.rev]));
  connection.send({ n: number, view: { prefix: here.prefix, q: here.query, sort: here.sort, page: here.page }, rows: shown });
  showLive();
}

function message(update) {
  if (update.n !== undefined && update.n !== number) return;
  for (const [id, html] of Object.entries(update.parts ?? {})) replacePart(id, html);
  if (update.parts?.banner) showLive();
  if (!update.order) return;
  const outcome = patch(update.order, update.rows);
  if (outcome.lost) handshake();
  if (document.getElementById("pager")?.hidden) prune(update.order);
  paint();
  tell(outcome);
}

function replacePart(id, html) {
  const old = document.getElementById(id);
  if (!old) return;
  const template = document.createElement("template");
  template.innerHTML = html;
  const fresh = template.content.firstElementChild;
  if (old.outerHTML === fresh.outerHTML) return;
  old.replaceWith(fresh);
  htmx.process(fresh);
}

function tell({ added, changed, removed }) {
  const parts = [[added, "added"], [changed, "changed"], [removed, "removed"]].filter(([count]) => count);
  if (parts.length) announce(parts.map(([count, what]) => `${plural(count, "row")} ${what}`).join(", "));
}

function showLive() {
  if (document.getElementById("banner").hidden) showState("", "Live");
  else showState("off", "Waiting for NATS");
}

function showState(dot, text) {
  const element = document.getElementById("live-state");
  if (!element) return;
  element.firstElementChild.className = `dot ${dot}`.trim();
  element.lastElementChild.textContent = text;
}

function ended(code) {
  const answer = ENDED[code];
  if (!answer) return false;
  showState("off", "Ended");
  answer();
  return true;
}

function reload() {
  htmx.ajax("GET", location.pathname + location.search, { target: "#main", swap: "outerHTML" });
}
