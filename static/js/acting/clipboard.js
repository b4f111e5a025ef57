// Text onto the clipboard; pages that came without TLS have only the old way.
import { toast } from "../toasts.js";
import { t } from "../words.js";
import { element } from "./elements.js";

export async function copyText(text) {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyOld(text);
    toast(t("The address is on the clipboard."));
  } catch {
    toast(t("The browser did not let the address onto the clipboard: {text}", { text }), "error");
  }
}

function copyOld(text) {
  const field = element("textarea", { value: text, className: "visually-hidden" });
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("refused");
}
