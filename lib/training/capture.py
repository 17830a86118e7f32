"""Training steps as CUDA graphs: what a step launches is recorded once and replayed.

A graph's tensors keep their places, so its input is copied into them; nothing that it
does may depend on numbers that the processor would have to read. PyTorch's generators
go on from replay to replay as they would from step to step: with the same seed a
captured run draws the same noise as a plain one.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor

# Tensors, of which an optimiser's step is compiled: a translator's two hundred would
# take the compiler long, and Adam is a sixtieth of its step.
FEW = 64


class Blocks(Protocol):
    """Batches that can be captured: tensors on the device, in blocks of few shapes."""

    def blocks(self, generator: torch.Generator) -> Iterator[tuple[Tensor, ...]]:
        """The epoch's blocks, in an order that is drawn anew."""
        ...

    def cut(
        self, block: tuple[Tensor, ...], generator: torch.Generator
    ) -> Iterator[tuple[Any, int | Tensor]]:
        """A block's batches, each with its weight in the epoch's means."""
        ...


class CapturedEpoch:
    """An epoch whose blocks of batches are graphs, one for each shape of a block.

    ``step(batch)`` gives scalars by name, as for `loop.run_epochs`, and moves the
    ``optimisers``. The first block of a shape runs as it is, so that all that is made
    only once is made; the second is recorded; it and all others are replays. Learning
    rates may change between blocks, by ``after_block``. With ``compiled`` the
    optimisers' steps are compiled: PyTorch's fused Adam gives each 65,536 numbers to
    one of a GPU's hundred processors, so a small network keeps most of them idle.
    """

    def __init__(
        self,
        step: Callable[[Any], dict[str, Tensor]],
        batches: Blocks,
        generator: torch.Generator,
        optimisers: Iterable[torch.optim.Optimizer],
        *,
        after_block: Callable[[], object] = lambda: None,
        compiled: bool = False,
    ) -> None:
        self.step, self.batches, self.generator = step, batches, generator
        self.after_block = after_block
        self.rates = Rates(list(optimisers), generator.device, compiled)
        self.graphs: dict[tuple[torch.Size, ...], Graph | None] = {}
        self.pool = torch.cuda.graph_pool_handle()
        self.names: list[str] = []
        self.finite: list[Tensor] = []  # of each block: finite steps, and all steps

    def __call__(self) -> dict[str, float]:
        """Run one epoch; the weighted mean of each of the step's scalars."""
        total: Tensor | float = 0.0
        self.finite = []
        for block in self.batches.blocks(self.generator):
            self.rates.update()
            sums = self._run(block)
            total = total + sums[:-2]
            self.finite.append(sums[-2:].clone())  # the next replay writes over it
            self.after_block()
        assert isinstance(total, Tensor)
        *found, weight = total.tolist()
        return {name: s / weight for name, s in zip(self.names, found, strict=True)}

    def first_step(self) -> int | None:
        """The epoch's first step with a scalar that is not finite, from 1 on."""
        before = 0
        finite: int
        steps: int
        for finite, steps in torch.stack(self.finite).int().tolist():
            if finite < steps:
                return before + finite + 1
            before += steps
        return None

    def _run(self, block: tuple[Tensor, ...]) -> Tensor:
        shape = tuple(part.shape for part in block)
        graph = self.graphs.get(shape)
        if graph is None:
            with self.rates.capturable():
                if shape not in self.graphs:
                    self.graphs[shape] = None
                    return on_side_stream(lambda: self._sums(block))
                graph = Graph(self._sums, block, self.generator, self.pool)
            self.graphs[shape] = graph
        return graph.replay(block)

    def _sums(self, block: tuple[Tensor, ...]) -> Tensor:
        """The sums of the scalars by weight, and that of the weights.

        After them come how many steps there are before one that is not finite, and
        how many in all.
        """
        total: Tensor | float = 0.0
        steps = []
        for batch, weight in self.batches.cut(block, self.generator):
            scalars = self.step(batch)
            self.names = list(scalars)
            values = torch.stack([value.detach() for value in scalars.values()])
            total = total + torch.cat([values, torch.ones_like(values[:1])]) * weight
            steps.append(values)
        assert isinstance(total, Tensor)
        finite = torch.stack(steps).isfinite().all(1)
        before = finite.cumprod(0).sum()
        counts = torch.stack([before, torch.ones_like(finite).sum()])
        return torch.cat([total, counts.to(total.dtype)])


class Graph:
    """What a function of tensors launches, recorded for one shape of them."""

    def __init__(
        self,
        function: Callable[[tuple[Tensor, ...]], Tensor],
        inputs: tuple[Tensor, ...],
        generator: torch.Generator,
        pool: Any,
    ) -> None:
        self.inputs = tuple(part.clone() for part in inputs)
        self.graph = torch.cuda.CUDAGraph()
        self.graph.register_generator_state(generator)
        with torch.cuda.graph(self.graph, pool=pool):
            self.output = function(self.inputs)

    def replay(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """The function's value there; the next replay writes over it."""
        for mine, theirs in zip(self.inputs, inputs, strict=True):
            mine.copy_(theirs)
        self.graph.replay()
        return self.output


def on_side_stream(function: Callable[[], Tensor]) -> Tensor:
    """Run it where a graph may be recorded next, as autograd needs it."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        value = function()
    torch.cuda.current_stream().wait_stream(stream)
    return value


class Rates:
    """Optimisers whose learning rates a graph reads from the device.

    Outside of `capturable` they are as their owner made them, so that schedules and
    checkpoints find plain numbers.
    """

    def __init__(
        self,
        optimisers: list[torch.optim.Optimizer],
        device: torch.device,
        compiled: bool,
    ) -> None:
        self.optimisers = optimisers
        self.groups = [g for optimiser in optimisers for g in optimiser.param_groups]
        tensors = sum(len(group["params"]) for group in self.groups)
        self.compiled = compiled and tensors <= FEW
        self.known = [float(group["lr"]) for group in self.groups]
        self.rates = [torch.tensor(rate, device=device) for rate in self.known]
        self.steps = [
            torch.compile(optimiser.step) if self.compiled else optimiser.step
            for optimiser in optimisers
        ]

    def update(self) -> None:
        """Write the rates that have changed to where the graphs read them."""
        for i, group in enumerate(self.groups):
            if group["lr"] != self.known[i]:
                self.known[i] = float(group["lr"])
                self.rates[i].fill_(self.known[i])

    @contextmanager
    def capturable(self) -> Iterator[None]:
        """Within it, optimisers step in ways that a graph can record."""
        kept = [dict(group) for group in self.groups]
        plain = [optimiser.step for optimiser in self.optimisers]
        for group, rate in zip(self.groups, self.rates, strict=True):
            group.update(lr=rate, capturable=True)
            if self.compiled:
                group.update(fused=False, foreach=True)
        for optimiser, step in zip(self.optimisers, self.steps, strict=True):
            vars(optimiser)["step"] = step
        try:
            yield
        finally:
            for group, before in zip(self.groups, kept, strict=True):
                group.update(before)
            for optimiser, step in zip(self.optimisers, plain, strict=True):
                vars(optimiser)["step"] = step
