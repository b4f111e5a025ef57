// An image, film or recording that the browser cannot show says so, in place of a broken picture.
import { register } from "../controllers.js";

register("media", (element) => {
  const fail = () => {
    const text = document.createElement("p");
    text.className = "preview-note";
    text.setAttribute("role", "status");
    text.textContent = element.dataset.failed;
    element.replaceWith(text);
  };
  if (element.complete && element.naturalWidth === 0 && element.currentSrc) fail();
  element.addEventListener("error", fail);
});
