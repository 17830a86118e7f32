"""The appendix in a browser: the concordance, tables, the library."""

import re
from collections.abc import Iterator
from typing import get_args
from urllib.parse import urljoin

import pytest
from playwright.sync_api import (
    Browser,
    Page,
)

from tests.shared.colours import contrast, shade
from tests.shared.site import (
    PAGES,
    WIDE,
    Scheme,
    Visit,
    soup,
)

CONCORDANCE = "book/appendix/concordance.html"
SHOWN = "section[id^=claim-] > :is(h2, h3):visible"


@pytest.fixture
def concordance(browser: Browser, server: str) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE)
    yield Visit(context.new_page(), f"{server}/{CONCORDANCE}").page
    context.close()


def test_each_claim_is_marked_and_leads_to_its_heading() -> None:
    marks = soup(CONCORDANCE).select("a.claim-mark")
    contents = {link["href"] for link in soup(CONCORDANCE).select(".bd-toc a")}
    titles = {}
    for mark in marks:
        entry = soup(CONCORDANCE).find(id=mark["href"].removeprefix("#"))
        titles[mark["aria-label"]] = entry.find(["h2", "h3"]).find(string=True)
        [sign] = {s.text for s in (entry.p.find(class_="verdict"), mark.span)}
        assert sign in "✓≈✗"
        assert mark["href"] in contents
        link = entry.p.find("a")
        page, _, place = link["href"].partition("#")
        chapter = soup(urljoin(CONCORDANCE, page))
        section = chapter.find(id=place) if place else chapter.article
        heading = section.find(re.compile("h[1-6]")).find_all(string=True)
        assert link.text in heading
    assert len(titles) == len(marks) == 59
    assert all(said == title for said, title in titles.items())


def test_concordance_is_filtered_from_the_keyboard(concordance: Page) -> None:
    total = concordance.locator(SHOWN).count()
    page = concordance
    page.get_by_role("radio", name="all").first.focus()
    page.keyboard.press("ArrowLeft")  # to the last, which is "wrong"
    wrong = page.locator(SHOWN).all_inner_texts()
    assert 0 < len(wrong) < total
    assert all("wrong" in heading for heading in wrong)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    fewer = page.locator(SHOWN).count()
    assert 0 < fewer < len(wrong)
    assert page.locator(".filters output").inner_text().startswith(f"{fewer} of ")
    assert page.locator("a.claim-mark:visible").count() == fewer
    assert page.locator("a.claim-mark.correct:visible").count() == 0


def test_a_link_to_a_claim_that_is_filtered_out_shows_it(concordance: Page) -> None:
    concordance.get_by_role("radio", name="wrong").check()
    entry = concordance.locator("#claim-7")
    assert entry.is_hidden()
    concordance.evaluate("location.hash = '#claim-7'")
    entry.wait_for(state="visible")
    assert concordance.get_by_role("radio", name="all").first.is_checked()


def test_without_scripts_the_concordance_is_whole(
    browser: Browser, server: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/{CONCORDANCE}")
    assert page.locator(SHOWN).count() == page.locator("a.claim-mark").count() == 59
    assert page.locator(".filters").count() == 0
    context.close()


GROUND = """element => {
    const clear = /, 0\\)$|^transparent$/;
    let ground = element;
    while (clear.test(getComputedStyle(ground).backgroundColor))
        ground = ground.parentElement;
    return [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor];
}"""


@pytest.mark.parametrize("scheme", get_args(Scheme))
def test_verdicts_are_readable_and_their_marks_fit_a_phone(
    concordance: Page, scheme: Scheme
) -> None:
    concordance.emulate_media(color_scheme=scheme)
    concordance.wait_for_function(
        "scheme => document.documentElement.dataset.theme === scheme", arg=scheme
    )
    for verdict in ("correct", "sloppy", "wrong"):
        for place in ("a.claim-mark", "section > p >"):
            sign = concordance.locator(f"{place} .verdict.{verdict}").first
            assert contrast(*map(shade, sign.evaluate(GROUND))) >= 4.5
    concordance.set_viewport_size({"width": 360, "height": 740})
    assert concordance.evaluate("document.documentElement.scrollWidth") <= 360
    for mark in concordance.locator("a.claim-mark").all():
        box = mark.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
        assert box["x"] + box["width"] <= 360


# The rest of the appendix


@pytest.mark.parametrize("page", [p for p in PAGES if "/appendix/" in p])
def test_tables_of_the_appendix_fit_a_phone(
    browser: Browser, server: str, page: str
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    shown = Visit(context.new_page(), f"{server}/{page}").page
    cut = """() => [...document.querySelectorAll("article table")]
        .filter(table => table.scrollWidth > table.closest("div, section").clientWidth)
        .map(table => table.textContent.slice(0, 80))"""
    assert shown.evaluate(cut) == []
    context.close()


def test_library_and_equations_link_both_ways() -> None:
    page, name = "book/appendix/library.html", "lib-models-gaussian-kl-univariate"
    entry = soup(page).find(id=name).find_parent("section")
    [there] = [
        a["href"] for a in entry.find_all("a") if "gaussian_kl.html#" in a["href"]
    ]
    chapter, _, label = urljoin(page, there).partition("#")
    line = soup(chapter).find(id=label).find_next(class_="in-code")
    back = line.find("a", string="kl_univariate")["href"]
    assert urljoin(chapter, back) == f"{page}#{name}"
