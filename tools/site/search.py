"""Search: what the pages say, section by section, for a script to look through.

The script is handed the texts by another one, not asked to fetch them, so it finds from
a folder, too. Code is left out: whoever looks for KL does not look for an import of it.
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from textwrap import shorten

from bs4 import Tag

from tools.digest import ROOT
from tools.finished import read, shown

MINISEARCH = ROOT / "node_modules/minisearch/dist/umd/index.js"
HEADINGS = re.compile("^h[1-6]$")
LEFT_OUT = {"pre", "script", "style", "summary", "div.math"}
LEFT_OUT |= {".cell_input", ".headerlink", ".label"}

Place = dict[str, str]


def write(out: Path) -> None:
    """search-texts.js, and MiniSearch beside it; Sphinx's own index goes."""
    pages = sorted(out.rglob("*.html"))
    found = [place for page in pages for place in found_on(page, out)]
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    (out / "_static/search-texts.js").write_text(f"const TEXTS = {text};\n", "utf-8")
    shutil.copy(MINISEARCH, out / "_static/minisearch.js")
    (out / "searchindex.js").unlink(missing_ok=True)


def found_on(page: Path, out: Path) -> list[Place]:
    """What can be found on a page; nothing on one that Sphinx made of no source."""
    name = page.relative_to(out).with_suffix("").as_posix()
    article = read(page).select_one("article")
    found = [] if article is None else list(places(article))
    for place in found:
        place["page"] = found[0]["title"]
        place["address"] = f"{name}.html{place['address']}"
    if found:  # the chapter's file is what it is called for short
        found[0]["short"] = name.rpartition("/")[2].replace("_", " ")
    return found


def places(article: Tag) -> Iterator[Place]:
    """The sections of a page, and in them its terms, sources and claims."""
    found: list[tuple[Tag, list[str], list[str]]] = []
    titled: set[int] = set()
    for part in shown(article, LEFT_OUT):
        if isinstance(part, Tag):
            if is_start(part):
                found.append((part, [], []))
                inside = part.descendants if part.name != "div" else ()
                titled = {id(inner) for inner in inside}
        elif found:
            _, title, text = found[-1]
            (title if id(part) in titled else text).append(str(part))
    for start, title, text in found:
        yield place(start, plain("".join(title)), plain("".join(text)))


def place(start: Tag, title: str, text: str) -> Place:
    """What is found under a title; a source has none, and is called as it begins."""
    section = start.parent if HEADINGS.match(start.name) else None
    anchor = (section or start)["id"]
    title = title or shorten(text, 120, placeholder=" ...")
    address = "" if start.name == "h1" else f"#{anchor}"
    return {"title": title, "address": address, "text": text}


def is_start(part: Tag) -> bool:
    """Whether a place begins: a section's heading, a term, a source or a claim."""
    if HEADINGS.match(part.name):
        return part.parent is not None and part.parent.name == "section"
    name = str(part.get("id", ""))
    source = "citation" in part.get_attribute_list("class")
    return bool(name) and (part.name == "dt" or source or name.startswith("claim-"))


def plain(text: str) -> str:
    """A text in one line, without the signs of mathematics that nobody sees."""
    return " ".join(text.replace("\N{FUNCTION APPLICATION}", "").split())
