"""The command line, called in processes of their own that are watched to their end.

A forked one has PyTorch imported already, as the process that forks it has; a fresh
one is what a reader starts. Either may be killed.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from lib.__main__ import main
from tools.digest import ROOT

LONGEST = 120  # seconds that any of these small runs may take before it counts as hung


class Said(NamedTuple):
    """How a process ended: its status, or minus the signal, and what it wrote."""

    status: int
    out: str
    err: str


def forked(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    before: Callable[[], object] = lambda: None,
    killed_after: float | None = None,
) -> Said:
    """Call the command line in a fork of this process, which calls ``before`` first.

    ``killed_after`` so many seconds it gets SIGKILL, if it still runs.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _become(arguments, environment or {}, before, out.fileno(), err.fileno())
        if killed_after is not None:
            _kill_after(child, killed_after)
        _, how = os.waitpid(child, 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return Said(os.waitstatus_to_exitcode(how), *texts)


def _become(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    before: Callable[[], object],
    out: int,
    err: int,
) -> NoReturn:
    """Be the command line, and never return."""
    status = 1
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
        signal.alarm(LONGEST)
        os.environ.update(environment)
        before()
        status = main(list(arguments))
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _kill_after(child: int, seconds: float) -> None:
    handle = os.pidfd_open(child)
    try:
        ended, _, _ = select.select([handle], [], [], seconds)
        if not ended:
            os.kill(child, signal.SIGKILL)
    finally:
        os.close(handle)


def fresh(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    library: Path = ROOT,
) -> Said:
    """Start ``python -m lib`` with the library that lies in the folder ``library``."""
    ours = os.environ | {"PYTHONPATH": str(library)} | dict(environment or {})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "lib", *arguments],
            env=ours,
            cwd=library,
            capture_output=True,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        return Said(-signal.SIGALRM, "", "")
    return Said(
        done.returncode,
        done.stdout.decode(errors="replace"),
        done.stderr.decode(errors="replace"),
    )
