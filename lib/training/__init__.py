"""How is it trained? Seeds, the loop over epochs with its checkpoints, the records.

It knows no model: the caller gives a loss.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine import prepare
    from .loop import Training, shuffled, train

__all__ = [
    "Training",
    "prepare",
    "records",
    "shuffled",
    "train",
]


def __getattr__(name: str) -> Any:
    """What the loop defines, which is imported with PyTorch when it is first used.

    Records and errors need no PyTorch, and it takes seconds.
    """
    if name == "prepare":
        return import_module(".engine", __name__).prepare
    if name in ("Training", "shuffled", "train"):
        return getattr(import_module(".loop", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
