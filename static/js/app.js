// Everything that the pages do with scripts. Each module is one behaviour; elements ask for it with data-controller or data-action.
import "./deletion.js";
import "./downloads.js";
import "./folders.js";
import "./history/moment.js";
import "./history/restoring.js";
import "./history/ticks.js";
import "./keyboard.js";
import "./listing.js";
import "./navigation.js";
import "./object/editor.js";
import "./object/media.js";
import "./object/pairs.js";
import "./object/verify.js";
import "./offline.js";
import "./refresh.js";
import "./selection.js";
import "./times.js";
import "./toasts.js";
import "./uploads/drop.js";
import "./uploads/pick.js";
import "./uploads/tray.js";
import { start } from "./controllers.js";

start();
