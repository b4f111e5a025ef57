// The acts on what is selected, or on one row; buttons, keys and the menu all come here.
import { action } from "../controllers.js";
import { listing } from "../page.js";
import { selected } from "../selection.js";
import { toast } from "../toasts.js";
import { carry } from "./carry.js";
import { pickPlace } from "./picker.js";

for (const act of ["move", "copy", "link"]) action(`${act}-selected`, () => send(act, selected()));

// Ask where to, and carry it there. To move takes more than to read.
export async function send(act, items) {
  const here = listing();
  if (!here || !items.length || (act === "move" && !here.canEdit)) return;
  try {
    const place = await pickPlace(act, items);
    if (place) await carry(act, items, place);
  } catch (error) {
    toast(error.message, "error");
  }
}
