// The live listing: keeps the rows as the bucket is, through one socket that outlives moving between folders.
import { register } from "./controllers.js";
import { shiftFocus } from "./list/focus.js";
import { restore } from "./list/place.js";
import { fetchRows } from "./list/ranges.js";
import { arrived, askAgain, atTop, attach, held, watch } from "./list/scroller.js";
import { tellFound } from "./list/search.js";
import { announce, listing, rows } from "./page.js";
import { replacePart } from "./parts.js";
import { patch } from "./patch.js";
import { paint, prune } from "./selection.js";
import { signedOut } from "./session.js";
import { Connection } from "./socket.js";
import { t, tn } from "./words.js";

const ENDED = { 4401: signedOut, 4404: reload, 4410: () => {} };
const WORDS = {
  added: (count) => tn("{count} row added", "{count} rows added", count),
  changed: (count) => tn("{count} row changed", "{count} rows changed", count),
  removed: (count) => tn("{count} row removed", "{count} rows removed", count),
};

// So many rows are looked after also where fewer are there (yet).
const LEAST = 60;

let connection = null;
let number = 0;
let following = false;

register("listing", () => {
  const detach = attach(request);
  restore(listing().page);
  follow();
  paint();
  tellFound();
  return () => {
    detach();
    setTimeout(() => listing() || leave());
  };
});

function follow() {
  const here = listing();
  if (connection?.path !== here.socket) {
    leave();
    connection = new Connection(here.socket, { opened: handshake, message, ended, waiting: () => showState("wait", navigator.onLine ? t("Reconnecting…") : t("Offline")) });
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
  following = !atTop();
  const shown = Object.fromEntries(rows().map((row) => [row.id, row.dataset.rev]));
  const { offset, count } = held();
  const view = { prefix: here.prefix, q: here.query, sort: here.sort, in: here.everywhere ? "bucket" : "" };
  connection.send({ n: number, view, offset, count: Math.max(count, LEAST), follow: following, rows: shown });
  showLive();
  askAgain();
}

// Ask for other rows: over the socket, or while there is none by themselves.
function request(range) {
  following = range.follow;
  if (connection?.isOpen) connection.send({ n: number, ...range });
  else fetchSlice(range);
  return true;
}

async function fetchSlice({ offset, count }) {
  const now = number;
  try {
    const update = await fetchRows({ offset, count });
    if (now === number) message({ ...update, n: now, moved: true });
  } catch {
    setTimeout(() => now === number && !connection?.isOpen && askAgain(), 2000);
  }
}

function message(update) {
  if (update.n !== undefined && update.n !== number) return;
  for (const [id, html] of Object.entries(update.parts ?? {})) replacePart(id, html);
  if (update.parts?.banner) showLive();
  if (!update.order || !document.getElementById("rows")) return;
  const before = held().offset;
  const outcome = arrived(update, () => patch(update.order, update.rows, update.moved));
  if (!update.moved) shiftFocus(update.offset - before);
  if (outcome.lost) handshake();
  if (update.order.length === update.total) prune(update.order);
  paint();
  if (!update.moved) tell(outcome);
  if (!update.moved) document.dispatchEvent(new Event("bucket-changed"));
}

watch(() => {
  if (!atTop() === following || !connection?.isOpen) return;
  const { offset, count } = held();
  request({ offset, count: Math.max(count, LEAST), follow: !atTop() });
});

function tell(outcome) {
  const parts = Object.keys(WORDS).filter((what) => outcome[what]).map((what) => WORDS[what](outcome[what]));
  if (parts.length) announce(parts.join(", "));
}

function showLive() {
  if (document.getElementById("banner").hidden) showState("", t("Live"));
  else showState("off", t("Waiting for NATS"));
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
  showState("off", t("Ended"));
  answer();
  return true;
}

function reload() {
  htmx.ajax("GET", location.pathname + location.search, { target: "#main", swap: "outerHTML" });
}
