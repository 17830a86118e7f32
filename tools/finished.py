"""The finished pages, read once for all that is made from them."""

import functools
from collections.abc import Iterator, Set
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString


@functools.cache
def read(page: Path) -> BeautifulSoup:
    """A page as it stands in the built folder; not to be changed."""
    return BeautifulSoup(page.read_text("utf-8"), "lxml")


@functools.cache
def named(page: Path) -> dict[str, Tag]:
    """The elements of a page that a link may lead to, by their names."""
    return {str(part["id"]): part for part in read(page).find_all(id=True)}


def shown(part: Tag, left_out: Set[str]) -> Iterator[Tag | NavigableString]:
    """The elements and the texts of a part in their order, without some elements.

    ``left_out``: the tags (``pre``), classes (``.label``) or both (``div.math``) of
    these; nothing within them is gone through. (A walk, for a CSS selector asks each
    element of a page, and there are ten thousand on some.)
    """
    for child in part.children:
        if isinstance(child, Tag):
            classes = child.get_attribute_list("class") if child.attrs else ()
            kinds = {f"{tag}.{kind}" for kind in classes for tag in ("", child.name)}
            if left_out.isdisjoint({child.name, *kinds}):
                yield child
                yield from shown(child, left_out)
        elif type(child) is NavigableString:  # and no comment
            yield child


def forget() -> None:
    """Forget the pages of an earlier build."""
    read.cache_clear()
    named.cache_clear()
