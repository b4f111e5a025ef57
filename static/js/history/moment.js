// The field in which a time is chosen is in the reader's zone, and says so. The site itself speaks UTC.
import { register } from "../controllers.js";

register("moment", (form) => {
  const field = form.elements.at;
  const sent = Object.assign(document.createElement("input"), { type: "hidden", name: "at" });
  field.removeAttribute("name");
  field.value = local(new Date(field.dataset.at));
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
