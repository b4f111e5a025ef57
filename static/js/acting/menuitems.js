// What the menu of a row offers. shown and run get {here, row, item, items, many}.
import { remove } from "../deletion.js";
import { download } from "../downloads.js";
import { open } from "../drawer.js";
import { t } from "../words.js";
import { send } from "./acts.js";
import { copyText } from "./clipboard.js";
import { rename } from "./rename.js";

const canCopy = () => document.getElementById("selection")?.dataset.canCopy === "yes";
const page = (name) => ({ here, item }) => go(`${here.filesUrl}${name}?name=${encodeURIComponent(item.name)}`);
const details = (about) => {
  if (document.getElementById("drawer")) open(about.item.name);
  else page("object")(about);
};
const ofOneFile = ({ many, item }) => !many && item.kind !== "folder";

export const ITEMS = [
  { label: () => t("Open"), symbol: "eye", shown: ({ many }) => !many, run: ({ row }) => row.querySelector(".name").click() },
  { label: () => t("Download"), symbol: "download", key: "d", shown: () => true, run: ({ items }) => download(items) },
  { label: () => t("Rename"), symbol: "pencil", key: "F2", shown: ({ here, many }) => here.canEdit && !many, run: ({ row }) => rename(row) },
  { label: () => t("Move…"), symbol: "move", key: "m", shown: ({ here }) => here.canEdit, run: ({ items }) => send("move", items) },
  { label: () => t("Copy…"), symbol: "copy", key: "c", shown: canCopy, run: ({ items }) => send("copy", items) },
  { label: () => t("Link…"), symbol: "link", key: "l", shown: canCopy, run: ({ items }) => send("link", items) },
  { label: () => t("Copy address"), symbol: "copy", shown: ({ many }) => !many, run: (about) => copyText(address(about)) },
  { label: () => t("Versions"), symbol: "clock", shown: ofOneFile, run: page("versions") },
  { label: () => t("Details"), symbol: "text", shown: ofOneFile, run: details },
  { label: () => t("Delete"), symbol: "trash", key: "Del", danger: true, shown: ({ here }) => here.canEdit, run: ({ items }) => remove(items) },
];

function address({ here, item }) {
  const query = item.kind === "folder" ? `?prefix=${encodeURIComponent(item.name)}` : `object?name=${encodeURIComponent(item.name)}`;
  return new URL(`${here.filesUrl}${query}`, location.href).href;
}

function go(url) {
  htmx.ajax("GET", url, { target: "#main", swap: "outerHTML", push: url });
}
