// The form of a link: the file is picked from the chosen bucket's, and the link gets its name until somebody gives it another one.
import { register } from "../controllers.js";
import { baseName } from "../names.js";
import { pick } from "./picker.js";

register("link-form", (form) => {
  const { to_bucket: bucket, to_name: file, to_name_exact: exact, name } = form.elements;
  let own = Boolean(name?.value) && name.value !== baseName(file.value) && !name.value.endsWith("/");
  const prefix = name ? name.value.slice(0, name.value.lastIndexOf("/") + 1) : "";
  const suggest = (target) => {
    if (name && !own) name.value = prefix + target;
  };
  const kind = () => form.querySelector("[name=kind]:checked").value;
  const paint = () => { form.querySelector("[data-file]").hidden = kind() === "bucket"; };

  name?.addEventListener("input", () => { own = name.value !== ""; });
  form.addEventListener("change", ({ target }) => {
    if (target.name === "kind") paint();
    if (target === bucket) file.value = exact.value = "";
    if (target.name === "kind" || target === bucket) suggest(kind() === "bucket" ? bucket.value : baseName(file.value));
  });
  file.addEventListener("change", () => suggest(baseName(file.value)));
  pick(file, {
    fetchNames: (words) => names(form.dataset.names.replace("BUCKET", encodeURIComponent(bucket.value)), words),
    chosen: (target) => {
      exact.value = encodeURIComponent(target);
      suggest(baseName(target));
    },
  });
  paint();
});

async function names(url, words) {
  const response = await fetch(`${url}?q=${encodeURIComponent(words)}`, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}
