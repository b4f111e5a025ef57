// The one queue of this page, and how files get into it.
import { listing } from "../page.js";
import { toast } from "../toasts.js";
import { decide } from "./conflicts.js";
import { Queue } from "./queue.js";

const BREATH = 200;

export const queue = new Queue(decide);

// found: {file, path} as they come; into the folder `prefix`, or the open one.
export async function upload(found, prefix = null) {
  const here = listing();
  if (!here?.canEdit) {
    toast(here ? "You may only view this bucket." : "Open a bucket first, then drop files into it.", "error");
    return;
  }
  const folder = prefix ?? here.prefix;
  const { cancellations } = queue;
  let count = 0;
  for await (const { file, path, error } of found) {
    if (queue.cancellations !== cancellations) return;
    const label = path.normalize("NFC").toWellFormed?.() ?? path;
    const { objectsUrl, bucket, maxUpload } = here;
    queue.add({ objectsUrl, bucket, maxUpload, name: folder + label, label, likely: isShown }, file, error);
    count += 1;
    if (count % BREATH === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  if (!count) toast("There are no files in it: only files can be uploaded, and folders come with them.", "info");
}

function isShown(name) {
  return document.querySelector(`#rows > tr[data-kind=object][data-name="${CSS.escape(percentEncoded(name))}"]`) !== null;
}

// As the server quotes names in rows: encodeURIComponent leaves some marks that it does not.
function percentEncoded(name) {
  return encodeURIComponent(name).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

addEventListener("beforeunload", (event) => {
  if (queue.busy) event.preventDefault();
});
