// The upload tray: shows the queue, at most a few dozen of its files at a time, four times a second while something moves.
import { register } from "../controllers.js";
import { visible } from "../names.js";
import { clock, size } from "../numbers.js";
import { announce, plural } from "../page.js";
import { forgetDecision } from "./conflicts.js";
import { Rate } from "./rate.js";
import { queue } from "./uploads.js";

const TICK = 250;
const MOST = 40;
const STAY = 10_000;

register("tray", (tray) => {
  const part = (name) => tray.querySelector(`[data-${name}]`);
  const list = part("items");
  const lines = new Map();
  const rates = new WeakMap();
  const total = new Rate();
  let timer = null;
  let farewell = null;

  const wake = () => {
    clearTimeout(farewell);
    timer ??= setTimeout(tick, 30);
  };

  const tick = () => {
    timer = null;
    draw();
    if (queue.busy) timer = setTimeout(tick, TICK);
    else settle();
  };

  const draw = () => {
    tray.hidden = queue.items.size === 0;
    const shown = chooseShown();
    const ids = new Set(shown.map(({ id }) => id));
    for (const [id, line] of lines) {
      if (ids.has(id)) continue;
      line.remove();
      lines.delete(id);
    }
    shown.forEach((item, place) => {
      const line = lines.get(item.id) ?? makeLine(item);
      if (list.children[place] !== line) list.insertBefore(line, list.children[place] ?? null);
      drawLine(line, item);
    });
    drawSummary(queue.items.size - shown.length);
  };

  // In the order of the queue when it is short; else what moves or needs attention first.
  const chooseShown = () => {
    if (queue.items.size <= MOST) return [...queue.items.values()];
    const failed = [];
    for (const item of queue.items.values()) if (item.state === "failed" && failed.push(item) >= MOST / 2) break;
    return [...queue.active, ...failed, ...queue.waiting.slice(0, MOST / 4)].slice(0, MOST);
  };

  const makeLine = (item) => {
    const line = document.getElementById("tray-item").content.firstElementChild.cloneNode(true);
    line.dataset.id = item.id;
    lines.set(item.id, line);
    return line;
  };

  const drawName = (line, name) => {
    line.dataset.name = name;
    line.querySelector("bdi").textContent = name;
    line.querySelector(".file").title = name;
    line.querySelector("progress").setAttribute("aria-label", name);
    for (const [action, word] of [["retry", "Try again"], ["cancel", "Cancel"]]) {
      line.querySelector(`[data-action=${action}]`).setAttribute("aria-label", `${word}: ${name}`);
    }
  };

  const drawLine = (line, item) => {
    const name = visible(item.label);
    if (line.dataset.name !== name) drawName(line, name);
    line.className = item.state;
    setText(line.querySelector(".state"), stateWords(item, rates));
    const bar = line.querySelector("progress");
    bar.value = item.state === "done" ? 1000 : item.size ? Math.round((item.sent / item.size) * 1000) : 0;
    bar.className = item.state;
    line.querySelector("[data-action=retry]").hidden = item.state !== "failed" || !item.file;
    line.querySelector("[data-action=cancel]").hidden = item.state === "done";
    const why = line.querySelector(".why");
    why.hidden = !item.why;
    setText(why, item.why);
  };

  const drawSummary = (hiddenItems) => {
    const { all, done, failed, skipped, bytes } = queue.counts;
    const finished = done + failed + skipped;
    const sent = queue.sent;
    const speed = total.measure(sent);
    setText(part("title"), queue.busy ? `Uploading ${Math.min(all, finished + 1).toLocaleString("en")} of ${all.toLocaleString("en")}` : summary());
    setText(part("rate"), queue.busy && speed > 0 ? `${size(speed)}/s · ${clock((bytes - sent) / speed)}` : "");
    part("total").value = bytes ? Math.round((sent / bytes) * 1000) : 0;
    part("total").hidden = !queue.busy || all < 2;
    part("more").hidden = hiddenItems <= 0 && failed < 2;
    setText(part("more").firstElementChild, hiddenItems > 0 ? `and ${plural(hiddenItems, "more file")}${done ? `, ${done.toLocaleString("en")} done` : ""}` : "");
    part("more").querySelector("[data-action=retry-all]").hidden = failed < 2;
    const close = tray.querySelector("[data-action=close]");
    const label = queue.busy ? "Cancel all uploads" : "Close";
    close.title = label;
    close.setAttribute("aria-label", label);
  };

  const summary = () => {
    const { done, failed, skipped } = queue.counts;
    return [done && `${done.toLocaleString("en")} uploaded`, failed && `${failed.toLocaleString("en")} failed`, skipped && `${skipped.toLocaleString("en")} skipped`]
      .filter(Boolean).join(", ") || "Uploads";
  };

  const settle = () => {
    total.reset();
    forgetDecision();
    if (!queue.items.size) return;
    announce(summary());
    if (!queue.counts.failed) farewell = setTimeout(() => tray.matches(":hover, :focus-within") || queue.busy || queue.clear(), STAY);
  };

  const click = (event) => {
    const button = event.target.closest("[data-action]");
    if (!button) return;
    const item = queue.get(Number(button.closest("li")?.dataset.id));
    const run = {
      cancel: () => queue.cancel(item),
      retry: () => queue.retry(item),
      "retry-all": () => queue.retryAll(),
      close: () => (queue.busy ? queue.cancelAll() : queue.clear()),
      fold: () => button.setAttribute("aria-expanded", String(!tray.classList.toggle("folded"))),
    };
    run[button.dataset.action]?.();
  };

  tray.addEventListener("click", click);
  queue.addEventListener("change", wake);
  return () => queue.removeEventListener("change", wake);
});

function stateWords(item, rates) {
  const words = { waiting: "waiting", asking: "needs an answer", retrying: "trying again…", offline: "offline · goes on by itself", done: "done", skipped: "skipped", failed: "failed" };
  if (item.state !== "sending") return words[item.state];
  if (!item.size || item.sent >= item.size) return "finishing…";
  if (!rates.has(item)) rates.set(item, new Rate());
  const speed = rates.get(item).measure(item.sent);
  const left = speed > 0 ? ` · ${clock((item.size - item.sent) / speed)}` : "";
  return `${Math.floor((item.sent / item.size) * 100)}%${left}`;
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
