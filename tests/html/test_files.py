"""The built pages, as files: they stand alone and are in order."""

import base64
import hashlib
import re
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from PIL import Image

from tests.shared.site import (
    FILES,
    LOADING,
    PAGES,
    ROOT,
    SITE,
    soup,
)
from tools import finished, release
from tools.site import licences, moved


@pytest.mark.parametrize("page", PAGES)
def test_page_names_no_foreign_resource(page: str) -> None:
    foreign = [
        address
        for tag, attribute in LOADING.items()
        for element in soup(page).find_all(tag)
        if (address := element.get(attribute, "")) and urlsplit(address).netloc
    ]
    assert foreign == []


@pytest.mark.parametrize("page", FILES)
def test_policy_stands_first_and_knows_each_script_of_the_page(page: str) -> None:
    head = [part for part in soup(page).head.children if part.name]
    assert head[0].get("charset")
    assert head[1]["http-equiv"] == "Content-Security-Policy"
    said = dict(rule.split(" ", 1) for rule in head[1]["content"].split("; "))
    allowed = {"'self'", "'wasm-unsafe-eval'"}
    for script in soup(page).find_all("script", src=False):
        if "json" not in script.get("type", ""):
            digest = hashlib.sha256(script.string.encode()).digest()
            allowed.add(f"'sha256-{base64.b64encode(digest).decode()}'")
    assert set(said["script-src"].split()) == allowed
    tags = soup(page).find_all(True)
    assert [
        t.name for t in tags if any(name.startswith("on") for name in t.attrs)
    ] == []


@pytest.mark.parametrize("page", PAGES)
def test_internal_links_lead_somewhere(page: str) -> None:
    broken = []
    for link in soup(page).find_all("a", href=True):
        parts = urlsplit(urljoin(page, link["href"]))
        if parts.scheme or parts.netloc:
            continue
        target = SITE / unquote(parts.path)
        if not target.is_file():
            broken.append(link["href"])
            continue
        anchor = unquote(parts.fragment) if target.suffix == ".html" else ""
        if anchor and anchor not in finished.named(target):
            broken.append(link["href"])
    assert broken == []


@pytest.mark.parametrize("page", PAGES)
def test_page_has_language_title_and_one_heading(page: str) -> None:
    assert soup(page).html["lang"] == "en"
    assert soup(page).title.text.strip()
    assert len(soup(page).article.find_all("h1")) == 1


@pytest.mark.parametrize("page", PAGES)
def test_pictures_have_alternative_text(page: str) -> None:
    silent = [
        str(image) for image in soup(page).find_all("img") if not image.get("alt")
    ]
    assert silent == []


@pytest.mark.parametrize("page", PAGES)
def test_pictures_keep_their_room_and_lead_to_the_whole(page: str) -> None:
    for image in soup(page).article.find_all("img", src=re.compile("_images/")):
        with Image.open((SITE / page).parent / image["src"]) as picture:
            assert picture.size == (int(image["width"]), int(image["height"]))
        assert image["loading"] == "lazy"
        assert image.parent.name == "a"
        assert image.parent["href"] == image["src"]


# What tools/site makes of the book's own text.
MADE = (
    "checker/sizes.json",
    "derivations/",
    "previews/",
    "search-texts.js",
    "translators/",
)


def test_what_the_pages_carry_has_an_owner_and_a_licence() -> None:
    """Each file is from a row of THIRD_PARTY.md or ours, and no row is without one."""
    static = SITE / "_static"
    book = ROOT / "book/_static"
    ours = {file.relative_to(book).as_posix() for file in book.rglob("*")}
    paths = [path for path in static.rglob("*") if path.is_file()]
    carried = [path.relative_to(static).as_posix() for path in paths]
    texts = {name for name in carried if name.startswith("licences/")}
    rows = licences.all_entries()
    unknown = {
        name
        for name in {*carried} - texts - ours
        if not (name.startswith(MADE) or any(row.owns(name) for row in rows))
    }
    assert unknown == set()
    assert [row.what for row in rows if not any(map(row.owns, carried))] == []
    names = {licences.OURS, *(row.name for row in rows)}
    assert texts == {f"licences/{name}" for name in names}
    beside = {path.name for path in SITE.iterdir() if path.is_dir()}
    assert beside == {"_images", "_sources", "_static", "book"}


def test_no_released_address_is_lost() -> None:
    """What others link to is still there, or is in book/moved.yml."""
    assert release.released() - release.addresses(SITE) == set()
    places = set(moved.moved().values())
    assert places <= release.addresses(SITE)


@pytest.mark.parametrize("page", PAGES)
def test_page_says_its_edition_and_what_it_is_about(page: str) -> None:
    said = release.edition().said
    assert said in soup(page).select_one("footer .edition").text
    assert soup(page).find("meta", attrs={"name": "edition"})["content"] == said
    description = soup(page).find("meta", attrs={"name": "description"})["content"]
    assert 20 <= len(description) <= 200
    assert re.fullmatch(r"[^\\\n]+[.?!]", description)
    assert soup(page).find("meta", property="og:description")["content"] == description


def test_titles_and_descriptions_differ() -> None:
    assert len({soup(page).title.text for page in PAGES}) == len(PAGES)
    named = {"name": "description"}
    said = [soup(page).find("meta", attrs=named)["content"] for page in PAGES]
    assert len(set(said)) == len(PAGES)
    assert soup(PAGES[0]).title.text.startswith("Checked Gradients: ")
