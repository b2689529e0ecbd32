// The workbench: which question the number keys answer, drafts that survive everything, the lease kept while somebody
// works. Submitting itself is a plain form that htmx swaps; ahead.js and outbox.js show
// the next item while the answer is on its way. They share this page by `concord`: files are named by their content, so
// none can import another.

const bench = document.querySelector("[data-workbench]");
const task = () => document.querySelector("#task[data-lease]");
const IDLE_AFTER = 60_000; // of a longer time without a key or click only this much counts: reading needs no key
const KEEP_DRAFTS_FOR = 14 * 24 * 3600_000;

// --- the current question: its options have the keys ------------------------------------------------------------

const questions = () => [...(task()?.querySelectorAll("[data-question]:not([hidden])") ?? [])];
let current = null;

function setCurrent(question) {
  current = question;
  for (const other of questions()) {
    const isCurrent = other === question;
    other.toggleAttribute("data-current", isCurrent);
    for (const input of other.querySelectorAll("[data-hotkey]")) {
      if (isCurrent && input.dataset.hotkey) input.dataset.key = input.dataset.hotkey;
      else delete input.dataset.key;
    }
  }
}

function isAnswered(question) {
  return [...question.querySelectorAll("input, textarea")].some((input) =>
    /^(radio|checkbox)$/.test(input.type) ? input.checked : input.value.trim());
}

// After an answer that is complete in itself, the keys go on to the next open question.
function goOn(question) {
  const all = questions();
  const next = all.slice(all.indexOf(question) + 1).find((other) => !isAnswered(other));
  if (!next) return;
  setCurrent(next);
  next.querySelector("textarea, input")?.focus({ preventScroll: false });
}

function showConditional() {
  for (const question of task()?.querySelectorAll("[data-visible-if]") ?? []) {
    const wanted = question.dataset.visibleValues.split("|");
    const chosen = [...task().querySelectorAll(`[name="${CSS.escape(question.dataset.visibleIf)}"]:checked`)];
    question.hidden = !chosen.some((input) => wanted.includes(input.value));
    for (const input of question.querySelectorAll("input, textarea")) input.disabled = question.hidden;
  }
}

// --- the clauses beside the item (guide_panel.js) ---------------------------------------------------------------

function showGuide(option) {
  document.dispatchEvent(new CustomEvent("bench:option", { detail: { option } }));
}

// --- time spent, without the pauses -----------------------------------------------------------------------------

let spent = 0;
let lastSign = Date.now();
let shownLease = "";
const spentOn = new Map(); // by lease: an answer that comes back to be changed goes on counting

function signOfLife() {
  const now = Date.now();
  if (!document.hidden) spent += Math.min(now - lastSign, IDLE_AFTER);
  lastSign = now;
}
for (const name of ["keydown", "pointerdown", "pointermove", "scroll"]) document.addEventListener(name, signOfLife, { passive: true, capture: true });
document.addEventListener("visibilitychange", () => { lastSign = Date.now(); });

function secondsSpent() {
  signOfLife();
  return (spent / 1000).toFixed(1);
}

function countTimeOf(lease) {
  if (lease === shownLease) return;
  if (shownLease) spentOn.set(shownLease, spent);
  shownLease = lease;
  spent = spentOn.get(lease) ?? 0;
  lastSign = Date.now();
}

// --- drafts: in the browser at once, on the server soon ---------------------------------------------------------

const keyOf = (lease) => `concord-draft-${lease}`;
let draftTimer = 0;
let lastSent = "";

function read(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) if (name.startsWith("q.")) (fields[name] ??= []).push(value);
  return fields;
}

function say(text, kind = "") {
  const line = task()?.querySelector("[data-save-line]");
  if (!line) return;
  line.textContent = text;
  line.dataset.kind = kind;
}

function storeDraft(form) {
  clearTimeout(draftTimer);
  try {
    localStorage.setItem(keyOf(form.dataset.lease), JSON.stringify({ at: Date.now(), fields: read(form) }));
  } catch { /* a full or forbidden store: the server's copy remains */ }
}

function keepDraft() {
  const form = task();
  if (!form) return;
  storeDraft(form);
  draftTimer = setTimeout(sendDraft, 800);
}

async function sendDraft() {
  const form = task();
  if (!form) return;
  const lease = form.dataset.lease;
  const body = new URLSearchParams([...new FormData(form)].filter(([name]) => name.startsWith("q.")));
  if (body.toString() === lastSent) return;
  try {
    const answer = await fetch(form.dataset.draftUrl, { method: "POST", body, headers: headers(form), redirect: "error" });
    if (task()?.dataset.lease !== lease) return;
    if (answer.ok) lastSent = body.toString();
    say(answer.ok ? bench.dataset.savedText : bench.dataset.keptText, answer.ok ? "good" : "warn");
    connected(true);
  } catch {
    say(bench.dataset.keptText, "warn");
    connected(false);
  }
}

function headers(form) {
  return { "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value, "HX-Request": "true" };
}

function restoreDraft(form) {
  let kept = null;
  try { kept = JSON.parse(localStorage.getItem(keyOf(form.dataset.lease)) ?? "null"); } catch { kept = null; }
  if (!kept) return;
  for (const input of form.querySelectorAll("input[name^='q.'], textarea[name^='q.']")) {
    const values = kept.fields[input.name] ?? [];
    if (/^(radio|checkbox)$/.test(input.type)) input.checked = values.includes(input.value);
    else input.value = values[0] ?? "";
  }
}

function forgetDraft(lease) {
  try { localStorage.removeItem(keyOf(lease)); } catch { /* nothing kept */ }
}

function forgetOldDrafts() {
  try {
    for (const name of Object.keys(localStorage)) {
      if (!/^concord-(draft|answer)-/.test(name)) continue;
      const { at } = JSON.parse(localStorage.getItem(name) ?? "{}");
      if (!(Date.now() - at < KEEP_DRAFTS_FOR)) localStorage.removeItem(name);
    }
  } catch { /* a store we cannot read holds nothing of ours */ }
}

// --- connection and lease ---------------------------------------------------------------------------------------

function connected(isConnected) {
  const line = document.querySelector("[data-connection]");
  if (!line) return;
  line.textContent = isConnected ? bench.dataset.connectedText : bench.dataset.offlineText;
  line.classList.toggle("is-offline", !isConnected);
}
addEventListener("offline", () => connected(false));
addEventListener("online", () => { connected(true); sendDraft(); });

async function renew() {
  const form = task();
  if (!form || document.hidden || Date.now() - lastSign > Number(bench.dataset.renewSeconds) * 1000) return;
  try {
    const answer = await fetch(form.dataset.renewUrl, { method: "POST", headers: headers(form), redirect: "error" });
    if (answer.status === 409) say(bench.dataset.lostText, "warn");
    document.dispatchEvent(new CustomEvent("bench:renewed", { detail: { isOurs: answer.ok } }));
    connected(true);
  } catch {
    connected(false);
  }
}

// --- dialogs: skip, and questions to the lead ------------------------------------------------------------------

function closeAfter(dialog, status) {
  if (!dialog || (status >= 400 && dialog.querySelector("[data-problem]"))) return; // it says what is wrong itself
  dialog.close();
  dialog.querySelector("form").reset();
  dialog.querySelector("[data-problem]")?.replaceChildren();
  if (status === 204) say(dialog.dataset.said ?? bench.dataset.flaggedText, "good"); // flagged or asked: the item stays, and so does what was chosen
}

// The clauses of the panel, the current one chosen: a question is mostly about what somebody is reading.
function offerClauses(dialog) {
  const choice = dialog.querySelector("[data-clause-choice]");
  const clauses = [...document.querySelectorAll("#guide [data-clause]")];
  const options = clauses.map((clause) => new Option(clause.querySelector("h2").textContent.trim(), clause.dataset.clause));
  choice.replaceChildren(choice.options[0], ...options);
  choice.value = clauses.find((clause) => clause.classList.contains("is-current"))?.dataset.clause ?? "";
}

for (const dialog of document.querySelectorAll("[data-ask]")) {
  new MutationObserver(() => { if (dialog.open) offerClauses(dialog); }).observe(dialog, { attributeFilter: ["open"] });
}

// --- a new task on the page -------------------------------------------------------------------------------------

function settle() {
  const form = task();
  for (const element of document.querySelectorAll("[data-needs-task]")) element.inert = !form;
  for (const lease of document.querySelectorAll("[data-current-lease]")) lease.value = form?.dataset.lease ?? "";
  current = null;
  countTimeOf(form?.dataset.lease ?? "");
  lastSent = "";
  showGuide(null);
  if (!form) {
    document.querySelector("#task button")?.focus();
    return;
  }
  restoreDraft(form);
  showConditional();
  // An answer taken back is gone through from the top; otherwise what is open comes first.
  const open = form.hasAttribute("data-again") ? null : questions().find((question) => !isAnswered(question));
  const first = form.querySelector(".has-error") ?? open ?? questions()[0];
  if (first) {
    setCurrent(first);
    (first.querySelector("input:checked") ?? first.querySelector("input, textarea"))?.focus({ preventScroll: true });
  }
  document.dispatchEvent(new CustomEvent("bench:settled"));
}

document.addEventListener("focusin", (event) => {
  const question = event.target.closest?.("#task [data-question]");
  if (question) setCurrent(question);
  const option = event.target.closest?.("#task [data-option]");
  if (option) showGuide(option);
});

document.addEventListener("change", (event) => {
  const question = event.target.closest?.("#task [data-question]");
  if (!question) return;
  showConditional();
  const option = event.target.closest("[data-option]");
  if (option) showGuide(option);
  keepDraft();
  if (event.target.type === "radio" && !event.target.matches(":active")) queueMicrotask(() => goOn(question));
});
document.addEventListener("input", (event) => {
  if (event.target.matches?.("#task textarea, #task input[type=text]")) keepDraft();
});

document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.id !== "task" || !task()) return;
  event.detail.parameters.set?.("seconds_spent", secondsSpent());
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { lease } = event.detail.requestConfig.elt.dataset; // detail.elt is another by now: this one was swapped out
  if (lease && event.detail.successful) forgetDraft(lease);
  if (event.detail.successful) {
    connected(true);
    closeAfter(event.detail.elt.closest?.("dialog"), event.detail.xhr.status);
  }
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => { connected(false); say(bench.dataset.retryText, "warn"); });
}
// Not after settling: a key pressed in the twenty milliseconds between would find no question to answer.
document.addEventListener("htmx:afterSwap", (event) => { if (event.target.id === "task") settle(); });

// A second tab submitted or skipped: what is on this screen is no longer ours.
document.addEventListener("visibilitychange", () => { if (!document.hidden) renew(); });
addEventListener("pagehide", () => { if (task()) keepDraft(); });

globalThis.concord = { bench, task, questions, isAnswered, settle, say, connected, headers, secondsSpent, storeDraft, sendDraft, forgetDraft };

if (bench) {
  forgetOldDrafts();
  setInterval(renew, Math.max(5, Number(bench.dataset.renewSeconds)) * 1000);
  settle();
}
