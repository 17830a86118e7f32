"""A run followed while it trains: its curves as the event files that TensorBoard shows.

They are written by tensorboardX, which is a few megabytes and needs neither
TensorBoard nor its server where the training runs.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import TrainingError

if TYPE_CHECKING:
    from .loop import Watch


def require_package() -> None:
    """Raise TrainingError where the package that writes event files is missing."""
    if find_spec("tensorboardX") is None:
        raise TrainingError(
            "--log needs the package tensorboardX: python -m pip install tensorboardX"
        )


@contextmanager
def event_files(folder: Path, *, anew: bool) -> Iterator[Watch]:
    """What writes each value that it is told into the folder, for ``run_epochs``.

    It is in the file a second later. A run that starts ``anew`` hides what an earlier
    one has written there. Raises TrainingError where the folder takes no file.
    """
    from tensorboardX import SummaryWriter

    try:
        writer = SummaryWriter(
            str(folder),
            flush_secs=1,
            purge_step=0 if anew else None,
            filename_suffix=f".{secrets.token_hex(4)}",  # two may start in one second
        )
    except OSError as error:
        raise TrainingError(f"cannot write into {folder}: {error.strerror}") from None

    def watch(epoch: int, values: dict[str, float]) -> None:
        for name, value in values.items():
            # TensorBoard would put the underscore there itself, and say so each time.
            writer.add_scalar(name.replace(" ", "_"), value, epoch)

    with writer:
        yield watch
