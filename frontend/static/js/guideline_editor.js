// The guideline editor: saves by itself while one types, never leaves with unsaved words in silence. Without this
// file the Save button and every link still work.

const QUIET_MS = 1200;

let isDirty = false;
let timer = null;
let leaveTo = null;
let openOptions = [];

const form = () => document.getElementById("part-form");
const state = () => document.getElementById("save-state");

function say(words) {
  const line = state()?.querySelector("span") ?? state()?.appendChild(document.createElement("span"));
  if (!line) return;
  line.className = "muted";
  line.textContent = words;
}

function saveSoon() {
  clearTimeout(timer);
  timer = setTimeout(saveNow, QUIET_MS);
}

function saveNow() {
  clearTimeout(timer);
  if (isDirty && form()) htmx.trigger(form(), "autosave");
}

function touched() {
  isDirty = true;
  say(form().dataset.unsavedWords);
  saveSoon();
}

document.addEventListener("input", (event) => { if (form()?.contains(event.target)) touched(); });

document.addEventListener("htmx:configRequest", (event) => {
  const { elt, headers, triggeringEvent } = event.detail;
  if (elt !== form()) return;
  clearTimeout(timer);
  isDirty = false; // what is typed from here on is not in this request
  if (triggeringEvent?.type === "autosave") headers["X-Autosave"] = "1";
});

// A request that was not stored leaves the words on the screen unsaved.
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt.id !== "part-form") return;
  const isStored = event.detail.successful && !state()?.hasAttribute("data-unsaved");
  if (!isStored) isDirty = true;
});

document.addEventListener("htmx:beforeSwap", () => {
  openOptions = [...document.querySelectorAll(".guide-option-edit[open]")].map((option) => option.id);
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id === "part-form" || event.target.id === "part-form") showWhatMatters();
  const base = state()?.querySelector("[name=base]")?.value;
  const removing = document.querySelector("[data-base]");
  if (removing && base !== undefined) removing.value = base;
  if (state()?.hasAttribute("data-unsaved")) {
    isDirty = true;
    saveSoon();
  }
  // Previews and looks settle too while a save is on its way: only the save says whether one may leave.
  if (event.detail.requestConfig?.elt?.id !== "part-form") return;
  if (leaveTo && state()?.hasAttribute("data-saved") && !isDirty) location.assign(leaveTo);
  leaveTo = null;
});

function showWhatMatters() {
  for (const id of openOptions) {
    const option = document.getElementById(id);
    if (option) option.open = true;
  }
  const conflict = document.getElementById("conflict");
  const wrong = form()?.querySelector("[aria-invalid=true]");
  if (conflict) conflict.focus();
  else if (wrong) {
    const option = wrong.closest("details");
    if (option) option.open = true;
    wrong.focus();
  }
}

// A link away: save first, then go. What cannot be saved is asked about by the browser.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || !isDirty || !form() || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  if (link.target || link.getAttribute("href").startsWith("#")) return;
  if (link.hasAttribute("data-take-theirs")) {
    isDirty = false;
    return;
  }
  event.preventDefault();
  leaveTo = link.href;
  saveNow();
});

// Moving or removing the part posts another form: what was typed is stored by then.
document.addEventListener("submit", (event) => {
  if (isDirty && event.target.id !== "part-form" && !event.target.hasAttribute("data-beside")) {
    event.preventDefault();
    saveNow();
  }
});

// Forms that are stored only by their button (a new part, a publish): the browser asks before their words are lost.
let isGuardDirty = false;
document.addEventListener("input", (event) => { if (event.target.closest("form[data-guard]")) isGuardDirty = true; });
document.addEventListener("submit", (event) => { if (event.target.matches("[data-guard]")) isGuardDirty = false; });

addEventListener("beforeunload", (event) => { if (isDirty || isGuardDirty) event.preventDefault(); });

document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) print(); });

// Who else is here and what they changed: asked while the page is in view, and at once when it comes into view again.
const LOOK_MS = 5000;
const look = () => {
  const presence = document.getElementById("presence");
  if (presence && !document.hidden && !isRefused) htmx.trigger(presence, "look");
};
setInterval(look, LOOK_MS);
document.addEventListener("visibilitychange", look);

// A look that fails says nothing: the next one may come through, and a save will tell. A refused one is said once.
let isRefused = false;
for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, (event) => {
    if (event.detail.elt?.id !== "presence") return;
    const status = event.detail.xhr?.status ?? 0;
    if (status >= 400 && status < 500) isRefused = true;
    else event.stopImmediatePropagation();
  }, true);
}

// The outline comes anew while one walks it: the focus stays on the same line.
let walked = "";
document.addEventListener("htmx:beforeRequest", () => {
  walked = document.activeElement?.closest("#outline a")?.getAttribute("href") ?? "";
});
document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.target.id === "outline" && walked) event.target.querySelector(`a[href="${CSS.escape(walked)}"]`)?.focus();
});

// An image goes to where the cursor was, as if it had been typed.
document.addEventListener("click", (event) => {
  const words = event.target.closest("[data-insert]")?.dataset.insert;
  const text = form()?.querySelector("[name=body]");
  if (!words || !text) return;
  text.focus();
  text.setRangeText(words, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
});

// A split is offered where the cursor stands. The click that saves and leaves comes after this one.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-split]");
  const text = form()?.querySelector("[name=body]");
  if (!link || !text) return;
  const line = text.value.slice(0, text.selectionStart).split("\n").length - 1;
  link.href = `${link.href.split("?")[0]}?line=${line}`;
}, true);
