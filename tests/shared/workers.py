"""Small trainings that several processes share, to be held against one process's.

``torchrun ... -m tests.shared.workers FOLDER ...`` is ``python -m lib ...``, but that
the processes, once they have joined, run all these trainings and leave in the folder
what each has found. With ``KILLED=N`` process 1 then dies in the N-th step of its run.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lib.__main__ import main
from lib.data.corpora import Parallel
from lib.experiments.configurations import TranslationRun
from lib.experiments.translation import Encoded, batches_of, new_step, new_tokeniser
from lib.models import vae
from lib.models.packing import packed
from lib.models.transformer import Transformer
from lib.models.translation import Example
from lib.models.vae import VAE, VAEConfig
from lib.training import distributed
from lib.training.distributed import Workers
from lib.training.engine import Engine
from lib.training.errors import TrainingError
from lib.training.loop import Batches, History, Training, run_epochs, train
from lib.training.optimisers import Adam

# Four steps an epoch, the last of two rows: not all of three processes have one.
ROWS = torch.rand(50, 6, generator=torch.Generator().manual_seed(0)).double()
SHORT = Training(epochs=5, batch_size=16, learning_rate=0.02)
TEXTS = {
    "en": ["a dog runs .", "a man runs .", "two men sit ."] * 4,
    "de": ["ein Hund rennt .", "ein Mann rennt und rennt .", "Männer ."] * 4,
}
RUN = TranslationRun(
    languages=("en", "de"),
    untrained=(),
    vocabulary=300,
    width=8,
    hidden=8,
    heads=2,
    encoder_layers=1,
    decoder_layers=1,
    dropout=0.0,
    learning_rate=1e-2,
    batch_tokens=100,
    beam=1,
)


def found(model: nn.Module, history: History) -> dict[str, Any]:
    """All curves and weights of a training."""
    weights = {name: part.tolist() for name, part in model.state_dict().items()}
    return {**history.curves, **weights}


def digits(workers: Workers, bound: str) -> dict[str, Any]:
    """A VAE's training by one bound or the other."""
    engine = Engine("cpu", workers=workers)
    generator = engine.prepare(0)
    model = VAE(VAEConfig(6, 5, 2)).double()
    loss: Any = partial(vae.loss, loss_of=workers.shared(vae.loss_of))
    if bound == "iwae":
        loss_of = workers.shared(vae.iwae_loss_of)

        def loss(model: VAE, x: Tensor, drawn: torch.Generator) -> dict[str, Tensor]:
            return vae.iwae_loss(model, x, 3, drawn, loss_of)

    return found(model, train(model, ROWS, loss, SHORT, generator, engine=engine))


def sentences(workers: Workers, kind: str) -> dict[str, Any]:
    """A translator's training on sentences of unlike lengths."""
    engine = Engine("cpu", workers=workers)
    generator = engine.prepare(0)
    tokeniser = new_tokeniser(RUN, Parallel("", {}, TEXTS, TEXTS, TEXTS))
    run = TranslationRun(**asdict(RUN) | {"packed": kind == "packed"})
    batches: Batches = batches_of(run, Encoded(run, tokeniser, TEXTS), generator.device)
    if run.packed:  # five examples in batches of three rows: in the last, one is empty
        batches = packed(
            [Example([5, 6, 2], [1, *range(7, 7 + n), 2]) for n in (3, 3, 3, 3, 3, 1)],
            16,
            generator.device,
            buckets=1,
        )
    model = Transformer(run.architecture(tokeniser.get_vocab_size())).double()
    optimiser = Adam(model.parameters(), lr=run.learning_rate)
    history = run_epochs(
        new_step(run, model, optimiser, engine),
        {"model": model},
        batches,
        Training(epochs=5),
        generator,
        engine=engine,
    )
    return found(model, history)


def one_result(workers: Workers) -> dict[str, dict[str, Any]]:
    """What must not depend on the number of processes."""
    return {
        **{bound: digits(workers, bound) for bound in ("elbo", "iwae")},
        **{kind: sentences(workers, kind) for kind in ("bucketed", "packed")},
    }


def own(workers: Workers) -> dict[str, Any]:
    """What differs between them: what modules draw, here without seeding it anew."""
    torch.manual_seed(0)
    list(workers.apart([1, 2]))
    return {"drawn": float(torch.rand(()))}


def started_apart(workers: Workers, folder: Path) -> str:
    """What is said where only the first process finds the checkpoint."""
    options: dict[str, Any] = {"checkpoint": folder / f"of-{workers.rank}"}
    engine, linear = Engine("cpu", workers=workers), nn.Linear(6, 6).double()

    def fit(**more: Any) -> None:
        def loss(model: nn.Module, x: Tensor, _: torch.Generator) -> dict[str, Tensor]:
            return {"loss": model(x).square().mean()}

        generator = engine.prepare(0)
        train(linear, ROWS, loss, SHORT, generator, engine=engine, **options, **more)

    fit(until=1)
    try:
        fit(resume=True)
    except TrainingError as error:
        return str(error)
    return ""


def die_in_step(number: int) -> None:
    """Let this process be killed in one of its steps."""
    steps, real = iter(range(1, 1000)), distributed._Shared.__call__

    def step(*arguments: Any) -> dict[str, Tensor]:
        if next(steps) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments)

    distributed._Shared.__call__ = step  # type: ignore[method-assign]


def run_all(folder: Path) -> None:
    """Let the processes run all of this once they have joined."""
    join = Workers.joined

    @contextmanager
    def joined(workers: Workers, device: str) -> Iterator[None]:
        with join(workers, device):
            known = {
                "one result": one_result(workers),
                "own": own(workers),
                "started apart": started_apart(workers, folder),
            }
            (folder / f"{workers.rank}.json").write_text(json.dumps(known))
            if "KILLED" in os.environ and workers.rank == 1:
                die_in_step(int(os.environ["KILLED"]))
            yield

    Workers.joined = joined  # type: ignore[method-assign]


if __name__ == "__main__":
    run_all(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
