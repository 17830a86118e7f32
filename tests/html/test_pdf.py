"""The book on paper: nothing is wider than a page's text."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.shared.effort import sampled
from tests.shared.site import PAGES, PATIENCE
from tools import pdf

TEXT = 643  # CSS pixels: 210 mm of paper without 20 mm at each side
ASIDES = ["book/vae/elbo", "book/gan/dynamics"]  # chapters with notes in the margin
OTHERS = [name for page in PAGES if (name := page[:-5]) not in ASIDES]


@pytest.mark.parametrize("name", [*ASIDES, *sampled(OTHERS, 1)])
def test_a_chapter_fits_its_paper(browser: Browser, tmp_path: Path, name: str) -> None:
    """Where one box is too wide, Chromium makes the whole book's text smaller."""
    source = tmp_path / "chapter.html"
    source.write_text(pdf.document("", "", [pdf.merged(name)]), "utf-8")
    page = browser.new_page(viewport={"width": TEXT, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.emulate_media(media="print")
    page.goto(source.as_uri())
    page.evaluate("() => document.fonts.ready.then(() => true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= TEXT + 2
    page.close()
