// Pages that are told when what they are about has changed. [data-controller=live] is a part that asks for itself again;
// [data-controller=news] tells what became of the object that the page shows, and leaves the rest alone.
import { register } from "./controllers.js";
import { calmly } from "./pace.js";
import { fetchPart } from "./refresh.js";
import { signedOut } from "./session.js";
import { Connection } from "./socket.js";

const PAUSE = 1000;
// What is read from the history comes a moment after the change.
const AGAIN = 1200;
const ENDED = { 4401: signedOut, 4404: () => {}, 4410: () => {} };

// Calls changed(revision) whenever the object (name null: anything in the bucket) has another revision; gives what stops that.
export function watch({ socket, name = null, revision }, changed) {
  let last = revision;
  const connection = new Connection(socket, {
    opened: () => connection.send({ name, revision: last }),
    message: (message) => {
      if (message.revision === undefined) return;
      last = message.revision;
      document.dispatchEvent(new Event("bucket-changed"));
      changed(last);
    },
    ended: (code) => {
      ENDED[code]?.();
      return code in ENDED;
    },
    waiting: () => {},
  });
  return () => connection.close();
}

function subject({ socket, name, revision }) {
  return { socket, name: name === undefined ? null : decodeURIComponent(name), revision: Number(revision) || 0 };
}

register("live", (element) => {
  const { id } = element;
  const update = calmly(async () => {
    const part = await fetchPart(location.href);
    const here = document.getElementById(id);
    if (part?.status !== 200 || !here || document.querySelector("dialog[open]")) return;
    const kept = remember(here);
    await htmx.swap({ sourceElement: here, target: here, swap: "outerMorph", select: `#${id}`, text: part.text });
    kept();
  }, PAUSE);
  const stop = watch(subject(element.dataset), () => {
    update();
    setTimeout(update, AGAIN);
  });
  const timer = element.dataset.seconds ? setInterval(update, element.dataset.seconds * 1000) : 0;
  return () => {
    stop();
    clearInterval(timer);
  };
});

// What is ticked stays so, and the focus where it was.
function remember(region) {
  const ticked = [...region.querySelectorAll("input[type=checkbox]:checked")].map(({ name, value }) => `${name}=${value}`);
  const active = region.contains(document.activeElement) ? document.activeElement : null;
  const row = active?.closest("[id]")?.id;
  return () => {
    for (const box of document.querySelectorAll(`#${region.id} input[type=checkbox][name]`)) box.checked = ticked.includes(`${box.name}=${box.value}`);
    document.querySelector(`#${region.id} table`)?.dispatchEvent(new Event("change", { bubbles: true }));
    if (active && !active.isConnected) (document.getElementById(row)?.querySelector(".name") ?? document.getElementById("main")).focus({ preventScroll: true });
  };
}

register("news", (element) => {
  const tell = calmly(async () => {
    const part = await fetchPart(element.dataset.url);
    const news = document.getElementById("news");
    if (part?.status !== 200 || !news) return;
    await htmx.swap({ sourceElement: news, target: news, swap: "outerHTML", text: part.text });
  }, PAUSE);
  return watch(subject(element.dataset), () => {
    tell();
    setTimeout(tell, AGAIN);
  });
});
