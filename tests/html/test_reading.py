"""What helps to read: search, previews, a line at a time, the first screen."""

import json
import re
from urllib.parse import quote, urljoin

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.shared.site import (
    LOADED,
    NARROW,
    PAGES,
    SITE,
    WIDE,
    Scheme,
    Visit,
    label,
    soup,
)

WITH_RECORDS = (
    *("vae/training", "gan/training"),
    *("transformer/translation", "transformer/gradient_norms"),
)
SCREEN: ViewportSize = {"width": 1280, "height": 800}
FOUND = {  # what a reader types, and the place that comes first
    "reparameterization": "book/vae/reparameterization.html",
    "reparameterisation": "book/vae/reparameterization.html",
    "KL": "book/vae/gaussian_kl.html",
    "ELBO": "book/vae/elbo.html",
    "importance weighting": "book/glossary.html#term-importance-weight",
    "equation 12": "book/appendix/concordance.html#claim-12",
}


@pytest.mark.parametrize("folder", [False, True], ids=["http", "folder"])
def test_search_finds_the_place(browser: Browser, server: str, folder: bool) -> None:
    """Over HTTP and from a folder, with a text around it in which no code is."""
    context = browser.new_context(viewport=WIDE)
    base = SITE.as_uri() if folder else server
    visit = Visit(context.new_page(), f"{base}/search.html")
    visit.page.emulate_media(reduced_motion="reduce")
    results = visit.page.locator("#search-results li")
    for query, address in list(FOUND.items())[-1 if folder else 0 :]:
        visit.page.goto(f"{base}/search.html?q={quote(query)}")
        assert results.first.locator("a").get_attribute("href") == address
        excerpts = results.locator("p").all_text_contents()
        assert not [text for text in excerpts if re.search(r"import \w+|\\\(", text)]
        assert results.locator("mark").count()
    assert visit.complaints == []
    results.first.locator("a").click()
    visit.page.wait_for_url("**/concordance.html#claim-12")
    visit.page.wait_for_function(
        "() => Math.abs(document.getElementById('claim-12').getBoundingClientRect().y)"
        " < innerHeight / 2"
    )
    context.close()


@pytest.mark.parametrize("folder", [False, True], ids=["http", "folder"])
def test_references_are_previewed(browser: Browser, server: str, folder: bool) -> None:
    """Under the pointer and with the keyboard, until Escape; formulas are formulas."""
    context = browser.new_context(viewport=WIDE)
    base = SITE.as_uri() if folder else server
    visit = Visit(context.new_page(), f"{base}/book/vae/elbo.html")
    page, shown = visit.page, visit.page.locator(".preview:popover-open")
    page.emulate_media(reduced_motion="reduce")  # the page does not glide to a link
    page.locator("article a[href*='equation-']:visible").first.hover()
    shown.locator("math").first.wait_for()
    page.keyboard.press("Escape")
    shown.wait_for(state="hidden")
    source = page.locator("article a[href*='bibliography.html#']:visible").first
    source.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    shown.wait_for()
    file, _, anchor = (source.get_attribute("href") or "").partition("#")
    assert "bibliography" in file
    entry = soup("book/appendix/bibliography.html").find(id=anchor).p
    assert " ".join(shown.inner_text().split()) == " ".join(entry.text.split())
    assert visit.complaints == []
    context.close()


@pytest.mark.parametrize("page", PAGES)
def test_each_reference_has_a_preview(page: str) -> None:
    script = SITE / "_static/previews" / page.replace(".html", ".js")
    kinds = "a[href*='#equation-'], a[href*='#term-'], a[href*='#fig-']"
    named = {link["href"] for link in soup(page).article.select(kinds)}
    text = script.read_text("utf-8") if script.exists() else "const PREVIEWS = {};"
    found = json.loads(text.removeprefix("const PREVIEWS = ").rstrip(";\n"))
    links = {link["href"] for link in soup(page).article.select("a.internal")}
    assert named & links <= set(found)
    assert not [html for html in found.values() if " id=" in html or "<a " in html]


def test_a_derivation_is_read_a_line_at_a_time(browser: Browser, server: str) -> None:
    """By a key and by a tap; nothing moves meanwhile."""
    context = browser.new_context(viewport=NARROW, reduced_motion="reduce")
    page = Visit(context.new_page(), f"{server}/book/vae/gaussian_kl.html").page
    bar = page.locator(".steps").first
    lines = page.locator("div.math:has(+ .steps) .lines").first
    whole = lines.bounding_box()
    later = lines.locator(".later")
    bar.get_by_role("button", name="A line at a time").press("Enter")
    hidden = later.count()
    assert hidden > 0
    bar.get_by_role("button", name="Next line").press("Enter")
    assert 0 < later.count() < hidden
    left = later.count()
    lines.click(position={"x": 5, "y": 5})
    assert later.count() < left
    focused = page.locator(":focus")
    assert focused.text_content() == "Next line"
    assert lines.bounding_box() == {**(whole or {}), "y": lines.bounding_box()["y"]}
    bar.get_by_role("button", name="All lines").press("Enter")
    assert later.count() == 0
    assert focused.text_content() == "A line at a time"
    context.close()


def test_a_derivation_is_read_with_its_code(browser: Browser, server: str) -> None:
    """The button below it unfolds what stands above it, whoever folds that again."""
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    page = Visit(context.new_page(), f"{server}/book/vae/gaussian_kl.html").page
    cell = page.locator(".cell:has(.steps)").first
    code = cell.locator("details.hide pre")
    shows = cell.get_by_role("button", name="With its code")
    assert not code.is_visible()
    shows.press("Enter")
    assert "Derivation(" in code.inner_text()
    cell.locator("details.hide summary").click()
    shows.wait_for()
    assert shows.get_attribute("aria-expanded") == "false"
    shows.click()
    cell.get_by_role("button", name="Without its code").click()
    code.wait_for(state="hidden")
    context.close()


@pytest.mark.parametrize("page", PAGES)
def test_a_chapter_says_its_part_and_its_time(page: str) -> None:
    part = page.split("/")[1]
    numbered = part in ("vae", "gan", "transformer")
    assert soup(page).body.get("data-part") == (part if numbered else None)
    said = soup(page).select("article h1 + .time-to-read")
    assert len(said) == numbered
    assert not said or 10 <= int(said[0].text.split()[1]) <= 60


@pytest.mark.parametrize("page", PAGES)
def test_how_a_statement_was_checked_has_a_mark(page: str) -> None:
    for line in soup(page).select("article p:has(> em)"):
        if re.match(r"\d+ steps? checked|Checked (by|at|numer)", line.text):
            weaker = "instances" in line.text or "numerically" in line.text
            assert line["class"] == ["mark", "instances" if weaker else "proved"]


def test_recorded_outputs_lead_to_the_runs() -> None:
    found = {page: soup(page).select("article p.mark.recorded") for page in PAGES}
    assert all(found[f"book/{page}.html"] for page in WITH_RECORDS)
    for page, lines in found.items():
        for line in lines:
            assert urljoin(page, line.a["href"]) == "book/appendix/recorded_runs.html"


@pytest.mark.parametrize("size", [SCREEN, NARROW], ids=label)
def test_first_screen_shows_a_refusal_and_two_ways_on(
    browser: Browser, server: str, size: ViewportSize
) -> None:
    """And, where it is wide, a figure to play with beside them."""
    context = browser.new_context(viewport=size)
    page = Visit(context.new_page(), f"{server}/book/intro.html").page
    shown = [
        page.get_by_text(text).first
        for text in ("Refused:", "Start reading", "Check a step yourself")
    ]
    figure = page.locator("figure:has(.playable)")
    figure.get_by_role("slider", name="mean of q").wait_for()
    for part in [*shown, figure] if size == SCREEN else shown:
        place = part.bounding_box()
        assert place
        assert place["y"] + place["height"] < size["height"]
    assert "39 equations" in page.inner_text("article")
    context.close()


SHIFTS = """
    window.shifts = [];
    new PerformanceObserver(seen => shifts.push(...seen.getEntries()))
        .observe({type: "layout-shift", buffered: true});
"""


@pytest.mark.parametrize(
    ("name", "size"),
    [
        *(("vae/elbo", size) for size in (WIDE, NARROW)),
        ("appendix/library", WIDE),
        ("appendix/bibliography", NARROW),
    ],
    ids=label,
)
def test_little_moves_while_a_page_loads_and_is_scrolled(
    browser: Browser, server: str, name: str, size: ViewportSize
) -> None:
    context = browser.new_context(viewport=size)
    page = context.new_page()
    page.add_init_script(SHIFTS)
    page.goto(f"{server}/book/{name}.html")
    page.evaluate(LOADED)
    for _ in range(40):
        page.mouse.wheel(0, size["height"])
        page.evaluate("new Promise(requestAnimationFrame)")
    assert page.evaluate("scrollY") > 20 * size["height"]
    moved = page.evaluate("shifts.reduce((sum, shift) => sum + shift.value, 0)")
    assert moved <= 0.05
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_are_chosen_before_the_theme_chooses(
    browser: Browser, server: str, scheme: Scheme
) -> None:
    """Else lines break anew when the borders come, which are drawn in the colours."""
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.route("**/pydata-sphinx-theme.js*", lambda route: route.abort())
    page.goto(f"{server}/book/appendix/bibliography.html")
    assert page.locator("html").get_attribute("data-theme") == scheme
    context.close()


def test_what_goes_on_beside_the_screen_fades(browser: Browser, server: str) -> None:
    """Until its end has been scrolled to; on a desk all of it is seen."""
    context = browser.new_context(viewport=NARROW)
    page = Visit(context.new_page(), f"{server}/book/vae/training.html").page
    wide = page.locator("a.enlarge.wide").first
    faded = page.locator("a.enlarge.wide").and_(page.locator(".goes-on")).first
    faded.wait_for()
    assert "gradient" in wide.evaluate("box => getComputedStyle(box).maskImage")
    wide.evaluate("box => { box.scrollLeft = box.scrollWidth }")
    page.wait_for_function(
        "() => !document.querySelector('a.enlarge.wide').matches('.goes-on')"
    )
    page.set_viewport_size(WIDE)
    page.wait_for_function("() => !document.querySelector('.goes-on')")
    context.close()


BESIDE = """asides => asides.map(aside => {
    const box = aside.getBoundingClientRect();
    const text = aside.nextElementSibling.getBoundingClientRect();
    return {
        beside: box.left >= text.right && box.right <= innerWidth,
        level: Math.abs(box.top - text.top) < 2,
        before: box.bottom <= text.top && box.right <= text.right + 1,
    };
})"""


@pytest.mark.parametrize("width", [390, 1100, 1280])
def test_an_aside_stands_beside_its_paragraph(
    browser: Browser, server: str, width: int
) -> None:
    """Or, where the page has no margin, before it: not beyond the screen's edge."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = Visit(context.new_page(), f"{server}/book/vae/elbo.html").page
    places = page.locator("aside.margin").evaluate_all(BESIDE)
    assert len(places) > 2
    for place in places:
        assert place["before"] != (place["beside"] and place["level"])
        assert place["before"] == (width < 1200)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
