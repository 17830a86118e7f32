"""The picture of what a model made, epoch by epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.figure import Figure
    from torch import Tensor

    from lib.training.loop import History

SAMPLES = 64  # a square of 8 by 8


def form_of_samples(epochs: Iterable[int], pixels: int) -> dict[str, Tensor]:
    """What `run_epochs` finds in a checkpoint: samples by epoch, without values."""
    import torch

    like = torch.empty(SAMPLES, pixels, dtype=torch.uint8, device="meta")
    return {str(epoch): like for epoch in epochs}


def samples_figure(history: History) -> Figure:
    """64 samples after each of several epochs, drawn from the same noise.

    Ink on paper, as in all of the book: 1 is black and 0 is white.
    """
    from matplotlib.figure import Figure  # slow to import, as PyTorch is
    from torch.nn.functional import pad

    panels = sorted((int(epoch), s) for epoch, s in history.snapshots.items())
    figure = Figure(figsize=(2.24 * len(panels), 2.5), layout="constrained")
    for axes, (epoch, images) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True
    ):
        side = math.isqrt(images.shape[1])
        square = images.view(64, side, side)
        # Digits may reach their edges: a line of grey between them.
        square = pad(square, (0, 1, 0, 1), value=96)
        side += 1
        tiles = square.view(8, 8, side, side).permute(0, 2, 1, 3)
        grid = tiles.reshape(8 * side, 8 * side).numpy()
        axes.imshow(grid, cmap="gray_r", vmin=0, vmax=255)
        axes.set_title(f"{epoch} epoch" + ("s" if epoch > 1 else ""))
        axes.set_axis_off()
    return figure
