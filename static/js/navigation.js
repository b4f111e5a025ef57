// What surrounds moving from page to page without a reload: focus, the menu on the phone, and answers that are not a part of a page.
import { announce } from "./page.js";
import { toast } from "./toasts.js";
import { t } from "./words.js";

document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  if (!/^\s*<!doctype/i.test(ctx.text ?? "")) return;
  event.preventDefault();
  location.href = ctx.response.raw.url;
});

document.addEventListener("htmx:after:swap", () => {
  const side = document.getElementById("side");
  if (side?.matches(":popover-open")) side.hidePopover();
  if (document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
});

document.addEventListener("htmx:after:history:push", () => setTimeout(() => announce(document.title)));

document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx?.response === undefined) toast(t("The site cannot be reached. Try again in a moment."), "error");
});
