"""The digest: it changes with what a page computes, and with nothing else."""

from importlib import import_module
from pathlib import Path

import pytest

from tests.shared.cells import code, notebook
from tools import digest as digests
from tools.digest import digest


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("x = 1", "x = 1  # one", True),
        ("x = 1", "x  =  1\n\n", True),
        ("x = 1", "x = 2", False),
        ("def f():\n    return 1", "def f():\n    'One.'\n    return 1", True),
        ("'shown'", "'shown otherwise'", False),
        ("x = f'{y:.2f}'", "x = f'{y:.3f}'", False),
        ("x = 1", "import lib.models.gaussian\nx = 1", False),
    ],
)
def test_digest_sees_code_alone(before: str, after: str, same: bool) -> None:
    digests = digest(notebook(code(before))), digest(notebook(code(after)))
    assert (digests[0] == digests[1]) is same


def test_digest_follows_imports_and_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "ROOT", tmp_path)
    monkeypatch.setattr(digests, "RECORDS", tmp_path)
    wing = tmp_path / "lib/wing"
    wing.mkdir(parents=True)
    top, base, door = tmp_path / "lib/top.py", wing / "base.py", wing / "__init__.py"
    stranger, record = wing / "stranger.py", tmp_path / "run-seed0.json"
    top.write_text("from lib.wing import x")
    door.write_text("from .base import x\nfrom .stranger import y")
    for path in (base, stranger, record):
        path.write_text("x = 1")
    page = notebook(code("from lib import top\nshow('run-seed')"))
    before = digest(page)
    stranger.write_text("x = 2")
    base.write_text("'Numbers.'\nx = 1  # one")
    assert digest(page) == before
    base.write_text("x = 2")
    assert digest(page) != before
    base.write_text("x = 1")
    record.write_text("x = 2")
    assert digest(page) != before


@pytest.mark.parametrize("door", ["lib.experiments", "lib.training"])
def test_what_a_door_passes_on_has_its_home_also_where_it_is_late(door: str) -> None:
    homes = {name: digests.home(door, name) for name in import_module(door).__all__}
    assert door not in homes.values()
    assert homes.get("train", "lib.training.loop") == "lib.training.loop"
