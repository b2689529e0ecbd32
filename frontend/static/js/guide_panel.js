// The guideline beside the item. It comes once per version and follows the focus without asking the server again; one
// key opens the clauses of the focused option in full; the search asks the server, which knows accents and ranks.
// workbench.js says by the event bench:option which option has the focus.

const guide = () => document.getElementById("guide");
const sheet = document.getElementById("clause-sheet");
const opener = document.querySelector("[data-guide-open]");
const form = document.querySelector("[data-guide-search]");
const input = form?.querySelector("input");
const list = document.getElementById("guide-hits");
let focused = null; // the option, or in its place a template of the panel that a search led to

// --- follows the focus ------------------------------------------------------------------------------------------

const notesOf = (option) => option && (option.matches("template") ? option
  : guide()?.querySelector(`template[data-option-notes="${CSS.escape(option.dataset.option ?? "")}"]`));
const keysOf = (option) => new Set((option?.dataset.clauses ?? "").split(" ").filter(Boolean));

function follow(option) {
  focused = option;
  const panel = guide();
  const notes = panel?.querySelector("[data-guide-option]");
  if (!notes) return;
  const template = notesOf(option);
  notes.replaceChildren(...(template ? [template.content.cloneNode(true)] : []));
  notes.hidden = !template;
  const keys = keysOf(option);
  for (const clause of panel.querySelectorAll("[data-clause]")) clause.classList.toggle("is-current", keys.has(clause.dataset.clause));
  if (option) panel.scrollTop = 0; // the current ones stand first (task.css)
}

// A long guideline is not in the page: the browser keeps it under the version's hash.
async function bringGuide() {
  const panel = guide();
  const url = panel?.dataset.guideUrl;
  if (!url) return;
  try {
    const answer = await fetch(url, { redirect: "error" });
    if (!answer.ok) return;
    const template = document.createElement("template");
    template.innerHTML = await answer.text();
    if (panel !== guide()) return; // another version came meanwhile
    panel.replaceWith(template.content.querySelector("#guide"));
    follow(focused);
  } catch { /* no connection: it is asked for again with the next item */ }
}

document.addEventListener("bench:option", (event) => follow(event.detail.option));
document.addEventListener("bench:settled", bringGuide);

// --- the clauses of the focused option in full ------------------------------------------------------------------

function fillSheet() {
  const body = sheet.querySelector("[data-clause-sheet]");
  const current = [...guide().querySelectorAll("[data-clause].is-current")];
  const clauses = current.length ? current : [...guide().querySelectorAll("[data-clause]")];
  const copies = clauses.map((clause) => clause.cloneNode(true));
  for (const copy of copies) copy.classList.remove("is-current", "is-found");
  const notes = notesOf(focused)?.content.cloneNode(true);
  body.replaceChildren(...(notes ? [notes] : []), ...copies);
  for (const element of body.querySelectorAll("[id]")) element.removeAttribute("id");
  body.scrollTop = 0;
  sheet.querySelector("[data-clause-none]").hidden = !focused || current.length > 0;
  const link = sheet.querySelector("[data-clause-link]");
  link.hash = current[0]?.dataset.clause ?? "";
}

opener?.addEventListener("click", () => {
  if (!guide()) return;
  fillSheet();
  sheet.showModal();
  sheet.querySelector("[data-clause-sheet]").focus();
});

sheet?.addEventListener("close", () => sheet.querySelector("[data-clause-sheet]").replaceChildren());

// --- search -----------------------------------------------------------------------------------------------------

const hits = () => [...list.querySelectorAll("[data-hit]")];
let asked = null; // AbortController with the promise `done`
let timer = 0;

function show(html) {
  list.innerHTML = html; // from our own server; every text in it is escaped there
  list.hidden = !html.trim();
  input.setAttribute("aria-expanded", String(hits().length > 0));
  choose(hits()[0]);
}

function choose(hit) {
  for (const other of hits()) other.setAttribute("aria-selected", String(other === hit));
  if (hit) input.setAttribute("aria-activedescendant", hit.id);
  else input.removeAttribute("aria-activedescendant");
  hit?.scrollIntoView({ block: "nearest" });
}

const chosen = () => list.querySelector("[aria-selected=true]");

function ask() {
  clearTimeout(timer);
  asked?.abort();
  const version = document.querySelector("#task[data-version]")?.dataset.version;
  const query = input.value.trim();
  if (!version || !query) {
    show("");
    return Promise.resolve();
  }
  const mine = (asked = new AbortController());
  const url = `${form.dataset.guideSearch.replace("SHA256", version)}?${new URLSearchParams({ q: query })}`;
  mine.done = fetch(url, { signal: mine.signal, redirect: "error" })
    .then(async (answer) => {
      const html = answer.ok ? await answer.text() : "";
      if (mine !== asked) return;
      show(html);
      list.dataset.query = query;
    })
    .catch(() => { /* asked again, or no connection: what was found stays */ })
    .finally(() => { if (mine === asked) asked = null; });
  return mine.done;
}

function askSoon() {
  clearTimeout(timer);
  timer = setTimeout(ask, 120);
}

function leave() {
  clearTimeout(timer);
  asked?.abort();
  asked = null;
  input.value = "";
  show("");
}

// The keys go on answering the item afterwards: the place has the focus, and no field.
function jump(hit) {
  const place = [...guide().querySelectorAll("[data-anchor]")].find((other) => other.dataset.anchor === hit.dataset.hit);
  leave();
  if (!place) return;
  if (place.matches("template")) follow(place);
  const target = place.matches("template") ? guide() : place;
  for (const clause of guide().querySelectorAll(".is-found")) clause.classList.remove("is-found");
  place.closest(".clause")?.classList.add("is-found");
  target.focus({ preventScroll: true });
  if (target !== guide()) target.scrollIntoView({ block: "start" });
  else target.scrollIntoView({ block: "nearest" });
}

function backToTheItem() {
  const question = document.querySelector("#task [data-question][data-current]");
  (question?.querySelector("input:checked") ?? question?.querySelector("input, textarea") ?? document.querySelector("#task .workbench-item"))?.focus();
}

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

async function onKey(event) {
  if (event.isComposing) return;
  const all = hits();
  if (event.key in STEPS && all.length) {
    event.preventDefault();
    choose(all[(all.indexOf(chosen()) + STEPS[event.key] + all.length) % all.length]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    event.stopPropagation();
    clearTimeout(timer);
    if (list.dataset.query !== input.value.trim()) await ask();
    const hit = chosen();
    if (hit) jump(hit);
  } else if (event.key === "Escape") {
    event.preventDefault();
    leave();
    backToTheItem();
  }
}

if (form && list) {
  input.addEventListener("input", () => { list.dataset.query = ""; askSoon(); });
  input.addEventListener("keydown", onKey);
  form.addEventListener("submit", (event) => event.preventDefault());
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus until the jump
  list.addEventListener("click", (event) => {
    const hit = event.target.closest("[data-hit]");
    if (hit) jump(hit);
  });
  form.addEventListener("focusout", (event) => { if (!form.contains(event.relatedTarget)) show(""); });
  input.addEventListener("focus", () => { if (input.value.trim()) ask(); });
}
