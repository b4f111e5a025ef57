// The one queue of this page, and how files get into it.
import { listing } from "../page.js";
import { signedIn } from "../session.js";
import { toast } from "../toasts.js";
import { t } from "../words.js";
import { decide } from "./conflicts.js";
import { prune } from "./memory.js";
import { Queue } from "./queue.js";

const BREATH = 200;

export const queue = new Queue(decide);

// found: {file, path} as they come; into the folder `prefix`, or the open one.
export async function upload(found, prefix = null) {
  const here = listing();
  if (!here?.canEdit) {
    toast(here ? t("You may only view this bucket.") : t("Open a bucket first, then drop files into it."), "error");
    return;
  }
  const folder = prefix ?? here.prefix;
  const { cancellations } = queue;
  let count = 0;
  for await (const { file, path, error } of found) {
    if (queue.cancellations !== cancellations) return;
    const label = path.normalize("NFC").toWellFormed?.() ?? path;
    const { objectsUrl, uploadUrl, uploadsUrl, bucket, uniqueNames, history, maxUpload } = here;
    queue.add({ objectsUrl, uploadUrl, uploadsUrl, bucket, uniqueNames, history, maxUpload, name: folder + label, label }, file, error);
    count += 1;
    if (count % BREATH === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  if (!count) toast(t("There are no files in it: only files can be uploaded, and folders come with them."), "info");
}

// Nobody is taken away from uploads that wait for a login: it is asked for where they are shown.
document.addEventListener("signed-out", (event) => {
  if (!queue.busy) return;
  event.preventDefault();
  queue.awaitLogin();
});

queue.addEventListener("go-on", signedIn);

prune();

addEventListener("beforeunload", (event) => {
  if (queue.busy) event.preventDefault();
});
