"""How is it trained? Seeds, the loop over epochs with its checkpoints, the records.

It knows no model: the caller gives a loss.
"""

from .engine import prepare
from .loop import Training, shuffled, train

__all__ = [
    "Training",
    "prepare",
    "records",
    "shuffled",
    "train",
]
