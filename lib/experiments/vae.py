"""VAEs on digits: one frozen configuration, trained and judged."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from lib.data import digits
from lib.data.digits import Digits
from lib.models import vae
from lib.models.vae import VAE, VAEConfig
from lib.training import records
from lib.training.loop import History, Training, Watch, prepare, progress, train

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
class PlaneRun(VAERun):
    """A VAE with two latents, small enough that its record keeps the network itself."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.latents != 2:
            raise ValueError("latents must be 2: they are the two sides of a plane")


def keep_plane(model: VAE, data: Digits) -> dict[str, Any]:
    """What the record of a `PlaneRun` keeps: all weights, and where images are encoded.

    ``codes`` are the means of q(z|x) of the held-out images, to three decimals, so that
    a page that shows them is the same on every machine.
    """
    with torch.no_grad():
        codes, _ = model.cpu().encode(data.test_images)
    return {
        "weights": records.packed_weights(model),
        "codes": [[round(float(z), 3) for z in code] for code in codes],
        "labels": data.test_labels.tolist(),
    }


def kept_plane(record: dict[str, Any]) -> VAE:
    """The network that the record of a `PlaneRun` keeps, to the bit."""
    weights = records.unpacked_weights(record["kept"]["weights"])
    run = record["configuration"]
    pixels = len(weights["decoder.2.bias"])
    model = VAE(VAEConfig(pixels, run["hidden"], run["latents"]))
    model.load_state_dict(weights)
    return model


def train_vae(
    run: VAERun,
    data: Digits,
    seed: int,
    *,
    device: str | None = None,
    watch: Watch = lambda epoch, values: None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> tuple[VAE, History]:
    """Train the run's network on the training images.

    The history's curves are the loss and its two terms over the training images, and
    ``test_loss`` over the held-out ones; its snapshots are 64 samples, flat and
    as bytes, by the number of the epoch.
    """
    generator = prepare(seed, device)
    place = generator.device
    model = VAE(VAEConfig(data.side**2, run.hidden, run.latents)).to(place)
    fixed = torch.Generator().manual_seed(EVALUATION_SEED)
    sample_noise = torch.randn(64, run.latents, generator=fixed).to(place)
    test_images = data.test_images.to(place)
    test_noise = torch.randn(len(test_images), run.latents, generator=fixed).to(place)

    def after_epoch(history: History) -> dict[str, float]:
        if history.epochs in (*run.figure_epochs, run.epochs):
            samples = vae.sample(model, sample_noise)
            history.snapshots[str(history.epochs)] = (samples * 255).byte().cpu()
        bound = vae.elbo_of_all(model, test_images, test_noise)
        return {"test_loss": -float(bound.value.double().mean())}

    history = train(
        model,
        data.train_images.to(place),
        vae.loss,
        Training(run.epochs, run.batch_size, run.learning_rate),
        generator,
        after_epoch=after_epoch,
        watch=watch,
        checkpoint=checkpoint,
        resume=resume,
        identity={"seed": seed, "data": [data.source, data.sha256]}
        | {name: value for name, value in asdict(run).items() if name[:4] != "nll_"},
    )
    return model, history


def evaluate_vae(
    model: VAE,
    run: VAERun,
    data: Digits,
    say: Callable[[str], object] = lambda line: None,
) -> dict[str, Any]:
    """Bounds on the held-out images, each with its 95 % interval, in nats.

    ``test_elbo`` is the ELBO of the grey images, with the cross-entropy in place of a
    likelihood: what training maximised. Only black-and-white images have a likelihood
    under the model: ``test_elbo_binarised`` and ``test_nll`` are of the same images
    with each pixel drawn once, ink with its grey level for a probability.
    """
    device = next(model.parameters()).device
    generator = torch.Generator(device=device).manual_seed(EVALUATION_SEED)
    images = data.test_images.to(device)
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
