// A derivation is read whole, a line at a time (the next line on a key or a tap), or with
// the code that states it, which stands folded above it.

// The lines of a derivation, each with its sign and the reason above it.
function rowsOf(lines) {
  const rows = [];
  let row = [];
  for (const part of lines.children) {
    row.push(part);
    if (!part.matches(".right")) continue;
    const isNew = !rows.length || row.some((p) => p.matches(".left") && p.textContent.trim());
    if (isNew) rows.push(row);
    else rows.at(-1).push(...row);
    row = [];
  }
  return rows;
}

function makeSteps(lines, rows) {
  const bar = document.createElement("p");
  const next = document.createElement("button");
  const all = document.createElement("button");
  const count = document.createElement("span");
  bar.className = "steps";
  count.role = "status";
  all.textContent = "All lines";
  bar.append(next, all, count);
  let shown = rows.length;

  function show(number) {
    shown = number;
    const isWhole = shown >= rows.length;
    rows.forEach((row, index) => row.forEach((part) => part.classList.toggle("later", index >= shown)));
    next.textContent = isWhole ? "A line at a time" : "Next line";
    all.hidden = isWhole;
    count.textContent = isWhole ? "" : `Line ${shown} of ${rows.length}`;
    lines.classList.toggle("stepping", !isWhole);
  }

  next.addEventListener("click", () => show(shown >= rows.length ? 1 : shown + 1));
  // The keys stay at the buttons: after a tap, and when the one that had them is gone.
  all.addEventListener("click", () => {
    show(rows.length);
    next.focus();
  });
  lines.addEventListener("click", () => {
    if (shown >= rows.length) return;
    show(shown + 1);
    next.focus({ preventScroll: true });
  });
  show(rows.length);
  addCode(lines, bar);
  lines.closest("div.math").after(bar);
}

// A button that unfolds the code of the lines' cell, and folds it again.
function addCode(lines, bar) {
  const code = lines.closest(".cell").querySelector("details.hide");
  if (!code) return;
  const button = document.createElement("button");
  const say = () => {
    button.textContent = code.open ? "Without its code" : "With its code";
    button.setAttribute("aria-expanded", String(code.open));
  };
  button.addEventListener("click", () => {
    code.open = !code.open;
    if (code.open) code.scrollIntoView({ block: "nearest" });
  });
  code.addEventListener("toggle", say);
  say();
  bar.prepend(button);
}

for (const lines of document.querySelectorAll(".tag_derivation div.math .lines")) {
  const rows = rowsOf(lines);
  if (rows.length > 2) makeSteps(lines, rows);
}
