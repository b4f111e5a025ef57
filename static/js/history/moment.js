// Times in the reader's zone: exact ones, and the field in which one is chosen. The site itself speaks UTC.
import { register } from "../controllers.js";

register("local-time", (element) => {
  const options = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" };
  element.title = element.textContent;
  element.textContent = new Date(element.dateTime).toLocaleString("en-GB", options);
});

register("moment", (form) => {
  const field = form.elements.at;
  const sent = Object.assign(document.createElement("input"), { type: "hidden", name: "at" });
  field.removeAttribute("name");
  if (field.dataset.at) field.value = local(new Date(field.dataset.at));
  form.querySelector("[data-zone]").textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
  form.append(sent);
  const tell = () => {
    const moment = new Date(field.value);
    sent.value = Number.isNaN(moment.getTime()) ? "" : moment.toISOString();
  };
  field.addEventListener("input", tell);
  tell();
});

function local(moment) {
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}
