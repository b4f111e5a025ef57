// "Verify now": the site reads the whole file and tells how far it is, a line of JSON for each step.
import { register } from "../controllers.js";
import { size } from "../numbers.js";
import { csrfToken } from "../page.js";
import { t } from "../words.js";

register("verify", (form) => {
  const stop = new AbortController();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    verify(form, stop.signal);
  });
  return () => stop.abort();
});

async function verify(form, signal) {
  const [button, bar, outcome] = [form.querySelector("button"), form.querySelector("progress"), form.querySelector("[data-outcome]")];
  button.disabled = true;
  form.dataset.state = "running";
  bar.value = 0;
  bar.hidden = false;
  try {
    await read(form.action, signal, (step) => {
      bar.value = step.size ? step.done / step.size : 1;
      outcome.textContent = step.ok === null ? t("{done} of {all} read", { done: size(step.done), all: size(step.size) }) : step.message;
      if (step.ok !== null) form.dataset.state = step.ok ? "good" : "bad";
    });
    if (form.dataset.state === "running") throw new Error(t("It ended too soon. Try again in a moment."));
  } catch (error) {
    if (signal.aborted) return;
    form.dataset.state = "bad";
    outcome.textContent = error instanceof TypeError ? t("The site cannot be reached. Try again in a moment.") : error.message;
  }
  bar.hidden = true;
  button.disabled = false;
}

async function read(address, signal, tell) {
  const headers = { "X-CSRFToken": csrfToken(), Accept: "application/x-ndjson" };
  const response = await fetch(address, { method: "POST", headers, signal });
  if (!response.ok || !response.headers.get("Content-Type")?.includes("ndjson")) throw new Error(t("That did not work ({status}). Reload the page and try again.", { status: response.status }));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop();
    for (const line of lines) tell(JSON.parse(line));
  }
}
