// "Cite this equation": an equation's number, and a button for the page, copy a citation.

// Where the page is, for others: nowhere if it is read from a folder and has no address.
function address(place) {
  const canonical = document.querySelector("link[rel=canonical]")?.href;
  const here = location.protocol === "file:" ? null : location.href.split("#")[0];
  return (canonical ?? here ?? "") + (canonical || here ? place : "");
}

function citation(what, place) {
  const title = document.querySelector("h1").firstChild.textContent.trim();
  const edition = document.querySelector("meta[name=edition]").content;
  const label = place.replace("#equation-", "");
  const parts = ["Checked Gradients", edition, `“${title}”`, what, label, address(place)];
  return parts.filter(Boolean).join(", ") + "\n";
}

// Copied or, where the browser refuses, shown and selected, to be copied by hand.
async function give(text) {
  const said = document.getElementById("cited");
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = `Copied: ${text}`;
    setTimeout(() => { said.textContent = ""; }, 6000);
  } catch {
    const dialog = document.getElementById("citation");
    dialog.querySelector("textarea").value = text;
    dialog.showModal();
    dialog.querySelector("textarea").select();
  }
}

function button(label, text, name) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "cite", textContent: label });
  if (name) made.setAttribute("aria-label", name);
  made.addEventListener("click", () => give(text()));
  return made;
}

addEventListener("DOMContentLoaded", () => {
  document.body.insertAdjacentHTML("beforeend", `
    <output id="cited"></output>
    <dialog id="citation" aria-label="Citation"><form method="dialog">
      <p>Copy this:</p>
      <textarea aria-label="Citation" readonly rows="5"></textarea>
      <button>Close</button>
    </form></dialog>`);
  for (const number of document.querySelectorAll(".eqno")) {
    const link = number.querySelector("a.headerlink");
    const said = number.firstChild.textContent.trim();
    const what = `equation ${said}`;
    const copy = () => citation(what, link.getAttribute("href"));
    number.firstChild.replaceWith(button(said, copy, `Cite ${what}`));
    link.tabIndex = -1; // the citation has the same address
  }
  const page = () => citation("", "");
  if (document.querySelector("h1")) {
    document.querySelector(".edition")?.append(" ", button("Cite this page", page));
  }
});
