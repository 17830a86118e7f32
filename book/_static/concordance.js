// Filters for the concordance: by verdict and by part, in the page alone.

const ALL = "all";

function make(kind, properties) {
  return Object.assign(document.createElement(kind), properties);
}

// A group of radio buttons: all, and each value that occurs in the marks.
function choices(name, marks) {
  const values = [...new Set(marks.map(mark => mark.dataset[name]))];
  if (name === "verdict") values.sort(); // from correct to wrong
  const group = make("fieldset");
  group.append(make("legend", { textContent: name }));
  for (const value of [ALL, ...values]) {
    const label = make("label");
    label.append(make("input", { type: "radio", name, value, defaultChecked: value === ALL }), " ");
    const sign = name === "verdict" && marks.find(mark => mark.dataset.verdict === value)?.firstElementChild;
    if (sign) label.append(sign.cloneNode(true), " ");
    label.append(value);
    group.append(label);
  }
  return group;
}

function addFilters() {
  const marks = [...document.querySelectorAll("a.claim-mark[data-verdict]")];
  if (!marks.length) return;
  const entryOf = mark => document.getElementById(mark.hash.slice(1));
  const contentsOf = mark => document.querySelector(`.bd-toc a[href="${mark.hash}"]`)?.parentElement;
  const filters = make("form", { className: "filters" });
  filters.setAttribute("aria-label", "Show a part of the claims");
  for (const key of ["verdict", "part"]) filters.append(choices(key, marks));
  const said = make("output");
  filters.append(said);

  function show() {
    const wanted = Object.fromEntries(new FormData(filters));
    const fits = mark => Object.entries(wanted).every(([key, value]) => value === ALL || mark.dataset[key] === value);
    for (const mark of marks) {
      const hidden = !fits(mark);
      for (const part of [mark.parentElement, entryOf(mark), contentsOf(mark)]) part?.toggleAttribute("hidden", hidden);
    }
    said.textContent = `${marks.filter(fits).length} of ${marks.length} claims are shown.`;
  }

  // A link, a search or the way back may lead to what is hidden: then all is shown.
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target?.closest("[hidden]")) return;
    filters.reset();
    show();
    target.scrollIntoView();
  }

  filters.addEventListener("change", show);
  filters.addEventListener("submit", event => event.preventDefault());
  addEventListener("hashchange", reveal);
  const lists = document.querySelectorAll("ol.marks");
  lists[lists.length - 1].after(filters);
  show();
}

addEventListener("DOMContentLoaded", addFilters);
