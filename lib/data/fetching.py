"""One download at a time into a folder: a second one waits, and finds the files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make a folder and hold it, waiting for whoever does; also a killed one lets go.

    Raises OSError.
    """
    from filelock import FileLock  # some hundredths of a second to import

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ".download.lock"
    with FileLock(path):
        try:
            yield
        finally:
            # While it is held: who waits for it finds that it has gone, and makes one.
            path.unlink(missing_ok=True)


def in_one_line(error: Exception) -> str:
    """What an error says; a server's words may have several lines."""
    return " ".join(str(error).split()) or type(error).__name__
