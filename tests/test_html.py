"""The built pages stand alone, are in order, and work in a browser."""

import functools
import http.server
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import unquote, urljoin, urlsplit

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


# The concordance

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


CONTRAST = """element => {
    const light = colour => {
        const paint = document.createElement("canvas").getContext("2d");
        paint.fillStyle = colour;
        paint.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...paint.getImageData(0, 0, 1, 1).data].map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    };
    let ground = element;
    const clear = /, 0\\)$|^transparent$/;
    while (clear.test(getComputedStyle(ground).backgroundColor))
        ground = ground.parentElement;
    const [a, b] = [getComputedStyle(element).color,
        getComputedStyle(ground).backgroundColor].map(light);
    return Math.max(a / b, b / a);
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
            assert sign.evaluate(CONTRAST) >= 4.5
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
