// A WebSocket that comes back by itself, with growing pauses. `ended(code)` says whether a close code is final.

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

export class Connection {
  constructor(path, events) {
    this.path = path;
    this.events = events;
    this.pause = FIRST_PAUSE;
    this.hurry = () => this.#now();
    addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
    this.#open();
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  send(message) {
    if (this.isOpen) this.socket.send(JSON.stringify(message));
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
    this.socket?.close();
  }

  #open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}${this.path}`);
    this.socket = socket;
    socket.addEventListener("open", () => this.closed || this.events.opened());
    socket.addEventListener("message", ({ data }) => {
      this.pause = FIRST_PAUSE;
      if (!this.closed) this.events.message(JSON.parse(data));
    });
    socket.addEventListener("close", ({ code }) => this.#lost(code));
  }

  #lost(code) {
    if (this.closed) return;
    if (this.events.ended(code)) {
      this.close();
      return;
    }
    this.events.waiting();
    this.timer = setTimeout(() => this.#open(), this.pause * (0.75 + Math.random() / 2));
    this.pause = Math.min(LONGEST_PAUSE, this.pause * 2);
  }

  // The network is back or somebody looks again: no need to wait.
  #now() {
    if (this.closed || document.hidden || this.socket?.readyState !== WebSocket.CLOSED) return;
    clearTimeout(this.timer);
    this.pause = FIRST_PAUSE;
    this.#open();
  }
}
