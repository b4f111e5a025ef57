// What is listed, as the form says it; the address says the same, so that it can be kept and sent. `kinds`: the label and icon of each kind
// of change.

const TYPING = 200;

export class Filters {
  constructor(form, changed) {
    this.form = form;
    this.kinds = new Map([...form.elements.what.options].map(({ value, text, dataset }) => [value, { label: text, icon: dataset.icon }]));
    this.ends = new AbortController();
    const { signal } = this.ends;
    const tell = () => {
      clearTimeout(this.timer);
      const { href } = this;
      if (href !== location.pathname + location.search) history.replaceState(history.state, "", href);
      changed();
    };
    form.addEventListener("change", tell, { signal });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      tell();
    }, { signal });
    form.elements.q.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(tell, TYPING);
    }, { signal });
  }

  get asked() {
    const { bucket, what, q } = this.form.elements;
    return { bucket: bucket.value, what: what.value, q: q.value };
  }

  get isAll() {
    return Object.values(this.asked).every((value) => !value.trim());
  }

  get href() {
    const filled = Object.entries(this.asked).filter(([, value]) => value.trim());
    return location.pathname + (filled.length ? `?${new URLSearchParams(filled)}` : "");
  }

  set(asked) {
    for (const [name, value] of Object.entries(asked)) this.form.elements[name].value = value;
    this.form.dispatchEvent(new Event("change"));
  }

  // A bucket that is looked at alone stays among them.
  offer(buckets) {
    const { bucket: select } = this.form.elements;
    const names = select.value && !buckets.includes(select.value) ? [...buckets, select.value].sort() : buckets;
    if (names.length === select.options.length - 1 && names.every((name, at) => select.options[at + 1].value === name)) return;
    const chosen = select.value;
    select.replaceChildren(select.options[0], ...names.map((name) => new Option(name, name)));
    select.value = chosen;
  }

  close() {
    clearTimeout(this.timer);
    this.ends.abort();
  }
}
