// Where files can be put: the buckets that the visitor may edit, and their folders, as the site says.
import { listing } from "../page.js";
import { get } from "./sending.js";

let known = [];

// {name, url, history} of each.
export async function destinations() {
  ({ buckets: known } = await get(document.getElementById("ask-place").dataset.destinations));
  return known;
}

// What is known just now, without waiting.
export function knownDestination(bucket) {
  const here = listing();
  if (here?.bucket === bucket) return here.canEdit ? { name: bucket, url: here.filesUrl, history: here.history } : null;
  return known.find(({ name }) => name === bucket) ?? null;
}

export function folders(bucket, prefix, starts = "") {
  return get(`${bucket.url}folders?prefix=${encodeURIComponent(prefix)}&starts=${encodeURIComponent(starts)}`);
}
