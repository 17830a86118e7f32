"""How is it trained? Seeds, the loop over epochs with its checkpoints, the records.

It knows no model: the caller gives a loss.
"""

from .loop import (
    Training,
    TrainingError,
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
