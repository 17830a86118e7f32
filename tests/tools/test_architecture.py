"""The picture of lib/ in CONTRIBUTING.md shows the imports as they are."""

from graphlib import CycleError

import pytest

from tools import architecture

ROOMS = {"roof": {"hall", "cellar"}, "hall": {"cellar"}, "cellar": set(), "shed": set()}


def test_picture_is_current() -> None:
    page = architecture.PAGE.read_text("utf-8")
    current = architecture.drawn(page, architecture.imports()) == page
    assert current, "lib/ imports otherwise than drawn: run `make architecture`"


def test_room_stands_above_all_that_it_imports() -> None:
    assert architecture.floors(ROOMS) == [["cellar", "shed"], ["hall"], ["roof"]]
    with pytest.raises(CycleError):
        architecture.floors(ROOMS | {"cellar": {"roof"}})


def test_picture_has_every_room_and_arrow() -> None:
    picture = architecture.picture(ROOMS)
    for line in ("roof --> cellar & hall", "hall --> cellar", 'shed["'):
        assert f"    {line}" in picture
    assert "4 rooms on 3 floors, 3 arrows, none back up." in picture


def test_only_what_stands_between_the_marks_is_drawn() -> None:
    begin, end = architecture.BEGIN, architecture.END
    page = architecture.drawn(f"Before.\n{begin}Old.\n{end}After.\n", ROOMS)
    assert page.startswith(f"Before.\n{begin}\n```mermaid\n")
    assert page.endswith(f"\n{end}After.\n")
    assert "Old." not in page
    with pytest.raises(SystemExit, match=r"CONTRIBUTING\.md needs the lines"):
        architecture.drawn("no marks", ROOMS)
