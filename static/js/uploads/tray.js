// The upload tray: shows the queue, at most a few dozen of its files at a time, four times a second while something moves.
import { register } from "../controllers.js";
import { announce } from "../page.js";
import { language, t, tn } from "../words.js";
import { forgetDecision } from "./conflicts.js";
import { Line, setText } from "./line.js";
import { outcome, Speed, title } from "./summary.js";
import { queue } from "./uploads.js";

const TICK = 250;
const MOST = 40;
const STAY = 10_000;

register("tray", (tray) => {
  const part = (name) => tray.querySelector(`[data-${name}]`);
  const button = (action) => tray.querySelector(`header [data-action=${action}]`);
  const list = part("items");
  const lines = new Map();
  const speed = new Speed();
  let timer = null;
  let farewell = null;
  let said = "";

  const wake = () => {
    clearTimeout(farewell);
    timer ??= setTimeout(tick, 30);
  };

  const tick = () => {
    timer = null;
    draw();
    if (queue.active.size) timer = setTimeout(tick, TICK);
    else if (!queue.busy) settle();
  };

  const draw = () => {
    tray.hidden = queue.items.size === 0;
    const shown = chooseShown();
    const ids = new Set(shown.map(({ id }) => id));
    for (const [id, { element }] of lines) {
      if (ids.has(id)) continue;
      if (element.contains(document.activeElement)) button("close").focus({ preventScroll: true });
      element.remove();
      lines.delete(id);
    }
    shown.forEach((item, place) => {
      const line = lineOf(item);
      if (list.children[place] !== line.element) list.insertBefore(line.element, list.children[place] ?? null);
      line.draw(queue.hold);
    });
    drawSummary(queue.items.size - shown.length);
    drawHold();
  };

  // In the order of the queue when it is short; else what moves or needs attention first.
  const chooseShown = () => {
    if (queue.items.size <= MOST) return [...queue.items.values()];
    const failed = [];
    for (const item of queue.items.values()) if (item.state === "failed" && failed.push(item) >= MOST / 2) break;
    const active = [...queue.active].sort((one, other) => one.id - other.id).slice(0, MOST / 2);
    return [...active, ...failed, ...[...queue.paused].slice(0, MOST / 4), ...queue.waiting.slice(0, MOST / 4)].slice(0, MOST);
  };

  const lineOf = (item) => {
    if (!lines.has(item.id)) lines.set(item.id, new Line(item));
    return lines.get(item.id);
  };

  const drawSummary = (hiddenItems) => {
    const { all, done, failed, work, workDone } = queue.tally;
    setText(part("title"), title(queue));
    setText(part("rate"), queue.active.size ? speed.measure(queue.tally) : "");
    part("total").value = work ? Math.floor((workDone / work) * 1000) : 0;
    part("total").hidden = !queue.busy || all < 2;
    part("more").hidden = hiddenItems <= 0 && failed < 2;
    setText(part("more").firstElementChild, hiddenItems > 0 ? more(hiddenItems, done) : "");
    part("more").querySelector("[data-action=retry-all]").hidden = failed < 2;
  };

  const drawHold = () => {
    const isResting = queue.hold === "paused" || (queue.paused.size > 0 && !queue.active.size && !queue.waiting.length);
    button("pause-all").hidden = !queue.busy || isResting || queue.hold === "signed out";
    button("resume-all").hidden = !isResting;
    part("signed-out").hidden = queue.hold !== "signed out";
    const label = queue.busy ? t("Cancel all uploads") : t("Close");
    button("close").title = label;
    button("close").setAttribute("aria-label", label);
    if (queue.hold !== said) tell(queue.hold);
  };

  const tell = (hold) => {
    said = hold;
    speed.reset();
    if (hold === "paused") announce(t("Uploads are paused"));
    if (hold === "signed out") announce(t("You are signed out. Sign in again, then the uploads can go on."));
  };

  const settle = () => {
    speed.reset();
    forgetDecision();
    if (!queue.items.size) return;
    announce(outcome(queue.tally));
    if (!queue.tally.failed) farewell = setTimeout(() => tray.matches(":hover, :focus-within") || queue.busy || queue.clear(), STAY);
  };

  const swap = (run, shown) => {
    run();
    draw();
    button(shown).focus({ preventScroll: true });
  };

  const click = (event) => {
    const pressed = event.target.closest("[data-action]");
    if (!pressed) return;
    const item = queue.get(Number(pressed.closest("li")?.dataset.id));
    const run = {
      pause: () => queue.pause(item),
      resume: () => queue.resume(item),
      cancel: () => queue.cancel(item),
      retry: () => queue.retry(item),
      "retry-all": () => queue.retryAll(),
      "pause-all": () => swap(() => queue.pauseAll(), "resume-all"),
      "resume-all": () => swap(() => queue.goOn(), "pause-all"),
      "go-on": () => swap(() => queue.goOn(), "pause-all"),
      close: () => (queue.busy ? queue.cancelAll() : queue.clear()),
      fold: () => pressed.setAttribute("aria-expanded", String(!tray.classList.toggle("folded"))),
    };
    run[pressed.dataset.action]?.();
  };

  tray.addEventListener("click", click);
  queue.addEventListener("change", wake);
  return () => queue.removeEventListener("change", wake);
});

function more(hidden, done) {
  if (!done) return tn("and {count} more file", "and {count} more files", hidden);
  return tn("and {count} more file, {done} done", "and {count} more files, {done} done", hidden, { done: done.toLocaleString(language) });
}
