"""One process at a time: locks that end with the process, however it ends.

filelock, which PyTorch brings along, has the locks of Unix, of Windows, and of file
systems without either; portalocker lacks the last, and bare `fcntl` Windows, too.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from .records import RecordError, RunFiles


def lock_file(files: RunFiles) -> Path:
    """What a process that works on a run holds, beside the run's files."""
    return files.record.with_suffix(".lock")


def held(files: RunFiles) -> AbstractContextManager[None]:
    """Hold a run's files, as `alone` does."""
    return alone(lock_file(files), f"another process is at work on {files.record}")


@contextmanager
def alone(path: Path, otherwise: str) -> Iterator[None]:
    """Hold a lock, in a folder that is there, until the context is left.

    The system frees the lock of a process that is killed; the file that it leaves is
    taken up by the next one. Raises RecordError where another process holds it, which
    says ``otherwise`` and what to do.
    """
    from filelock import FileLock, Timeout  # some hundredths of a second to import

    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise RecordError(
            f"{otherwise}: wait until it ends, or name another folder with --out"
        ) from None
    except OSError as error:
        raise RecordError(f"cannot lock {path}: {error.strerror}") from None
    try:
        yield
    finally:
        # While it is held: who opened it before then finds that it has gone.
        path.unlink(missing_ok=True)
        lock.release()


def refuse_held(files: RunFiles) -> None:
    """Raise RecordError where another process works on a run."""
    if os.path.exists(lock_file(files)):  # Path.exists raises where it may not look
        with held(files):
            pass
