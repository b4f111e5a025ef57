// Ticking: all of a page and how many; and of versions to compare two at most.
import { register } from "../controllers.js";
import { plural } from "../page.js";

register("ticks", (place) => {
  const all = place.querySelector("[data-all]");
  const count = place.querySelector("[data-count]");
  const boxes = [...place.querySelectorAll("tbody .check input")];
  const paint = () => {
    const ticked = boxes.filter(({ checked }) => checked).length;
    if (all) Object.assign(all, { checked: ticked > 0 && ticked === boxes.length, indeterminate: ticked > 0 && ticked < boxes.length });
    if (count) count.textContent = `${plural(ticked, "item")} ticked`;
  };
  place.addEventListener("change", ({ target }) => {
    if (target === all) for (const box of boxes) box.checked = all.checked;
    paint();
  });
  paint();
});

register("two-at-most", (form) => {
  const ticked = [];
  const note = ({ target }) => {
    if (target.form !== form || target.name !== "v") return;
    ticked.splice(0, ticked.length, ...ticked.filter((box) => box !== target && box.checked));
    if (target.checked) ticked.push(target);
    if (ticked.length > 2) ticked.shift().checked = false;
  };
  document.addEventListener("change", note);
  return () => document.removeEventListener("change", note);
});
