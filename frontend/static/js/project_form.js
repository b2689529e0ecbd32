// The form of a new project: the name in addresses follows the title until one types it; more rows for fields.

const title = document.getElementById("id_title");
const slug = document.getElementById("id_slug");
let follows = Boolean(slug) && !slug.value;

function slugOf(text) {
  return text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
    .replace(/[^a-z0-9_]+/g, "-").replace(/^[-_]+|-+$/g, "").slice(0, 60);
}

title?.addEventListener("input", () => { if (follows) slug.value = slugOf(title.value); });
slug?.addEventListener("input", () => { follows = !slug.value; });

for (const button of document.querySelectorAll("[data-add-row]")) {
  button.addEventListener("click", () => {
    const rows = button.closest("fieldset").querySelector("[data-rows]");
    const row = rows.lastElementChild.cloneNode(true);
    const number = rows.children.length + 1;
    row.querySelector(".field-error")?.remove();
    const [key, type] = row.querySelectorAll("input, select");
    key.value = "";
    for (const name of ["aria-invalid", "aria-describedby"]) key.removeAttribute(name);
    key.setAttribute("aria-label", `${button.dataset.keyName} ${number}`);
    type.setAttribute("aria-label", `${button.dataset.typeName} ${number}`);
    rows.append(row);
    key.focus();
  });
}
