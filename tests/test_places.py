"""Every place in the project that its own pages name is there."""

import re

import pytest

from tools.digest import ROOT

PAGES = ["README.md", "CONTRIBUTING.md", "THIRD_PARTY.md"]
PLACE = re.compile(r"`((?:book|lib|tests|tools|binder|\.ci|\.github)/[\w./<>-]*)`")


@pytest.mark.parametrize("page", PAGES)
def test_places_are_there(page: str) -> None:
    named = PLACE.findall((ROOT / page).read_text("utf-8"))
    assert named
    # <part> and the like stand for any name.
    missing = [
        place for place in named if not any(ROOT.glob(re.sub(r"<\w+>", "*", place)))
    ]
    assert missing == []
