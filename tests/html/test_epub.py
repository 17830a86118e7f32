"""The book as an EPUB: each chapter is XHTML, with all that it shows and leads to."""

import re
from urllib.parse import unquote, urljoin

import pytest
from lxml import etree

from tests.shared.effort import sampled
from tests.shared.site import PAGES, SITE
from tools import epub, pdf

NAMES = [page.removesuffix(".html") for page in PAGES]
XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"


@pytest.mark.parametrize("name", sampled(NAMES, 4))
def test_a_chapter_is_xhtml_and_whole(name: str) -> None:
    text, pictures = epub.chapter(name, "A title & more", NAMES)
    tree = etree.fromstring(text.encode(), etree.XMLParser(huge_tree=True))
    assert tree.findtext(f"{XHTML}head/{XHTML}title") == "A title & more"
    named = tree.xpath("//@id")
    assert len(named) == len(set(named))
    for link in tree.iter(f"{XHTML}a"):
        address = link.get("href", "https://")
        target = urljoin(f"{name}.xhtml", address).partition("#")[0]
        assert "://" in target or target.removesuffix(".xhtml") in NAMES
    shown = {
        unquote(urljoin(f"{name}.xhtml", one.get("src", "")))
        for one in tree.iter(f"{XHTML}img")
    }
    assert shown == pictures
    assert all((SITE / picture).is_file() for picture in pictures)
    assert not list(tree.iter(f"{XHTML}script", f"{XHTML}button"))
    assert not tree.xpath("//*[local-name()='wbr']/*")


def test_the_formulas_are_those_of_the_page() -> None:
    text, _ = epub.chapter("book/vae/gaussian_kl", "", NAMES)
    tree = etree.fromstring(text.encode(), etree.XMLParser(huge_tree=True))
    kept = pdf.article("book/vae/gaussian_kl")
    for part in kept.select("section.derive"):
        part.extract()
    wanted = [formula.get_text() for formula in kept.find_all("math")]
    found = ["".join(formula.itertext()) for formula in tree.iter(f"{MATHML}math")]
    assert len(found) > 200
    assert found == wanted


def test_the_package_names_all_and_says_where_formulas_are() -> None:
    files = {"nav.xhtml": b"", "book/a.xhtml": b"<math/>", "_images/b.png": b""}
    said = epub.package(files, ["book/a"])
    tree = etree.fromstring(said.encode())
    items = {item.get("href"): item for item in tree.iter("{*}item")}
    assert items.keys() == files.keys()
    assert items["book/a.xhtml"].get("properties") == "mathml"
    assert items["nav.xhtml"].get("properties") == "nav"
    spine = [item.get("idref") for item in tree.iter("{*}itemref")]
    assert spine == ["nav", items["book/a.xhtml"].get("id")]
    assert all(re.fullmatch(r"[\w.-]+", item.get("id", "")) for item in items.values())


def test_contents_name_parts_and_pages_in_their_order() -> None:
    entries = [("book/a", "First"), ("", "A part"), ("book/b", "1. B & C")]
    tree = etree.fromstring(epub.contents(entries).encode())
    said = [one.text for one in tree.iter(f"{XHTML}a", f"{XHTML}span")]
    assert said == ["First", "A part", "1. B & C"]
