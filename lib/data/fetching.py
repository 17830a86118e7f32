"""What downloads share: one at a time into a folder; what went wrong, in one line."""

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


def in_one_line(said: str | Exception) -> str:
    """A message, or what an error says: what others raised may have several lines."""
    one = " ".join(line.strip() for line in str(said).splitlines())
    return one.strip() or type(said).__name__
