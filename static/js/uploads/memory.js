// Which uploads are under way, kept in the browser: after a reload or a crash the same file, chosen again, goes on where it stopped. What a
// page has in work is its items' alone. The server decides whether there is such an upload, and whether it is the visitor's.

const PREFIX = "upload:";
const DAYS = 7;
const working = new Map(); // address -> item

// Whether the item has an upload to go on with.
export function recall(item) {
  if (item.address) return true;
  const known = read(keyOf(item));
  if (!known?.address || working.has(known.address)) return false;
  const { address, number, name, label, overwrite } = known;
  Object.assign(item, { number, name, label, overwrite });
  claim(item, address);
  return true;
}

export function remember(item, address) {
  claim(item, address);
  const { number, name, label, overwrite } = item;
  store((storage) => storage.setItem(keyOf(item), JSON.stringify({ address, number, name, label, overwrite, at: Date.now() })));
}

export function forget(item) {
  working.delete(item.address);
  item.address = "";
  store((storage) => storage.removeItem(keyOf(item)));
}

// The item goes, its upload stays for another time.
export function letGo(item) {
  working.delete(item.address);
}

export function prune(now = Date.now()) {
  store((storage) => {
    const old = Object.keys(storage).filter((key) => key.startsWith(PREFIX) && !(now - read(key)?.at < DAYS * 86_400_000));
    for (const key of old) storage.removeItem(key);
  });
}

function claim(item, address) {
  item.address = address;
  working.set(address, item);
}

function keyOf({ target, size, file }) {
  return PREFIX + JSON.stringify([target.bucket, target.name, size, file.lastModified]);
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

// Full, or switched off: then uploads end with the page.
function store(act) {
  try {
    act(localStorage);
  } catch {}
}
