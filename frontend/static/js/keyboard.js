// One key map for every page. Elements declare their key; nothing is bound anywhere else, so "?" can list it all.
//
//   data-key="u"            keys separated by spaces: "1", "enter", "escape", "ctrl+enter" (also Cmd on a Mac), "arrowleft"
//   data-key-label="Undo"   words for the list; otherwise aria-label or the text of the element
//   data-key-yields         gives way: its key is the first of them that no other element has (an option with that hotkey)
//   data-key-action         "click" (default for buttons, links, radios), "focus" (default for other fields), "submit"
//   data-key-list           a container whose [data-key-item] elements are walked with j and k
//
// While a text field has the focus only chords and Escape act. In an open modal dialog only its own keys act.
// Two elements that want one key: the first wins, console.error says so, and <html data-key-clash> names the keys.

const root = document.documentElement;
const help = document.getElementById("keys-help");
const WALK = { j: 1, k: -1 };

function isUsable(element) {
  return !element.disabled && !element.closest("[inert]") && element.getAttribute("aria-disabled") !== "true" && isShown(element);
}

function isShown(element) {
  return element.checkVisibility?.({ visibilityProperty: true }) ?? element.getClientRects().length > 0;
}

function scope() {
  const dialogs = document.querySelectorAll("dialog:modal");
  return dialogs[dialogs.length - 1] ?? document;
}

function keysOf(element) {
  return element.dataset.key.toLowerCase().split(/\s+/).filter(Boolean);
}

// Key -> element, in document order, of what can be used now.
function activeKeys(within = scope()) {
  const map = new Map();
  const clashes = new Map();
  const elements = [...within.querySelectorAll("[data-key]")].filter(isUsable);
  const yielding = elements.filter((element) => "keyYields" in element.dataset);
  for (const element of elements) {
    if (yielding.includes(element)) continue;
    for (const key of keysOf(element)) {
      if (map.has(key)) clashes.set(key, [...(clashes.get(key) ?? [map.get(key)]), element]);
      else map.set(key, element);
    }
  }
  for (const element of yielding) {
    const key = keysOf(element).find((each) => !map.has(each));
    if (key) map.set(key, element);
  }
  if (within.querySelector("[data-key-list]")) {
    for (const key of Object.keys(WALK)) if (map.has(key)) clashes.set(key, [map.get(key)]);
  }
  if (map.has("?")) clashes.set("?", [map.get("?")]);
  return { map, clashes };
}

// The cap on an element that gives way names the key that is its own now.
function nameCaps(map) {
  for (const [key, element] of map) {
    const cap = "keyYields" in element.dataset ? element.querySelector("kbd") : null;
    if (cap) cap.textContent = shown(key).join("+");
  }
}

function checkClashes() {
  const { map, clashes } = activeKeys();
  nameCaps(map);
  const names = [...clashes.keys()].join(" ");
  if (names === (root.dataset.keyClash ?? "")) return;
  if (names) {
    root.dataset.keyClash = names;
    console.error(`Keys wanted by more than one element: ${names}`, ...[...clashes.values()].flat());
  } else {
    delete root.dataset.keyClash;
  }
}

function isTextField(element) {
  if (element.isContentEditable || element.matches("textarea, select")) return true;
  return element.matches("input") && !/^(button|checkbox|color|file|image|radio|range|reset|submit)$/.test(element.type);
}

// What Enter and Space do by themselves on the focused element is theirs.
function isNative(key, element) {
  if (key === "enter") return element.matches("button, summary, a[href]");
  if (key === " ") return element.matches("button, summary, input, select");
  return false;
}

function nameOf(event) {
  const chord = event.ctrlKey || event.metaKey ? "ctrl+" : "";
  return chord + (event.altKey ? "alt+" : "") + event.key.toLowerCase();
}

function digitOf(event) {
  // Digits need Shift on some layouts (French); the physical key counts where the character means nothing.
  const match = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  return match && !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey ? match[1] : null;
}

function activate(element) {
  const action = element.dataset.keyAction ?? (isTextField(element) ? "focus" : "click");
  if (action === "submit") (element.form ?? element.closest("form")).requestSubmit();
  else if (action === "focus") {
    element.focus();
    element.select?.();
  } else {
    // A chosen option keeps the focus, so that arrows and the clause beside it follow.
    if (element.matches("input")) element.focus();
    element.click();
  }
}

function walk(step) {
  const here = document.activeElement?.closest?.("[data-key-list]");
  const lists = [...scope().querySelectorAll("[data-key-list]")].filter(isShown);
  const list = here ?? lists[0];
  if (!list) return false;
  const items = [...list.querySelectorAll("[data-key-item]")].filter(isShown);
  if (!items.length) return false;
  const at = items.findIndex((item) => item.contains(document.activeElement));
  const next = items[at === -1 ? (step > 0 ? 0 : items.length - 1) : Math.min(items.length - 1, Math.max(0, at + step))];
  if (!next.matches("a[href], button, input, select, textarea, [tabindex]")) next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing || event.getModifierState("AltGraph")) return;
  const key = nameOf(event);
  const isChord = key.includes("+") && key.length > 1;
  const target = event.target instanceof Element ? event.target : document.body;
  const isTyping = isTextField(target);
  if (isTyping && !isChord && key !== "escape") return;
  if (isNative(key, target)) return;
  const isSingle = !isChord && event.key.length === 1;
  if (isSingle && root.dataset.keys === "off" && event.key !== "?") return;

  const { map } = activeKeys();
  const element = map.get(key) ?? map.get(digitOf(event));
  if (element) {
    event.preventDefault();
    // A held key must not submit twice.
    if (!event.repeat) activate(element);
  } else if (key in WALK) {
    if (walk(WALK[key])) event.preventDefault();
  } else if (event.key === "?" && help && !help.open && scope() === document) {
    event.preventDefault();
    help.showModal();
  } else if (key === "escape" && isTyping && scope() === document) {
    target.blur();
  }
}

document.addEventListener("keydown", onKey);

// The list of keys

const SHOWN = { escape: "Esc", enter: "Enter", " ": "Space", arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓" };

function shown(key) {
  return key.split(/\+(?=.)/).map((part) => SHOWN[part] ?? (part.length === 1 ? part.toUpperCase() : part[0].toUpperCase() + part.slice(1)));
}

function labelOf(element) {
  const label = element.dataset.keyLabel ?? element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
  return label.replace(/\s+/g, " ").trim();
}

function row(keys, label) {
  const name = document.createElement("dt");
  for (const key of keys) {
    shown(key).forEach((part, index) => {
      const cap = document.createElement("kbd");
      cap.textContent = part;
      name.append(index ? "+" : name.childNodes.length ? " " : "", cap);
    });
  }
  const words = document.createElement("dd");
  words.textContent = label;
  return [name, words];
}

function fillHelp() {
  const list = help.querySelector("[data-keys-list]");
  const { map } = activeKeys(document);
  const byElement = new Map();
  for (const [key, element] of map) {
    if (!help.contains(element)) byElement.set(element, [...(byElement.get(element) ?? []), key]);
  }
  const rows = [...byElement].flatMap(([element, keys]) => row(keys, labelOf(element)));
  if (document.querySelector("[data-key-list] [data-key-item]")) {
    rows.push(...row(["j"], help.dataset.next), ...row(["k"], help.dataset.previous));
  }
  if (!rows.length) {
    const none = document.createElement("dd");
    none.textContent = help.dataset.noKeysMessage;
    rows.push(document.createElement("dt"), none);
  }
  list.replaceChildren(...rows, ...row(["?"], help.dataset.this));
}

if (help) {
  // However it was opened: by key, by button, by another script.
  new MutationObserver(() => { if (help.open) fillHelp(); }).observe(help, { attributes: true, attributeFilter: ["open"] });
  const single = help.querySelector("[data-keys-switch]");
  single.checked = root.dataset.keys !== "off";
  single.addEventListener("change", () => {
    const value = single.checked ? "" : "off";
    document.cookie = `keys=${value}; Path=/; Max-Age=${value ? 31536000 : 0}; SameSite=Lax`;
    if (value) root.dataset.keys = value;
    else delete root.dataset.keys;
  });
}

for (const name of ["htmx:afterSettle", "bench:settled", "toggle", "close"]) document.addEventListener(name, checkClashes, true);
checkClashes();

// What was pressed while this file was on its way (early_keys.js); the scripts after this one may have a part in it.
const early = window.takeEarlyKeys?.() ?? [];
if (early.length) document.addEventListener("DOMContentLoaded", () => early.forEach(onKey));
