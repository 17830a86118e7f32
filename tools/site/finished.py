"""The finished pages, read once for all that is made from them."""

import functools
from pathlib import Path

from bs4 import BeautifulSoup


@functools.cache
def read(page: Path) -> BeautifulSoup:
    """A page as it stands in the built folder; not to be changed."""
    return BeautifulSoup(page.read_text("utf-8"), "lxml")
