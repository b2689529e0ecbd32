// The item after this one: fetched while this one is read, kept out of the page, shown in the frame of the Enter that
// answers this one. The answer itself goes through outbox.js. Without an item ahead, Enter asks the server as ever; while
// one is on its way, Enter waits for it.

const { bench, task, questions, isAnswered, settle, say, headers, storeDraft, outbox } = globalThis.concord;
const TOO_SOON = 300; // milliseconds in which nobody has read an item: this Enter was meant for the one before
const SLOW = 1500; // then Enter waits for the item no longer
const SURPRISE = 700; // likewise, where something came back while they were at the next item

let next = null; // { form, guide, until }
let fetching = null; // AbortController, with the promise `done`
let isHeld = false;
let deafUntil = 0; // to Enter
let isSurprise = false;

function parse(html) {
  const template = document.createElement("template"); // inert: nothing in it runs, loads or has the focus
  template.innerHTML = html;
  return template.content;
}

// --- fetched ----------------------------------------------------------------------------------------------------

function fetchSoon() {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(fetchNext, { timeout: 500 });
  else setTimeout(fetchNext, 50);
}

function fetchNext() {
  const form = task();
  if (!form || next || fetching || document.hidden || !outbox.isEmpty()) return; // what is sent brings the next one
  const mine = (fetching = new AbortController());
  mine.done = ask(form, mine).then((content) => {
    if (fetching !== mine) return;
    fetching = null;
    keep(content);
  });
}

async function ask(form, { signal }) {
  const body = new URLSearchParams({ on_screen: form.dataset.lease, panel_version: form.dataset.version });
  const options = { method: "POST", body, headers: headers(form), redirect: "error", priority: "low", signal };
  try {
    const answer = await fetch(bench.dataset.aheadUrl, options);
    return answer.status === 200 ? parse(await answer.text()) : null;
  } catch {
    return null; // no connection, or no longer wanted
  }
}

function keep(content) {
  const form = content?.querySelector("#task[data-lease]");
  if (!form || !task() || form.dataset.lease === task().dataset.lease || outbox.holds(form.dataset.lease)) return;
  next = { form, guide: content.querySelector("#guide"), until: Date.now() + bench.dataset.leaseSeconds * 1000 };
  for (const image of form.querySelectorAll("img[src]")) new Image().src = image.src;
  bench.dataset.ahead = form.dataset.lease;
}

function drop() {
  next = null;
  fetching?.abort();
  fetching = null;
  delete bench.dataset.ahead;
}

// --- shown ------------------------------------------------------------------------------------------------------

function put(form, parts = []) {
  for (const part of parts) {
    part.removeAttribute("hx-swap-oob");
    document.getElementById(part.id)?.replaceWith(part);
    globalThis.htmx.process(part);
  }
  document.getElementById("task").replaceWith(form);
  globalThis.htmx.process(form);
  settle();
  document.dispatchEvent(new CustomEvent("htmx:afterSettle")); // keyboard.js looks for clashes
}

function swapIn(content) {
  const form = content.querySelector("#task");
  if (form) put(form, content.querySelectorAll("#guide, #bench-status"));
  return form !== null;
}

// What the server would send back at once is better asked now than after the next item is on the screen.
function looksComplete() {
  return questions().every((question) => {
    if (!isAnswered(question)) return !question.hasAttribute("data-required");
    return question.dataset.type !== "number" || Number.isFinite(Number(question.querySelector("input").value.replace(",", ".")));
  });
}

function canShow(form) {
  if (!next || !looksComplete()) return false;
  const fits = next.guide || next.form.dataset.version === form.dataset.version;
  if (!fits || Date.now() > next.until) drop();
  return next !== null;
}

function goOn(form) {
  const fields = [...new FormData(form)].filter(([name]) => !["csrfmiddlewaretoken", "seconds_spent"].includes(name));
  fields.push(["seconds_spent", globalThis.concord.secondsSpent()]);
  storeDraft(form);
  outbox.add({ id: form.elements.submission_id.value, lease: form.dataset.lease, url: form.getAttribute("action"), fields, form });
  const shown = next;
  drop();
  put(shown.form, shown.guide ? [shown.guide] : []);
  beDeaf(TOO_SOON);
  outbox.flush();
}

function beDeaf(milliseconds, surprise = false) {
  deafUntil = performance.now() + milliseconds;
  isSurprise = surprise;
}

document.addEventListener("submit", (event) => {
  if (event.target.hasAttribute?.("data-after-saving") && !outbox.isEmpty()) leaveLater(event);
  if (!bench || event.target.id !== "task") return;
  const act = howToSend(event.target);
  if (!act) return; // htmx sends it
  event.preventDefault();
  event.stopImmediatePropagation();
  act(event.target);
}, true);

function howToSend(form) {
  if (isHeld || form.classList.contains("htmx-request") || performance.now() < deafUntil) return () => {};
  if (form !== task()) return null;
  if (!outbox.isEmpty() || (fetching && looksComplete())) return sendSoon;
  return canShow(form) ? goOn : null;
}

// After the answer before it, and with the item after it if that is on its way. Keys pressed meanwhile change nothing.
async function sendSoon(form) {
  const focused = document.activeElement;
  isHeld = form.inert = true;
  const outcome = await outbox.flush();
  if (outcome === "stored" && fetching) await Promise.race([fetching.done, new Promise((done) => setTimeout(done, SLOW))]);
  isHeld = form.inert = false;
  if (form !== task()) return; // something came back in its place
  fetching?.abort();
  fetching = null;
  if (outcome === "stored") form.requestSubmit();
  else {
    focused?.focus({ preventScroll: true });
    say(bench.dataset.firstText, "warn");
  }
}
for (const name of ["keydown", "pointerdown"]) {
  document.addEventListener(name, (event) => { if (event.key !== "Enter" && !isSurprise) deafUntil = 0; }, true); // it has been read
}

// --- what became of it ------------------------------------------------------------------------------------------

document.addEventListener("outbox:stored", ({ detail: { sent, html } }) => {
  globalThis.concord.forgetDraft(sent.lease);
  const content = parse(html);
  const answer = content.querySelector("[data-stored]");
  if (!answer) {
    comeBack(sent, content); // with what the gold says, a verdict; or with the next one, if a reload brought its own item back
    return;
  }
  showStatus(answer.querySelector("#bench-status"));
  const { held } = answer.dataset;
  if (task() && held && held !== task().dataset.lease) say(bench.dataset.lostText, "warn");
  const feedback = answer.querySelector("#feedback");
  if (feedback) showFeedback(feedback);
  keep(answer.querySelector("template[data-ahead]")?.content);
});

// With answers to read, unless somebody is reading them.
function showStatus(status) {
  const shown = document.getElementById("bench-status");
  if (shown.querySelector("dialog[open]")) return;
  shown.replaceWith(status);
  globalThis.htmx.process(status);
}

// A right answer of a project that teaches, in a line above the item that followed it.
function showFeedback(feedback) {
  document.getElementById("feedback")?.remove();
  task()?.querySelector(".workbench-item").prepend(feedback);
}

// In place of the present item, which keeps what was typed into it as its draft.
function comeBack(sent, content) {
  const form = task();
  drop();
  if (form && form.dataset.lease !== sent.lease) {
    storeDraft(form);
    globalThis.concord.sendDraft();
    beDeaf(SURPRISE, true);
  }
  return swapIn(content);
}

// Back to the item with its errors, or to the answer that could not be stored.
document.addEventListener("outbox:refused", ({ detail: { sent, status, html } }) => {
  if (comeBack(sent, parse([409, 422].includes(status) ? html : ""))) return;
  document.dispatchEvent(new CustomEvent("toast", { detail: { kind: "bad", text: bench.dataset.refusedText } }));
  if (sent.form) put(sent.form);
  else task()?.removeAttribute("inert");
});

// --- everything else waits for what is on its way, and ends what was fetched: an undo or a skip changes what is next ---

document.addEventListener("htmx:confirm", (event) => {
  if (!bench) return;
  const { elt, issueRequest } = event.detail;
  if (elt !== task()) drop();
  if (outbox.isEmpty()) return;
  event.preventDefault();
  if (isHeld) return;
  isHeld = true;
  whenStored(issueRequest);
});

function leaveLater(event) {
  event.preventDefault();
  const form = event.target;
  if (!isHeld) {
    isHeld = true;
    whenStored(() => form.submit());
  }
}

async function whenStored(act) {
  const outcome = await outbox.flush();
  isHeld = false;
  if (outcome === "stored") act();
  else if (outcome === "waiting") say(bench.dataset.firstText, "warn");
}

document.addEventListener("htmx:afterRequest", (event) => {
  if (!bench) return;
  if (!event.detail.requestConfig.elt.dataset.lease) drop(); // also what came while it was under way
  fetchSoon(); // a flag leaves the item where it is
});
document.addEventListener("bench:settled", () => {
  if (next?.form.dataset.lease === task()?.dataset.lease) drop();
  fetchSoon();
});
document.addEventListener("bench:renewed", (event) => {
  if (!event.detail.isOurs) drop();
  else if (next) next.until = Date.now() + bench.dataset.leaseSeconds * 1000;
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) fetchSoon(); });
addEventListener("pageshow", (event) => { if (bench && event.persisted) drop(); }); // it comes again when this tab is seen

if (bench) {
  if (outbox.holds(task()?.dataset.lease)) {
    // The page was left before its answer was stored: it is sent first, and nothing of it can change meanwhile.
    for (const element of [task(), ...document.querySelectorAll("[data-needs-task]")]) element.inert = true;
  }
  if (outbox.isEmpty()) fetchSoon();
  else outbox.flush();
}
