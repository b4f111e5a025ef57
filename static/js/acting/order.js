// In which order files get new names, a few at a time, so that none takes the place of another one of them: the server sees to that only
// among those of one request.

// items: {name, to}; done: the names that others have got just now. Gives the items so that each comes after the one whose name it gets,
// and those that would take the place of another.
export function inOrder(items, done, oneBucket) {
  const taken = new Set(done);
  const able = [];
  const twice = [];
  for (const item of items) {
    (taken.has(item.to) ? twice : able).push(item);
    taken.add(item.to);
  }
  return { items: oneBucket ? fromTheirEnds(able) : able, twice };
}

function fromTheirEnds(items) {
  const named = new Map(items.map((item) => [item.name, item]));
  const placed = new Set();
  for (const start of items) {
    const chain = new Set();
    for (let item = start; item && !placed.has(item) && !chain.has(item); item = named.get(item.to)) chain.add(item);
    for (const item of [...chain].reverse()) placed.add(item);
  }
  return [...placed];
}
