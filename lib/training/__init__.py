"""How is it trained? Seeds, the loop over epochs with its checkpoints, the records.

It knows no model: the caller gives a loss.
"""

from .errors import TrainingError
from .loop import (
    Training,
    prepare,
    run_epochs,
    shuffled,
    train,
)

__all__ = [
    "Training",
    "TrainingError",
    "prepare",
    "records",
    "run_epochs",
    "shuffled",
    "train",
]
