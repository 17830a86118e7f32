"""The book's experiments: each a frozen configuration, run by the functions below.

A chapter trains the small one live; ``python -m lib run`` runs the full-scale ones
and keeps their records. Both call the same functions.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from lib import digits, records, vae
from lib.digits import Digits
from lib.training import History, Training, prepare, progress, train
from lib.vae import VAE, VAEConfig

# The held-out images are binarised, and the bounds on them estimated, with the same
# noise in every run, so that runs differ by their training alone.
EVALUATION_SEED = 2026


@dataclass(frozen=True)
class VAERun:
    """A VAE on digits; the defaults are the report's own run.

    ``nll_samples`` is the K of the negative log-likelihood, ``nll_images`` how many
    held-out images it is taken over; ``figure_epochs`` are the epochs after which 64
    samples are drawn from the same noise.
    """

    digits: str = "mnist"
    hidden: int = 512
    latents: int = 20
    learning_rate: float = 1e-4
    batch_size: int = 128
    epochs: int = 80
    nll_samples: int = 5000
    nll_images: int = 10000
    figure_epochs: tuple[int, ...] = (1, 5, 20, 80)

    def __post_init__(self) -> None:
        if self.digits not in digits.NAMES:
            raise ValueError(f"digits must be one of {', '.join(digits.NAMES)}")
        for name in ("hidden", "latents", "batch_size", "epochs", "nll_samples"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.nll_images < 2:
            raise ValueError("nll_images must be at least 2, for an interval")
        if not 0 < self.learning_rate < 1:
            raise ValueError("learning_rate must lie between 0 and 1")
        if any(epoch < 1 for epoch in self.figure_epochs):
            raise ValueError("figure_epochs must be at least 1")


@dataclass(frozen=True)
class Experiment:
    """A named run and what it is for, in one line."""

    about: str
    run: VAERun


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
}


def train_vae(
    run: VAERun,
    data: Digits,
    seed: int,
    *,
    device: str | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> tuple[VAE, History]:
    """Train the run's network on the training images.

    The history's curves are the loss and its two terms over the training images, and
    ``test_loss`` over the held-out ones; its snapshots are 64 samples ``(64, 784)``,
    as bytes, by the number of the epoch.
    """
    generator = prepare(seed, device)
    device = generator.device
    model = VAE(VAEConfig(digits.PIXELS, run.hidden, run.latents)).to(device)
    fixed = torch.Generator().manual_seed(EVALUATION_SEED)
    sample_noise = torch.randn(64, run.latents, generator=fixed).to(device)
    test_images = data.test_images.to(device)
    test_noise = torch.randn(len(test_images), run.latents, generator=fixed).to(device)

    def after_epoch(history: History) -> dict[str, float]:
        if history.epochs in (*run.figure_epochs, run.epochs):
            samples = vae.sample(model, sample_noise)
            history.snapshots[str(history.epochs)] = (samples * 255).byte().cpu()
        bound = vae.elbo_of_all(model, test_images, test_noise)
        return {"test_loss": -float(bound.value.double().mean())}

    history = train(
        model,
        data.train_images.to(device),
        vae.loss,
        Training(run.epochs, run.batch_size, run.learning_rate),
        generator,
        after_epoch=after_epoch,
        checkpoint=checkpoint,
        resume=resume,
        identity={"seed": seed, "data": [data.source, data.sha256]}
        | {name: value for name, value in asdict(run).items() if name[:4] != "nll_"},
    )
    return model, history


def evaluate_vae(
    model: VAE,
    run: VAERun,
    images: Tensor,
    say: Callable[[str], object] = lambda line: None,
) -> dict[str, Any]:
    """Bounds on held-out images ``(n, 784)``, each with its 95 % interval, in nats.

    ``test_elbo`` is the ELBO of the grey images, with the cross-entropy in place of a
    likelihood: what training maximised. Only black-and-white images have a likelihood
    under the model: ``test_elbo_binarised`` and ``test_nll`` are of the same images
    with each pixel drawn once, white with its grey level for a probability.
    """
    device = next(model.parameters()).device
    generator = torch.Generator(device=device).manual_seed(EVALUATION_SEED)
    images = images.to(device)
    binary = torch.bernoulli(images, generator=generator)
    shape = (len(images), run.latents)
    noise = torch.randn(shape, generator=generator, device=device)
    grey_elbo = vae.elbo_of_all(model, images, noise).value
    binary_elbo = vae.elbo_of_all(model, binary, noise).value

    chosen = binary[: run.nll_images]
    started = time.perf_counter()
    with progress(len(chosen), "likelihood", "image") as bar:

        def report(done: int) -> None:
            bar.update()
            if done == 20:
                seconds = (time.perf_counter() - started) / done * len(chosen)
                say(
                    f"log-likelihood of {len(chosen)} images with {run.nll_samples} "
                    f"samples each: about {seconds / 60:.1f} minutes"
                )

        log_likelihood = vae.log_likelihood(
            model, chosen, run.nll_samples, generator, progress=report
        )
    drawn = f"binarised: each pixel drawn once, seed {EVALUATION_SEED}"
    return {
        "test_elbo": records.estimate(grey_elbo)
        | {"pixels": "grey, cross-entropy in place of a likelihood"},
        "test_elbo_binarised": records.estimate(binary_elbo) | {"pixels": drawn},
        "test_nll": records.estimate(-log_likelihood)
        | {"pixels": drawn, "samples": run.nll_samples},
    }


def samples_figure(history: History) -> Figure:
    """64 samples after each of several epochs, drawn from the same noise."""
    panels = sorted((int(epoch), s) for epoch, s in history.snapshots.items())
    figure = Figure(figsize=(2.24 * len(panels), 2.5), layout="constrained")
    for axes, (epoch, images) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True
    ):
        side = digits.SIDE
        tiles = images.view(8, 8, side, side).permute(0, 2, 1, 3)
        grid = tiles.reshape(8 * side, 8 * side).numpy()
        axes.imshow(grid, cmap="gray", vmin=0, vmax=255)
        axes.set_title(f"{epoch} epoch" + ("s" if epoch > 1 else ""))
        axes.set_axis_off()
    return figure


def run_experiment(
    name: str,
    run: VAERun,
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

    Beside the record lie the samples' picture, ``NAME-samples.png``, and the last
    checkpoint, ``NAME.checkpoint.pt``. Raises DataError, TrainingError, RecordError.
    """

    def say(line: str) -> None:
        print(f"{name}: {line}", file=sys.stderr, flush=True)

    generator = prepare(seed, device)  # shows early if the device is not there
    images = digits.load(
        run.digits, data, download=download, accept_unknown=accept_unknown
    )
    records.make_folder(out)
    say(f"{images.source}; {run.epochs} epochs, seed {seed}")
    provenance = records.provenance(generator.device)
    started = time.perf_counter()
    model, history = train_vae(
        run,
        images,
        seed,
        device=device,
        checkpoint=out / f"{name}.checkpoint.pt",
        resume=resume,
    )
    say(f"trained in {history.seconds:.0f} s, loss {history.curves['loss'][-1]:.2f}")
    metrics = evaluate_vae(model, run, images.test_images, say)
    record = {
        "name": name,
        "configuration": asdict(run),
        "seed": seed,
        "data": {"source": images.source, "sha256": images.sha256},
        "metrics": metrics,
        "curves": history.curves,
        "seconds": {
            "training": history.seconds,
            "this_session": time.perf_counter() - started,
        },
        "provenance": provenance,
    }
    records.write_figure(out / f"{name}-samples.png", samples_figure(history))
    records.write(out / f"{name}.json", record)
    say(f"record in {out / f'{name}.json'}")
    return record
