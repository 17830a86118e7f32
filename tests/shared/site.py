"""The built pages: where they are, what is on them, and a visit in a browser."""

import os
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import (
    ConsoleMessage,
    Page,
    Request,
    Route,
    ViewportSize,
)

from tests.shared.effort import DEEP
from tools import finished

ROOT = Path(__file__).resolve().parents[2]
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

PLAYED = [p for p in PAGES if 'class="playable"' in (SITE / p).read_text("utf-8")]


def soup(page: str) -> BeautifulSoup:
    return finished.read(SITE / page)


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
