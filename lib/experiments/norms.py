"""Where LayerNorm stands and what gradients do: many small trainings, all probed."""

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import torch

from lib.data.corpora import Parallel
from lib.models import transformer
from lib.models.probes import Probe, gradient_norm
from lib.models.transformer import Placement, Transformer
from lib.training import checkpoints
from lib.training.loop import History, Watch, prepare, progress, restored_history

from .translation import (
    PHRASE_LANGUAGES,
    Encoded,
    TranslationRun,
    bucketed,
    new_tokeniser,
    trained_directions,
)

OPTIONS = {"final": "final_norm", "qk": "qk_norm"}


@dataclass(frozen=True)
class NormsRun:
    """Trainings of ``steps`` steps, one for each variant, depth and warm-up.

    A variant is a placement, with ``+final`` for norms at the ends and ``+qk`` for
    norms of queries and keys. A depth counts encoder blocks, and as many decoder
    blocks. The learning rate rises over the warm-up and then stays; nothing is clipped
    or dropped out. ``profile_steps`` are those before which all layers are recorded.
    ``double`` is for networks without norms: their scores grow so large that gradients
    in single precision are wrong by powers of ten.
    """

    corpus: Literal["phrases", "multi30k"] = "multi30k"
    variants: tuple[str, ...] = ("post", "res_post", "res_post+final", "pre+final")
    depths: tuple[int, ...] = (1, 5)
    warmups: tuple[int, ...] = (0,)
    steps: int = 300
    profile_steps: tuple[int, ...] = (0, 50, 299)
    vocabulary: int = 8000
    width: int = 128
    hidden: int = 256
    heads: int = 4
    learning_rate: float = 1e-3
    batch_tokens: int = 1024
    double: bool = False

    def __post_init__(self) -> None:
        for name in ("variants", "depths", "warmups"):
            if not getattr(self, name):
                raise ValueError(f"{name} must name at least one")
        if min(self.depths) < 1 or self.steps < 1:
            raise ValueError("depths and steps must be at least 1")
        if any(not 0 <= step < self.steps for step in self.profile_steps):
            raise ValueError("profile_steps must lie below steps")
        for cell in cells(self):
            as_translation(self, cell)  # raises for a variant that does not exist

    @property
    def epochs(self) -> int:
        """How many networks there are, each of them to this run what an epoch is."""
        return len(cells(self))

    @property
    def languages(self) -> tuple[str, ...]:
        """All of the phrases' languages, or English and German."""
        return PHRASE_LANGUAGES if self.corpus == "phrases" else ("en", "de")


class Cell(NamedTuple):
    """One training of the grid."""

    variant: str
    depth: int
    warmup: int

    def __str__(self) -> str:
        return f"{self.variant}/{self.depth}/{self.warmup}"


def cells(run: NormsRun) -> list[Cell]:
    """All trainings of a run, in their order."""
    return list(
        itertools.starmap(
            Cell, itertools.product(run.variants, run.depths, run.warmups)
        )
    )


def as_translation(run: NormsRun, cell: Cell) -> TranslationRun:
    """What is trained: phrases in all directions, or English to German."""
    placement, *options = cell.variant.split("+")
    unknown = set(options) - set(OPTIONS)
    if unknown:
        raise ValueError(f"variants must add {' or '.join(OPTIONS)} to a placement")
    phrases = run.corpus == "phrases"
    return TranslationRun(
        corpus=run.corpus,
        languages=run.languages,
        untrained=() if phrases else ("de-en",),
        tagged="source",
        vocabulary=run.vocabulary,
        width=run.width,
        hidden=run.hidden,
        heads=run.heads,
        encoder_layers=cell.depth,
        decoder_layers=cell.depth,
        placement=cast(Placement, placement),  # the architecture refuses any other
        final_norm="final" in options,
        qk_norm="qk" in options,
        dropout=0.0,
        learning_rate=run.learning_rate,
        batch_tokens=run.batch_tokens,
    )


def train_norms(
    run: NormsRun,
    data: Parallel,
    seed: int,
    *,
    device: str | None = None,
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
    history = History()
    identity = {"seed": seed, "data": [data.source, data.sha256]} | asdict(run)
    if resume and checkpoint is not None and checkpoint.exists():
        state = checkpoints.load(checkpoint, identity)
        history = restored_history(checkpoint, state)
    grid = cells(run)
    first = as_translation(run, grid[0])  # the networks differ, not what they read
    encoded = Encoded(first, new_tokeniser(first, data), data.train)
    with progress(len(grid), "networks", "network", history.epochs) as bar:
        for cell in grid[history.epochs :]:
            started = time.perf_counter()
            generator = prepare(seed, device)
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
    optimiser = torch.optim.Adam(model.parameters(), lr=run.learning_rate, fused=True)
    pairs = trained_directions(one)
    epochs = bucketed(encoded, pairs, one, generator.device)
    batches = itertools.chain.from_iterable(
        epochs(generator) for _ in itertools.count()
    )
    blocks = {
        "first encoder": model.encoder[0],
        "last encoder": model.encoder[-1],
        "first decoder": model.decoder[0],
        "last decoder": model.decoder[-1],
    }
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
