"""The built pages stand alone, are in order, and work in a browser."""

import base64
import functools
import hashlib
import http.server
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import quote, unquote, urljoin, urlsplit

import numpy as np
import pytest
import torch
import yaml
from bs4 import BeautifulSoup
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Route,
    ViewportSize,
)

from lib.experiments.vae import kept_plane
from lib.models import gaussian, vae
from lib.training import records
from tests.shared.colours import contrast
from tests.shared.effort import DEEP
from tools import release
from tools.site import licences, moved

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


FILES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))


# Those that lead on to another one are not looked at for long.
WHOLE = [
    name
    for name in FILES
    if 'http-equiv="refresh"' not in (SITE / name).read_text("utf-8")
]


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


def test_what_the_pages_carry_has_an_owner_and_a_licence() -> None:
    """Each file is from a row of THIRD_PARTY.md or ours, and no row is without one."""
    static = SITE / "_static"
    ours = {file.name for file in (ROOT / "book/_static").iterdir()}
    paths = [path for path in static.rglob("*") if path.is_file()]
    carried = [path.relative_to(static).as_posix() for path in paths]
    texts = {name for name in carried if name.startswith("licences/")}
    rows = licences.all_entries()
    unknown = {
        name
        for name in {*carried} - texts - ours
        if not any(row.owns(name) for row in rows)
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
        self.complaints.append(f"{message.type}: {message.text}")

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

        def do_GET(self) -> None:
            if self.path.startswith("/nowhere/"):
                self.path = "/404.html"
            super().do_GET()

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


@pytest.mark.parametrize("page", [name for name in WHOLE if name != "404.html"])
def test_page_works_from_a_folder(browser: Browser, page: str) -> None:
    context = browser.new_context(offline=True)
    visit = Visit(context.new_page(), (SITE / page).as_uri())
    assert visit.foreign == []
    assert visit.complaints == []
    assert visit.page.title()
    assert bool(visit.page.locator(".playable .live svg").count()) == (page in PLAYED)
    context.close()


@pytest.mark.parametrize("page", sorted({*WHOLE} - {*PAGES}))
def test_page_made_by_sphinx_is_in_order(
    browser: Browser, server: str, page: str
) -> None:
    context = browser.new_context(viewport=WIDE)
    visit = Visit(context.new_page(), f"{server}/{page}")
    assert visit.foreign == []
    assert visit.complaints == []
    visit.page.evaluate(AXE)
    looked = visit.page.evaluate("axe.run({resultTypes: ['violations']})")
    assert [violation["id"] for violation in looked["violations"]] == []
    context.close()


def test_the_folder_itself_leads_to_the_first_page(
    browser: Browser, server: str
) -> None:
    assert soup("index.html").html["lang"] == "en"
    assert soup("index.html").title.text == "Checked Gradients"
    context = browser.new_context()
    page = context.new_page()
    for address in (f"{server}/", (SITE / "index.html").as_uri()):
        page.goto(address)
        page.wait_for_url(f"**/{PAGES[0]}")
    context.close()


def test_policy_refuses_what_the_book_did_not_bring(
    browser: Browser, server: str
) -> None:
    """A script put into the page, a handler, another host, and evaluated text."""
    context = browser.new_context(viewport=WIDE)
    visit = Visit(context.new_page(), f"{server}/book/notation.html")
    refused = visit.page.evaluate(
        """async () => {
            const refused = new Set();
            document.addEventListener("securitypolicyviolation",
                event => refused.add(event.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "window.harmed = true";
            document.body.append(script);
            const link = document.createElement("a");
            link.setAttribute("onclick", "window.harmed = true");
            link.click();
            await fetch("https://example.org/").catch(() => {});
            const image = new Image();
            const tried = new Promise(resolve => { image.onerror = resolve });
            image.src = "https://example.org/x.png";
            await tried;
            try { window.harmed = (0, eval)("true") } catch (error) {}
            await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
            return [...refused, window.harmed ?? "unharmed"].sort();
        }"""
    )
    assert refused == [
        "connect-src", "img-src", "script-src", "script-src-attr", "script-src-elem",
        "unharmed",
    ]  # fmt: skip
    assert visit.foreign == []
    context.close()


def test_equation_is_cited(browser: Browser, server: str) -> None:
    """By the keyboard: address, version and label, and a message that says so."""
    context = browser.new_context(viewport=WIDE)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = Visit(context.new_page(), f"{server}/book/vae/elbo.html").page
    number = page.locator("#equation-eq-elbo button.cite")
    number.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('cited').textContent")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert page.locator("#cited").text_content() == f"Copied: {copied}"
    said = number.text_content()
    assert copied.rstrip("\n").split(", ") == [
        "Checked Gradients",
        release.edition().said,
        "“The evidence lower bound”",
        f"equation {said}",
        "eq-elbo",
        f"{server}/book/vae/elbo.html#equation-eq-elbo",
    ]
    assert number.get_attribute("aria-label") == f"Cite equation {said}"
    numbers = page.locator(".eqno").count()
    assert page.locator(".eqno button.cite").count() == numbers > 0
    context.close()


def test_citation_is_shown_where_it_cannot_be_copied(browser: Browser) -> None:
    """From a folder: without an address, selected, and read from the dialog."""
    context = browser.new_context(offline=True, viewport=NARROW, has_touch=True)
    address = (SITE / "book/vae/elbo.html").as_uri()
    page = Visit(context.new_page(), address).page
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject() }")
    page.locator(".edition button.cite").tap()
    shown = page.locator("#citation textarea")
    shown.wait_for()
    assert page.evaluate("getSelection().toString()") == shown.input_value()
    assert "The evidence lower bound" in shown.input_value()
    assert "file:" not in shown.input_value()
    page.evaluate(AXE)
    looked = page.evaluate("axe.run({resultTypes: ['violations']})")
    assert [violation["id"] for violation in looked["violations"]] == []
    page.keyboard.press("Escape")
    assert not shown.is_visible()
    context.close()


def test_missing_page_leads_on(browser: Browser, server: str) -> None:
    """404.html is shown at any depth; its styles and links are whole addresses."""
    context = browser.new_context(viewport=WIDE)
    visit = Visit(context.new_page(), f"{server}/nowhere/at/all.html")
    assert visit.complaints == []
    assert visit.page.locator("article h1").text_content() == "Page not found"
    visit.page.locator(".bd-sidebar-primary a", has_text="Notation").click()
    visit.page.wait_for_url("**/book/notation.html")
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


# Search, previews, and what a page says of itself

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


# Figures to play with

PLAYED = [p for p in PAGES if 'class="playable"' in (SITE / p).read_text("utf-8")]
GAUSSIANS, PLAYERS, PLANE = (
    f"book/{name}.html" for name in ("vae/gaussian_kl", "gan/training", "vae/training")
)


class Game:
    """The figure to play with of one page, under the browser's settings."""

    def __init__(self, browser: Browser, address: str, **settings: Any) -> None:
        settings = {"viewport": WIDE, "color_scheme": "light"} | settings
        self.context: BrowserContext = browser.new_context(**settings)
        self.visit = Visit(self.context.new_page(), address)
        self.page = self.visit.page
        self.figure = self.page.locator(".playable").first
        self.figure.scroll_into_view_if_needed()

    def handle(self, label: str) -> Locator:
        return self.figure.get_by_role("slider", name=label, exact=True).first

    def slider(self, name: str) -> Locator:
        return self.figure.locator(f"input[name={name}]")

    def value(self, name: str) -> float:
        return float(self.slider(name).input_value())

    def number(self, label: str) -> float:
        said = self.figure.locator(f'output[data-label="{label}"]').text_content()
        return float((said or "").replace("\N{MINUS SIGN}", "-"))

    def set(self, name: str, value: float) -> None:
        self.slider(name).fill(str(value))

    def drag(self, handle: Locator, right: float, down: float = 0) -> None:
        box = handle.locator(".dot").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + right / 2, y + down / 2)
        self.page.mouse.move(x + right, y + down)
        self.page.mouse.up()

    def drawing(self) -> str:
        return self.figure.locator(".live").inner_html()


@pytest.fixture
def game(browser: Browser, server: str) -> Iterator[Callable[..., Game]]:
    """Opens the figure of a page; all are closed in the end."""
    opened: list[Game] = []

    def open_one(page: str, **settings: Any) -> Game:
        opened.append(Game(browser, f"{server}/{page}", **settings))
        return opened[-1]

    yield open_one
    for one in opened:
        one.context.close()


def gaussians_say(mean: float, width: float) -> dict[str, float]:
    """What the figure of the two Gaussians should say, by the library."""
    at = [torch.tensor(v, dtype=torch.float64) for v in (0, 1, mean, width)]
    shift = width - 1
    third_order = -5 * shift**3 / 3 - shift * mean**2
    return {
        "KL(p, q)": float(gaussian.kl_univariate(*at)),
        "KL(q, p)": float(gaussian.kl_univariate(*at[2:], *at[:2])),
        "Taylor's form": shift**2 + mean**2 / 2 + third_order,
    }


def assert_gaussians(one: Game, mean: float, width: float) -> None:
    assert (one.value("mu_q"), one.value("sigma_q")) == (mean, width)
    for label, value in gaussians_say(mean, width).items():
        assert one.number(label) == pytest.approx(value, abs=5.1e-4), label


def test_each_part_of_the_book_has_a_figure_to_play_with() -> None:
    assert {GAUSSIANS, PLAYERS, PLANE} <= set(PLAYED)


@pytest.mark.parametrize("page", PLAYED)
def test_each_slider_redraws_and_reset_puts_all_back(
    game: Callable[..., Game], page: str
) -> None:
    one = game(page)
    pixels = "f => [...f.querySelectorAll('canvas')].map(c => c.toDataURL()).join()"
    before = one.drawing(), one.figure.evaluate(pixels)
    for slider in one.figure.locator("input[type=range]").all():
        shown = []
        for end in ("min", "max"):
            slider.fill(slider.get_attribute(end) or "")
            shown.append(one.drawing())
        assert shown[0] != shown[1]
    one.figure.get_by_role("button", name="Reset").click()
    assert (one.drawing(), one.figure.evaluate(pixels)) == before


def test_a_handle_is_dragged(game: Callable[..., Game]) -> None:
    one = game(GAUSSIANS)
    assert_gaussians(one, 1, 1.5)
    one.drag(one.handle("mean of q"), -60)
    moved = one.value("mu_q")
    assert -1 < moved < 0.5  # the panel is twelve units wide, and over 500 pixels
    assert_gaussians(one, moved, 1.5)
    one.drag(one.handle("width of q"), 40)
    wider = one.value("sigma_q")
    assert 1.9 < wider < 2.7
    assert_gaussians(one, moved, wider)
    one.drag(one.handle("mean of q"), -2000)
    assert_gaussians(one, -4, wider)


def test_a_handle_is_moved_by_keys(game: Callable[..., Game]) -> None:
    one = game(GAUSSIANS)
    mean, width = one.handle("mean of q"), one.handle("width of q")
    mean.focus()
    for keys, value in (
        (["ArrowRight"], 1.05),
        (["ArrowUp", "ArrowUp"], 1.15),
        (["ArrowLeft"], 1.1),
        (["Shift+ArrowLeft"], 0.6),
        (["Home"], -4),
        (["ArrowDown"], -4),
    ):
        for key in keys:
            one.page.keyboard.press(key)
        assert_gaussians(one, value, 1.5)
    assert mean.get_attribute("aria-valuetext") == "mean of q \N{MINUS SIGN}4.00"
    assert mean.get_attribute("aria-valuenow") == "-4"
    width.focus()
    one.page.keyboard.press("ArrowRight")
    assert_gaussians(one, -4, 1.55)


def test_a_finger_needs_no_precision_and_no_dragging(
    game: Callable[..., Game],
) -> None:
    """Targets are 24 pixels wide at least, and a tap brings the nearest handle."""
    for page in PLAYED:
        one = game(page, viewport=NARROW, has_touch=True)
        for target in one.figure.locator("button, input, .target").all():
            box = target.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 24
        assert one.page.evaluate("document.documentElement.scrollWidth") <= 390
    plane = game(PLANE, viewport=NARROW, has_touch=True)
    drawing = plane.figure.locator(".panels svg").first
    box = drawing.bounding_box()
    assert box is not None
    drawing.tap(position={"x": box["width"] * 0.9, "y": box["height"] * 0.2})
    assert 2 < plane.value("z_1") < 3
    assert 1.5 < plane.value("z_2") < 2.5


def players_distance(game: Game, in_turns: bool) -> float:
    """How far the players of the Dirac-GAN end from the solution."""
    psi, theta = 1.0, 1.5
    rate, weight, steps = (game.value(name) for name in ("alpha", "gamma", "n"))
    for _ in range(int(steps)):
        chance = 1 / (1 + np.exp(-psi * theta))
        next_psi = psi + rate * (-theta * chance - weight * psi)
        faced = next_psi if in_turns else psi
        theta += rate * faced / (1 + np.exp(-faced * theta))
        psi = next_psi
    return float(np.hypot(psi, theta))


def test_an_orbit_grows_step_by_step(game: Callable[..., Game]) -> None:
    one = game(PLAYERS)

    def assert_players() -> None:
        for label, in_turns in (("both at once", False), ("in turns", True)):
            expected = players_distance(one, in_turns)
            said = one.number(f"distance, {label}")
            assert said == pytest.approx(expected, abs=5.1e-4)

    assert_players()
    one.set("alpha", 0.5)
    one.set("gamma", 0.4)
    one.set("n", 0)
    line = one.figure.locator("path.line.thin").first
    for step in range(1, 4):
        one.figure.get_by_role("button", name="One step").click()
        assert one.value("n") == step
        assert (line.get_attribute("d") or "").count("L") == step
        assert_players()
    one.figure.get_by_role("button", name="Play").click()
    one.page.wait_for_function("document.querySelector('input[name=n]').value > 6")
    one.figure.get_by_role("button", name="Pause").click()
    assert_players()
    before = one.number("distance, in turns")
    one.drag(one.handle("start"), 30, 30)
    assert one.number("distance, in turns") != before


def test_the_image_is_the_decoders(game: Callable[..., Game]) -> None:
    model = kept_plane(records.read(ROOT / "book/records/vae-plane-seed0.json"))
    one = game(PLANE)
    one.drag(one.handle("place in the plane"), 25, -40)
    places = [(one.value("z_1"), one.value("z_2")), (-1.5, 0.75), (3.0, -3.0)]
    for place in places:
        one.set("z_1", place[0])
        one.set("z_2", place[1])
        pixels = one.figure.locator("canvas").evaluate(
            "c => [...c.getContext('2d').getImageData(0, 0, 8, 8).data]"
        )
        ink = 1 - np.array(pixels).reshape(64, 4)[:, 0] / 255
        expected = vae.sample(model, torch.tensor(place))
        np.testing.assert_allclose(ink, expected, atol=0.51 / 255)


@pytest.mark.parametrize("scheme", get_args(Scheme))
def test_lines_and_words_stand_out(game: Callable[..., Game], scheme: Scheme) -> None:
    """Axe does not look into drawings: lines at 3 to 1, words at 4.5."""
    seen = """f => {
        const of = (what, how) => [...f.querySelectorAll(what)]
            .map(part => getComputedStyle(part)[how]);
        return [getComputedStyle(document.body).backgroundColor,
            [...of(".line, .stops", "stroke"), ...of(".bar, .dot", "fill")],
            of("text:not(.sign)", "fill")];
    }"""
    for page in PLAYED:
        one = game(page, color_scheme=scheme)
        one.visit.show(scheme, WIDE)
        paper, lines, words = one.figure.evaluate(seen)
        assert lines
        for colour in lines:
            assert contrast(shade(colour), shade(paper)) >= 3, colour
        for colour in words:
            assert contrast(shade(colour), shade(paper)) >= 4.5, colour


def shade(style: str) -> tuple[float, float, float]:
    """A colour as the browser says it, rgb(1, 2, 3), as parts of one."""
    red, green, blue = re.findall(r"\d+", style)[:3]
    return int(red) / 255, int(green) / 255, int(blue) / 255


@pytest.mark.parametrize("page", PLAYED)
def test_without_scripts_a_still_picture_stands_there(
    browser: Browser, server: str, page: str
) -> None:
    context = browser.new_context(viewport=WIDE, java_script_enabled=False)
    silent = context.new_page()
    silent.goto(f"{server}/{page}")
    still = silent.locator(".playable img")
    still.scroll_into_view_if_needed()
    box = still.bounding_box()
    assert box is not None
    assert box["width"] > 500
    assert box["height"] > 150
    assert silent.locator(".playable .live").count() == 0
    context.close()


def test_paper_has_the_drawing_without_controls(game: Callable[..., Game]) -> None:
    one = game(GAUSSIANS)
    one.page.emulate_media(media="print")
    assert one.figure.locator(".panels svg").first.is_visible()
    assert not one.figure.locator("input").first.is_visible()
    assert not one.figure.locator("img").is_visible()


def test_nothing_moves_by_itself_for_those_who_asked_for_calm(
    game: Callable[..., Game],
) -> None:
    one = game(PLAYERS, reduced_motion="reduce")
    assert not one.figure.get_by_text("Play", exact=True).is_visible()
    before = one.value("n")
    one.figure.get_by_role("button", name="One step").click()
    assert one.value("n") == before + 1


def test_a_policy_may_forbid_code_in_the_page(browser: Browser, server: str) -> None:
    """Under `script-src 'self'` the figure plays: its data are no code."""
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()

    def forbid(route: Route) -> None:
        answer = route.fetch()
        policy = {"content-security-policy": "script-src 'self'"}
        route.fulfill(response=answer, headers={**answer.headers, **policy})

    page.route("**/*.html", forbid)
    page.goto(f"{server}/{GAUSSIANS}")
    slider = page.locator(".playable input[name=mu_q]")
    slider.fill("0")
    said = page.locator("output[data-label='KL(p, q)']").text_content()
    expected = gaussians_say(0, 1.5)["KL(p, q)"]
    assert float(said or "") == pytest.approx(expected, abs=5.1e-4)
    context.close()


@pytest.mark.parametrize("page", PLAYED)
def test_a_figure_to_play_with_is_numbered(page: str) -> None:
    for figure in soup(page).select(".playable"):
        caption = figure.find_parent("figure").figcaption
        assert re.match(r"Fig\. \d+\.\d+", caption.text.strip())
        data = figure.select_one("script[type='application/json']")
        assert len(data.string) < 250_000
