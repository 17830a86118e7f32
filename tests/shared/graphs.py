"""In the place of CUDA graphs, on a processor: what they would replay is run again."""

from collections import Counter

import pytest
import torch
from torch import Tensor

from lib.training import capture


def stand_in(patch: pytest.MonkeyPatch) -> Counter[str]:
    """Have captured epochs run so; how many blocks ran plainly, graphs and replays."""
    counts: Counter[str] = Counter()

    class Again:
        """In the place of `capture.Graph`; what it runs reads rates as that does."""

        def __init__(self, function, inputs, generator, pool) -> None:
            counts["graphs"] += 1
            self.function = function

        def replay(self, inputs: tuple[Tensor, ...]) -> Tensor:
            counts["replays"] += 1
            with self.function.__self__.rates.capturable():
                return self.function(inputs)

    def plainly(function):
        counts["plain"] += 1
        return function()

    patch.setattr(capture, "Graph", Again)
    patch.setattr(capture, "on_side_stream", plainly)
    patch.setattr(torch.cuda, "graph_pool_handle", lambda: None)
    return counts
