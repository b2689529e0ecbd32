// The import page: a file or pasted lines, their first rows, and the upload with its progress.
// Without this script the same form is sent as a plain upload.

const form = document.getElementById("import-form");
const facts = JSON.parse(document.getElementById("import-facts").textContent);
const say = form.dataset;
const part = (name) => form.querySelector(`[data-${name}]`);
const fileInput = form.elements.file;
const pasted = form.elements.pasted;
const outcome = document.getElementById("outcome");
const progress = part("progress");
const bar = progress.querySelector("progress");

const PREVIEW_BYTES = 256 * 1024;
const PREVIEW_ROWS = 20;
let request = null;
let header = null; // {names, end}: how a UTF-8 CSV begins, so that its columns can be renamed on the way

// --- what is chosen

function source() {
  if (fileInput.files.length) return { blob: fileInput.files[0], name: fileInput.files[0].name };
  return pasted.value.trim() ? { blob: new Blob([pasted.value]), name: "" } : null;
}

const zone = part("drop");
for (const name of ["dragenter", "dragover"]) {
  zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("is-over"); });
}
for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-over"));
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  if (!event.dataTransfer.files.length) return;
  fileInput.files = event.dataTransfer.files;
  fileInput.dispatchEvent(new Event("change", { bubbles: true }));
});
fileInput.addEventListener("change", () => { pasted.value = ""; look(); });
pasted.addEventListener("input", () => { if (pasted.value) fileInput.value = ""; look(); });
form.elements.format.addEventListener("change", look);

function sizeOf(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  const step = Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** step;
  return `${value < 10 && step ? value.toFixed(1) : Math.round(value)}\u202f${units[step]}`;
}

// --- preview

let looks = 0;

async function look() {
  const mine = ++looks;
  const from = source();
  header = null;
  outcome.replaceChildren();
  const chosen = part("chosen");
  chosen.hidden = !from?.name;
  if (from?.name) chosen.textContent = `${from.name} · ${sizeOf(from.blob.size)}`;
  if (!from) { part("preview").hidden = true; return; }
  const bytes = new Uint8Array(await from.blob.slice(0, PREVIEW_BYTES).arrayBuffer());
  if (mine === looks) show(bytes, bytes.length < from.blob.size, from.name);
}

function show(bytes, isCut, name) {
  const { text, isUtf8 } = decoded(bytes, isCut);
  const kind = formatOf(name, text);
  const preview = kind === "csv" ? previewOfCsv(text, isCut) : previewOfNdjson(text, isCut);
  if (kind === "csv" && isUtf8 && preview.headerText !== undefined) {
    const mark = bytes[0] === 0xef && bytes[1] === 0xbb ? 3 : 0;
    header = { names: preview.columns, end: mark + new TextEncoder().encode(preview.headerText).length };
  }
  draw(preview, kind);
}

function decoded(bytes, isCut) {
  const mark = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  return { text: new TextDecoder(mark).decode(bytes, { stream: isCut }), isUtf8: mark === "utf-8" };
}

function formatOf(name, text) {
  const chosen = form.elements.format.value;
  if (chosen !== "auto") return chosen;
  const ending = name.toLowerCase().split(".").pop();
  if (ending === "csv" || ending === "tsv") return "csv";
  if (["ndjson", "jsonl", "json"].includes(ending)) return "ndjson";
  return text.trimStart().startsWith("{") ? "ndjson" : "csv";
}

// Comma, RFC 4180 quoting, as the server reads it. `ends` are the places behind each record.
function recordsOf(text, isCut) {
  const records = [];
  let cells = [], cell = "", quoted = false, place = 0;
  for (; place < text.length && records.length <= PREVIEW_ROWS; place++) {
    const sign = text[place];
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (text[place + 1] === '"') { cell += '"'; place++; }
      else quoted = false;
    } else if (sign === '"' && cell === "") quoted = true;
    else if (sign === ",") { cells.push(cell); cell = ""; }
    else if (sign === "\n" || sign === "\r") {
      const end = place;
      if (sign === "\r" && text[place + 1] === "\n") place++;
      if (cells.length || cell !== "") records.push({ cells: [...cells, cell], end });
      cells = [];
      cell = "";
    } else cell += sign;
  }
  if (!isCut && place >= text.length && (cells.length || cell !== "")) records.push({ cells: [...cells, cell], end: place });
  return records;
}

function previewOfCsv(text, isCut) {
  const [first, ...rest] = recordsOf(text, isCut);
  if (!first) return { columns: [], rows: [] };
  const start = text.length - text.trimStart().length;
  const isPlain = start === 0;
  const rows = rest.slice(0, PREVIEW_ROWS).map((record) => record.cells);
  return { columns: first.cells.map((name) => name.trim()), rows, headerText: isPlain ? text.slice(0, first.end) : undefined };
}

function previewOfNdjson(text, isCut) {
  const lines = text.split("\n");
  if (isCut) lines.pop();
  const columns = [], rows = [];
  for (const line of lines.filter((each) => each.trim()).slice(0, PREVIEW_ROWS)) {
    let value;
    try { value = JSON.parse(line); } catch { value = null; }
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      rows.push({ broken: line });
      continue;
    }
    for (const key of Object.keys(value)) if (!columns.includes(key)) columns.push(key);
    rows.push(value);
  }
  const shown = (value) => (value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));
  return {
    columns,
    rows: rows.map((row) => (row.broken === undefined ? columns.map((key) => shown(Object.hasOwn(row, key) ? row[key] : undefined)) : row)),
  };
}

function draw(preview, kind) {
  const box = part("preview");
  const canRename = kind === "csv" && header !== null;
  box.hidden = false;
  part("preview-help").hidden = !canRename;
  part("preview-note").textContent = `${say.lines}: ${preview.rows.length} · ${kind === "csv" ? "CSV" : "NDJSON"}`;
  const [head, body] = [box.querySelector("thead"), box.querySelector("tbody")];
  const top = document.createElement("tr");
  head.replaceChildren(top);
  preview.columns.forEach((name, place) => top.append(headCell(name, place, canRename)));
  body.replaceChildren(...preview.rows.map((row) => bodyRow(row, preview.columns.length)));
  explain();
}

function headCell(name, place, canRename) {
  const cell = document.createElement("th");
  cell.scope = "col";
  const meaning = document.createElement("span");
  meaning.className = "column-meaning small";
  cell.dataset.was = name;
  if (canRename) {
    const input = document.createElement("input");
    input.type = "text";
    input.maxLength = 200;
    input.value = guessed(name);
    input.setAttribute("aria-label", `${say.rename} ${place + 1}`);
    input.dataset.column = "";
    input.addEventListener("input", () => { header.names[place] = input.value; explain(); });
    header.names[place] = input.value;
    cell.append(input);
  } else cell.append(name);
  cell.append(meaning);
  return cell;
}

// `id` is what many files call the external id: offered where the file has no column of the right name.
function guessed(name) {
  const target = Object.hasOwn(facts.guesses, name.toLowerCase()) ? facts.guesses[name.toLowerCase()] : null;
  return target && !header.names.includes(target) ? target : name;
}

function bodyRow(row, columns) {
  const line = document.createElement("tr");
  if (row.broken !== undefined) {
    const cell = document.createElement("td");
    cell.colSpan = Math.max(1, columns);
    cell.className = "is-bad";
    cell.textContent = `${say.unreadable}: ${row.broken.slice(0, 200)}`;
    line.append(cell);
    return line;
  }
  for (let place = 0; place < columns; place++) {
    const cell = document.createElement("td");
    cell.dir = "auto";
    cell.textContent = (row[place] ?? "").slice(0, 300);
    line.append(cell);
  }
  return line;
}

function explain() {
  const cells = [...part("preview").querySelectorAll("thead th")];
  const names = cells.map((cell) => cell.querySelector("input")?.value.trim() ?? cell.dataset.was);
  cells.forEach((cell, place) => {
    const name = names[place];
    const known = Object.hasOwn(facts.columns, name) ? facts.columns[name] : facts.other;
    const meaning = cell.querySelector(".column-meaning");
    meaning.textContent = (known || say.refused) + (name === cell.dataset.was ? "" : ` · ${say.was} ${cell.dataset.was}`);
    meaning.classList.toggle("is-bad", !known);
  });
  const missing = facts.required.filter((name) => !names.includes(name));
  const problem = part("preview-problem");
  problem.hidden = !missing.length || !cells.length;
  problem.querySelector("p").textContent = `${say.missing}: ${missing.join(", ")}`;
}

// The header with its new names in front of the rest of the file, which is neither read nor copied.
function renamed(blob) {
  if (!header || form.elements.format.value === "ndjson") return blob;
  const names = [...part("preview").querySelectorAll("thead th")];
  if (names.every((cell) => cell.querySelector("input")?.value === cell.dataset.was)) return blob;
  const quoted = names.map((cell) => `"${cell.querySelector("input").value.replaceAll('"', '""')}"`);
  return new Blob([quoted.join(","), blob.slice(header.end)]);
}

// --- sending

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.submitter?.value === "1", form.elements.on_error.value);
});
outcome.addEventListener("click", (event) => {
  const run = event.target.closest("[data-run]");
  if (run) send(false, run.dataset.run);
});
part("cancel").addEventListener("click", () => request?.abort());

function send(isDryRun, onError) {
  const from = source();
  if (!from) { notice(say.none); fileInput.focus(); return; }
  const query = new URLSearchParams({
    format: form.elements.format.value, on_error: onError, dry_run: isDryRun ? "1" : "", name: from.name,
  });
  request = new XMLHttpRequest();
  request.open("POST", `${form.action}?${query}`);
  request.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
  request.setRequestHeader("HX-Request", "true");
  request.setRequestHeader("Content-Type", "application/octet-stream");
  const begun = performance.now();
  request.upload.addEventListener("progress", (event) => follow(event, begun));
  let isSent = false;
  request.upload.addEventListener("load", () => {
    isSent = true; // from here on the server works with it, whatever becomes of this page
    part("cancel").hidden = true;
    bar.removeAttribute("value");
    tell(say.storing);
  });
  request.addEventListener("load", () => finished(isDryRun));
  request.addEventListener("error", () => notice(isSent ? say.unheard : say.broken));
  request.addEventListener("abort", () => notice(say.cancelled));
  request.addEventListener("loadend", () => busy(false));
  busy(true);
  bar.value = 0;
  tell(say.sending);
  request.send(renamed(from.blob));
}

function busy(isBusy) {
  progress.hidden = !isBusy;
  part("cancel").hidden = false;
  for (const button of part("actions").querySelectorAll("button")) button.disabled = isBusy;
  for (const button of outcome.querySelectorAll("[data-run]")) button.disabled = isBusy;
  form.setAttribute("aria-busy", String(isBusy));
}

function follow(event, begun) {
  if (!event.lengthComputable) return;
  bar.value = event.loaded / event.total;
  const seconds = (performance.now() - begun) / 1000;
  const left = (seconds / event.loaded) * (event.total - event.loaded);
  const rest = seconds > 1 && left >= 1 ? ` · ${left < 90 ? `${Math.round(left)}\u202fs` : `${Math.round(left / 60)}\u202fmin`} ${say.left}` : "";
  tell(`${say.sending}: ${sizeOf(event.loaded)} ${say.of} ${sizeOf(event.total)}${rest}`);
}

function tell(text) {
  part("progress-text").textContent = text;
}

function finished(isDryRun) {
  const isReport = request.getResponseHeader("Content-Type")?.startsWith("text/html") && [200, 422].includes(request.status);
  if (!isReport) { notice(request.status === 401 ? say.signedOut : say.failed); return; }
  outcome.innerHTML = request.responseText; // our own page's fragment, escaped by the server
  const title = outcome.querySelector("h2");
  announce(title?.textContent ?? "");
  outcome.focus({ preventScroll: true });
  outcome.scrollIntoView({ block: "nearest" });
  if (!isDryRun) document.dispatchEvent(new CustomEvent("imported"));
}

function notice(text) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, kind: "bad" } }));
  announce(text);
}

function announce(text) {
  document.dispatchEvent(new CustomEvent("announce", { detail: { text } }));
}
