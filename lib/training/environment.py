"""What environment variables say of a training: its device and its threads.

Nothing here needs PyTorch, so that a sweep can be laid out before it is loaded.
"""

import os

from .errors import TrainingError

MOST_THREADS = 1024  # of so many PyTorch's library still lives, of 100,000 it dies


def chosen_device(device: str | None = None) -> str:
    """The device, unless it is given that which CHECKED_GRADIENTS_DEVICE names."""
    return device or os.environ.get("CHECKED_GRADIENTS_DEVICE") or "cpu"


def threads() -> int:
    """How many threads CHECKED_GRADIENTS_THREADS gives a training, by default 2.

    Raises TrainingError.
    """
    number = os.environ.get("CHECKED_GRADIENTS_THREADS") or "2"
    if not number.isdecimal() or not 1 <= int(number) <= MOST_THREADS:
        raise TrainingError(
            f"CHECKED_GRADIENTS_THREADS is {number!r}, not a number of threads from "
            f"1 to {MOST_THREADS}"
        )
    return int(number)
