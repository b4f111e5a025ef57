// Rows hold still while somebody is at them: paused by the button, or for a while under the pointer, with the focus, or scrolled. What
// comes meanwhile is counted, and the newest of it is kept.

export class Stopping {
  // changed(): whether it holds still may be otherwise now.
  constructor(list, changed) {
    this.list = list;
    this.paused = false;
    this.hovered = false;
    this.missed = 0;
    this.waiting = [];
    this.anew = false;
    this.ends = new AbortController();
    const { signal } = this.ends;
    const over = (hovered) => (event) => {
      if (event.pointerType !== "mouse" || hovered === this.hovered) return;
      this.hovered = hovered;
      changed();
    };
    list.addEventListener("pointerenter", over(true), { signal });
    list.addEventListener("pointermove", over(true), { signal });
    list.addEventListener("pointerleave", over(false), { signal });
    list.addEventListener("focusin", changed, { signal });
    list.addEventListener("focusout", () => setTimeout(changed), { signal });
    list.addEventListener("scroll", changed, { signal, passive: true });
  }

  get isHeld() {
    const row = document.activeElement?.closest?.(".live-change");
    if (!this.list.querySelector(".live-change")) return false;
    return this.hovered || this.list.scrollTop > 0 || Boolean(row && this.list.contains(row));
  }

  get isStopped() {
    return this.paused || this.isHeld;
  }

  // anew: these are all there is; else they came after the others. count: how many have come.
  keep(changes, count, anew, most) {
    this.waiting = (anew ? changes : [...changes, ...this.waiting]).slice(0, most);
    this.anew ||= anew;
    this.missed += count;
  }

  keepOnly(buckets) {
    this.waiting = this.waiting.filter(({ bucket }) => buckets.has(bucket));
  }

  // What came meanwhile; then nothing is missed any more.
  release() {
    const { waiting, anew } = this;
    this.waiting = [];
    this.anew = false;
    this.missed = 0;
    return { waiting, anew };
  }

  close() {
    this.ends.abort();
  }
}
