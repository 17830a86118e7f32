"""The variational autoencoder: its network, its ELBO, and its IWAE bound.

Rows are images. The noise that a function needs is an argument, so each function
here is deterministic: the same image and the same noise give the same bound.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import softplus

from .config import require_choice, require_range
from .domains import require_count, require_floating, require_rows
from .gaussian import regularisation
from .products import QuickProducts


@dataclass(frozen=True)
class VAEConfig:
    """The sizes of the network; the defaults are the report's.

    Each half has ``layers`` hidden layers of ``hidden`` units.
    """

    pixels: int = 784
    hidden: int = 512
    latents: int = 20
    layers: int = 1
    activation: Literal["relu", "tanh"] = "relu"

    def __post_init__(self) -> None:
        require_range(self, ("pixels", "hidden", "latents"), 1)
        require_range(self, ["layers"], 0)
        require_choice(self, "activation", ("relu", "tanh"))


class VAE(nn.Module):
    """An encoder 784-512-2D, a decoder D-512-784, ReLU on hidden layers only.

    A ReLU on the outputs would keep means, log-variances and logits from ever
    being negative, so the last layer of each half is linear. The configuration
    may ask for other sizes, more hidden layers, or tanh.
    """

    def __init__(self, config: VAEConfig = VAEConfig()) -> None:
        super().__init__()
        self.config = config
        self.encoder = self._half(config.pixels, 2 * config.latents)
        self.decoder = self._half(config.latents, config.pixels)

    def _half(self, inputs: int, outputs: int) -> nn.Sequential:
        activation = {
            "relu": nn.ReLU,
            "tanh": nn.Tanh,
        }[self.config.activation]
        parts: list[nn.Module] = []
        for _ in range(self.config.layers):
            parts += [nn.Linear(inputs, self.config.hidden), activation()]
            inputs = self.config.hidden
        return nn.Sequential(*parts, nn.Linear(inputs, outputs))

    def encode(
        self, x: Float[Tensor, "*batch pixels"]
    ) -> tuple[
        Float[Tensor, "*batch latents"],
        Float[Tensor, "*batch latents"],
    ]:
        """Mean and log-variance of q(z|x)."""
        mean, log_variance = self.encoder(x).chunk(2, dim=-1)
        return mean, log_variance

    def decode(
        self, z: Float[Tensor, "*batch latents"]
    ) -> Float[Tensor, "*batch pixels"]:
        """The logits of p(x|z)."""
        return self.decoder(z)

    def require(self, images: Float[Tensor, "*batch pixels"]) -> None:
        """Raises ValueError for all but rows of pixels from 0 to 1.

        `training.train` asks once, before it starts, as what judges many
        images does. A single step does not: a look would make a GPU wait.
        """
        require_floating(images=images)
        require_rows(images=images)
        if images.shape[-1:] != (self.config.pixels,):
            raise ValueError(
                f"images must be rows of {self.config.pixels} pixels; "
                f"got {tuple(images.shape)}"
            )
        inside = (images >= 0) & (images <= 1)  # nor is what is no number
        if not bool(inside.all()):
            wrong = "images must have pixels in [0, 1], and some lie outside"
            raise ValueError(wrong)


def reparameterise(
    mean: Float[Tensor, "*#batch latents"],
    log_variance: Float[Tensor, "*#batch latents"],
    noise: Float[Tensor, "*#batch latents"],
) -> Float[Tensor, "*batch latents"]:
    """A sample of q(z|x) by noise of N(0, I): {eq}`eq-reparameterisation`."""
    return mean + torch.exp(0.5 * log_variance) * noise


def log_bernoulli(
    x: Float[Tensor, "*#batch pixels"], logits: Float[Tensor, "*#batch pixels"]
) -> Float[Tensor, "*batch"]:
    """log p(x|z) = sum over pixels of x * logit - softplus(logit), in nats.

    For grey pixels, between 0 and 1, this is the cross-entropy that stands in
    for a likelihood: no density of grey images has these values.
    """
    return (x * logits).sum(-1) - softplus(logits).sum(-1)


class Elbo(NamedTuple):
    """The two terms of the bound, one value an image, in nats."""

    reconstruction: Float[Tensor, " batch"]
    regularisation: Float[Tensor, " batch"]

    @property
    def value(self) -> Float[Tensor, " batch"]:
        return self.reconstruction - self.regularisation


def elbo(
    model: VAE,
    x: Float[Tensor, "batch pixels"],
    noise: Float[Tensor, "batch latents"],
) -> Elbo:
    """The evidence lower bound of each image, by one z: {eq}`eq-elbo`.

    The noise is standard normal. The reconstruction E_q log p(x|z) is
    estimated by one sample; the regularisation KL(q(z|x) || N(0, I)) is exact.
    """
    mean, log_variance = model.encode(x)
    logits = model.decode(reparameterise(mean, log_variance, noise))
    divergence = regularisation(mean, log_variance)
    return Elbo(log_bernoulli(x, logits), divergence)


def loss_of(
    model: VAE,
    x: Float[Tensor, "batch pixels"],
    noise: Float[Tensor, "batch latents"],
) -> dict[str, Float[Tensor, ""]]:
    """What training minimises: the negative ELBO, a mean over the batch, in nats.

    Its two terms stand beside it, so that their curves can be drawn.
    """
    bound = elbo(model, x, noise)
    reconstruction = bound.reconstruction.mean()
    regularisation = bound.regularisation.mean()
    return {
        "loss": regularisation - reconstruction,
        "reconstruction": reconstruction,
        "regularisation": regularisation,
    }


def loss(
    model: VAE,
    x: Float[Tensor, "batch pixels"],
    generator: torch.Generator,
    loss_of: Callable[..., dict[str, Tensor]] = loss_of,
) -> dict[str, Float[Tensor, ""]]:
    """`loss_of` by new noise; a compiled or shared one may be given in its place."""
    shape = (len(x), model.config.latents)
    noise = torch.randn(shape, generator=generator, dtype=x.dtype, device=x.device)
    return loss_of(model, x, noise)


@torch.no_grad()
def elbo_of_all(
    model: VAE,
    images: Float[Tensor, "batch pixels"],
    noise: Float[Tensor, "batch latents"],
    chunk: int = 1000,
) -> Elbo:
    """`elbo` of many images, without gradients, ``chunk`` images at a time.

    Raises ValueError for what are no images (`VAE.require`).
    """
    model.require(images)
    require_count(chunk=chunk)
    parts = [
        elbo(model, x, n)
        for x, n in zip(images.split(chunk), noise.split(chunk), strict=True)
    ]
    return Elbo(*(torch.cat(terms) for terms in zip(*parts, strict=True)))


def log_importance_weights(
    model: VAE,
    x: Float[Tensor, "*batch pixels"],
    noise: Float[Tensor, "samples *batch latents"],
) -> Float[Tensor, "samples *batch"]:
    """log w = log p(x|z) + log p(z) - log q(z|x), with the encoder's q."""
    mean, log_variance = model.encode(x)
    return log_weights_of(log_likelihood_of(model, x), mean, log_variance, noise)


def iwae(
    model: VAE,
    x: Float[Tensor, "*batch pixels"],
    noise: Float[Tensor, "samples *batch latents"],
) -> Float[Tensor, "*batch"]:
    """The importance-weighted bound log(1/K sum of w) ({eq}`eq-iwae`).

    In expectation it grows with the K samples, from the ELBO at K = 1 towards log p(x).
    """
    return log_mean_exp(log_importance_weights(model, x, noise))


def iwae_loss_of(
    model: VAE,
    x: Float[Tensor, "batch pixels"],
    noise: Float[Tensor, "batch samples latents"],
) -> dict[str, Float[Tensor, ""]]:
    """What training by the importance-weighted bound minimises, a mean, in nats."""
    return {"loss": -iwae(model, x, noise.transpose(0, 1)).mean()}


def iwae_loss(
    model: VAE,
    x: Float[Tensor, "batch pixels"],
    samples: int,
    generator: torch.Generator,
    loss_of: Callable[..., dict[str, Tensor]] = iwae_loss_of,
) -> dict[str, Float[Tensor, ""]]:
    """`iwae_loss_of` by new noise; a shared one may be given in its place."""
    require_count(samples=samples)
    shape = (samples, len(x), model.config.latents)
    noise = torch.randn(shape, generator=generator, dtype=x.dtype, device=x.device)
    return loss_of(model, x, noise.transpose(0, 1))


def log_mean_exp(values: Float[Tensor, "samples *batch"]) -> Float[Tensor, "*batch"]:
    """log of the mean of exp(values) over the first dimension."""
    require_rows(values=values)
    return values.logsumexp(0) - math.log(len(values))


# Samples at a time: few stay in a processor's cache, many keep a GPU busy.
CPU_ROWS, GPU_ROWS = 512, 2**17


def on_cpu(images: Tensor) -> bool:
    """Whether they lie where a processor computes."""
    return images.device.type == "cpu"


@torch.no_grad()
def log_likelihood(
    model: VAE,
    images: Float[Tensor, "batch pixels"],
    samples: int,
    generator: torch.Generator,
    *,
    chunk: int | None = None,
    progress: Callable[[int], object] = lambda done: None,
) -> Float[Tensor, " batch"]:
    """log p(x) of each image by importance sampling, in nats.

    It is `iwae` with K = ``samples``, computed image by image, or several at once on a
    GPU, and at most ``chunk`` samples at a time, so that the memory does not grow with
    batch * K. ``progress(done)`` is called after each image. Raises ValueError for what
    are no images (`VAE.require`).
    """
    model.require(images)
    require_count(samples=samples)
    if chunk is not None:
        require_count(chunk=chunk)
    together = 1 if on_cpu(images) else max(1, GPU_ROWS // samples)
    chunk = chunk or (CPU_ROWS if on_cpu(images) else GPU_ROWS // together)
    # The results have their places from the start: a small new tensor after each image
    # would keep the allocator from using the space of the large ones again.
    values = images.new_empty(len(images))
    log_weights = images.new_empty(samples, together)
    with QuickProducts():
        mean, log_variance = model.encode(images)
        for start in range(0, len(images), together):
            some = slice(start, start + together)
            x = images[some]
            likelihood = log_likelihood_of(model, x)
            for part in log_weights[:, : len(x)].split(chunk):
                noise = images.new_empty(*part.shape, model.config.latents)
                noise.normal_(generator=generator)
                part.copy_(
                    log_weights_of(likelihood, mean[some], log_variance[some], noise)
                )
            values[some] = log_mean_exp(log_weights[:, : len(x)])
            for done in range(start, start + len(x)):
                progress(done + 1)
    return values


# What follows knows a model by log p(x|z) alone, a function of z with a value for each
# of its rows, and q by a mean and a log-variance for each image, the encoder's or not.
# So the linear model, whose best q is known, can be put in the network's place.
LogLikelihood = Callable[[Tensor], Tensor]


def elbo_of(
    log_likelihood: LogLikelihood,
    mean: Float[Tensor, "batch latents"],
    log_variance: Float[Tensor, "batch latents"],
    noise: Float[Tensor, "samples batch latents"],
) -> Elbo:
    """The ELBO of any diagonal Gaussian q for each image, by several z: {eq}`eq-elbo`.

    The reconstruction is a mean over the samples; the regularisation is exact.
    """
    z = reparameterise(mean, log_variance, noise)
    divergence = regularisation(mean, log_variance)
    return Elbo(log_likelihood(z).mean(0), divergence)


def log_weights_of(
    log_likelihood: LogLikelihood,
    mean: Float[Tensor, "*batch latents"],
    log_variance: Float[Tensor, "*batch latents"],
    noise: Float[Tensor, "samples *batch latents"],
) -> Float[Tensor, "samples *batch"]:
    """log w = log p(x|z) + log p(z) - log q(z) of any diagonal Gaussian q.

    With z = mean + sigma * noise the constants of the two Gaussians cancel, and
    log p(z) - log q(z) = sum of (log_variance + noise^2 - z^2) / 2.
    """
    z = reparameterise(mean, log_variance, noise)
    log_prior_over_q = 0.5 * (log_variance + noise**2 - z**2).sum(-1)
    return log_likelihood(z) + log_prior_over_q


class Evidence(NamedTuple):
    """An estimate of log p(x) of each image, in nats, and its standard error."""

    value: Float[Tensor, "*batch"]
    standard_error: Float[Tensor, "*batch"]


def log_evidence(log_weights: Float[Tensor, "samples *batch"]) -> Evidence:
    """log p(x) by importance sampling, with a standard error, from the log weights.

    The value is `log_mean_exp`. The mean of the weights is unbiased, so its logarithm
    is too low on average, by half the squared standard error to the leading order. The
    error itself is that of the mean, divided by the mean: it holds where the weights
    have a variance and some of them more than a share of the sum. Raises ValueError for
    fewer than two samples, which have no standard error.
    """
    if len(log_weights) < 2:
        raise ValueError(f"log_weights must have two samples, not {len(log_weights)}")
    value = log_mean_exp(log_weights)
    relative = (log_weights - value).exp()
    return Evidence(value, relative.std(0) / len(log_weights) ** 0.5)


def refit(
    log_likelihood: LogLikelihood,
    mean: Float[Tensor, "batch latents"],
    log_variance: Float[Tensor, "batch latents"],
    generator: torch.Generator,
    *,
    steps: int = 300,
    samples: int = 4,
    learning_rate: float = 0.05,
) -> tuple[Float[Tensor, "batch latents"], Float[Tensor, "batch latents"]]:
    """The mean and log-variance that maximise each image's own ELBO, by Adam.

    It starts from those given, which stay as they are, and draws ``samples`` new z for
    each step; the rate falls linearly to nothing, so that the noise does, too. It
    finds a local maximum: the ELBO may miss the best one, and does not exceed it.
    """
    require_count(steps=steps, samples=samples)
    if not 0 < learning_rate < math.inf:
        raise ValueError(f"learning_rate must be positive, not {learning_rate}")
    mean, log_variance = (
        start.detach().clone().requires_grad_() for start in (mean, log_variance)
    )
    optimiser = torch.optim.Adam([mean, log_variance], lr=learning_rate)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = learning_rate * (1 - step / steps)
        noise = torch.randn(
            (samples, *mean.shape),
            generator=generator,
            dtype=mean.dtype,
            device=mean.device,
        )
        # The images' q share no parameter, so the sum's gradient is each one's own.
        bound = elbo_of(log_likelihood, mean, log_variance, noise).value.sum()
        gradients = torch.autograd.grad(-bound, [mean, log_variance])
        mean.grad, log_variance.grad = gradients
        optimiser.step()
    return mean.detach(), log_variance.detach()


def log_likelihood_of(model: VAE, x: Float[Tensor, "*batch pixels"]) -> LogLikelihood:
    """log p(x|z) of the images as a function of z, for the functions above."""
    return lambda z: log_bernoulli(x, model.decode(z))


@torch.no_grad()
def reconstruct(
    model: VAE, x: Float[Tensor, "*batch pixels"]
) -> Float[Tensor, "*batch pixels"]:
    """Each image encoded to the mean of q(z|x) and decoded to probabilities.

    Raises ValueError for what are no images (`VAE.require`).
    """
    model.require(x)
    mean, _ = model.encode(x)
    return torch.sigmoid(model.decode(mean))


@torch.no_grad()
def sample(
    model: VAE, noise: Float[Tensor, "*batch latents"]
) -> Float[Tensor, "*batch pixels"]:
    """Images drawn from the prior: the pixels' probabilities at z = ``noise``."""
    return torch.sigmoid(model.decode(noise))


@torch.no_grad()
def traverse(
    model: VAE,
    z: Float[Tensor, " latents"],
    dimension: int,
    values: Float[Tensor, " steps"],
) -> Float[Tensor, "steps pixels"]:
    """The images at ``z`` with one coordinate set to each of ``values``."""
    if not 0 <= dimension < model.config.latents:
        raise ValueError(
            f"dimension must lie in [0, {model.config.latents}), not {dimension}"
        )
    moved = z.repeat(len(values), 1)
    moved[:, dimension] = values
    return torch.sigmoid(model.decode(moved))


@torch.no_grad()
def interpolate(
    model: VAE,
    start: Float[Tensor, " latents"],
    end: Float[Tensor, " latents"],
    steps: int,
) -> Float[Tensor, "{steps} pixels"]:
    """The images on the line from latent ``start`` to ``end``."""
    require_count(steps=steps)
    weight = torch.linspace(0, 1, steps, dtype=start.dtype, device=start.device)[
        :, None
    ]
    return torch.sigmoid(model.decode(torch.lerp(start, end, weight)))
