// Brings the table's rows to a new order with as few changes as possible; scroll position and focus stay where they were.

const MOST_ANIMATED = 20;
const GLOW = 2600;

// order: all row ids; html: the new and changed rows by id. `lost`: a row that should be here is not.
export function patch(order, html) {
  const body = document.getElementById("rows");
  const keep = remember(body, new Set(order));
  const outcome = { added: 0, changed: 0, removed: 0, lost: false };
  for (const row of [...body.children]) {
    if (order.includes(row.id)) continue;
    row.remove();
    outcome.removed += 1;
  }
  const calm = Object.keys(html).length > MOST_ANIMATED;
  order.forEach((id, place) => {
    const row = take(id, html[id], calm, outcome);
    if (!row) outcome.lost = true;
    else if (body.children[place] !== row) body.insertBefore(row, body.children[place] ?? null);
  });
  keep();
  return outcome;
}

function take(id, html, calm, outcome) {
  const old = document.getElementById(id);
  if (html === undefined) return old;
  const row = build(html);
  if (old) {
    old.replaceWith(row);
    outcome.changed += 1;
  } else {
    outcome.added += 1;
  }
  if (!calm) glow(row, old ? ["fresh"] : ["fresh", "arriving"]);
  return row;
}

function build(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const row = template.content.firstElementChild;
  queueMicrotask(() => row.isConnected && htmx.process(row));
  return row;
}

function glow(row, classes) {
  row.classList.add(...classes);
  setTimeout(() => row.classList.remove(...classes), GLOW);
}

// Remembers the focused row and the first row in sight that will stay; the function returned puts both back.
function remember(body, staying) {
  const list = document.getElementById("list");
  const active = document.activeElement;
  const row = body.contains(active) ? active.closest("tr") : null;
  const selector = row && (active.classList.contains("name") ? ".name" : active.type === "checkbox" ? "input" : `[title="${active.title}"]`);
  const next = row && [...body.children].slice([...body.children].indexOf(row)).find((other) => staying.has(other.id))?.id;
  const anchor = list.scrollTop > 0 ? anchorRow(list, body, staying) : null;
  const top = anchor?.getBoundingClientRect().top;
  return () => {
    const still = anchor && document.getElementById(anchor.id);
    if (still) list.scrollTop += still.getBoundingClientRect().top - top;
    if (!row || body.contains(document.activeElement)) return;
    const target = document.getElementById(row.id) ?? (next && document.getElementById(next)) ?? body.lastElementChild;
    (target?.querySelector(selector) ?? target?.querySelector(".name") ?? document.getElementById("main")).focus({ preventScroll: true });
  };
}

function anchorRow(list, body, staying) {
  const edge = list.getBoundingClientRect().top + 40;
  return [...body.children].find((row) => staying.has(row.id) && row.getBoundingClientRect().bottom > edge);
}
