// What a person chose for this browser lives in cookies, so that the server draws the next page with it: no flash.
// The server accepts only the values named in templatetags/concord.py.

const root = document.documentElement;
const YEAR = 365 * 24 * 3600;

function setPreference(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const age = value ? YEAR : 0;
  document.cookie = `${name}=${value}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
  if (value) root.dataset[name] = value;
  else delete root.dataset[name];
}

const night = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : night.matches;
}

function showState() {
  for (const button of document.querySelectorAll("[data-theme-switch]")) button.setAttribute("aria-pressed", isDark());
  for (const button of document.querySelectorAll("[data-toggle]")) {
    button.setAttribute("aria-pressed", root.dataset[button.dataset.toggle] === button.dataset.value);
  }
}

document.addEventListener("click", (event) => {
  const theme = event.target.closest("[data-theme-switch]");
  if (theme) {
    // Back to what the system says is "no choice", so that the page follows the system again.
    const wanted = isDark() ? "light" : "dark";
    setPreference("theme", (wanted === "dark") === night.matches ? "" : wanted);
  }
  // data-toggle="rail" data-value="narrow": on, off. data-preference="text" data-value="large": one of several.
  const toggle = event.target.closest("[data-toggle]");
  if (toggle) {
    const { toggle: name, value } = toggle.dataset;
    setPreference(name, root.dataset[name] === value ? "" : value);
  }
  const choice = event.target.closest("[data-preference]");
  if (choice) setPreference(choice.dataset.preference, choice.dataset.value || "");
  if (theme || toggle || choice) showState();
});

night.addEventListener("change", showState);
showState();
