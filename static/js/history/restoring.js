// Taking a bucket back to a moment, with what is done line by line as the API tells it.
import { register } from "../controllers.js";
import { visible } from "../names.js";
import { csrfToken } from "../page.js";
import { language, problem, t, tn } from "../words.js";

const SHOWN = 20;

register("rewinding", (form) => {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(form);
  });
});

async function run(form) {
  const part = (name) => form.querySelector(`[data-${name}]`);
  const newer = form.elements.remove_newer.checked;
  const body = { at: form.elements.at.value, prefix: decodeURIComponent(form.elements.prefix.value), remove_newer: newer };
  for (const element of form.querySelectorAll("[data-before], .option, [data-cancel], .form-actions button")) element.hidden = true;
  part("run").hidden = false;
  part("title").textContent = t("Restoring…");
  const bar = part("run").querySelector("progress");
  if (form.dataset.all) bar.max = Math.max(1, Number(form.dataset.all) + (newer ? Number(form.dataset.newer) : 0));
  else bar.removeAttribute("value");
  const tell = (text) => { part("status").textContent = text; };
  const counts = { restored: 0, unchanged: 0, removed: 0, failed: 0 };
  let painting = 0;
  const paint = () => {
    painting = 0;
    const done = Object.values(counts).reduce((one, other) => one + other);
    if (bar.hasAttribute("value")) bar.value = done;
    tell(`${tn("{count} file done", "{count} files done", done)}, ${words(counts)}`);
  };
  try {
    for await (const line of lines(form.dataset.url, body)) {
      if ("done" in line) {
        if (line.error) throw new Error(problem(line.error));
        cancelAnimationFrame(painting);
        bar.max = bar.value = 1;
        bar.classList.add(line.failed ? "failed" : "done");
        part("title").textContent = line.failed ? t("Restored, but not all of it") : t("Restored");
        tell(t("Done: {what}.", { what: words(line) }));
        break;
      }
      counts[line.error ? "failed" : line.action] += 1;
      if (line.error) fail(part("failed"), line);
      painting ||= requestAnimationFrame(paint);
    }
  } catch (error) {
    cancelAnimationFrame(painting);
    bar.value = bar.max;
    bar.classList.add("failed");
    part("title").textContent = t("It stopped before the end");
    tell(error.message);
  }
  part("files").hidden = false;
  part("files").focus();
}

function words({ restored, unchanged, removed, failed }) {
  const count = (number) => ({ count: number.toLocaleString(language) });
  const some = [tn("{count} file brought back", "{count} files brought back", restored), t("{count} already the same", count(unchanged))];
  if (removed) some.push(t("{count} newer removed", count(removed)));
  if (failed) some.push(t("{count} failed", count(failed)));
  return some.join(", ");
}

function fail(list, { name, error }) {
  list.hidden = false;
  if (list.children.length < SHOWN) list.append(Object.assign(document.createElement("li"), { textContent: `${visible(name)}: ${problem(error)}` }));
}

async function* lines(url, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) }).catch(() => null);
  if (!response) throw new Error(t("The site cannot be reached. Try again in a moment."));
  if (!response.ok) throw new Error(problem((await response.json().catch(() => null))?.error ?? {}) ?? t("That did not work ({status}).", { status: response.status }));
  let rest = "";
  let done = false;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const found = (rest + part.value).split("\n");
    rest = found.pop();
    for (const line of found) {
      const document = JSON.parse(line);
      done ||= "done" in document;
      yield document;
    }
  }
  if (!done) throw new Error(t("The connection broke. It goes on by itself; look at the files in a moment."));
}
