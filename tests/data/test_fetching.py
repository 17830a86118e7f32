"""One download at a time into a folder; errors of others in one line."""

import pytest
from filelock import FileLock, Timeout

from lib.data.fetching import alone_in, in_one_line


def test_a_folder_is_made_and_held_and_left_as_it_was(tmp_path) -> None:
    folder = tmp_path / "new" / "deep"
    for _ in range(2):  # also if it is there
        with alone_in(folder):
            assert [path.name for path in folder.iterdir()] == [".download.lock"]
            with pytest.raises(Timeout):
                FileLock(folder / ".download.lock", is_singleton=False).acquire(
                    blocking=False
                )
        assert not list(folder.iterdir())


def test_a_failed_download_lets_go_too(tmp_path) -> None:
    with pytest.raises(ZeroDivisionError), alone_in(tmp_path):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


def test_a_lock_that_somebody_cleared_away_is_no_error(tmp_path) -> None:
    with alone_in(tmp_path):
        (tmp_path / ".download.lock").unlink()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (" all well ", "all well"),
        ("one\n  two\r\n\n", "one two"),
        (OSError("no\nnetwork"), "no network"),
        (TimeoutError(), "TimeoutError"),
        (ValueError(" \n"), "ValueError"),
    ],
)
def test_whatever_is_said_becomes_one_line(said, line) -> None:
    assert in_one_line(said) == line
