// The search on the API's page: what has not each of the words in its heading is hidden as one types; Enter goes to the first that is left.
import { register } from "../controllers.js";

register("api-filter", (page) => {
  const field = document.getElementById(page.dataset.search);
  const calls = [...page.querySelectorAll("[data-heading]")];
  const parts = [...page.querySelectorAll("[data-part]")];
  const none = page.querySelector("[data-none]");
  const filter = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const call of calls) call.hidden = !words.every((word) => call.dataset.heading.toLowerCase().includes(word));
    for (const part of parts) part.hidden = !part.querySelector("[data-heading]:not([hidden])");
    none.hidden = !calls.length || calls.some(({ hidden }) => !hidden);
  };
  const first = (event) => {
    event.preventDefault();
    page.querySelector(".api-call:not([hidden]) a")?.focus();
  };
  field.addEventListener("input", filter);
  field.form.addEventListener("submit", first);
  if (field.value) filter();
  return () => {
    field.removeEventListener("input", filter);
    field.form.removeEventListener("submit", first);
  };
});
