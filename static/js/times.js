// Times in the reader's zone and language, and the relative ones true while a page is open. Without scripts they stay as the site says
// them, in UTC. <time data-ago>: how long ago, with the exact time on hover; <time data-exact>: to the second.
import { ago, exact, zone } from "./numbers.js";

const SECONDS = 15;
const TIMES = "time[data-ago], time[data-exact]";

function sayAll(root) {
  const now = new Date();
  for (const element of root.querySelectorAll(TIMES)) say(element, now);
}

function say(element, now) {
  const moment = new Date(element.dateTime);
  const said = exact(moment);
  put(element, "title", `${said} ${zone(moment)}`);
  put(element, "textContent", "ago" in element.dataset ? ago(moment, now) : said);
}

function put(element, what, text) {
  if (element[what] !== text) element[what] = text;
}

// Times that come later, and those that a new answer of the site has written over: their titles are the site's again.
function look(mutations) {
  for (const { type, target, addedNodes } of mutations) {
    if (type === "attributes" && target.matches(TIMES)) say(target, new Date());
    for (const node of addedNodes) {
      if (!node.isConnected || node.nodeType !== Node.ELEMENT_NODE) continue;
      if (node.matches(TIMES)) say(node, new Date());
      else sayAll(node);
    }
  }
}

function refresh() {
  if (!document.hidden) sayAll(document);
}

// The browser takes a while to get its words for zones: what the page does comes first.
setTimeout(() => sayAll(document));
new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["title"] });
setInterval(refresh, SECONDS * 1000);
document.addEventListener("visibilitychange", refresh);
