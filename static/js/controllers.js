// Behaviours bound to elements: register(name, connect) runs connect(element) for each [data-controller=name], also for those that
// come later; what connect returns is called when the element has gone. action(name, run) answers clicks on [data-action=name].
// later(load, ...names): the module that registers these is loaded when the first element asks for one of them.

const registry = new Map();
const connected = new Map();
const actions = new Map();
const loaders = new Map();
let started = false;

export function register(name, connect) {
  registry.set(name, connect);
  if (started) connectWithin(document.documentElement);
}

export function later(load, ...names) {
  for (const name of names) loaders.set(name, load);
}

export function action(name, run) {
  actions.set(name, run);
}

export function start() {
  started = true;
  connectWithin(document.documentElement);
  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
  document.addEventListener("click", click);
}

function look(mutations) {
  for (const [element, disconnect] of connected) {
    if (element.isConnected) continue;
    connected.delete(element);
    disconnect?.();
  }
  for (const { addedNodes } of mutations) {
    for (const node of addedNodes) if (node.isConnected && node.nodeType === Node.ELEMENT_NODE) connectWithin(node);
  }
}

function connectWithin(root) {
  const found = [...root.querySelectorAll("[data-controller]")];
  if (root.matches("[data-controller]")) found.unshift(root);
  for (const element of found) {
    const connect = registry.get(element.dataset.controller);
    if (connect && !connected.has(element)) connected.set(element, connect(element));
    if (!connect) loaders.get(element.dataset.controller)?.();
  }
  if (root.localName === "tr") return; // rows ask for nothing that comes later
  for (const [name, load] of loaders) if (root.querySelector(`[data-action="${name}"]`)) load();
}

function click(event) {
  const element = event.target.closest?.("[data-action]");
  const run = element && (actions.get(element.dataset.action) ?? whenLoaded(element.dataset.action));
  if (!run) return;
  event.preventDefault();
  run(element, event);
}

function whenLoaded(name) {
  const load = loaders.get(name);
  return load && (async (element, event) => {
    await load();
    actions.get(name)(element, event);
  });
}
