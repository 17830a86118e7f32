"""VAEs trained by the importance-weighted bound, as Burda et al. (2015) set it up."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lib.data.digits import Digits
from lib.models import vae
from lib.models.vae import VAE, VAEConfig
from lib.training import records
from lib.training.engine import PLAIN, Engine
from lib.training.loop import (
    History,
    Shuffled,
    Training,
    Watch,
    descend,
    progress,
    run_epochs,
    shuffled,
)
from lib.training.optimisers import Adam

from .configurations import IWAERun
from .vae import EVALUATION_SEED

ACTIVE = 0.01  # the variance of a latent's mean over images that makes it active


def rate(epoch: int) -> float:
    """The share of the learning rate in an epoch, counted from 0."""
    if epoch < 0:
        raise ValueError(f"epoch must be at least 0, not {epoch}")
    stage = 0
    while epoch >= (3 ** (stage + 1) - 1) // 2:
        stage += 1
    return 10 ** (-stage / 7)


def binarised(images: Tensor, batch_size: int) -> Shuffled:
    """Batches of rows in a new order, each pixel drawn anew by its grey level."""
    return shuffled(
        images, batch_size, lambda rows, drawn: torch.bernoulli(rows, generator=drawn)
    )


def train_iwae(
    run: IWAERun,
    data: Digits,
    seed: int,
    *,
    engine: Engine = PLAIN,
    watch: Watch = lambda epoch, values: None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> tuple[VAE, History]:
    """Train the run's network; the history's curve is the bound's negative, in nats."""
    generator = engine.prepare(seed)
    config = VAEConfig(
        data.side**2, run.hidden, run.latents, layers=2, activation="tanh"
    )
    model = VAE(config).to(generator.device)
    optimiser = Adam(model.parameters(), lr=run.learning_rate, eps=1e-4, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)

    loss_of = engine.workers.shared(vae.iwae_loss_of)

    def step(batch: Tensor) -> dict[str, Tensor]:
        with engine.autocast():
            scalars = vae.iwae_loss(model, batch, run.samples, generator, loss_of)
        return descend(scalars, model, optimiser)

    def after_epoch(history: History) -> dict[str, float]:
        schedule.step()
        return {}

    history = run_epochs(
        step,
        {"model": model, "optimiser": optimiser, "schedule": schedule},
        binarised(data.train_images.to(generator.device), run.batch_size),
        Training(run.epochs, run.batch_size, run.learning_rate),
        generator,
        engine=engine,
        after_epoch=after_epoch,
        watch=watch,
        checkpoint=checkpoint,
        resume=resume,
        identity={"seed": seed, "data": [data.source, data.sha256]}
        | {name: value for name, value in asdict(run).items() if name[:4] != "nll_"},
    )
    return model, history


def evaluate_iwae(
    model: VAE,
    run: IWAERun,
    data: Digits,
    say: Callable[[str], object] = lambda line: None,
) -> dict[str, Any]:
    """Bounds on held-out images, drawn black and white once, with 95 % intervals.

    ``test_nll`` is the negative log-likelihood by ``nll_samples`` samples, in nats;
    ``active`` counts the latents whose mean moves with the image: its variance over all
    held-out images is above 0.01 (Burda et al.).
    """
    device = next(model.parameters()).device
    generator = torch.Generator(device=device).manual_seed(EVALUATION_SEED)
    images = data.test_images.to(device)
    binary = torch.bernoulli(images, generator=generator)
    shape = (len(images), run.latents)
    noise = torch.randn(shape, generator=generator, device=device)
    elbo = vae.elbo_of_all(model, binary, noise).value
    with torch.no_grad():
        spread = model.encode(binary)[0].cpu().double().var(0)
    chosen = binary[: run.nll_images]
    say(f"log-likelihood of {len(chosen)} images, {run.nll_samples} samples each")
    with progress(len(chosen), "likelihood", "image") as bar:
        log_likelihood = vae.log_likelihood(
            model,
            chosen,
            run.nll_samples,
            generator,
            progress=lambda done: bar.update(),
        )
    drawn = f"binarised: each pixel drawn once, seed {EVALUATION_SEED}"
    return {
        "test_elbo_binarised": records.estimate(elbo) | {"pixels": drawn},
        "test_nll": records.estimate(-log_likelihood)
        | {"pixels": drawn, "samples": run.nll_samples},
        "active": int((spread > ACTIVE).sum()),
    }
