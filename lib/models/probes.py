"""Norms of activations and gradients, layer by layer, while a model works.

    with Probe(model.decoder) as probe:
        loss(model, source, target).backward()
    probe.gradients    # ||de/dx_l|| for l = 0 ... L

Only hooks are used, so any chain of modules can be probed, and it computes what it
computes without the probe.
"""

from collections.abc import Iterable
from types import TracebackType

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import get_total_norm


class Probe:
    """What flows between blocks: x_0 into the first of them, x_l out of the l-th.

    ``activations`` are the root mean squares of the entries of x_0 ... x_L,
    ``gradients`` the Euclidean norms of the derivative of whatever was
    differentiated by all entries of x_l; both of the last pass. An entry is nan where
    nothing came by, as a gradient by an input that needs none.
    """

    def __init__(self, blocks: Iterable[nn.Module]) -> None:
        self.blocks = list(blocks)
        if not self.blocks:
            raise ValueError("a probe needs at least one block")
        self._activations: list[Tensor] = []
        self._gradients: list[Tensor] = []

    def __enter__(self) -> "Probe":
        missing = torch.tensor(torch.nan)
        self._activations = [missing] * (len(self.blocks) + 1)
        self._gradients = [missing] * (len(self.blocks) + 1)
        first = self.blocks[0]
        self._hooks = [
            first.register_forward_pre_hook(lambda block, args: self._see(0, args[0]))
        ]
        for place, block in enumerate(self.blocks, start=1):
            self._hooks.append(
                block.register_forward_hook(
                    lambda block, args, x, place=place: self._see(place, x)
                )
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for hook in self._hooks:
            hook.remove()

    def _see(self, place: int, x: Tensor) -> None:
        size = x.numel() ** 0.5
        self._activations[place] = torch.linalg.vector_norm(x.detach()) / size
        if x.requires_grad:
            x.register_hook(lambda gradient: self._feel(place, gradient))

    def _feel(self, place: int, gradient: Tensor) -> None:
        self._gradients[place] = torch.linalg.vector_norm(gradient)

    @property
    def activations(self) -> Float[Tensor, " places"]:
        return torch.stack([norm.cpu().double() for norm in self._activations])

    @property
    def gradients(self) -> Float[Tensor, " places"]:
        return torch.stack([norm.cpu().double() for norm in self._gradients])


def gradient_norm(parameters: Iterable[nn.Parameter]) -> float:
    """The Euclidean norm of all the parameters' gradients together."""
    return float(get_total_norm([p.grad for p in parameters if p.grad is not None]))
