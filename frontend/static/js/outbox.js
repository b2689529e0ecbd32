// Answers on their way: the next item is on the screen while the one before it is sent. Each is kept in this browser
// until the server has it, sent in order, and tried again until it is stored or refused. The same submission twice is
// one annotation, so a second tab, or the next visit, may send what it finds.
//
// It says on the document what became of an answer: "outbox:stored", "outbox:refused" ({ sent, status, html }).

const { bench, task, connected } = globalThis.concord;
const PREFIX = `concord-answer-${bench?.dataset.annotator}-`;
const WAITS = [1, 2, 4, 8, 15, 30]; // seconds between tries
const GIVE_UP_AFTER = 30_000; // of one try
const MOST_ON_LEAVING = 60_000; // bytes that a browser still sends for a page that is being left

const waiting = bench ? kept() : [];
let sending = null;
let tries = 0;
let timer = 0;
let isSignedOut = false;

function kept() {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
    return names.map((name) => JSON.parse(localStorage.getItem(name))).sort((a, b) => a.at - b.at);
  } catch {
    return [];
  }
}

// `form` is the page's own, to be put back should the server refuse it; it is not kept beyond this page.
function add({ form, ...sent }) {
  waiting.push({ ...sent, form, at: Date.now() });
  try {
    localStorage.setItem(PREFIX + sent.id, JSON.stringify({ ...sent, at: Date.now() }));
  } catch { /* a full or forbidden store: it is sent all the same */ }
}

function remove(sent) {
  waiting.splice(waiting.indexOf(sent), 1);
  try { localStorage.removeItem(PREFIX + sent.id); } catch { /* nothing kept */ }
}

// "stored": nothing is waiting. "refused": one came back, and is on the screen. "waiting": not now.
function flush() {
  clearTimeout(timer);
  sending ??= sendAll().finally(() => { sending = null; });
  return sending;
}

async function sendAll() {
  while (waiting.length) {
    const [sent] = waiting;
    line("saving");
    const { status, html } = await post(sent);
    if (status === 200) stored(sent, html);
    else if (status === 401) return signedOut();
    else if (status === 0 || status >= 500 || [408, 425, 429].includes(status)) return later(status);
    else {
      tell("outbox:refused", sent, status, html);
      return "refused";
    }
  }
  return "stored";
}

async function post(sent) {
  const body = new URLSearchParams(sent.fields);
  body.set("panel_version", task()?.dataset.version ?? "");
  // After a reload its own item may be on the screen still: then the answer brings the next one.
  if (task()?.dataset.lease !== sent.lease) body.set("on_screen", task()?.dataset.lease ?? "");
  try {
    const answer = await fetch(sent.url, {
      method: "POST", body, redirect: "error", signal: AbortSignal.timeout(GIVE_UP_AFTER),
      keepalive: body.toString().length < MOST_ON_LEAVING,
      headers: { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value, "HX-Request": "true" },
    });
    return { status: answer.status, html: await answer.text() };
  } catch {
    return { status: 0, html: "" };
  }
}

function stored(sent, html) {
  isSignedOut = false;
  tell("outbox:stored", sent, 200, html);
  connected(true);
  line(waiting.length ? "saving" : "stored");
}

function tell(name, sent, status, html) {
  tries = 0;
  remove(sent);
  if (!waiting.length) line("");
  document.dispatchEvent(new CustomEvent(name, { detail: { sent, status, html } }));
}

function later(status) {
  if (status === 0) connected(false);
  if (!tries) document.dispatchEvent(new CustomEvent("announce", { detail: { text: bench.dataset.unsavedSaid } }));
  line("unsaved");
  timer = setTimeout(flush, WAITS[Math.min(tries, WAITS.length - 1)] * 1000);
  tries += 1;
  return "waiting";
}

function signedOut() {
  isSignedOut = true;
  line("unsaved");
  const here = encodeURIComponent(location.pathname + location.search);
  const detail = {
    kind: "bad", text: bench.dataset.signedOutText, href: `/accounts/login/?next=${here}`, action: bench.dataset.signInText,
  };
  document.dispatchEvent(new CustomEvent("toast", { detail }));
  return "waiting";
}

function line(kind) {
  const element = document.querySelector("[data-sent-line]");
  if (!element) return;
  element.hidden = !kind;
  element.dataset.kind = kind;
  element.textContent = kind ? bench.dataset[`${kind}Text`] : "";
}

addEventListener("online", () => { if (waiting.length) flush(); });
addEventListener("beforeunload", (event) => { if (tries && waiting.length && !isSignedOut) event.preventDefault(); });

globalThis.concord.outbox = {
  add, flush,
  isEmpty: () => !waiting.length,
  holds: (lease) => waiting.some((sent) => sent.lease === lease),
};
