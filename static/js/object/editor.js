// The text editor: Ctrl+S saves, and what is not saved is not lost by leaving the page.
import { register } from "../controllers.js";
import { t } from "../words.js";

register("editor", (form) => {
  const area = form.querySelector("[name=text]");
  let saving = false;
  const changed = () => !saving && form.isConnected && (form.hasAttribute("data-changed") || area.value !== area.defaultValue);
  const leave = (event) => {
    if (changed()) event.preventDefault();
  };
  const ask = (event) => {
    if (changed() && event.target.closest("a[href]:not([download])") && !confirm(t("Leave without saving?"))) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  };
  const save = (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "s") return;
    event.preventDefault();
    form.requestSubmit();
  };
  form.addEventListener("submit", () => { saving = true; });
  addEventListener("beforeunload", leave);
  document.addEventListener("click", ask, true);
  document.addEventListener("keydown", save);
  return () => {
    removeEventListener("beforeunload", leave);
    document.removeEventListener("click", ask, true);
    document.removeEventListener("keydown", save);
  };
});
