// Texts in the page's language. The catalogue (Django's, window.django.gettext) is loaded for every language but English, in which the
// texts are written.

export const language = document.documentElement.lang || "en";

// t("Deleted {name}", { name })
export function t(text, values = {}) {
  return fill(window.django?.gettext?.(text) ?? text, values);
}

// tn("{count} file", "{count} files", count): `count` is written with the language's separators.
export function tn(one, many, count, values = {}) {
  const text = window.django?.ngettext?.(one, many, count) ?? (count === 1 ? one : many);
  return fill(text, { count: count.toLocaleString(language), ...values });
}

// What an error of the API says: its own words are English, in other languages those of its code.
export function problem({ code, message }) {
  const key = `error:${code}`;
  const words = window.django?.gettext?.(key) ?? key;
  return words === key ? message : words;
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
