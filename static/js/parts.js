// Parts of a page beside what it lists, as a socket tells them anew: the site's own HTML by the id of its element.

export function replacePart(id, html) {
  const old = document.getElementById(id);
  if (!old) return;
  const template = document.createElement("template");
  template.innerHTML = html;
  const fresh = template.content.firstElementChild;
  if (old.outerHTML === fresh.outerHTML) return;
  old.replaceWith(fresh);
  htmx.process(fresh);
}
