// What is sent at once: a large file in slices, or small ones together. run() resolves to {status, code, message, retryAfter, name} for each
// of the items; 201: it is there, as `name`. After a break or an abort, a transfer of the same items goes on where it stopped.
import { Request } from "./request.js";
import { Sliced, SLICE } from "./sliced.js";
import { Together } from "./together.js";

const ASK_FIRST = 1024 * 1024;

export function transferOf(items, progress) {
  return items[0].size > SLICE ? new Sliced(items[0], isTaken, progress) : new Together(items, isTaken, progress);
}

// Not to send a large file only to have it refused: ask first whether the name is taken. The upload's own condition decides. What was
// tried before may be there for that: the site compares the content then.
async function isTaken({ target, name, size, overwrite, tried }) {
  if (overwrite || tried || target.uniqueNames || size <= ASK_FIRST) return null;
  const answer = await fetch(`${target.objectsUrl}?prefix=${encodeURIComponent(name)}&limit=1`, { headers: { Accept: "application/json" } }).catch(() => null);
  const found = answer?.ok ? await answer.json().catch(() => null) : null;
  return found?.objects[0]?.name === name ? { status: 412, code: "precondition_failed" } : null;
}

// Takes back what an upload that is not wanted any more has stored. The request that wrote to it may still be ending: then once more.
export async function takeBack(address) {
  for (let attempt = 0; attempt < 6; attempt += 1) {
    const { status } = await new Request().send("DELETE", address, { headers: { "Tus-Resumable": "1.0.0" } });
    if (status !== 423 && status !== 0) return;
    await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt));
  }
}
