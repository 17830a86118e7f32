"""What environment variables say of a training: device, threads, other processes.

Nothing here needs PyTorch, so that a sweep can be laid out before it is loaded.
"""

import os

from .errors import TrainingError

MOST_THREADS = 1024  # of so many PyTorch's library still lives, of 100,000 it dies


def chosen_device(device: str | None = None) -> str:
    """The device, unless it is given that which CHECKED_GRADIENTS_DEVICE names.

    Of several processes on one machine each has a GPU of its own. Raises TrainingError
    where they cannot.
    """
    device = device or os.environ.get("CHECKED_GRADIENTS_DEVICE") or "cpu"
    if processes() == 1 or device == "cpu":
        return device
    if device != "cuda":
        raise TrainingError(
            f"several processes cannot train on {device!r}: use cpu, or cuda, "
            "which gives each a GPU of its own"
        )
    return f"cuda:{local_rank()}"


def threads() -> int:
    """How many threads CHECKED_GRADIENTS_THREADS gives a training, by default 2.

    Each of several processes has 1 by default. Raises TrainingError.
    """
    default = "2" if processes() == 1 else "1"
    number = os.environ.get("CHECKED_GRADIENTS_THREADS") or default
    if not number.isdecimal() or not 1 <= int(number) <= MOST_THREADS:
        raise TrainingError(
            f"CHECKED_GRADIENTS_THREADS is {number!r}, not a number of threads from "
            f"1 to {MOST_THREADS}"
        )
    return int(number)


def processes() -> int:
    """How many processes torchrun has started to train together; 1 without it."""
    return int(_torchrun("WORLD_SIZE", "1"))


def rank() -> int:
    """Which of them this is; 0 is the one that writes."""
    return int(_torchrun("RANK", "0"))


def local_rank() -> int:
    """Which of those on this machine this is."""
    return int(_torchrun("LOCAL_RANK", "0"))


def _torchrun(variable: str, default: str) -> str:
    """A variable as torchrun sets it: other launchers use the same names."""
    return os.environ[variable] if "TORCHELASTIC_RUN_ID" in os.environ else default
