// Two repairs for readers who use the keyboard or a screen reader.

// A box that scrolls can be reached with the Tab key.
function reachScrollingBoxes() {
  const boxes = "article .math, article .output, article pre, article .pst-scrollable-table-container";
  for (const box of document.querySelectorAll(boxes)) {
    const scrolls = box.scrollWidth > box.clientWidth + 1;
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

addEventListener("load", () => {
  // docutils calls the bibliography a list, and gives it no list items.
  for (const list of document.querySelectorAll(".citation-list")) list.removeAttribute("role");
  const ready = window.MathJax?.startup?.promise ?? Promise.resolve();
  ready.then(reachScrollingBoxes);
  addEventListener("resize", reachScrollingBoxes);
});
