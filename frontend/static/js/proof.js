// A proof item: the number keys belong to the question that is current, as in the workbench; the rest is a plain form.

const form = document.querySelector("[data-proof]");
const questions = () => [...form.querySelectorAll("[data-question]:not([hidden])")];

function setCurrent(question) {
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

function showConditional() {
  for (const question of form.querySelectorAll("[data-visible-if]")) {
    const wanted = question.dataset.visibleValues.split("|");
    const chosen = [...form.querySelectorAll(`[name="${CSS.escape(question.dataset.visibleIf)}"]:checked`)];
    question.hidden = !chosen.some((input) => wanted.includes(input.value));
    for (const input of question.querySelectorAll("input, textarea")) input.disabled = question.hidden;
  }
}

function goTo(question) {
  if (!question) return;
  setCurrent(question);
  (question.querySelector("input:checked") ?? question.querySelector("input, textarea"))?.focus({ preventScroll: true });
}

form?.addEventListener("focusin", (event) => {
  const question = event.target.closest("[data-question]");
  if (question) setCurrent(question);
});
form?.addEventListener("change", (event) => {
  showConditional();
  const all = questions();
  const here = all.indexOf(event.target.closest("[data-question]"));
  // After an answer that is complete in itself, the keys go on to the next open question.
  if (event.target.type === "radio" && !event.target.matches(":active")) {
    queueMicrotask(() => goTo(all.slice(here + 1).find((question) => !isAnswered(question))));
  }
});

if (form) {
  showConditional();
  goTo(form.querySelector(".has-error") ?? questions().find((question) => !isAnswered(question)) ?? questions()[0]);
}
