"""What environment variables say of a training: device, threads, other processes.

Nothing here needs PyTorch, so that a sweep can be laid out before it is loaded.
"""

import os
import re

from .errors import TrainingError

MOST_THREADS = 1024  # of so many PyTorch's library still lives, of 100,000 it dies


def chosen_device(device: str | None = None) -> str:
    """The device, unless it is given that which CHECKED_GRADIENTS_DEVICE names.

    Of several processes on one machine each has a GPU of its own. Raises TrainingError
    where they cannot, and for one processor of several.
    """
    device = device or os.environ.get("CHECKED_GRADIENTS_DEVICE") or "cpu"
    if device.startswith("cpu:"):  # PyTorch takes any number for the only one there is
        raise TrainingError(f"no device {device!r}: use cpu")
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
    if not re.fullmatch("[0-9]{1,9}", number) or not 1 <= int(number) <= MOST_THREADS:
        raise TrainingError(
            f"CHECKED_GRADIENTS_THREADS is {number!r}, not a number of threads from "
            f"1 to {MOST_THREADS}"
        )
    return int(number)


def require_bars() -> None:
    """Raise TrainingError where tqdm, which draws the bars, cannot read its variables.

    It reads those that begin with TQDM_ when it is imported.
    """
    try:
        import tqdm  # noqa: F401
    except ValueError as error:
        raise TrainingError(
            f"a variable TQDM_... of the environment is not what tqdm takes ({error}): "
            "unset it"
        ) from None


def processes() -> int:
    """How many processes torchrun has started to train together; 1 without it."""
    return _torchrun("WORLD_SIZE", least=1)


def rank() -> int:
    """Which of them this is; 0 is the one that writes."""
    return _torchrun("RANK", least=0)


def local_rank() -> int:
    """Which of those on this machine this is."""
    return _torchrun("LOCAL_RANK", least=0)


def _torchrun(variable: str, least: int) -> int:
    """A number as torchrun sets it, or else the least: others use the same names.

    Raises TrainingError for what torchrun never sets.
    """
    text = os.environ.get(variable) if "TORCHELASTIC_RUN_ID" in os.environ else None
    if text is None:
        return least
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) < least:
        raise TrainingError(
            f"{variable} is {text!r}, not a whole number from {least} on: start with "
            "torchrun, or unset TORCHELASTIC_RUN_ID"
        )
    return int(text)
