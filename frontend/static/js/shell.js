// Small behaviour of every page: menus that close, copy buttons, notices, what to say when a request fails.

const announcer = document.getElementById("announcer");
const toasts = document.getElementById("toasts");
const KINDS = ["info", "good", "warn", "bad"];

function announce(text) {
  announcer.textContent = "";
  // A live region speaks when its text changes; the same text twice needs the gap.
  requestAnimationFrame(() => { announcer.textContent = text; });
}

function toast({ text, kind = "info", href, action, lasts = kind !== "bad" }) {
  const known = KINDS.includes(kind) ? kind : "info";
  const box = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  box.className = `toast toast-${known}`;
  box.querySelector("use").setAttribute("href", `#icon-${known}`);
  const words = box.querySelector("[data-toast-text]");
  words.textContent = text;
  if (href) {
    const link = document.createElement("a");
    link.href = href;
    link.textContent = action;
    words.append(" ", link);
  }
  for (const old of toasts.children) if (old.textContent === box.textContent) old.remove();
  toasts.append(box);
  if (lasts) setTimeout(() => { if (!box.matches(":hover, :focus-within")) box.remove(); }, 6000);
}

// From the server: HX-Trigger: {"announce": "Saved", "toast": {"text": "...", "kind": "good"}, "dialog-close": "id"}
document.addEventListener("announce", (event) => announce(event.detail.value ?? event.detail.text));
document.addEventListener("toast", (event) => toast(event.detail));
document.addEventListener("dialog-close", (event) => document.getElementById(event.detail.value)?.close());

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  const here = encodeURIComponent(location.pathname + location.search);
  const said = {
    401: { text: "Your session has ended; what you typed is still here.", href: `/accounts/login/?next=${here}`, action: "Sign in" },
    403: { text: "Your role does not allow this. Nothing was changed." },
    404: { text: "That is not there any more. Nothing was changed.", href: location.href, action: "Reload" },
    413: { text: "That is too large. Nothing was changed." },
    429: { text: "Too many requests. Wait a moment and try again." },
  }[status] ?? { text: `The server could not do this (${status}). The page is as it was; try again.` };
  toast({ kind: "bad", ...said });
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => {
    toast({ kind: "bad", text: "No connection to the server. The page is as it was; try again when it is back." });
  });
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  event.target.closest("[data-dismiss]")?.parentElement.remove();
  const copy = event.target.closest("[data-copy]");
  if (copy) copyFrom(copy);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest?.("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

async function copyFrom(button) {
  const code = button.closest(".copy-block").querySelector("code");
  const words = button.querySelector("span");
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    // Not allowed to write (plain http, denied): leave the text selected for Ctrl+C.
    getSelection().selectAllChildren(code);
    return;
  }
  const before = words.textContent;
  words.textContent = button.dataset.copied;
  announce(button.dataset.copied);
  setTimeout(() => { words.textContent = before; }, 2000);
}

// Buttons with commandfor/command open and close dialogs by themselves; this is for browsers without them.
if (!("commandForElement" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[commandfor]");
    const dialog = button && document.getElementById(button.getAttribute("commandfor"));
    if (!dialog) return;
    if (button.getAttribute("command") === "close") dialog.close();
    else if (!dialog.open) dialog.showModal();
  });
}

const waiting = [...document.querySelectorAll("[data-announce]")].map((element) => element.textContent.trim());
if (waiting.length) announce(waiting.join(" "));
