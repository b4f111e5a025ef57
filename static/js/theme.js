// Light, dark or the system's: at once, and kept in a cookie for the next page (buckets/themes.py).
import { action } from "./controllers.js";
import { announce } from "./page.js";
import { t } from "./words.js";

const THEMES = ["system", "light", "dark"];
const YEAR = 365 * 24 * 3600;
const LABELS = {
  system: () => t("Theme: as your system. Switch to light"),
  light: () => t("Theme: light. Switch to dark"),
  dark: () => t("Theme: dark. Switch to that of your system"),
};

action("theme", (button) => {
  const now = button.value;
  document.documentElement.dataset.theme = now;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${now}; path=/; samesite=lax; max-age=${now === "system" ? 0 : YEAR}${secure}`;
  button.value = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  button.title = LABELS[now]();
  button.setAttribute("aria-label", button.title);
  announce(button.title);
});
