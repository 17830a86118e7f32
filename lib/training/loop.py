"""Training any model: the loop over epochs, and its checkpoints.

One seed gives one result on the CPU, to the bit, for a given number of threads and
a given kind of processor. A run that was stopped goes on from its last checkpoint
and ends where it would have ended.
"""

import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn, cast

import torch
from torch import Tensor, nn
from tqdm import tqdm

from . import checkpoints
from .capture import Blocks, CapturedEpoch
from .checkpoints import Stateful
from .distributed import Workers
from .engine import PLAIN, Engine
from .errors import TrainingError, require_count
from .finite import (
    NotFiniteError,
    first_step,
    in_words,
    require_finite,
    require_means,
    require_whole,
)
from .optimisers import Adam


@dataclass(frozen=True)
class Training:
    """How long and how fast: Adam, with shuffled batches."""

    epochs: int = 80
    batch_size: int = 128
    learning_rate: float = 1e-4

    def __post_init__(self) -> None:
        require_count(epochs=self.epochs, batch_size=self.batch_size)
        if not 0 < self.learning_rate < math.inf:
            raise ValueError(
                f"learning_rate must be positive, not {self.learning_rate}"
            )


@dataclass
class History:
    """What has happened so far: a curve has one value an epoch.

    ``snapshots`` holds the tensors that the caller kept; ``seconds`` is the time
    spent in training, over all the runs that a resumed one is made of.
    """

    epochs: int = 0
    seconds: float = 0.0
    curves: dict[str, list[float]] = field(default_factory=dict)
    snapshots: dict[str, Tensor] = field(default_factory=dict)


Step = Callable[[Any], dict[str, Tensor]]
# An epoch's batches, each with its weight in the epoch's means: its rows, or tokens.
Batches = Callable[[torch.Generator], Iterable[tuple[Any, int | Tensor]]]
Loss = Callable[[Any, Tensor, torch.Generator], dict[str, Tensor]]
AfterEpoch = Callable[[History], dict[str, float]]
# Is told an epoch's number, counted from 1, and its values of the curves.
Watch = Callable[[int, dict[str, float]], None]


def train(
    model: nn.Module,
    data: Tensor,
    loss: Loss,
    settings: Training,
    generator: torch.Generator,
    *,
    engine: Engine = PLAIN,
    **options: Any,
) -> History:
    """Minimise ``loss`` over the rows of ``data`` with Adam; the history of it.

    ``loss(model, batch, generator)`` gives scalars by name, each a mean over the
    batch; the one called ``"loss"`` is minimised. The options are those of
    ``run_epochs``. Raises TrainingError, also where a row of the data is not finite. A
    model may have a method ``require``, which is called once with the data, and raises
    ValueError for such as it does not take.
    """
    if callable(require := getattr(model, "require", None)):
        require(data)
    optimiser = Adam(model.parameters(), lr=settings.learning_rate, fused=True)

    def step(batch: Tensor) -> dict[str, Tensor]:
        with engine.autocast():
            scalars = loss(model, batch, generator)
        return descend(scalars, model, optimiser)

    parts: dict[str, Stateful] = {"model": model, "optimiser": optimiser}
    batches = shuffled(data, settings.batch_size)
    return run_epochs(
        step, parts, batches, settings, generator, engine=engine, **options
    )


def descend(
    scalars: dict[str, Tensor], model: nn.Module, optimiser: torch.optim.Optimizer
) -> dict[str, Tensor]:
    """Move the model down the ``"loss"`` of a step's scalars, which are returned.

    On the CPU a scalar that is not finite stops the training before the move, which
    would spoil all parameters: then the one that is to blame can be named.
    """
    require_finite(scalars, {"": model})
    optimiser.zero_grad()
    scalars["loss"].backward()
    optimiser.step()
    return scalars


STEPS = 32  # that a graph holds, where steps are captured
SECONDS = 5  # between two checkpoints then


@dataclass(frozen=True)
class Shuffled:
    """Batches of rows, in a new order in each epoch, each perhaps changed at random.

    Called with a generator, it gives an epoch's batches and their numbers of rows; as
    `capture.Blocks` it gives the same ones, in blocks of row numbers.
    """

    data: Tensor
    batch_size: int
    change: Callable[[Tensor, torch.Generator], Tensor] = lambda rows, generator: rows

    def __call__(self, generator: torch.Generator) -> Iterator[tuple[Tensor, int]]:
        for block in self.blocks(generator):
            yield from self.cut(block, generator)

    def blocks(self, generator: torch.Generator) -> Iterator[tuple[Tensor]]:
        """The numbers of all rows in their new order, those of some batches at once."""
        place = self.data.device
        order = torch.randperm(len(self.data), generator=generator, device=place)
        for rows in order.split(STEPS * self.batch_size):
            yield (rows,)

    def cut(
        self, block: tuple[Tensor, ...], generator: torch.Generator
    ) -> Iterator[tuple[Tensor, int]]:
        """The batches of a block."""
        for rows in block[0].split(self.batch_size):
            yield self.change(self.data.index_select(0, rows), generator), len(rows)


def shuffled(
    data: Tensor,
    batch_size: int,
    change: Callable[[Tensor, torch.Generator], Tensor] = lambda rows, generator: rows,
) -> Shuffled:
    """Batches of rows of ``data``, in a new order in each epoch.

    The data lie on the generator's device. ``change(rows, generator)`` is what a batch
    becomes. Raises TrainingError where a row is not finite, ValueError where there is
    none.
    """
    require_count(**{"the number of rows": len(data)}, batch_size=batch_size)
    if not data.isfinite().all():
        row = int((~data.isfinite()).flatten(1).any(1).nonzero()[0])
        raise TrainingError(
            f"row {row} of the data holds a number that is not finite: leave it out"
        )
    return Shuffled(data, batch_size, change)


def run_epochs(
    step: Step,
    parts: Mapping[str, Stateful],
    batches: Batches,
    settings: Training,
    generator: torch.Generator,
    *,
    engine: Engine = PLAIN,
    after_step: Callable[[], object] = lambda: None,
    after_epoch: AfterEpoch = lambda history: {},
    watch: Watch = lambda epoch, values: None,
    checkpoint: Path | None = None,
    resume: bool = False,
    snapshots: Mapping[str, Tensor] | None = None,
    identity: dict[str, Any] | None = None,
    until: int | None = None,
) -> History:
    """Call ``step`` on each of the epoch's batches, epoch after epoch.

    ``step(batch)`` changes the ``parts`` and gives scalars by name, each a mean over
    the batch, which become curves of means over the epoch; ``"loss"`` is one of them,
    and stands beside the progress bar. ``after_step()`` may change learning rates, and
    ``after_epoch(history)`` gives further values for the curves, and may add to the
    snapshots. ``watch(epoch, values)`` is told all of an epoch's values once the epoch
    is saved, so a resumed run repeats none. What ``batches`` and ``step`` draw at
    random comes from the generator, on whose device the parts lie.

    An ``engine`` that captures needs batches that can be, `capture.Blocks`, and calls
    ``after_step`` once for each block. Of its ``workers``, who all call this alike,
    only the first writes the checkpoint and is watched.

    With ``checkpoint`` the whole state is saved there after each epoch (captured ones,
    which may be shorter than that takes, every few seconds), and ``resume`` goes on
    from it; ``identity``, values that JSON can hold, tells one run's checkpoint from
    another's, and ``snapshots`` says of which form those of each epoch are, by its
    number. With ``until`` the run stops after so many of its
    epochs, where an interruption could have stopped it. Raises TrainingError where the
    checkpoint is damaged or another run's, and where a scalar is no longer finite; the
    checkpoint is then the last good one.
    """
    history = History()
    identity = asdict(settings) | engine.identity | (identity or {})
    if resume and checkpoint is not None and checkpoint.exists():
        history = _restored(
            checkpoint, identity, parts, generator, settings.epochs, snapshots
        )
    workers = engine.workers
    _refuse_other_starts(history.epochs, workers)
    end = settings.epochs if until is None else min(until, settings.epochs)
    saved = time.perf_counter()
    epoch = _epoch_function(step, parts, batches, generator, engine, after_step)
    begun = history.epochs
    with progress(end, "training", "epoch", history.epochs, workers.first) as bar:
        while history.epochs < end:
            try:
                values = _advance(history, epoch, after_epoch, parts, workers)
            except NotFiniteError as error:
                number = len(history.curves.get("loss", [])) + 1
                raise in_words(error, number, begun, checkpoint) from None
            due = engine.capture == "off" or time.perf_counter() > saved + SECONDS
            due = workers.first and (due or history.epochs == end)
            if checkpoint is not None and due:
                state = _state(identity, parts, generator, history)
                checkpoints.save(checkpoint, state)
                saved = time.perf_counter()
            if workers.first:
                watch(history.epochs, values)
            bar.update()
            bar.set_postfix(loss=f"{values['loss']:.2f}")
    return history


def _advance(
    history: History,
    epoch: Callable[[], dict[str, float]],
    after_epoch: AfterEpoch,
    parts: Mapping[str, Stateful],
    workers: Workers,
) -> dict[str, float]:
    """One epoch more in the history; its values. Raises NotFiniteError."""
    started = time.perf_counter()
    means = workers.mean(epoch())
    require_finite(means, parts)
    require_whole(parts)
    history.epochs += 1
    values = means | after_epoch(history)
    require_finite(values, parts)
    for name, value in values.items():
        history.curves.setdefault(name, []).append(value)
    history.seconds += time.perf_counter() - started
    return values


def _refuse_other_starts(epochs: int, workers: Workers) -> None:
    if workers.mean({"epochs": epochs})["epochs"] != epochs:
        raise TrainingError(
            "the processes do not go on from one checkpoint: all need to see the same "
            "folder --out"
        )


def _state(
    identity: dict[str, Any],
    parts: Mapping[str, Stateful],
    generator: torch.Generator,
    history: History,
) -> dict[str, Any]:
    return {
        "identity": identity,
        "parts": {name: part.state_dict() for name, part in parts.items()},
        "generator": generator.get_state(),
        "history": asdict(history),
    }


def _restored(
    checkpoint: Path,
    identity: dict[str, Any],
    parts: Mapping[str, Stateful],
    generator: torch.Generator,
    epochs: int,
    snapshots: Mapping[str, Tensor] | None,
) -> History:
    """The history of a checkpoint; its state goes into the parts and the generator."""
    state = checkpoints.load(checkpoint, identity)
    history = restored_history(checkpoint, state)
    lengths = set(map(len, history.curves.values())) or {0}
    if lengths != {history.epochs} or history.epochs > epochs:
        raise TrainingError(
            f"{checkpoint} does not fit this run: its curves are not those of "
            f"{epochs} epochs or fewer: {checkpoints.REMEDY}"
        )
    if snapshots is not None:
        by_now = {n: like for n, like in snapshots.items() if int(n) <= history.epochs}
        require_snapshots(checkpoint, history, by_now)
    checkpoints.restore(checkpoint, state, parts, generator)
    return history


def restored_history(checkpoint: Path, state: Mapping[str, Any]) -> History:
    """The history in a checkpoint's state. Raises TrainingError if there is none."""
    kept: Any = state.get("history")
    if not _is_history(kept):
        raise TrainingError(
            f"{checkpoint} has no history as this code keeps it: {checkpoints.REMEDY}"
        )
    return History(**kept)


def require_snapshots(
    checkpoint: Path, history: History, like: Mapping[str, Tensor]
) -> None:
    """Raise TrainingError where a history's snapshots are not like these."""
    wrong = checkpoints.differences(history.snapshots, like, "snapshots")
    if said := next(wrong, ""):
        raise TrainingError(
            f"{checkpoint} does not fit this run: {said}: {checkpoints.REMEDY}"
        )


def _is_history(kept: Any) -> bool:
    """Whether a checkpoint's entry has the fields of ``History``, each of its type."""
    if not isinstance(kept, dict) or kept.keys() != History.__dataclass_fields__.keys():
        return False
    epochs, seconds = kept["epochs"], kept["seconds"]
    curves, snapshots = kept["curves"], kept["snapshots"]
    return (
        type(epochs) is int
        and epochs >= 0
        and checkpoints.is_number(seconds)
        and seconds >= 0
        and isinstance(curves, dict)
        and all(
            isinstance(c, list) and all(map(checkpoints.is_number, c))
            for c in curves.values()
        )
        and isinstance(snapshots, dict)
        and all(isinstance(picture, Tensor) for picture in snapshots.values())
        and all(isinstance(name, str) for name in [*curves, *snapshots])
    )


def progress(
    total: int, label: str, unit: str, done: int = 0, shown: bool = True
) -> "tqdm[NoReturn]":
    """A progress bar in a terminal or a live notebook; silent anywhere else.

    TQDM_DISABLE=1 in the environment, as in a build, silences it there too.
    """
    watched = shown and (sys.stderr.isatty() or "ipykernel" in sys.modules)
    silent = not watched or os.environ.get("TQDM_DISABLE", "0") not in ("", "0")
    return tqdm(total=total, initial=done, desc=label, unit=unit, disable=silent)


def _epoch_function(
    step: Step,
    parts: Mapping[str, Stateful],
    batches: Batches,
    generator: torch.Generator,
    engine: Engine,
    after_step: Callable[[], object],
) -> Callable[[], dict[str, float]]:
    """What runs one epoch, step by step or captured, and gives its means."""
    if engine.capture == "off":
        apart = engine.workers.apart
        return lambda: _epoch(step, apart(batches(generator)), after_step, parts)
    captured = CapturedEpoch(
        step,
        cast(Blocks, batches),
        generator,
        [part for part in parts.values() if isinstance(part, torch.optim.Optimizer)],
        after_block=after_step,
        compiled=engine.capture == "compile",
    )
    return lambda: require_means(captured(), parts, captured.first_step)


def _epoch(
    step: Step,
    batches: Iterable[tuple[Any, int | Tensor]],
    after_step: Callable[[], object],
    parts: Mapping[str, Stateful],
) -> dict[str, float]:
    """One pass over the batches; the weighted mean of each of the step's scalars.

    Raises NotFiniteError, on an accelerator after the whole pass.
    """
    totals: dict[str, Tensor] = {}
    weights: int | Tensor = 0
    seen = []
    for number, (batch, weight) in enumerate(batches, start=1):
        weights = weights + weight
        try:
            scalars = {name: value.detach() for name, value in step(batch).items()}
            require_finite(scalars, parts)
        except NotFiniteError as error:
            raise error.in_step(number) from None
        seen.append(scalars)
        for name, value in scalars.items():
            totals[name] = totals.get(name, 0.0) + value * weight
        after_step()
    means = {name: float(total) / float(weights) for name, total in totals.items()}
    return require_means(means, parts, lambda: first_step(seen))
