// What the dashboard says beside its rows and charts.
import { t, tn } from "../words.js";

const NAMED = 3;

export function showState(dot, text) {
  const element = document.getElementById("live-state");
  element.firstElementChild.className = `dot ${dot}`.trim();
  if (element.lastElementChild.textContent !== text) element.lastElementChild.textContent = text;
}

export function showPaused({ paused }) {
  const button = document.getElementById("live-pause");
  const [icon, label] = button.children;
  icon.firstElementChild.setAttribute("href", paused ? "#i-play" : "#i-pause");
  label.textContent = paused ? t("Resume") : t("Pause");
}

export function showNews({ missed, isStopped }) {
  const button = document.getElementById("live-news");
  button.hidden = !(missed && isStopped);
  if (!button.hidden) button.textContent = tn("Show {count} new change", "Show {count} new changes", missed);
}

export function showEmpty(isEmpty, noBuckets, isAll) {
  const element = document.getElementById("live-empty");
  element.hidden = !isEmpty;
  if (!isEmpty) return;
  const [, title, text, actions] = element.children;
  actions.hidden = isAll || noBuckets;
  if (noBuckets) say(title, text, t("No buckets yet"), t("There is no bucket that you may see. As soon as there is one, its changes appear here."));
  else if (isAll) say(title, text, t("Nothing has changed lately"), t("Whatever anybody uploads, changes or deletes, with any client, appears here at once."));
  else say(title, text, t("No such change lately"), t("Changes that fit what is chosen above appear here at once."));
}

// places: by name, whether each is followed.
export function showPlaces(places, most) {
  const element = document.getElementById("live-facts");
  const named = (wanted) => [...places].filter(([, { following }]) => following === wanted).map(([name]) => name);
  const [followed, reading, waiting] = [named("followed"), named("reading"), named("waiting")];
  const limited = waiting.length && places.size > most && !reading.length;
  const parts = [tn("{count} bucket followed", "{count} buckets followed", followed.length)];
  if (reading.length) parts.push(t("still being read: {names}", { names: list(reading) }));
  if (limited) parts.push(t("not followed: {names}. At most {most} are followed, those that changed last and the one chosen above.", { names: list(waiting), most }));
  else if (waiting.length) parts.push(t("not followed yet: {names}", { names: list(waiting) }));
  element.replaceChildren(...parts.map((text) => Object.assign(document.createElement("span"), { textContent: text })));
}

function list(names) {
  const shown = names.slice(0, NAMED).join(", ");
  return names.length > NAMED ? tn("{names} and {count} more", "{names} and {count} more", names.length - NAMED, { names: shown }) : shown;
}

function say(title, text, ...words) {
  [title.textContent, text.textContent] = words;
}
