// Keys that are pressed before the page's scripts are there (keyboard.js takes them up): somebody who knows them does not wait.
window.earlyKeys = [];
window.keepEarlyKey = (event) => {
  const { key, target, ctrlKey, altKey, metaKey, repeat } = event;
  if (ctrlKey || altKey || metaKey || repeat || target.closest?.("input, textarea, select, button, a, [contenteditable], dialog")) return;
  if (window.earlyKeys.length < 20) window.earlyKeys.push({ key, at: performance.now() });
};
addEventListener("keydown", window.keepEarlyKey);
