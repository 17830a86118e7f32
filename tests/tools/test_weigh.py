"""The table of the pages' weights: what is beyond a bound is named."""

import gzip
from pathlib import Path

import pytest

from tools.weigh import Measures, packed, row

FITS = Measures(
    kilobytes=499, files=30, seconds=1.1, moved=0.04, moved_on_phone=0.01, stops=70
)


def test_a_page_within_the_bounds_is_a_plain_line() -> None:
    line, keeps = row("book/intro", FITS)
    assert keeps
    assert line.split() == ["book/intro", "499", "30", "1.10", "0.040", "0.010", "70"]


@pytest.mark.parametrize(
    ("name", "change", "named"),
    [
        ("book/intro", {"kilobytes": 501}, "kB"),
        ("book/vae/elbo", {"kilobytes": 1201}, "kB"),
        ("book/vae/elbo", {"seconds": 1.3}, "s"),
        ("book/vae/elbo", {"moved": 0.06}, "moved"),
        ("book/vae/elbo", {"moved_on_phone": 0.06}, "moved"),
    ],
)
def test_what_is_beyond_a_bound_is_named(
    name: str, change: dict[str, float], named: str
) -> None:
    line, keeps = row(name, FITS._replace(**change))  # type: ignore[arg-type]
    assert not keeps
    assert line.endswith(f"(beyond: {named})")


def test_a_chapter_may_weigh_more_than_the_first_page() -> None:
    assert row("book/vae/elbo", FITS._replace(kilobytes=1199))[1]


def test_text_travels_compressed_and_pictures_as_they_are(tmp_path: Path) -> None:
    for name, compressed in (("a.html", True), ("a.js", True), ("a.png", False)):
        (tmp_path / name).write_bytes(b"x" * 999)
        body = packed(tmp_path / name)
        assert (len(body) < 999) == compressed
        assert (gzip.decompress(body) if compressed else body) == b"x" * 999
