"""Where LayerNorm stands and what gradients do: many small trainings, all probed."""

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from lib.data.corpora import Parallel
from lib.models import transformer
from lib.models.probes import Probe, gradient_norm
from lib.models.transformer import Transformer
from lib.training import checkpoints
from lib.training.engine import PLAIN, Engine
from lib.training.errors import TrainingError
from lib.training.loop import (
    History,
    Watch,
    progress,
    require_snapshots,
    restored_history,
)
from lib.training.optimisers import Adam

from .configurations import Cell, NormsRun, as_translation, cells, trained_directions
from .translation import Encoded, bucketed, new_tokeniser

BLOCKS = ("first encoder", "last encoder", "first decoder", "last decoder")


def train_norms(
    run: NormsRun,
    data: Parallel,
    seed: int,
    *,
    engine: Engine = PLAIN,
    watch: Watch = lambda epoch, values: None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> tuple[dict[str, torch.Tensor], History]:
    """Train the grid's networks one after the other, on the same batches.

    The history's curves have one value a step, by cell and name: the ``loss`` in nats a
    target token, and the norm of its gradient by all parameters of the ``first`` and
    ``last`` block of ``encoder`` and ``decoder``. Its snapshots, by cell and step, hold
    ``Probe``'s gradients and activations of both, ``(4, depth + 1)``. The checkpoint
    is written after each network. A network whose loss stops being finite ends there.
    """
    history, grid = History(), cells(run)
    identity = {"seed": seed, "data": [data.source, data.sha256]} | asdict(run)
    if resume and checkpoint is not None and checkpoint.exists():
        history = _restored(checkpoint, identity, run)
    first = as_translation(run, grid[0])  # the networks differ, not what they read
    encoded = Encoded(first, new_tokeniser(first, data), data.train)
    with progress(len(grid), "networks", "network", history.epochs) as bar:
        for cell in grid[history.epochs :]:
            started = time.perf_counter()
            generator = engine.prepare(seed)
            train_cell(run, cell, encoded, generator, history)
            history.epochs += 1
            history.seconds += time.perf_counter() - started
            if checkpoint is not None:
                state = {"identity": identity, "history": asdict(history)}
                checkpoints.save(checkpoint, state)
            name = f"{cell} loss"
            for step, value in enumerate(history.curves.get(name, []), start=1):
                watch(step, {name: value})
            bar.update()
    return history.snapshots, history


def _restored(checkpoint: Path, identity: dict[str, Any], run: NormsRun) -> History:
    """A checkpoint's history, if it is one of this grid."""
    history = restored_history(checkpoint, checkpoints.load(checkpoint, identity))
    grid = cells(run)
    done = grid[: history.epochs]
    curves = [[f"{cell} {name}" for name in ("loss", *BLOCKS)] for cell in done]
    lengths = [{len(history.curves.get(name, [])) for name in own} for own in curves]
    alike = all(len(found) == 1 and max(found) <= run.steps for found in lengths)
    known = set(itertools.chain(*curves))
    if history.epochs > len(grid) or not alike or history.curves.keys() - known:
        raise TrainingError(
            f"{checkpoint} does not fit this run: its curves are not those of its "
            f"networks: {checkpoints.REMEDY}"
        )
    # A network whose loss stops being finite ends early, and has fewer.
    like = {
        f"{cell} {step}": torch.empty(4, cell.depth + 1).double()
        for cell, found in zip(done, lengths, strict=True)
        for step in run.profile_steps
        if step < max(found)
    }
    require_snapshots(checkpoint, history, like)
    return history


def train_cell(
    run: NormsRun,
    cell: Cell,
    encoded: Encoded,
    generator: torch.Generator,
    history: History,
) -> None:
    """One network of the grid, its norms added to the history."""
    one = as_translation(run, cell)
    size = encoded.tokeniser.get_vocab_size()
    precision = torch.float64 if run.double else torch.float32
    model = Transformer(one.architecture(size)).to(generator.device, precision)
    optimiser = Adam(model.parameters(), lr=run.learning_rate, fused=True)
    pairs = trained_directions(one)
    epochs = bucketed(encoded, pairs, one, generator.device)
    batches = itertools.chain.from_iterable(
        epochs(generator) for _ in itertools.count()
    )
    ends = model.encoder[0], model.encoder[-1], model.decoder[0], model.decoder[-1]
    blocks = dict(zip(BLOCKS, ends, strict=True))
    for step, (batch, _) in enumerate(itertools.islice(batches, run.steps)):
        _warm_up(optimiser, run.learning_rate, step, cell.warmup)
        with (
            Probe(model.encoder) as encoder,
            Probe(model.decoder) as decoder,
            transformer.quickest_attention(*batch),
        ):
            loss = transformer.loss(model, *batch)
            optimiser.zero_grad()
            loss.backward()
        values = {"loss": float(loss.detach())}
        values |= {n: gradient_norm(block.parameters()) for n, block in blocks.items()}
        if not all(map(math.isfinite, values.values())):
            return
        for name, value in values.items():
            rounded = float(f"{value:.6g}")  # a record holds some ten thousand of them
            history.curves.setdefault(f"{cell} {name}", []).append(rounded)
        if step in run.profile_steps:
            history.snapshots[f"{cell} {step}"] = torch.stack(
                [
                    encoder.gradients,
                    encoder.activations,
                    decoder.gradients,
                    decoder.activations,
                ]
            )
        optimiser.step()


def _warm_up(
    optimiser: torch.optim.Optimizer, rate: float, step: int, warmup: int
) -> None:
    """The learning rate of this step, which rises in proportion at first."""
    rise = min(1.0, (step + 1) / warmup) if warmup else 1.0
    for group in optimiser.param_groups:
        group["lr"] = rate * rise


def judge_norms(
    profiles: dict[str, torch.Tensor],
    run: NormsRun,
    data: Parallel,
    say: Callable[[str], object] = lambda line: None,
) -> dict[str, Any]:
    """The profiles by cell, step and name, lists over x_0 ... x_L: for a record."""
    found: dict[str, Any] = {}
    for key, profile in profiles.items():
        cell, step = key.split(" ")
        rows = zip(PROFILE, profile.tolist(), strict=True)
        named = {name: [float(f"{v:.4g}") for v in values] for name, values in rows}
        found.setdefault(cell, {})[step] = named
    say(f"{len(cells(run))} networks, {sum(map(len, found.values()))} profiles")
    return {"profiles": found}


PROFILE = (
    "encoder gradient",
    "encoder activation",
    "decoder gradient",
    "decoder activation",
)
