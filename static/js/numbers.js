// Sizes, speeds and times in words; the server says the same (buckets/words.py), but times in its own zone.
import { language, t } from "./words.js";

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const DECIMAL = new Intl.NumberFormat(language, { maximumFractionDigits: 2, useGrouping: false });
const MONTH = new Intl.DateTimeFormat(language, { month: "short" });
// What zones are called in short depends on where their language is spoken: "EST" in America.
const ZONE = new Intl.DateTimeFormat(navigator.languages.find((each) => each.split("-")[0] === language) ?? language, { timeZoneName: "short" });

const zones = new Map(); // by their offset

export function size(bytes) {
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  let value = bytes;
  let unit;
  for (unit of UNITS) {
    value /= 1024;
    if (value < 999.5) break;
  }
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${DECIMAL.format(Number(value.toFixed(digits)))} ${unit}`;
}

export function clock(seconds) {
  if (!Number.isFinite(seconds)) return "";
  const whole = Math.max(0, Math.ceil(seconds));
  const hours = Math.floor(whole / 3600);
  return `${hours ? `${hours}:${two(Math.floor((whole % 3600) / 60))}` : Math.floor(whole / 60)}:${two(whole % 60)}`;
}

export function ago(moment, now) {
  const seconds = (now - moment) / 1000;
  if (seconds < 45) return t("just now");
  if (seconds < 3600) return t("{number} min ago", { number: Math.max(1, Math.floor(seconds / 60)) });
  if (seconds < 86400) return t("{number} h ago", { number: Math.floor(seconds / 3600) });
  if (seconds < 2 * 86400) return t("yesterday");
  return date(moment);
}

// "3 Nov 2026, 14:05:09"
export function exact(moment) {
  return `${date(moment)}, ${[moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join(":")}`;
}

// The short name of the reader's zone, as it was then: "MEZ", "EST", "GMT+9".
export function zone(moment) {
  const offset = moment.getTimezoneOffset();
  if (!zones.has(offset)) zones.set(offset, ZONE.formatToParts(moment).find(({ type }) => type === "timeZoneName").value);
  return zones.get(offset);
}

function date(moment) {
  return t("{day} {month} {year}", { day: moment.getDate(), month: MONTH.format(moment), year: moment.getFullYear() });
}

function two(number) {
  return String(number).padStart(2, "0");
}
