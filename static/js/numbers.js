// Sizes, speeds and times in words; the server says the same (buckets/words.py).

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"];

export function size(bytes) {
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  let value = bytes;
  let unit;
  for (unit of UNITS) {
    value /= 1024;
    if (value < 999.5) break;
  }
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${Number(value.toFixed(digits))} ${unit}`;
}

export function clock(seconds) {
  if (!Number.isFinite(seconds)) return "";
  const whole = Math.max(0, Math.ceil(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  return `${hours ? `${hours}:${two(Math.floor((whole % 3600) / 60))}` : Math.floor(whole / 60)}:${two(whole % 60)}`;
}

export function ago(moment, now) {
  const seconds = (now - moment) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.floor(seconds / 60))} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  if (seconds < 2 * 86400) return "yesterday";
  const month = moment.toLocaleString("en", { month: "short", timeZone: "UTC" });
  return `${moment.getUTCDate()} ${month} ${moment.getUTCFullYear()}`;
}
