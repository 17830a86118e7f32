"""Pictures load when they come into view, in room that is kept, and lead to the whole.

On a phone a picture stays wide enough to read what is written in it, and scrolls.
"""

import re
import struct
from functools import partial
from pathlib import Path

PICTURE = re.compile(
    r'<img (?P<rest>[^>]*?src="(?P<source>[^":]*_images/[^"]+\.png)"[^>]*?) ?/>'
)
WIDE = 1300  # pixels: of several panels


def write(out: Path) -> None:
    for page in out.rglob("*.html"):
        before = page.read_text("utf-8")
        after = PICTURE.sub(partial(enlargeable, page.parent), before)
        if after != before:
            page.write_text(after, "utf-8")


def enlargeable(folder: Path, found: re.Match[str]) -> str:
    """The picture with its size, in a link to itself; ``folder`` is the page's."""
    width, height = size(folder / found["source"])
    kind = "enlarge wide" if width > WIDE else "enlarge"
    return (
        f'<a class="{kind}" href="{found["source"]}"><img {found["rest"]} '
        f'width="{width}" height="{height}" loading="lazy" /></a>'
    )


def size(path: Path) -> tuple[int, int]:
    """The width and height of a PNG, in pixels, from its first bytes."""
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    return width, height
