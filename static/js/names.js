// Names as people see them: control characters and direction marks shown, nothing invisible.
import { t } from "./words.js";

const DECEPTIVE = /[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\u0080-\u009f]/g;

export function visible(name) {
  const shown = name
    .replace(/[\u0000-\u001f]/g, (char) => String.fromCharCode(0x2400 + char.charCodeAt(0)))
    .replace(/\u007f/g, "\u2421")
    .replace(DECEPTIVE, (char) => `⟨U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
  return shown || t("(no name)");
}

// "report.pdf" -> "report (2).pdf"; folders before the last "/" and leading dots stay.
export function numbered(name, number) {
  const slash = name.lastIndexOf("/") + 1;
  const dot = name.lastIndexOf(".");
  const cut = dot > slash ? dot : name.length;
  return `${name.slice(0, cut)} (${number})${name.slice(cut)}`;
}

// The folder that an object, or a folder ("a/b/"), is in: "" or with its "/".
export function parentOf(name) {
  return name.length < 2 ? "" : name.slice(0, name.lastIndexOf("/", name.length - 2) + 1);
}

export function baseName(name) {
  return name.slice(name.lastIndexOf("/") + 1);
}
