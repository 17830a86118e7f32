"""VAEs on digits: trained and judged."""

import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch

from lib.data.digits import PIXELS, SMALL_SIDE, Digits
from lib.models import vae
from lib.models.vae import VAE, VAEConfig
from lib.training import records
from lib.training.engine import PLAIN, Engine
from lib.training.loop import History, Training, Watch, progress, train

from .configurations import VAERun
from .samples import SAMPLES, form_of_samples

# The held-out images are binarised, and the bounds on them estimated, with the same
# noise in every run, so that runs differ by their training alone.
EVALUATION_SEED = 2026


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
    """The network that the record of a `PlaneRun` keeps, to the bit.

    Raises RecordError where its weights are not those of such a network.
    """
    run = record["configuration"]
    pixels = SMALL_SIDE**2 if run["digits"] == "bundled-8x8" else PIXELS
    model = VAE(VAEConfig(pixels, run["hidden"], run["latents"]))
    records.load_weights(model, record["kept"]["weights"])
    return model


def train_vae(
    run: VAERun,
    data: Digits,
    seed: int,
    *,
    engine: Engine = PLAIN,
    watch: Watch = lambda epoch, values: None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> tuple[VAE, History]:
    """Train the run's network on the training images.

    The history's curves are the loss and its two terms over the training images, and
    ``test_loss`` over the held-out ones; its snapshots are 64 samples, flat and
    as bytes, by the number of the epoch.
    """
    generator = engine.prepare(seed)
    place = generator.device
    model = VAE(VAEConfig(data.side**2, run.hidden, run.latents)).to(place)
    fixed = torch.Generator().manual_seed(EVALUATION_SEED)
    sample_noise = torch.randn(SAMPLES, run.latents, generator=fixed).to(place)
    test_images = data.test_images.to(place)
    test_noise = torch.randn(len(test_images), run.latents, generator=fixed).to(place)

    def after_epoch(history: History) -> dict[str, float]:
        if history.epochs in (*run.figure_epochs, run.epochs):
            samples = vae.sample(model, sample_noise)
            history.snapshots[str(history.epochs)] = (samples * 255).byte().cpu()
        bound = vae.elbo_of_all(model, test_images, test_noise)
        return {"test_loss": -float(bound.value.cpu().double().mean())}

    loss_of = engine.workers.shared(engine.compiled(vae.loss_of))
    history = train(
        model,
        data.train_images.to(place),
        partial(vae.loss, loss_of=loss_of),
        Training(run.epochs, run.batch_size, run.learning_rate),
        generator,
        engine=engine,
        after_epoch=after_epoch,
        watch=watch,
        checkpoint=checkpoint,
        resume=resume,
        snapshots=form_of_samples((*run.figure_epochs, run.epochs), data.side**2),
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
