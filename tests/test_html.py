"""The built pages stand alone, are in order, and work in a browser."""

import functools
import http.server
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import unquote, urljoin, urlsplit

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
    assert visit.page.locator(".playable .live svg").count() > 0
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
