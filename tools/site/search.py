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
from bs4.element import NavigableString

from tools.digest import ROOT

from .finished import read

MINISEARCH = ROOT / "node_modules/minisearch/dist/umd/index.js"
HEADINGS = re.compile("^h[1-6]$")
LEFT_OUT = "pre, script, style, summary, .cell_input, .headerlink, .label, div.math"
# Places within a section that one looks for by name.
NAMED = "dl.glossary > dt[id], .citation[id], [id^=claim-]"

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
    left_out = {id(part) for part in article.select(LEFT_OUT)}
    named = {id(part) for part in article.select(NAMED)}
    starts = [p for p in article.find_all(True) if is_start(p, named)]
    order = {id(start): index for index, start in enumerate(starts)}
    titles: list[list[str]] = [[] for _ in starts]
    texts: list[list[str]] = [[] for _ in starts]
    current = -1
    for part in article.descendants:
        current = order.get(id(part), current)
        if current < 0 or not isinstance(part, NavigableString):
            continue
        around = {id(parent) for parent in part.parents}
        if not around & left_out:
            start = starts[current]
            titled = id(start) in around and start.name != "div"
            (titles if titled else texts)[current].append(str(part))
    for start, title, text in zip(starts, titles, texts, strict=True):
        yield place(start, plain("".join(title)), plain("".join(text)))


def place(start: Tag, title: str, text: str) -> Place:
    """What is found under a title; a source has none, and is called as it begins."""
    section = start.parent if HEADINGS.match(start.name) else None
    anchor = (section or start)["id"]
    title = title or shorten(text, 120, placeholder=" ...")
    address = "" if start.name == "h1" else f"#{anchor}"
    return {"title": title, "address": address, "text": text}


def is_start(part: Tag, named: set[int]) -> bool:
    """Whether a place begins: a section's heading, or what is named."""
    section = part.parent is not None and part.parent.name == "section"
    return id(part) in named or (section and bool(HEADINGS.match(part.name)))


def plain(text: str) -> str:
    """A text in one line, without the signs of mathematics that nobody sees."""
    return " ".join(text.replace("\N{FUNCTION APPLICATION}", "").split())
