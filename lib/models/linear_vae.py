"""The linear VAE: its loss, and its optimum in closed form.

The decoder is N(W z + b, s^2 I_M), the encoder N(V x + c, diag(v)) with the same
variances v for every x, and the objective is the reconstruction minus beta times the
divergence from the prior. Its optimum is known: an eigenvalue of the data's covariance
is worth a latent where it stands above the level beta s^2. Everything is in nats, in
the dtype of its tensors, and differentiable.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .domains import require_count, require_finite, require_rows
from .gaussian import LOG_2PI, regularisation

Eigenvalues = Float[Tensor, " pixels"]


class LinearVAE(nn.Module):
    """W, b, V, c, log v and log s^2, in float64; W and V begin at random.

    `noise` is s^2, in the squared unit of the pixels. With ``learn_noise=False`` it
    stays, and with ``centred=True`` b and c stay zero. Raises ValueError for a `noise`
    that is not positive.
    """

    def __init__(
        self,
        pixels: int,
        latents: int,
        *,
        noise: float,
        generator: torch.Generator,
        learn_noise: bool = False,
        centred: bool = False,
    ) -> None:
        super().__init__()
        require_count(pixels=pixels, latents=latents)
        if not 0 < noise < math.inf:
            raise ValueError(f"noise must be positive; got {noise}")

        def start(*sizes: int) -> nn.Parameter:
            values = torch.randn(*sizes, generator=generator, dtype=torch.float64)
            return nn.Parameter(values / pixels**0.5)

        def zeros(size: int, learn: bool = True) -> nn.Parameter:
            values = torch.zeros(size, dtype=torch.float64)
            return nn.Parameter(values, requires_grad=learn)

        self.weight = start(pixels, latents)
        self.slope = start(latents, pixels)
        self.bias = zeros(pixels, not centred)
        self.shift = zeros(latents, not centred)
        self.log_variance = zeros(latents)
        log_noise = torch.tensor(math.log(noise), dtype=torch.float64)
        self.log_noise = nn.Parameter(log_noise, requires_grad=learn_noise)

    def encode(
        self, x: Float[Tensor, "batch pixels"]
    ) -> tuple[Float[Tensor, "batch latents"], Float[Tensor, "batch latents"]]:
        """The means and the log-variances of q(z | x)."""
        mean = x @ self.slope.mT + self.shift
        return mean, self.log_variance.expand_as(mean)

    def squared_error(
        self, x: Float[Tensor, "batch pixels"]
    ) -> Float[Tensor, " batch"]:
        """E |x - W z - b|^2 under q(z | x), in all: {eq}`eq-collapse-error`."""
        mean, log_variance = self.encode(x)
        off = (x - self.bias - mean @ self.weight.mT).square().sum(-1)
        return off + log_variance.exp() @ self.weight.square().sum(0)

    def elbo(
        self, x: Float[Tensor, "batch pixels"], beta: float = 1.0
    ) -> Float[Tensor, " batch"]:
        """The ELBO of each row, its divergence from the prior weighted by `beta`."""
        constant = x.shape[-1] * (LOG_2PI + self.log_noise)
        reward = -(self.squared_error(x) * (-self.log_noise).exp() + constant) / 2
        return reward - beta * regularisation(*self.encode(x))

    def nats(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, " latents"]:
        """What each latent pays, on average over the rows: {eq}`eq-collapse-price`."""
        mean, log_variance = (part.unsqueeze(-1) for part in self.encode(x))
        return regularisation(mean, log_variance).mean(0)


def water_filling(
    eigenvalues: Eigenvalues, level: float
) -> tuple[Eigenvalues, Eigenvalues]:
    """The nats that a latent along each eigenvalue pays, and the variance left over.

    Above the level log(eigenvalue / level) / 2 and the level, {eq}`eq-collapse-nats`;
    below it nothing, and all of the eigenvalue. Raises ValueError where `level` or an
    eigenvalue is not positive.
    """
    require_finite(eigenvalues=eigenvalues)
    if not (0 < level < math.inf and (eigenvalues > 0).all()):
        raise ValueError("the level and the eigenvalues must be positive")
    return (eigenvalues / level).log().clamp(min=0) / 2, eigenvalues.clamp(max=level)


def learnt_noise(eigenvalues: Eigenvalues, latents: int, beta: float = 1.0) -> float:
    """The s^2 at which the ELBO's optimum over all other parameters is highest.

    It solves {eq}`eq-collapse-noise`, M s^2 = sum of min(eigenvalue, beta s^2), where
    the eigenvalues beyond the `latents` largest count whole. Where a range of s^2 is
    best (beta = 1, as many latents as pixels) it is the largest. Raises ValueError
    where the ELBO grows without bound as s^2 falls to zero.
    """
    require_finite(eigenvalues=eigenvalues)
    require_rows(eigenvalues=eigenvalues)
    if latents < 0 or not 0 <= beta < math.inf or not (eigenvalues >= 0).all():
        raise ValueError("the latents, beta and the eigenvalues must not be negative")
    ordered = eigenvalues.sort(descending=True).values
    pixels = len(ordered)
    # With `used` latents the noise is what is left over of the others, shared out;
    # the first number of them that leaves no eigenvalue above the level is the one.
    for used in range(min(latents, pixels) + 1):
        shares = pixels - beta * used
        left = float(ordered[used:].sum())
        if left <= 0 or shares <= 0:
            break
        noise = left / shares
        if used == min(latents, pixels) or ordered[used] <= beta * noise:
            return noise
    raise ValueError("no best noise: the ELBO grows without bound as it falls to zero")
