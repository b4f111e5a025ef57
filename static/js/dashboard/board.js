// One socket that tells what happens, the rows and charts that show it, and what holds them still.
import { announce } from "../page.js";
import { replacePart } from "../parts.js";
import { signedOut } from "../session.js";
import { Connection } from "../socket.js";
import { t, tn } from "../words.js";
import { Filters } from "./filters.js";
import { listen } from "./keys.js";
import { Rates } from "./rates.js";
import { Rows, parse } from "./rows.js";
import { showEmpty, showNews, showPaused, showPlaces, showState } from "./saying.js";
import { Stopping } from "./stopping.js";

const DRAWN_EVERY = 1000;
const ANNOUNCED_EVERY = 15_000;

export class Dashboard {
  constructor(element) {
    const { mostRows, mostBuckets, socket } = element.dataset;
    const list = document.getElementById("changes");
    this.element = element;
    this.mostBuckets = Number(mostBuckets);
    this.places = null;
    this.number = this.shown = 0;
    this.arrived = 0;
    this.filters = new Filters(document.getElementById("live-filters"), () => this.#ask());
    this.rows = new Rows(list, document.getElementById("change-row"), { most: Number(mostRows), words: this.filters.kinds, history: (bucket) => this.places?.get(bucket)?.history });
    this.rates = new Rates(document.getElementById("live-rates"), document.getElementById("rate-card"));
    this.stopping = new Stopping(list.parentElement, () => this.#settle());
    this.silence = listen(list, () => this.pause());
    this.timers = [setInterval(() => this.#draw(), DRAWN_EVERY), setInterval(() => this.#announce(), ANNOUNCED_EVERY)];
    this.connection = new Connection(socket, {
      opened: () => this.#ask(),
      message: (message) => this.#take(message),
      ended: (code) => this.#ended(code),
      waiting: () => showState("wait", navigator.onLine ? t("Reconnecting…") : t("Offline")),
    });
  }

  close() {
    this.connection.close();
    this.filters.close();
    this.stopping.close();
    this.silence();
    this.timers.forEach(clearInterval);
  }

  pause() {
    this.stopping.paused = !this.stopping.paused;
    if (!this.stopping.paused) this.#release();
    announce(this.stopping.paused ? t("Paused. Changes are counted.") : t("Following again."));
    this.#settle();
  }

  // Show what came meanwhile, and follow again.
  catchUp() {
    this.stopping.paused = false;
    document.getElementById("main").focus({ preventScroll: true });
    this.rows.list.parentElement.scrollTop = 0;
    this.#release();
    this.#settle();
  }

  #ask() {
    const { asked } = this.filters;
    this.number += 1;
    this.rates.pick(asked.bucket);
    this.connection.send({ n: this.number, ...asked });
  }

  #take(message) {
    for (const [id, html] of Object.entries(message.parts ?? {})) replacePart(id, html);
    if (message.places) this.#arrange(message.places);
    if (message.n === this.number) this.#show(message);
    this.#say();
  }

  #show({ rows, more, first, ...rest }) {
    const changes = rows.map(parse);
    const asked = this.shown !== this.number;
    this.shown = this.number;
    this.rates.took(rest);
    this.arrived += first ? 0 : rows.length + more;
    if (this.stopping.isStopped && !asked) {
      this.stopping.keep(changes, first ? changes.filter(({ key }) => !this.rows.has(key)).length : rows.length + more, first, this.rows.most);
      return;
    }
    if (asked) this.stopping.release();
    if (first) this.rows.replace(changes);
    else this.rows.add(changes);
    if (first) this.#draw();
  }

  // Buckets that are new, gone, or may not be seen any more.
  #arrange(places) {
    this.places = new Map(places.map(([name, following, history]) => [name, { following, history }]));
    const names = new Set(this.places.keys());
    this.filters.offer([...names]);
    this.rows.keepOnly(names);
    this.stopping.keepOnly(names);
    this.rates.keepOnly(names);
    showPlaces(this.places, this.mostBuckets);
  }

  #settle() {
    if (!this.element.isConnected) return; // the focus left with the page
    if (!this.stopping.isStopped) this.#release();
    showPaused(this.stopping);
    this.#say();
  }

  #release() {
    const { waiting, anew } = this.stopping.release();
    if (anew) this.rows.replace(waiting);
    else if (waiting.length) this.rows.add(waiting);
  }

  #say() {
    showNews(this.stopping);
    showEmpty(this.rows.shown.size === 0 && this.shown > 0, this.places?.size === 0, this.filters.isAll);
    if (!this.connection?.isOpen) return;
    if (!document.getElementById("banner").hidden) showState("off", t("Waiting for NATS"));
    else if (this.stopping.paused) showState("wait", t("Paused"));
    else showState("", t("Live"));
  }

  #draw() {
    if (!document.hidden) this.rates.draw();
  }

  // For who does not see the rows: how much has come, now and then.
  #announce() {
    if (this.arrived && !this.stopping.paused) announce(tn("{count} change in the last 15 seconds", "{count} changes in the last 15 seconds", this.arrived));
    this.arrived = 0;
  }

  #ended(code) {
    if (code !== 4401) return false;
    showState("off", t("Ended"));
    signedOut();
    return true;
  }
}
