// What rows are, whether they are in the document or not.
import { itemOf, listing, rows } from "../page.js";
import { signedOut } from "../session.js";
import { language, t } from "../words.js";
import { held, total } from "./scroller.js";

export const MOST = 10_000;
const AT_ONCE = 1_000; // what the site tells in one answer

// The items {id, kind, name} of the rows from the index `a` to `b`, both included, in order. Throws an Error with words for people when
// they are too many, or cannot be asked for.
export async function rowsBetween(a, b) {
  const [from, to] = [Math.max(0, Math.min(a, b)), Math.min(total() - 1, Math.max(a, b))];
  if (to < from) return [];
  if (to - from >= MOST) throw new Error(t("Only {most} files can be selected at once.", { most: MOST.toLocaleString(language) }));
  const { offset, count } = held();
  if (from >= offset && to < offset + count) return rows().slice(from - offset, to - offset + 1).map(itemOf);
  return ask(from, to - from + 1);
}

// All rows of the view.
export function allRows() {
  return rowsBetween(0, total() - 1);
}

// Once more from the start, a few times, when rows have come or gone meanwhile: the indexes of the others are different then.
async function ask(offset, count, tries = 3) {
  const found = [];
  let all = null;
  for (let at = 0; at < count; at += AT_ONCE) {
    const { total: now, rows: some } = await fetchRows({ offset: offset + at, count: Math.min(AT_ONCE, count - at), names: 1 });
    if (all !== null && now !== all && tries > 1) return ask(offset, count, tries - 1);
    all = now;
    found.push(...some);
  }
  return found.map(({ id, kind, name }) => ({ id, kind, name: decodeURIComponent(name) }));
}

// The rows of the listing on the page, as the site says them (buckets/views/rows.py).
export async function fetchRows(fields) {
  const here = listing();
  const asked = new URLSearchParams({ prefix: here.prefix, q: here.query, sort: here.sort, in: here.everywhere ? "bucket" : "", ...fields });
  const response = await fetch(`${here.element.dataset.rowsUrl}?${asked}`, { headers: { "HX-Request": "true" } });
  if (response.headers.has("HX-Redirect")) signedOut();
  if (!response.ok || response.status === 204) throw new Error(t("The site cannot be reached. Try again in a moment."));
  return response.json();
}
