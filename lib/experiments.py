"""The book's experiments: a table of frozen configurations, and how one is run.

A chapter trains a small one live; ``python -m lib run`` runs the full-scale ones and
keeps their records. Both call the same functions, those of ``vae_runs``,
``gan_runs``, ``translation_runs`` and ``norms_runs``.
"""

import math
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from torch.nn.functional import pad

from lib import digits, records, translation_runs
from lib.digits import Digits
from lib.gan_runs import GANRun, evaluate_gan, train_gan
from lib.norms_runs import NormsRun, judge_norms, train_norms
from lib.training import History, prepare
from lib.translation_runs import (
    PHRASE_LANGUAGES,
    TranslationRun,
    evaluate_translator,
    train_translator,
)
from lib.vae_runs import VAERun, evaluate_vae, train_vae

Run = VAERun | GANRun | TranslationRun | NormsRun


@dataclass(frozen=True)
class Experiment:
    """A named run and what it is for, in one line."""

    about: str
    run: Run


EXPERIMENTS = {
    "vae-mnist": Experiment(
        "the report's own run: 784-512-20 on MNIST, Adam 1e-4, 80 epochs", VAERun()
    ),
    "vae-mnist-peer": Experiment(
        "the configuration of PyTorch's own example: 784-400-20, Adam 1e-3, 10 epochs",
        VAERun(hidden=400, learning_rate=1e-3, epochs=10, figure_epochs=(1, 2, 5, 10)),
    ),
    "vae-digits": Experiment(
        "the live run of the book: the report's network on the bundled digits",
        VAERun(digits="bundled", learning_rate=2e-3),
    ),
    "gan-mnist": Experiment(
        "a GAN on MNIST, its backward pass by hand, with the non-saturating loss",
        GANRun(),
    ),
    "gan-mnist-saturating": Experiment(
        "the same GAN with the saturating loss", GANRun(loss="saturating")
    ),
    "gan-digits": Experiment(
        "the live run of the book: a small GAN on the bundled digits at 8x8",
        GANRun(
            digits="bundled-8x8",
            noise=64,
            generator_widths=(128, 128),
            discriminator_widths=(128, 128),
            learning_rate=1e-3,
            epochs=500,
            figure_epochs=(1, 20, 100, 500),
            samples=500,
        ),
    ),
}

# Chosen on seeds 0 to 3 and the held-out phrases, to be right within 45 seconds.
PHRASES = TranslationRun(
    corpus="phrases",
    languages=PHRASE_LANGUAGES,
    untrained=(),
    width=64,
    heads=8,
    encoder_layers=1,
    decoder_layers=1,
    qk_norm=True,
    dropout=0.0,
    smoothing=0.0,
    learning_rate=1.5e-2,
    warmup=100,
    batch_tokens=1000,
    epochs=24,
    beam=1,
)

PHRASE_NORMS = NormsRun(
    corpus="phrases",
    variants=("post", "res_post", "pre+final"),
    steps=80,
    profile_steps=(0, 79),
    width=64,
    hidden=128,
    batch_tokens=1000,
)
# In no graph, so that all of them can be compared on the same ones.
UNTRAINED = ("de-cs", "fr-ja", "ru-de", "el-it", "ja-ru")
EXPERIMENTS |= {
    "translate-multi30k": Experiment(
        "one translator between English, German, French and Czech", TranslationRun()
    ),
    "translate-multi30k-en-de": Experiment(
        "English to German alone, for the published figures",
        TranslationRun(
            languages=("en", "de"), untrained=("de-en",), tagged="source", dropout=0.2
        ),
    ),
    "translate-phrases": Experiment(
        "the live run of the book: phrases in eight languages", PHRASES
    ),
    "norms-multi30k": Experiment(
        "the report's second figure: gradients of the last block, one and five deep",
        NormsRun(),
    ),
    "norms-phrases": Experiment(
        "the live run of the book: the same on phrases, shorter and narrower",
        PHRASE_NORMS,
    ),
    "norms-phrases-deep": Experiment(
        "all layers of networks one to twenty deep, with and without warm-up",
        replace(
            PHRASE_NORMS,
            variants=(
                "post",
                "post+final",
                "res_post",
                "res_post+final",
                "res_post+final+qk",
                "pre+final",
                "sandwich+final",
                "none+final",
            ),
            depths=(1, 5, 10, 20),
            warmups=(0, 50),
            steps=60,
            profile_steps=(0, 20, 59),
            double=True,
        ),
    ),
    "norms-phrases-long": Experiment(
        "twenty blocks deep and five times as long: whether post-norm recovers",
        replace(
            PHRASE_NORMS,
            variants=("post", "pre+final"),
            depths=(20,),
            warmups=(0, 100),
            steps=300,
            profile_steps=(0, 100, 299),
        ),
    ),
} | {
    f"translate-phrases-{graph}-{tagged}": Experiment(
        f"phrases: the graph {graph}, the tag on the {tagged}",
        replace(PHRASES, graph=graph, tagged=tagged, untrained=UNTRAINED),
    )
    for graph in ("all", "english", "ring")
    for tagged in ("source", "target")
}


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
    TranslationRun: Kind(translation_runs.load, train_translator, evaluate_translator),
    NormsRun: Kind(translation_runs.load, train_norms, judge_norms),
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
