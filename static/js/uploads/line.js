// One file's line in the tray.
import { visible } from "../names.js";
import { clock, size } from "../numbers.js";
import { t } from "../words.js";
import { isFinal } from "./item.js";
import { Rate } from "./rate.js";

const LONG = 1024 * 1024; // below that a file is there before anybody could read its numbers
const WORDS = {
  waiting: t("waiting"), asking: t("needs an answer"), retrying: t("trying again…"), offline: t("offline · goes on by itself"), paused: t("paused"),
  done: t("done"), skipped: t("skipped"), failed: t("failed"),
};

export class Line {
  #rate = new Rate();
  #name = "";

  constructor(item) {
    this.item = item;
    this.element = document.getElementById("tray-item").content.firstElementChild.cloneNode(true);
    this.element.dataset.id = item.id;
  }

  draw(hold) {
    const { item, element } = this;
    const state = item.state === "waiting" && hold ? "paused" : item.state;
    const isLong = item.size >= LONG && !isFinal(item);
    this.#drawName();
    if (element.className !== state) element.className = state;
    if (state !== "sending") this.#rate.reset();
    setText(this.#find(".state"), this.#state(state));
    const bar = this.#find("progress");
    bar.value = state === "done" ? 1000 : item.size ? Math.floor((item.sent / item.size) * 1000) : 0;
    show(this.#find(".amounts"), isLong && (state === "sending" || item.sent > 0), this.#amounts(state));
    show(this.#find(".why"), item.why, item.why);
    this.#button("pause").hidden = !isLong || hold || state === "paused" || state === "asking";
    this.#button("resume").hidden = hold || state !== "paused";
    this.#button("retry").hidden = state !== "failed" || !item.file;
    this.#button("cancel").hidden = state === "done";
  }

  #state(state) {
    const { size: all, sent } = this.item;
    if (state !== "sending") return WORDS[state];
    return !all || sent >= all ? t("finishing…") : t("{percent}%", { percent: Math.floor((sent / all) * 100) });
  }

  // "24.8 MiB of 40 MiB · 12 MiB/s · 0:02 left"
  #amounts(state) {
    const { size: all, sent, moved } = this.item;
    const speed = state === "sending" ? this.#rate.measure(moved) : 0;
    const parts = [t("{done} of {all}", { done: size(sent), all: size(all) })];
    if (speed > 0) parts.push(`${size(speed)}/s`, t("{time} left", { time: clock((all - sent) / speed) }));
    return parts.join(" · ");
  }

  #drawName() {
    const name = visible(this.item.label);
    if (name === this.#name) return;
    this.#name = name;
    this.#find("bdi").textContent = name;
    this.#find(".file").title = name;
    this.#find("progress").setAttribute("aria-label", name);
    for (const button of this.element.querySelectorAll("[data-action]")) button.setAttribute("aria-label", `${button.title}: ${name}`);
  }

  #button(action) {
    return this.#find(`[data-action=${action}]`);
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function show(element, condition, text) {
  element.hidden = !condition;
  setText(element, condition ? text : "");
}
