// Finds sections, terms, sources and claims; the texts are made by tools/site/search.py.

const stemmer = new Stemmer(); // of Sphinx's language_data.js

// Both spellings of -ise, and every ending, are one word.
function stem(word) {
  const spelt = word.toLowerCase().replace(/is(e[drs]?|ing|ations?)$/, "iz$1");
  return stopwords.includes(spelt) ? null : stemmer.stemWord(spelt);
}

const index = new MiniSearch({
  fields: ["title", "short", "text"],
  storeFields: ["title", "page", "address", "text"],
  processTerm: stem,
  searchOptions: {
    boost: { title: 4, short: 8 },
    combineWith: "AND",
    prefix: (term) => term.length > 3,
  },
});
index.addAll(TEXTS.map((place, id) => ({ id, ...place })));

function find(query) {
  const found = index.search(query);
  return found.length ? found : index.search(query, { combineWith: "OR", fuzzy: 0.2 });
}

// Words of a text around the first that was found, and those found marked.
function excerpt(text, terms) {
  const words = text.split(" ");
  const isFound = (word) => word.split(/[^\p{L}\p{N}]+/u).some((part) => part && terms.has(stem(part)));
  const first = Math.max(0, words.findIndex(isFound));
  const from = Math.max(0, first - 8);
  const line = document.createElement("p");
  if (from) line.append("… ");
  for (const word of words.slice(from, from + 32)) {
    const mark = isFound(word) ? document.createElement("mark") : new DocumentFragment();
    mark.append(word);
    line.append(mark, " ");
  }
  if (from + 32 < words.length) line.append("…");
  return line;
}

function item({ title, page, address, text, terms }) {
  const entry = document.createElement("li");
  const link = document.createElement("a");
  link.href = address;
  link.textContent = title;
  entry.append(link);
  if (page !== title) {
    const place = document.createElement("span");
    place.className = "place";
    place.textContent = page;
    entry.append(" ", place);
  }
  entry.append(excerpt(text, new Set(terms)));
  return entry;
}

function show(query) {
  const found = query.trim() ? find(query).slice(0, 40) : [];
  document.getElementById("search-results").replaceChildren(...found.map(item));
  const count = found.length === 1 ? "One place" : `${found.length || "No"} places`;
  document.getElementById("search-count").textContent = query.trim() ? `${count} found.` : "";
}

const field = document.querySelector(".bd-search-container input[name=q]");
field.value = new URLSearchParams(location.search).get("q") ?? "";
field.addEventListener("input", () => show(field.value));
field.focus();
show(field.value);
