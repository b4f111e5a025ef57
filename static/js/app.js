// Everything that the pages do with scripts. Each module is one behaviour; elements ask for it with data-controller or data-action.
import "./acting/acts.js";
import "./acting/dragging.js";
import "./acting/menu.js";
import "./acting/undo.js";
import "./deletion.js";
import "./downloads.js";
import "./drawer.js";
import "./folders.js";
import "./history/rowkeys.js";
import { takeUpEarlyKeys } from "./keyboard.js";
import "./list/rowacts.js";
import "./listing.js";
import "./live.js";
import "./navigation.js";
import "./object/beside.js";
import "./object/pairs.js";
import "./offline.js";
import "./paste.js";
import "./refresh.js";
import "./selection.js";
import "./theme.js";
import "./times.js";
import "./thumbs.js";
import "./toasts.js";
import "./uploads/drop.js";
import "./uploads/pick.js";
import "./uploads/tray.js";
import "./view.js";
import { later, start } from "./controllers.js";

// What other pages than the files' need comes with them.
later(() => import("./api/filter.js"), "api-filter");
later(() => import("./dashboard/dashboard.js"), "dashboard");
later(() => import("./history/moment.js"), "moment");
later(() => import("./history/restoring.js"), "rewinding");
later(() => import("./history/ticks.js"), "ticks", "compare-two");
later(() => import("./links/form.js"), "link-form");
later(() => import("./object/editor.js"), "editor");
later(() => import("./object/media.js"), "media");
later(() => import("./object/verify.js"), "verify");

start();
takeUpEarlyKeys();
