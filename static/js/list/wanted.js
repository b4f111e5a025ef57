// Which rows to have in the document. Pure.

const BEHIND = 20;
const AHEAD = 60;
const AROUND = 35;
const ENOUGH = 15;
const MARGIN = 6;
// So many at most come at once, so that putting them into the document takes no more than a part of a frame or two.
const STEP = 40;
export const MOST = 300;

// seen: the rows in sight; held: those in the document, {offset, count}; way: the direction of scrolling, -1, 0 or 1.
// Null while those are enough. After a jump it is what is in sight, and then step by step what is around.
export function wanted(seen, held, total, way, columns = 1) {
  if (total === 0) return null;
  const from = held.offset;
  const to = held.offset + held.count;
  const near = seen.first < to && seen.last > from;
  if (near && aligned(from, columns) && fills(seen, from, to, total) && held.count <= MOST) return null;
  const [before, after] = near ? margins(way) : [MARGIN, MARGIN];
  const start = Math.max(0, seen.first - before, near ? Math.min(seen.first, from - STEP) : 0);
  const offset = start - (start % columns);
  const end = Math.min(total, seen.last + after, near ? Math.max(seen.last, to + STEP) : total, offset + MOST);
  return { offset, count: Math.max(1, end - offset) };
}

function aligned(from, columns) {
  return columns === 1 || from % columns === 0;
}

function fills(seen, from, to, total) {
  return (from === 0 || seen.first - from >= ENOUGH) && (to >= total || to - seen.last >= ENOUGH);
}

function margins(way) {
  if (way > 0) return [BEHIND, AHEAD];
  return way < 0 ? [AHEAD, BEHIND] : [AROUND, AROUND];
}
