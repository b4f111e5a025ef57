// Ticking: all of a page and how many; and of versions to compare two at most. The rows may change meanwhile.
import { register } from "../controllers.js";
import { tn } from "../words.js";

register("ticks", (place) => {
  const paint = () => {
    const boxes = [...place.querySelectorAll("tbody .check input")];
    const all = place.querySelector("[data-all]");
    const count = place.querySelector("[data-count]");
    const ticked = boxes.filter(({ checked }) => checked).length;
    if (all) Object.assign(all, { checked: ticked > 0 && ticked === boxes.length, indeterminate: ticked > 0 && ticked < boxes.length });
    if (count) count.textContent = tn("{count} item ticked", "{count} items ticked", ticked);
  };
  place.addEventListener("change", ({ target }) => {
    if (target.matches?.("[data-all]")) for (const box of place.querySelectorAll("tbody .check input")) box.checked = target.checked;
    paint();
  });
  paint();
});

register("compare-two", (form) => {
  const ticked = [];
  const button = document.querySelector(`button[form="${form.id}"]`);
  const boxes = () => [...form.elements].filter((box) => box.name === "v" && box.checked);
  const paint = () => { if (button) button.disabled = boxes().length !== 2; };
  const note = ({ target }) => {
    if (target.form !== form || target.name !== "v") return;
    ticked.splice(0, ticked.length, ...ticked.filter((box) => box !== target && box.checked));
    if (target.checked) ticked.push(target);
    if (ticked.length > 2) ticked.shift().checked = false;
    paint();
  };
  const steps = new MutationObserver(paint);
  steps.observe(form.parentElement, { childList: true, subtree: true });
  document.addEventListener("change", note);
  ticked.push(...boxes());
  paint();
  return () => {
    steps.disconnect();
    document.removeEventListener("change", note);
  };
});
