// One file on its way: what the queue, the transfers and the tray know of it.
import { numbered } from "../names.js";
import { language, t } from "../words.js";

const FINAL = new Set(["done", "failed", "skipped"]);

// target: {objectsUrl, uploadUrl, uploadsUrl, bucket, uniqueNames, history, name, label, maxUpload}.
export function newItem(id, target, file) {
  return {
    id, target, file, name: target.name, label: target.label, size: file?.size ?? 0, number: 0, overwrite: false,
    state: "waiting", why: "", tries: 0, tried: false, sent: 0, moved: 0, stored: 0, address: "", stop: "",
  };
}

export function isFinal({ state }) {
  return FINAL.has(state);
}

// The server may have given it another name than was asked for.
export function rename(item, name) {
  const { target } = item;
  if (!name || name === item.name) return;
  item.name = name;
  item.label = name.slice(target.name.length - target.label.length);
}

export function renumber(item, number) {
  item.number = number;
  item.tried = false;
  item.name = numbered(item.target.name, number);
  item.label = numbered(item.target.label, number);
}

export function tooLarge({ size, target }) {
  if (!target.maxUpload || size <= target.maxUpload) return "";
  return t("It is larger than this site takes: {limit} bytes is the limit.", { limit: target.maxUpload.toLocaleString(language) });
}
