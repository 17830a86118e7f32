"""The variational autoencoder: its network, its ELBO, and its IWAE bound.

Rows are images. The noise that a function needs is an argument, so each function
here is deterministic: the same image and the same noise give the same bound.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from .gaussian import kl_to_standard_normal


@dataclass(frozen=True)
class VAEConfig:
    """The sizes of the network; the defaults are the report's."""

    pixels: int = 784
    hidden: int = 512
    latents: int = 20


class VAE(nn.Module):
    """An encoder 784-512-2D and a decoder D-512-784, ReLU on the hidden layers only.

    A ReLU on the outputs would keep means, log-variances and logits from ever being
    negative, so the last layer of each half is linear.
    """

    def __init__(self, config: VAEConfig = VAEConfig()) -> None:
        super().__init__()
        self.config = config
        self.encoder = nn.Sequential(
            nn.Linear(config.pixels, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, 2 * config.latents),
        )
        self.decoder = nn.Sequential(
            nn.Linear(config.latents, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, config.pixels),
        )

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z|x), each ``(batch, D)``, of ``(batch, M)``."""
        mean, log_variance = self.encoder(x).chunk(2, dim=-1)
        return mean, log_variance

    def decode(self, z: Tensor) -> Tensor:
        """The logits of p(x|z), ``(..., M)``, for latents ``(..., D)``."""
        return self.decoder(z)


def reparameterise(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """A sample of q(z|x) from noise of N(0, I), {eq}`eq-reparameterisation`."""
    return mean + torch.exp(0.5 * log_variance) * noise


def log_bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    """log p(x|z) = sum over pixels of x * logit - softplus(logit), in nats.

    ``x`` ``(..., M)`` and ``logits`` ``(..., M)`` give ``(...)``. For grey pixels,
    between 0 and 1, this is the cross-entropy that stands in for a likelihood: no
    density of grey images has these values.
    """
    return (x * logits).sum(-1) - softplus(logits).sum(-1)


class Elbo(NamedTuple):
    """The two terms of the bound, one value an image ``(batch,)``, in nats."""

    reconstruction: Tensor
    regularisation: Tensor

    @property
    def value(self) -> Tensor:
        return self.reconstruction - self.regularisation


def elbo(model: VAE, x: Tensor, noise: Tensor) -> Elbo:
    """The evidence lower bound of each image, with one sample of z ({eq}`eq-elbo`).

    ``x`` is ``(batch, M)``, ``noise`` ``(batch, D)`` standard normal. The
    reconstruction E_q log p(x|z) is estimated by one sample; the regularisation
    KL(q(z|x) || N(0, I)) is exact.
    """
    mean, log_variance = model.encode(x)
    logits = model.decode(reparameterise(mean, log_variance, noise))
    return Elbo(log_bernoulli(x, logits), kl_to_standard_normal(mean, log_variance))


def loss(model: VAE, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
    """What training minimises: the negative ELBO, a mean over the batch, in nats.

    Its two terms stand beside it, so that their curves can be drawn.
    """
    shape = (len(x), model.config.latents)
    noise = torch.randn(shape, generator=generator, dtype=x.dtype, device=x.device)
    bound = elbo(model, x, noise)
    reconstruction = bound.reconstruction.mean()
    regularisation = bound.regularisation.mean()
    return {
        "loss": regularisation - reconstruction,
        "reconstruction": reconstruction,
        "regularisation": regularisation,
    }


@torch.no_grad()
def elbo_of_all(model: VAE, images: Tensor, noise: Tensor, chunk: int = 1000) -> Elbo:
    """`elbo` of many images, without gradients, ``chunk`` images at a time."""
    parts = [
        elbo(model, x, n)
        for x, n in zip(images.split(chunk), noise.split(chunk), strict=True)
    ]
    return Elbo(*(torch.cat(terms) for terms in zip(*parts, strict=True)))


def log_importance_weights(model: VAE, x: Tensor, noise: Tensor) -> Tensor:
    """log w = log p(x|z) + log p(z) - log q(z|x), ``(K, batch)``.

    ``x`` is ``(batch, M)`` and ``noise`` ``(K, batch, D)``. With z = mean + sigma *
    noise the constants of the two Gaussians cancel, and
    log p(z) - log q(z|x) = sum of (log_variance + noise^2 - z^2) / 2.
    """
    mean, log_variance = model.encode(x)
    z = reparameterise(mean, log_variance, noise)
    log_prior_over_posterior = 0.5 * (log_variance + noise**2 - z**2).sum(-1)
    return log_bernoulli(x, model.decode(z)) + log_prior_over_posterior


def iwae(model: VAE, x: Tensor, noise: Tensor) -> Tensor:
    """The importance-weighted bound log(1/K sum of w), ``(batch,)`` ({eq}`eq-iwae`).

    ``x`` is ``(batch, M)``, ``noise`` ``(K, batch, D)``. In expectation it grows with
    K, from the ELBO at K = 1 towards log p(x).
    """
    return log_mean_exp(log_importance_weights(model, x, noise))


def log_mean_exp(values: Tensor) -> Tensor:
    """log of the mean of exp(values) over the first dimension."""
    return values.logsumexp(0) - torch.log(values.new_tensor(len(values)))


@torch.no_grad()
def log_likelihood(
    model: VAE,
    images: Tensor,
    samples: int,
    generator: torch.Generator,
    *,
    chunk: int = 1000,
    progress: Callable[[int], object] = lambda done: None,
) -> Tensor:
    """log p(x) of each image by importance sampling, ``(n,)``, in nats.

    It is `iwae` with K = ``samples``, computed image by image and at most ``chunk``
    samples at a time, so that the memory does not grow with n * K.
    ``progress(done)`` is called after each image.
    """
    # The results have their places from the start: a small new tensor after each image
    # would keep the allocator from using the space of the large ones again.
    values = torch.empty(len(images), dtype=images.dtype, device=images.device)
    log_weights = torch.empty(samples, dtype=images.dtype, device=images.device)
    for i, x in enumerate(images):
        for part in log_weights.split(chunk):
            shape = (len(part), model.config.latents)
            noise = torch.randn(
                shape, generator=generator, dtype=x.dtype, device=x.device
            )
            part.copy_(log_importance_weights(model, x, noise))
        values[i] = log_mean_exp(log_weights)
        progress(i + 1)
    return values


@torch.no_grad()
def reconstruct(model: VAE, x: Tensor) -> Tensor:
    """Each image encoded to the mean of q(z|x) and decoded to probabilities."""
    mean, _ = model.encode(x)
    return torch.sigmoid(model.decode(mean))


@torch.no_grad()
def sample(model: VAE, noise: Tensor) -> Tensor:
    """Images drawn from the prior: the pixels' probabilities at z = ``noise``."""
    return torch.sigmoid(model.decode(noise))


@torch.no_grad()
def traverse(model: VAE, z: Tensor, dimension: int, values: Tensor) -> Tensor:
    """The images at ``z`` ``(D,)`` with one coordinate set to each of ``values``."""
    moved = z.repeat(len(values), 1)
    moved[:, dimension] = values
    return torch.sigmoid(model.decode(moved))


@torch.no_grad()
def interpolate(model: VAE, start: Tensor, end: Tensor, steps: int) -> Tensor:
    """The images on the line from latent ``start`` to ``end``, both ``(D,)``."""
    weight = torch.linspace(0, 1, steps, dtype=start.dtype, device=start.device)[
        :, None
    ]
    return torch.sigmoid(model.decode(torch.lerp(start, end, weight)))
