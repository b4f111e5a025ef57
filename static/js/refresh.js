// Parts of a page that ask for themselves again while somebody looks: data-url every data-seconds; and pages that wait for NATS.
import { register } from "./controllers.js";
import { calmly } from "./pace.js";
import { signedOut } from "./session.js";

const SOONEST = 1000;

export async function fetchPart(url) {
  if (document.hidden || !navigator.onLine) return null;
  try {
    const response = await fetch(url, { headers: { "HX-Request": "true", Accept: "text/html" } });
    if (response.headers.has("HX-Redirect")) signedOut();
    return response.status === 204 ? null : { status: response.status, text: await response.text() };
  } catch {
    return null;
  }
}

function every(seconds, run) {
  let timer;
  const again = async () => {
    await run();
    timer = setTimeout(again, seconds * 1000);
  };
  timer = setTimeout(again, seconds * 1000);
  return () => clearTimeout(timer);
}

// Sooner when something in the bucket on the page has changed: sizes and counts have, too.
register("refresh", (element) => {
  const run = async () => {
    const part = await fetchPart(element.dataset.url);
    if (part?.status !== 200 || !element.isConnected) return;
    await htmx.swap({ sourceElement: element, target: element, swap: "outerMorph", select: `#${element.id}`, text: part.text });
  };
  const soon = calmly(run, SOONEST);
  const stop = every(Number(element.dataset.seconds), run);
  document.addEventListener("bucket-changed", soon);
  return () => {
    stop();
    document.removeEventListener("bucket-changed", soon);
  };
});

register("recover", (element) => every(Number(element.dataset.seconds), async () => {
  const page = await fetchPart(location.href);
  if (!page || page.status === 503 || !element.isConnected) return;
  const main = document.getElementById("main");
  await htmx.swap({ sourceElement: main, target: main, swap: "outerHTML", text: page.text });
}));
