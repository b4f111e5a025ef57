// Brings the table's rows to a new order with as few changes as possible; the focus stays where it was.

const MOST_ANIMATED = 20;
const GLOW = 2600;

// Links in a row that came later are htmx's as soon as somebody uses the row: to make those of all rows its own takes longer than to show
// them.
document.addEventListener("click", ({ target }) => {
  const row = target.closest?.("#rows > tr[data-late]");
  if (!row) return;
  delete row.dataset.late;
  htmx.process(row);
}, { capture: true });

// order: all row ids; html: the new and changed rows by id; moved: they were scrolled to, so they are not news.
// In the outcome `lost`: a row that should be here is not; `parked`: the row that had the focus was scrolled away.
export function patch(order, html, moved = false) {
  const body = document.getElementById("rows");
  const staying = new Set(order);
  const keepFocus = remember(body, staying, moved);
  const outcome = { added: 0, changed: 0, removed: 0, lost: false };
  const known = new Map([...body.children].map((row) => [row.id, row]));
  const leaving = [...known].filter(([id]) => !staying.has(id));
  if (leaving.length === known.size) body.replaceChildren();
  else for (const [, row] of leaving) row.remove();
  outcome.removed = leaving.length;
  const fresh = build(Object.values(html));
  const calm = moved || fresh.size > MOST_ANIMATED;
  for (const [id, row] of fresh) {
    const old = known.get(id);
    old?.replaceWith(row);
    known.set(id, row);
    outcome[old ? "changed" : "added"] += 1;
    if (!calm) glow(row, old ? ["fresh"] : ["fresh", "arriving"]);
  }
  let next = body.firstElementChild;
  for (const id of order) {
    const row = known.get(id);
    if (!row) outcome.lost = true;
    else if (row === next) next = next.nextElementSibling;
    else body.insertBefore(row, next);
  }
  outcome.parked = keepFocus();
  return outcome;
}

function build(pieces) {
  const template = document.createElement("template");
  template.innerHTML = pieces.join("");
  for (const row of template.content.children) row.dataset.late = "";
  return new Map([...template.content.children].map((row) => [row.id, row]));
}

function glow(row, classes) {
  row.classList.add(...classes);
  setTimeout(() => row.classList.remove(...classes), GLOW);
}

// Remembers the focused row; the function returned puts the focus back, or onto the list when the row was only scrolled away.
function remember(body, staying, moved) {
  const active = document.activeElement;
  const row = body.contains(active) ? active.closest("tr") : null;
  if (!row) return () => false;
  const selector = active.classList.contains("name") ? ".name" : active.type === "checkbox" ? "input" : `[title="${CSS.escape(active.title)}"]`;
  const all = [...body.children];
  const next = all.slice(all.indexOf(row)).find((other) => staying.has(other.id))?.id;
  return () => {
    if (body.contains(document.activeElement)) return false;
    const still = document.getElementById(row.id);
    if (moved && !still) {
      document.getElementById("list").focus({ preventScroll: true });
      return true;
    }
    const target = still ?? (next && document.getElementById(next)) ?? body.lastElementChild;
    (target?.querySelector(selector) ?? target?.querySelector(".name") ?? document.getElementById("main")).focus({ preventScroll: true });
    return false;
  };
}
