"""Print the built pages as one file, with contents, links and numbered equations.

    python -m tools.pdf                      _build/checked-gradients.pdf
    python -m tools.pdf --without-solutions  the same, for a class

The articles are put into one page, whose links lead within it, and Chromium prints it:
twice, for the contents name the pages on which the chapters begin.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import sync_playwright
from pypdf import PdfReader

from tools import browser
from tools.digest import ROOT

SITE = ROOT / "_build/html"
PDF = ROOT / "_build/checked-gradients.pdf"
SHEETS = "link[rel=stylesheet]"
STYLE = """\
@page { size: A4; margin: 20mm 20mm 22mm; @bottom-center {
  content: counter(page); font: 10pt "STIX Two Text" } }
@page :first { @bottom-center { content: "" } }
html { font-size: 10.5pt }
article { break-before: page; max-width: none }
article, body { display: block; overflow: visible; padding: 0 }
img { max-height: 200mm }
a.enlarge.wide img, a.enlarge img { width: 100%; max-width: 100% }
.title { margin: 60mm 0; text-align: center }
.book-contents { break-before: page }
.book-contents p { display: flex; gap: .5em; margin: 0 }
.book-contents p.part { font-weight: bold; margin-top: 1em }
.book-contents p a { flex: 1; color: inherit; text-decoration: none }
"""
Entry = tuple[str, str]  # a chapter's name and title, or "" and a part's title


def main() -> int:
    parser = argparse.ArgumentParser(description="Print the built pages.")
    parser.add_argument("--without-solutions", action="store_true")
    arguments = parser.parse_args()
    if not (SITE / "index.html").exists():
        print("The book is not built: run `make html` first.", file=sys.stderr)
        return 1
    program = browser.find()
    if program is None:
        print("Chromium is not here: run `make browser` first.", file=sys.stderr)
        return 1
    entries = list(listed())
    articles = [merged(name) for name, _ in entries if name]
    kind = "without-solutions" if arguments.without_solutions else ""
    pages: dict[str, int] = {}
    for _ in range(2):
        whole = document(kind, contents(entries, pages), articles)
        printed(whole, program)
        pages = first_pages(PDF)
    print(f"The book: {PDF}, {len(PdfReader(PDF).pages)} pages")
    return 0


def listed() -> Iterator[Entry]:
    """The table of contents: parts' titles, and the pages in their order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    yield toc["root"], title(toc["root"])
    for part in toc["parts"]:
        yield "", part["caption"]
        yield from ((entry["file"], title(entry["file"])) for entry in part["chapters"])


def article(name: str) -> Tag:
    page = BeautifulSoup((SITE / f"{name}.html").read_text("utf-8"), "lxml")
    found = page.select_one("article")
    assert found is not None
    for part in found.select(".headerlink, script, noscript, details.hide"):
        part.decompose()
    return found


def title(name: str) -> str:
    heading = article(name).h1
    assert heading is not None
    return heading.get_text().strip()


def merged(name: str) -> str:
    """A page's article, with names of its own and links within the whole."""
    found = article(name)
    for named in found.find_all(id=True):
        named["id"] = f"{name}--{named['id']}"
    for link in found.find_all("a", href=True):
        link["href"] = within(name, str(link["href"]))
    for picture in found.find_all("img"):
        picture["src"] = (SITE / name).parent.joinpath(str(picture["src"])).as_uri()
        picture["loading"] = "eager"
    found["id"] = name
    part = name.split("/")[1]
    return f'<div data-part="{part}">{found}</div>'


def within(name: str, address: str) -> str:
    """Where a link of a page leads in the whole; to other hosts it stays as it is."""
    parts = urlsplit(urljoin(f"{name}.html", address))
    if parts.scheme or not parts.path.endswith(".html"):
        return address if parts.scheme else f"#{name}"
    page = unquote(parts.path).removesuffix(".html")
    return f"#{page}--{unquote(parts.fragment)}" if parts.fragment else f"#{page}"


def contents(entries: list[Entry], pages: dict[str, int]) -> str:
    lines = [
        f'<p><a href="#{name}">{text}</a> <span>{pages.get(name, "")}</span></p>'
        if name
        else f'<p class="part">{text}</p>'
        for name, text in entries
    ]
    return f'<nav class="book-contents"><h2>Contents</h2>{"".join(lines)}</nav>'


def document(kind: str, toc: str, articles: list[str]) -> str:
    page = BeautifulSoup((SITE / "book/intro.html").read_text("utf-8"), "lxml")
    files = [str(link["href"]).split("?")[0] for link in page.select(SHEETS)]
    addresses = [(SITE / "book" / file).as_uri() for file in files]
    styles = "".join(f'<link rel="stylesheet" href="{a}">' for a in addresses)
    return (
        '<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        f"<title>Checked Gradients</title>{styles}<style>{STYLE}</style></head>"
        f'<body class="{kind}"><div class="title"><p style="font-size: 3em">'
        f"Checked Gradients</p></div>{toc}"
        f'<main class="bd-content">{"".join(articles)}</main></body></html>'
    )


def printed(html: str, program: str) -> None:
    """Have Chromium print a page."""
    source = PDF.with_suffix(".html")
    source.write_text(html, "utf-8")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"] * (os.getuid() == 0)
        )
        page = chromium.new_page()
        page.set_default_timeout(0)
        page.goto(source.as_uri())
        page.evaluate("() => document.fonts.ready.then(() => true)")
        page.pdf(path=PDF, outline=True, tagged=True, prefer_css_page_size=True)
        chromium.close()
    source.unlink()


def first_pages(path: Path) -> dict[str, int]:
    """The page on which each name that a link leads to stands, from 1."""
    reader = PdfReader(path)
    return {
        name.removeprefix("/"): number + 1
        for name, place in reader.named_destinations.items()
        if (number := reader.get_destination_page_number(place)) is not None
    }


if __name__ == "__main__":
    sys.exit(main())
