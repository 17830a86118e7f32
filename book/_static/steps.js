// A derivation is read whole, or a line at a time: the next line on a key or a tap.

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
  all.addEventListener("click", () => show(rows.length));
  lines.addEventListener("click", () => shown < rows.length && show(shown + 1));
  show(rows.length);
  lines.closest("div.math").after(bar);
}

for (const lines of document.querySelectorAll(".tag_derivation div.math .lines")) {
  const rows = rowsOf(lines);
  if (rows.length > 2) makeSteps(lines, rows);
}
