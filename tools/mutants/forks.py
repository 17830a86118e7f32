"""Calls in forks of this process, some at a time, each with a folder of its own."""

import contextlib
import os
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, NoReturn


class Told(NamedTuple):
    """How a fork ended: its status or minus the signal, what it told, its time."""

    status: int
    text: str
    seconds: float


def forks(
    acts: Mapping[str, Callable[[Path], None]], jobs: int, end: float = float("inf")
) -> Iterator[tuple[str, Told]]:
    """Call each in a fork, so many at a time; from a time on, none is begun.

    Each is given a folder, for temporary files, and what it writes into ``told`` there
    is passed on.
    """
    waiting = list(acts.items())[::-1]
    running: dict[int, tuple[str, Path, float]] = {}
    while True:
        while waiting and len(running) < jobs and time.time() < end:
            name, act = waiting.pop()
            folder = Path(tempfile.mkdtemp())
            running[_forked(act, folder)] = name, folder, time.monotonic()
        if not running:
            return
        child, how = os.wait()
        name, folder, began = running.pop(child)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what it started, and left
        told = folder / "told"
        text = told.read_text("utf-8") if told.exists() else ""
        shutil.rmtree(folder, ignore_errors=True)
        status = os.waitstatus_to_exitcode(how)
        yield name, Told(status, text, time.monotonic() - began)


def _forked(act: Callable[[Path], None], folder: Path) -> int:
    child = os.fork()
    if child == 0:
        _act(act, folder)
    return child


def _act(act: Callable[[Path], None], folder: Path) -> NoReturn:
    """Be the fork, in a group of processes of its own, and never return."""
    status = 1
    try:
        os.setpgrp()
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(folder)
        act(folder)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)
