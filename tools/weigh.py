"""Measure the built pages in Chromium, and print a table of them.

    python -m tools.weigh                all pages, in the order of the contents
    python -m tools.weigh vae/elbo       one

Of each page, at its first view on a desk (1280 x 800, nothing scrolled): what is
transferred, gzipped, in kilobytes of 1,000 bytes, its playables' data included; the
processor time of the page's main thread until nothing is left to load; the sum of the
layout's shifts from there until its end has been scrolled to, and on a phone
(390 x 844); and how often Tab is pressed until the focus leaves the page.

Exit status 1 if a page is beyond a bound.
"""

import argparse
import gzip
import http.server
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import yaml
from playwright.sync_api import (
    Browser,
    CDPSession,
    Page,
    ViewportSize,
    sync_playwright,
)

from tools import browser
from tools.digest import ROOT

SITE = ROOT / "_build/html"
DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
# Kilobytes of the first page and of another, seconds of processor time, and shifts.
INTRO, OTHER, SECONDS, MOVED = 500, 1200, 1.2, 0.05
TYPES = {
    **{".html": "text/html", ".css": "text/css", ".svg": "image/svg+xml"},
    **{".js": "text/javascript", ".mjs": "text/javascript", ".png": "image/png"},
    **{".woff2": "font/woff2", ".json": "application/json"},
}
COMPRESSED = {".woff2", ".png", ".jpg", ".zip", ".gz"}
SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver(seen => { for (const one of seen.getEntries())
        if (!one.hadRecentInput) shifts += one.value; })
        .observe({type: "layout-shift", buffered: true});
"""
# A mark on each element that was reached, so that the second round is noticed.
NEXT_STOP = """() => {
    const reached = document.activeElement;
    if (!reached || reached === document.body || reached.dataset.reached) return false;
    return reached.dataset.reached = true;
}"""


class Measures(NamedTuple):
    kilobytes: float
    files: int
    seconds: float
    moved: float
    moved_on_phone: float
    stops: int


@contextmanager
def served(sent: dict[str, int]) -> Iterator[str]:
    """The built pages as a host serves them; ``sent`` gets the bytes of each file."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = SITE / unquote(urlsplit(self.path).path).lstrip("/")
            if not path.is_file():
                self.send_error(404)
                return
            body = packed(path)
            sent[self.path] = len(body)
            self.send_response(200)
            self.send_header("Content-Type", TYPES.get(path.suffix, "text/plain"))
            self.send_header("Content-Length", str(len(body)))
            if path.suffix not in COMPRESSED:
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def packed(path: Path) -> bytes:
    """A file as it travels: what is not compressed yet is, at gzip's usual level."""
    body = path.read_bytes()
    return body if path.suffix in COMPRESSED else gzip.compress(body, 6)


def measured(chromium: Browser, base: str, name: str, sent: dict[str, int]) -> Measures:
    address = f"{base}/{name}.html"
    sent.clear()
    page, session = opened(chromium, address, DESK)
    figures = session.send("Performance.getMetrics")["metrics"]
    seconds = next(one["value"] for one in figures if one["name"] == "ThreadTime")
    kilobytes, files = sum(sent.values()) / 1000, len(sent)
    stops = count_stops(page)
    page.context.close()
    moved = [shifts(opened(chromium, address, size)[0]) for size in (DESK, PHONE)]
    return Measures(kilobytes, files, seconds, moved[0], moved[1], stops)


def opened(
    chromium: Browser, address: str, size: ViewportSize
) -> tuple[Page, CDPSession]:
    """A page with nothing left to load, and nothing in the cache before; its meter."""
    page = chromium.new_context(viewport=size).new_page()
    page.set_default_timeout(180_000)
    page.add_init_script(SHIFTS)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(address, wait_until="networkidle")
    page.evaluate("() => document.fonts.ready.then(() => true)")
    return page, session


def shifts(page: Page) -> float:
    """Scroll to the end, and say how much has moved, by the layout-shift measure."""
    height = page.evaluate("document.documentElement.scrollHeight")
    step = page.evaluate("innerHeight")
    for _ in range(height // step + 2):
        page.mouse.wheel(0, step)
        page.evaluate("new Promise(requestAnimationFrame)")
    moved: float = page.evaluate("shifts")
    page.context.close()
    return moved


def count_stops(page: Page) -> int:
    stops = 0
    page.keyboard.press("Tab")
    while page.evaluate(NEXT_STOP):
        stops += 1
        page.keyboard.press("Tab")
    return stops


def row(name: str, one: Measures) -> tuple[str, bool]:
    """A line of the table, and whether the page keeps the bounds."""
    most = INTRO if name.endswith("intro") else OTHER
    beyond = [
        text
        for text, value, bound in (
            ("kB", one.kilobytes, most),
            ("s", one.seconds, SECONDS),
            ("moved", max(one.moved, one.moved_on_phone), MOVED),
        )
        if value > bound
    ]
    line = (
        f"{name:40} {one.kilobytes:6.0f} {one.files:5d} {one.seconds:6.2f}"
        f" {one.moved:7.3f} {one.moved_on_phone:7.3f} {one.stops:5d}"
    )
    return line + (f"  (beyond: {', '.join(beyond)})" if beyond else ""), not beyond


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the built pages.")
    parser.add_argument("names", nargs="*", help="pages, as vae/elbo; else all")
    chosen = parser.parse_args().names
    program = browser.find()
    if program is None or not (SITE / "index.html").exists():
        print("First run `make html` and `make browser`.", file=sys.stderr)
        return 1
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    chapters = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    names = [f"book/{name}" for name in chosen] or [toc["root"], *chapters]
    sent: dict[str, int] = {}
    fits, stops = True, 0
    print(f"{'page':40} {'kB':>6} files {'s':>6} {'moved':>7} {'phone':>7} stops")
    with served(sent) as base, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"] * (os.getuid() == 0)
        )
        for name in names:
            one = measured(chromium, base, name, sent)
            line, keeps = row(name, one)
            fits, stops = fits and keeps, stops + one.stops
            print(line, flush=True)
        chromium.close()
    print(f"{len(names)} pages, {stops} stops")
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
