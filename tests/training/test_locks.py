"""One run, one process: a second one is refused, and a killed one holds nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lib.training import locks, records
from lib.training.records import RecordError

HOLDS = """
import sys
from pathlib import Path
from lib.training import locks, records
with locks.held(records.run_files(Path(sys.argv[1]), "run", 0)):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_is_held_once_and_another_beside_it_as_well(tmp_path: Path) -> None:
    files, other = (records.run_files(tmp_path, "run", seed) for seed in (0, 1))
    with locks.held(files), locks.held(other):
        for refuse in (locks.refuse_held, lambda f: locks.held(f).__enter__()):
            with pytest.raises(RecordError, match=r"at work on .*run-seed0\.json: "):
                refuse(files)
    assert list(tmp_path.iterdir()) == []
    locks.refuse_held(files)
    with pytest.raises(KeyboardInterrupt), locks.held(files):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_leaves_no_lock_behind(tmp_path: Path) -> None:
    files = records.run_files(tmp_path, "run", 0)
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(RecordError, match="wait until it ends"):
            locks.refuse_held(files)
        holder.kill()
    assert holder.returncode == -signal.SIGKILL
    assert locks.lock_file(files).exists()  # the file, which nobody holds
    locks.refuse_held(files)
    with locks.held(files):
        pass
    assert list(tmp_path.iterdir()) == []


def test_who_opened_a_lock_that_has_gone_holds_nothing(tmp_path, monkeypatch) -> None:
    """Opened before it was removed, locked after: a third one could make a new one."""
    files = records.run_files(tmp_path, "run", 0)
    first, real = locks.held(files), os.open
    first.__enter__()

    def late(path, *arguments, **options):
        opened = real(path, *arguments, **options)
        if str(path).endswith(".lock"):
            monkeypatch.undo()
            first.__exit__(None, None, None)
        return opened

    monkeypatch.setattr(os, "open", late)
    with pytest.raises(RecordError, match="at work"):
        locks.held(files).__enter__()
    locks.refuse_held(files)


def test_what_cannot_be_locked_is_named(tmp_path: Path) -> None:
    (tmp_path / "run-seed0.lock").mkdir()
    with pytest.raises(RecordError, match=r"cannot lock .*run-seed0\.lock: Is a dir"):
        locks.refuse_held(records.run_files(tmp_path, "run", 0))


def test_a_lock_whose_file_was_removed_by_hand_is_left_all_the_same(
    tmp_path: Path,
) -> None:
    files = records.run_files(tmp_path, "run", 0)
    with locks.held(files):
        locks.lock_file(files).unlink()
    with locks.held(files):
        pass
