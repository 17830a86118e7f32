"""The built pages stand alone, are in order, and work in a browser."""

import functools
import http.server
import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup
from PIL import Image
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    Route,
    ViewportSize,
)

from tests.shared.effort import DEEP

ROOT = Path(__file__).resolve().parents[1]
SITE = Path(os.environ.get("CHECKED_GRADIENTS_SITE", ROOT / "_build/html"))
Scheme = Literal["light", "dark"]
NARROW: ViewportSize = {"width": 390, "height": 844}
WIDE: ViewportSize = {"width": 1280, "height": 900}
# Wide and light on one page, narrow and dark on the next, or every combination with
# sizes between and beyond on each.
SIZES: list[ViewportSize] = [
    {"width": 320, "height": 640},
    NARROW,
    {"width": 820, "height": 1180},
    WIDE,
    {"width": 1920, "height": 1080},
]
VIEWS: list[tuple[Scheme, ViewportSize]] = [("light", WIDE), ("dark", NARROW)]
if DEEP:
    VIEWS = [(scheme, size) for scheme in get_args(Scheme) for size in SIZES]
PATIENCE = 180_000  # milliseconds; a page takes seconds, but the machine may be busy
# What a page loads by itself, as against what a reader may follow.
LOADING = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
    "link": "href",
}
AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text("utf-8")
LOADED = "() => document.fonts.ready.then(() => true)"


def listed_pages() -> list[str]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    chapters = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    return [f"{name}.html" for name in (toc["root"], *chapters)]


PAGES = listed_pages()
if not (SITE / "index.html").exists():
    pytest.skip("the book is not built: run `make html`", allow_module_level=True)


@functools.cache
def soup(page: str) -> BeautifulSoup:
    return BeautifulSoup((SITE / page).read_text("utf-8"), "html.parser")


# The files


@pytest.mark.parametrize("page", PAGES)
def test_page_names_no_foreign_resource(page: str) -> None:
    foreign = [
        address
        for tag, attribute in LOADING.items()
        for element in soup(page).find_all(tag)
        if (address := element.get(attribute, "")) and urlsplit(address).netloc
    ]
    assert foreign == []


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
        elif parts.fragment and target.suffix == ".html":
            name = target.relative_to(SITE).as_posix()
            anchor = unquote(parts.fragment)
            if not (
                soup(name).find(id=anchor) or soup(name).find(attrs={"name": anchor})
            ):
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


# The browser


def label(value: Scheme | ViewportSize) -> str:
    return value if isinstance(value, str) else f"{value['width']} wide"


class Visit:
    """One page in the browser, with what it asked for and what it complained of."""

    def __init__(self, page: Page, address: str, name: str = "") -> None:
        self.page, self.name = page, name
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.route("**/*", self.answer)
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(address)
        page.add_style_tag(content="* { transition: none !important }")
        page.evaluate(LOADED)

    def answer(self, route: Route, request: Request) -> None:
        if urlsplit(request.url).hostname in (None, "", "127.0.0.1"):
            route.continue_()
        else:
            self.foreign.append(request.url)
            route.abort()

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def show(self, scheme: Scheme, size: ViewportSize) -> None:
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_viewport_size(size)
        self.page.wait_for_function(
            "([scheme, width]) => document.documentElement.dataset.theme === scheme"
            " && innerWidth === width",
            arg=[scheme, size["width"]],
        )


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The built pages over HTTP, at an address of this machine alone."""

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    handler = functools.partial(Silent, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture(scope="module", params=PAGES)
def visit(
    request: pytest.FixtureRequest, browser: Browser, server: str
) -> Iterator[Visit]:
    context = browser.new_context(viewport=WIDE, color_scheme="light")
    yield Visit(context.new_page(), f"{server}/{request.param}", request.param)
    context.close()


def test_page_asks_no_other_host_and_reports_no_error(visit: Visit) -> None:
    assert visit.foreign == []
    assert visit.complaints == []


def test_mathematics_is_set(visit: Visit) -> None:
    """Each formula is MathML, with a letter of its own typeface, and no tab stop."""
    page = visit.page
    empty = page.evaluate(
        """() => [...document.querySelectorAll("main .math")]
            .filter(formula => !formula.querySelector("math")?.textContent)
            .map(formula => formula.textContent)"""
    )
    assert empty == []
    raw = page.evaluate(
        """() => {
            const text = document.querySelector("main").cloneNode(true);
            text.querySelectorAll("pre, code, script").forEach(part => part.remove());
            return text.textContent.match(/\\$\\$|\\\\\\(|\\\\[a-z]+\\{/g);
        }"""
    )
    assert raw is None
    stops = "span.math[tabindex], math[tabindex], .math math *[tabindex]"
    assert page.locator(stops).count() == 0
    fonts = fonts_of(page, "article math")
    assert {font for font in fonts if font[0] != "Checked Math"} == set()
    assert bool(fonts) == bool(page.locator("article math").count())


def fonts_of(page: Page, selector: str) -> set[tuple[str, str]]:
    """The fonts that the browser takes for these elements, each with a text in it."""
    tools = page.context.new_cdp_session(page)
    tools.send("DOM.enable")
    tools.send("CSS.enable")
    root = {"nodeId": tools.send("DOM.getDocument")["root"]["nodeId"]}
    found = tools.send("DOM.querySelectorAll", {**root, "selector": selector})
    texts = page.locator(selector).all_text_contents()
    fonts = set()
    for node, text in zip(found["nodeIds"], texts, strict=True):
        used = tools.send("CSS.getPlatformFontsForNode", {"nodeId": node})
        fonts |= {(font["familyName"], text) for font in used["fonts"]}
    tools.detach()
    return fonts


def test_code_fits_its_column_on_a_desk(visit: Visit) -> None:
    visit.show("light", WIDE)
    wide = """() => [...document.querySelectorAll("article pre")]
        .filter(box => box.scrollWidth > box.clientWidth + 1)
        .map(box => box.textContent)"""
    assert visit.page.evaluate(wide) == []


def test_few_formulas_are_too_wide_for_a_phone(visit: Visit) -> None:
    """Three on a page, or one in twenty; each scrolls, and shadows say so."""
    for width in (360, 390):
        visit.show("light", {"width": width, "height": 800})
        boxes = visit.page.locator("article div.math")
        wide = boxes.evaluate_all(
            """boxes => boxes.filter(box => box.scrollWidth > box.clientWidth + 1)
                .map(box => getComputedStyle(box))
                .map(style => [style.overflowX, style.backgroundImage])"""
        )
        assert len(wide) <= max(3, boxes.count() / 20)
        for overflow, background in wide:
            assert overflow == "auto"
            assert background.count("linear-gradient") == 4


def test_what_is_wide_scrolls_and_can_be_reached(visit: Visit) -> None:
    """Formulas break where they can; on a desk none is wider than the page."""
    wide = """() => [...document.querySelectorAll("article div.math")]
        .filter(box => box.scrollWidth > box.clientWidth + 1)"""
    visit.show("light", WIDE)
    assert visit.page.evaluate(f"({wide})().map(box => box.textContent)") == []
    visit.show("light", NARROW)
    unreached = f"""({wide})().filter(box => box.tabIndex !== 0
        || getComputedStyle(box).overflowX !== "auto")"""
    visit.page.wait_for_function(f"() => {unreached}.length === 0")


@pytest.mark.parametrize("size", SIZES if DEEP else [NARROW], ids=label)
def test_page_fits_its_window(visit: Visit, size: ViewportSize) -> None:
    visit.show("light", size)
    width = visit.page.evaluate("document.documentElement.scrollWidth")
    assert width <= size["width"]


# What axe need not look through stands aside meanwhile: code but for one word of each
# kind, for a page has thousands of words in a dozen colours.
THIN_OUT = """everyWord => {
    const page = document.querySelector("article"), met = new Set();
    const thin = page.cloneNode(true);
    page.replaceWith(thin);
    window.putBack = () => thin.replaceWith(page);
    thin.querySelectorAll(".highlight span").forEach(word => {
        const place = word.closest("[class*=cell_]")?.className;
        // Of a single letter and of what is hidden axe does not judge the contrast.
        const judged = word.textContent.length > 1 && word.checkVisibility();
        const kind = [word.className, place, judged].join();
        if (met.has(kind) && !everyWord) word.replaceWith(word.textContent);
        met.add(kind);
    });
}"""


def test_page_is_accessible(visit: Visit) -> None:
    visit.page.evaluate(AXE)
    visit.page.evaluate(THIN_OUT, DEEP)
    views = VIEWS if DEEP else VIEWS[PAGES.index(visit.name) % 2 :][:1]
    found = []
    for scheme, size in views:
        visit.show(scheme, size)
        looked = visit.page.evaluate("axe.run({resultTypes: ['violations']})")
        found += [
            (scheme, size, violation["id"], [n["html"] for n in violation["nodes"][:3]])
            for violation in looked["violations"]
        ]
    visit.page.evaluate("putBack()")  # for whatever test comes next
    assert found == []


def test_page_works_from_a_folder(browser: Browser) -> None:
    context = browser.new_context(offline=True)
    address = (SITE / "book/vae/gaussian_kl.html").as_uri()
    visit = Visit(context.new_page(), address)
    assert visit.foreign == []
    assert visit.page.locator("main math").count() > 0
    context.close()


def test_playable_figure_answers(browser: Browser, server: str) -> None:
    """Each slider of the playable figure changes what is drawn, without a kernel."""
    context = browser.new_context(viewport=WIDE)
    page = Visit(context.new_page(), f"{server}/book/vae/gaussian_kl.html").page
    sliders = page.locator(".cell_output input[type=range]")
    assert sliders.count() > 0
    for index in range(sliders.count()):
        slider = sliders.nth(index)
        shown = []
        for end in ("min", "max"):
            slider.evaluate(
                """(slider, end) => {
                    slider.value = slider[end];
                    for (const type of ["input", "change"])
                        slider.dispatchEvent(new Event(type, { bubbles: true }));
                }""",
                end,
            )
            drawing = slider.locator(
                "xpath=ancestor::*[contains(@class,'cell_output')]"
            )
            shown.append(drawing.evaluate("element => element.innerHTML"))
        assert shown[0] != shown[1]
    context.close()


def test_icons_are_drawn(browser: Browser, server: str) -> None:
    """Each has a letter of the font that is cut to them, and the font is there."""
    context = browser.new_context(viewport=WIDE)
    page = Visit(context.new_page(), f"{server}/book/intro.html").page
    letters = page.evaluate(
        """() => [...document.querySelectorAll(".fas, .fa-solid")]
            .map(icon => getComputedStyle(icon, "::before").content)"""
    )
    assert len(letters) > 5
    assert all("\uf000" <= letter.strip('"') <= "\uf8ff" for letter in letters)
    names = "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)"
    loaded = {name.strip('"') for name in page.evaluate(names)}
    assert loaded >= {"Font Awesome 6 Free", "STIX Two Text"}
    context.close()


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
    for query, address in FOUND.items():
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
    assert lines.bounding_box() == {**(whole or {}), "y": lines.bounding_box()["y"]}
    bar.get_by_role("button", name="All lines").click()
    assert later.count() == 0
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


def test_first_screen_shows_a_refusal_and_two_ways_on(
    browser: Browser, server: str
) -> None:
    context = browser.new_context(viewport=WIDE)
    page = Visit(context.new_page(), f"{server}/book/intro.html").page
    for text in ("Refused:", "Start reading", "Check a step yourself"):
        place = page.get_by_text(text).first.bounding_box()
        assert place
        assert place["y"] + place["height"] < WIDE["height"]
    assert "39 equations" in page.inner_text("article")
    context.close()
