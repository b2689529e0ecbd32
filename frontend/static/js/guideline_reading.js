// Reading a guideline: links to clauses can be copied, and the contents follow the scrolling. Without this file every
// link still works.

function say(text) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { kind: "good", text } }));
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy-link]");
  if (!button) return;
  const url = new URL(location.href);
  url.searchParams.delete("q");
  url.hash = button.dataset.copyLink;
  try {
    await navigator.clipboard.writeText(url.href);
    say(button.dataset.copied);
  } catch {
    location.hash = url.hash; // not allowed to write: it stands in the address line now
  }
});

// The link of what is read now: the last place that begins above the line where a link's target comes to stand; at the
// end of the page, the last one.
const links = new Map();
for (const link of document.querySelectorAll(".guide-contents a[href^='#']")) {
  const place = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (place) links.set(place, [...(links.get(place) ?? []), link]);
}
let current = null;
const BELOW_TOP = 96; // pixels: scroll-margin-top of a clause, and a little

function follow() {
  const isAtEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
  const line = isAtEnd && scrollY > 0 ? innerHeight : BELOW_TOP;
  const passed = [...links.keys()].filter((place) => place.getBoundingClientRect().top <= line);
  const here = passed.at(-1) ?? null;
  if (here === current) return;
  for (const link of links.get(current) ?? []) link.removeAttribute("aria-current");
  for (const link of links.get(here) ?? []) {
    link.setAttribute("aria-current", "location");
    const box = link.closest(".guide-contents");
    const { top, bottom } = link.getBoundingClientRect();
    const frame = box.getBoundingClientRect();
    if (top < frame.top || bottom > frame.bottom) box.scrollTop += top - frame.top - frame.height / 2;
  }
  current = here;
}

let waits = false;
addEventListener("scroll", () => {
  if (waits) return;
  waits = true;
  requestAnimationFrame(() => { waits = false; follow(); });
}, { passive: true });
if (links.size) follow();
