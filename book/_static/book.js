// Repairs for readers who use the keyboard or a screen reader.

// The theme chooses light or dark when all is loaded. Until then its colours are not set,
// nor the borders drawn in them, and lines break elsewhere: so it is chosen here, at once.
if (document.documentElement.dataset.theme === "auto") {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
}

// Before the text is laid out for the first time: what it is set in is then at hand, and
// lines need not break elsewhere later.
for (const font of document.fonts) {
  if (/^"?(STIX|Checked)/.test(font.family)) font.load();
}

// A box that scrolls can be reached with the Tab key.
function reachScrollingBoxes() {
  const boxes = "article div.math, article .output, article pre, article .pst-scrollable-table-container";
  for (const box of document.querySelectorAll(boxes)) {
    const scrolls = box.scrollWidth > box.clientWidth + 1;
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

// A picture or a table that is wider than the screen fades where it goes on.
function fade(box) {
  const rest = box.scrollWidth - box.clientWidth - box.scrollLeft;
  box.classList.toggle("goes-on", rest > 1);
}

function fadeWideBoxes() {
  const sizes = new ResizeObserver((seen) => seen.forEach(({ target }) => fade(target)));
  const boxes = "a.enlarge, .pst-scrollable-table-container, .output.text_html";
  for (const box of document.querySelectorAll(`article :is(${boxes})`)) {
    sizes.observe(box);
    box.addEventListener("scroll", () => fade(box), { passive: true });
  }
}

addEventListener("load", () => {
  fadeWideBoxes();
  // docutils calls the bibliography a list without items, of entries without a list.
  for (const part of document.querySelectorAll(".citation-list, [role=doc-biblioentry]")) part.removeAttribute("role");
  // What a folded cell or a button says is its name.
  for (const named of document.querySelectorAll("summary, .search-button-field")) named.removeAttribute("aria-label");
  // The book's name, beside the contents, leads home.
  const home = document.querySelector(".sidebar-primary-item:has(> .navbar-brand)");
  home?.setAttribute("role", "navigation");
  home?.setAttribute("aria-label", "Home");
  // What a button did by an attribute, which the pages' policy refuses: see policy.py.
  for (const button of document.querySelectorAll("[data-calls]")) {
    button.addEventListener("click", () => window[button.dataset.calls]());
  }
  // A table's corner heads nothing.
  for (const head of document.querySelectorAll("th")) {
    if (!head.textContent.trim()) head.replaceWith(document.createElement("td"));
  }
  document.fonts.ready.then(reachScrollingBoxes);
  addEventListener("resize", reachScrollingBoxes);
});
