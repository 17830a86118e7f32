"""How an experiment is run: its data, its training, its judgement, and its record."""

import math
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from torch.nn.functional import pad

from lib.data import digits
from lib.data.digits import Digits
from lib.training import records
from lib.training.loop import History, prepare

from . import translation
from .gan import GANRun, evaluate_gan, train_gan
from .norms import NormsRun, judge_norms, train_norms
from .table import Run
from .translation import TranslationRun, evaluate_translator, train_translator
from .vae import VAERun, evaluate_vae, train_vae


def samples_figure(history: History) -> Figure:
    """64 samples after each of several epochs, drawn from the same noise."""
    panels = sorted((int(epoch), s) for epoch, s in history.snapshots.items())
    figure = Figure(figsize=(2.24 * len(panels), 2.5), layout="constrained")
    for axes, (epoch, images) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True
    ):
        side = math.isqrt(images.shape[1])
        square = images.view(64, side, side)
        if side < digits.SIDE:  # small digits reach their edges: a line between them
            square = pad(square, (0, 1, 0, 1), value=96)
            side += 1
        tiles = square.view(8, 8, side, side).permute(0, 2, 1, 3)
        grid = tiles.reshape(8 * side, 8 * side).numpy()
        axes.imshow(grid, cmap="gray", vmin=0, vmax=255)
        axes.set_title(f"{epoch} epoch" + ("s" if epoch > 1 else ""))
        axes.set_axis_off()
    return figure


def load_digits(
    run: VAERun | GANRun, data: str | Path | None, **options: bool
) -> Digits:
    return digits.load(run.digits, data, **options)


@dataclass(frozen=True)
class Kind:
    """What a type of configuration is loaded, trained, judged and drawn by."""

    load: Callable[..., Any]
    train: Callable[..., tuple[Any, History]]
    evaluate: Callable[..., dict[str, Any]]
    figure: Callable[[History], Figure] | None = None


KINDS = {
    VAERun: Kind(load_digits, train_vae, evaluate_vae, samples_figure),
    GANRun: Kind(load_digits, train_gan, evaluate_gan, samples_figure),
    TranslationRun: Kind(translation.load, train_translator, evaluate_translator),
    NormsRun: Kind(translation.load, train_norms, judge_norms),
}


def run_experiment(
    name: str,
    run: Run,
    *,
    seed: int,
    device: str | None,
    data: str | Path | None,
    out: Path,
    resume: bool = False,
    download: bool = False,
    accept_unknown: bool = False,
) -> dict[str, Any]:
    """Run one experiment whole; its record, which it writes to ``out/NAME.json``.

    Beside the record lie the last checkpoint, ``NAME.checkpoint.pt``, and, where there
    are samples, their picture, ``NAME-samples.png``. Raises DataError, CorpusError,
    TrainingError, RecordError.
    """

    def say(line: str) -> None:
        print(f"{name}: {line}", file=sys.stderr, flush=True)

    generator = prepare(seed, device)  # shows early if the device is not there
    kind = KINDS[type(run)]
    loaded = kind.load(run, data, download=download, accept_unknown=accept_unknown)
    records.make_folder(out)
    say(f"{loaded.source}; {run.epochs} epochs, seed {seed}")
    provenance = records.provenance(generator.device)
    started = time.perf_counter()
    model, history = kind.train(
        run,
        loaded,
        seed,
        device=device,
        checkpoint=out / f"{name}.checkpoint.pt",
        resume=resume,
    )
    say(f"trained in {history.seconds:.0f} s")
    metrics = kind.evaluate(model, run, loaded, say)
    record = {
        "name": name,
        "configuration": asdict(run),
        "seed": seed,
        "data": {"source": loaded.source, "sha256": loaded.sha256},
        "metrics": metrics,
        "curves": history.curves,
        "seconds": {
            "training": history.seconds,
            "this_session": time.perf_counter() - started,
        },
        "provenance": provenance,
    }
    if kind.figure:
        records.write_figure(out / f"{name}-samples.png", kind.figure(history))
    records.write(out / f"{name}.json", record)
    say(f"record in {out / f'{name}.json'}")
    return record
