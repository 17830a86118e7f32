"""Closed forms on Gaussians: densities, divergences, entropy, and a whole model.

`PPCA`, the linear-Gaussian model, is the book's oracle: a latent-variable model
whose evidence, posterior and ELBO are exact, so that every bound and every
estimator can be held against the truth.

A Gaussian is parametrised in one of three ways, each where it reads best:

- univariate: `mean` and `std`, numbers or tensors that broadcast together;
- diagonal: `mean` and `log_variance`, as an encoder returns them;
- full: `mean` and `covariance`, symmetric positive-definite.

Univariate functions work element by element; the others sum over the last axis, and
their leading axes broadcast together. Everything is in nats, differentiable, and keeps
the dtype and the device of its tensors; a call given numbers only computes in float64.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

LOG_2PI = math.log(2 * math.pi)

Vectors = Float[Tensor, "*#batch dims"]
Matrices = Float[Tensor, "*#batch dims dims"]
Values = Float[Tensor, "*batch"]


def density(x: float | Tensor, mean: float | Tensor, std: float | Tensor) -> Tensor:
    """The density N(x | mean, std^2), element by element: {eq}`eq-gaussian-density`.

    Raises ValueError where `std` is not positive.
    """
    return log_density(x, mean, std).exp()


def log_density(x: float | Tensor, mean: float | Tensor, std: float | Tensor) -> Tensor:
    """log N(x | mean, std^2), element by element: {eq}`eq-gaussian-log-density`.

    Raises ValueError where `std` is not positive.
    """
    x, mean, std = _tensors(x, mean, std)
    _check_positive("std", std)
    return -std.log() - LOG_2PI / 2 - ((x - mean) / std).square() / 2


def log_density_diagonal(x: Vectors, mean: Vectors, log_variance: Vectors) -> Values:
    """log N(x | mean, diag(exp(log_variance))).

    The sum of {eq}`eq-gaussian-log-density` over the dimensions.
    """
    _check_last_axis(x=x, mean=mean, log_variance=log_variance)
    squares = (x - mean).square() * (-log_variance).exp()
    return -(squares + log_variance + LOG_2PI).sum(-1) / 2


def log_density_mixture(
    x: Float[Tensor, "rows dims"],
    mean: Float[Tensor, "parts dims"],
    log_variance: Float[Tensor, "parts dims"],
) -> Float[Tensor, " rows"]:
    """log of the mean over the parts of N(x | mean, diag(exp(log_variance))).

    The parts have equal shares. The squares are multiplied out, so that a thousand rows
    and parts take one product of matrices; in float64 that costs no digit that matters
    while x and the means are at most thousands of standard deviations large.
    """
    _check_last_axis(x=x, mean=mean, log_variance=log_variance)
    precision = (-log_variance).exp()
    constant = (mean.square() * precision + log_variance + LOG_2PI).sum(-1)
    squares = x.square() @ precision.mT - 2 * x @ (mean * precision).mT + constant
    return (-squares / 2).logsumexp(-1) - math.log(len(mean))


def log_density_full(x: Vectors, mean: Vectors, covariance: Matrices) -> Values:
    """log N(x | mean, covariance): {eq}`eq-gaussian-log-density-vector`.

    Raises ValueError where `covariance` is not symmetric positive-definite.
    """
    _check_last_axis(x=x, mean=mean, covariance=covariance)
    root = _cholesky("covariance", covariance)
    squares = _solve_lower(root, x - mean).square().sum(-1)
    return -(squares + _log_det(root) + x.shape[-1] * LOG_2PI) / 2


def kl_univariate(
    mean_p: float | Tensor,
    std_p: float | Tensor,
    mean_q: float | Tensor,
    std_q: float | Tensor,
) -> Tensor:
    """KL(p || q) of p = N(mean_p, std_p^2) from q: {eq}`eq-kl-univariate`.

    Raises ValueError where `std_p` or `std_q` is not positive.
    """
    mean_p, std_p, mean_q, std_q = _tensors(mean_p, std_p, mean_q, std_q)
    _check_positive("std_p", std_p)
    _check_positive("std_q", std_q)
    squares = std_p.square() + (mean_q - mean_p).square()
    return (std_q / std_p).log() + squares / (2 * std_q.square()) - 0.5


def kl_diagonal(
    mean_p: Vectors, log_variance_p: Vectors, mean_q: Vectors, log_variance_q: Vectors
) -> Values:
    """KL(p || q) of two diagonal Gaussians: {eq}`eq-kl-diagonal`."""
    _check_last_axis(
        mean_p=mean_p,
        log_variance_p=log_variance_p,
        mean_q=mean_q,
        log_variance_q=log_variance_q,
    )
    log_ratio = log_variance_p - log_variance_q
    squares = (mean_q - mean_p).square() * (-log_variance_q).exp()
    # expm1(t) - t is exp(t) - 1 - t without the cancellation near t = 0.
    return (log_ratio.expm1() - log_ratio + squares).sum(-1) / 2


def kl_full(
    mean_p: Vectors, covariance_p: Matrices, mean_q: Vectors, covariance_q: Matrices
) -> Values:
    """KL(p || q) of two Gaussians with full covariance: {eq}`eq-kl-full`.

    Raises ValueError where a covariance is not symmetric positive-definite.
    """
    _check_last_axis(
        mean_p=mean_p,
        covariance_p=covariance_p,
        mean_q=mean_q,
        covariance_q=covariance_q,
    )
    root_p = _cholesky("covariance_p", covariance_p)
    root_q = _cholesky("covariance_q", covariance_q)
    trace = torch.linalg.solve_triangular(root_q, root_p, upper=False).square()
    squares = _solve_lower(root_q, mean_q - mean_p).square()
    return (
        trace.sum((-2, -1))
        + squares.sum(-1)
        - mean_p.shape[-1]
        + _log_det(root_q)
        - _log_det(root_p)
    ) / 2


def kl_to_standard_normal(mean: Vectors, log_variance: Vectors) -> Values:
    """KL(N(mean, diag(exp(log_variance))) || N(0, I_D)): {eq}`eq-kl-standard`.

    The ELBO's regularisation term.
    """
    _check_last_axis(mean=mean, log_variance=log_variance)
    return (mean.square() + log_variance.expm1() - log_variance).sum(-1) / 2


def chi_squared_full(
    mean_p: Vectors, covariance_p: Matrices, mean_q: Vectors, covariance_q: Matrices
) -> Values:
    """The chi-squared divergence, the integral of p^2 / q, minus one.

    The squared coefficient of variation of the importance weights p / q under q:
    with p the posterior, that of p(x, z) / q(z), by which importance sampling and
    the IWAE bound stand or fall. With V = 2 covariance_q - covariance_p it is

        |covariance_q| / sqrt(|covariance_p| |V|) exp(d' V^-1 d) - 1

    for d = mean_q - mean_p, and infinite where V is not positive-definite. Raises
    ValueError where a covariance is not symmetric positive-definite.
    """
    _check_last_axis(
        mean_p=mean_p,
        covariance_p=covariance_p,
        mean_q=mean_q,
        covariance_q=covariance_q,
    )
    log_det_p = _log_det(_cholesky("covariance_p", covariance_p))
    log_det_q = _log_det(_cholesky("covariance_q", covariance_q))
    root, failed = torch.linalg.cholesky_ex(2 * covariance_q - covariance_p)
    squares = _solve_lower(root, mean_q - mean_p).square().sum(-1)
    result = (log_det_q - (log_det_p + _log_det(root)) / 2 + squares).expm1()
    return torch.where(failed == 0, result, torch.inf)


def squared_wasserstein_full(
    mean_p: Vectors, covariance_p: Matrices, mean_q: Vectors, covariance_q: Matrices
) -> Values:
    """The squared 2-Wasserstein distance of two Gaussians.

    The least expected squared Euclidean distance between a sample of p and one of q,
    over all couplings. With P and Q for the covariances it is

        |mean_p - mean_q|^2 + tr P + tr Q - 2 tr (P^1/2 Q P^1/2)^1/2,

    in the squared unit of the samples; covariances may be singular. Raises ValueError
    where one is not symmetric positive-semidefinite.

    Source: Dowson and Landau, "The Fréchet distance between multivariate normal
    distributions", Journal of Multivariate Analysis 12 (1982).
    """
    _check_last_axis(
        mean_p=mean_p,
        covariance_p=covariance_p,
        mean_q=mean_q,
        covariance_q=covariance_q,
    )
    root_p = _semidefinite_root("covariance_p", covariance_p)
    root_q = _semidefinite_root("covariance_q", covariance_q)
    # With P = A A' and Q = B B' that last trace is the sum of the singular values of
    # A' B: no root of a small eigenvalue, half of whose digits would be rounding.
    overlap = torch.linalg.svdvals(root_p.mT @ root_q).sum(-1)
    traces = root_p.square().sum((-2, -1)) + root_q.square().sum((-2, -1))
    return (mean_p - mean_q).square().sum(-1) + traces - 2 * overlap


def entropy(std: float | Tensor) -> Tensor:
    """The differential entropy of N(., std^2): log(std) + (1 + log 2 pi) / 2.

    Raises ValueError where `std` is not positive.
    """
    (std,) = _tensors(std)
    _check_positive("std", std)
    return std.log() + (1 + LOG_2PI) / 2


def entropy_diagonal(log_variance: Vectors) -> Values:
    """The entropy of N(., diag(exp(log_variance)))."""
    return (log_variance + 1 + LOG_2PI).sum(-1) / 2


def entropy_full(covariance: Matrices) -> Values:
    """The entropy of N(., covariance).

    Raises ValueError where `covariance` is not symmetric positive-definite.
    """
    _check_last_axis(covariance=covariance)
    log_det = _log_det(_cholesky("covariance", covariance))
    return (log_det + covariance.shape[-1] * (1 + LOG_2PI)) / 2


Pixels = Float[Tensor, "*#batch pixels"]
Latents = Float[Tensor, "*#batch latents"]


@dataclass(frozen=True, eq=False)
class PPCA:
    """Probabilistic PCA: z ~ N(0, I_D) and x | z ~ N(W z + b, s^2 I_M).

    `weight` is W, `bias` b, `std` the number s; a batch is made of rows. Leading axes
    broadcast, so that z may have one of samples that x has not. Raises ValueError for
    shapes that do not fit and `std` <= 0.

    Source: Tipping and Bishop, "Probabilistic principal component analysis", Journal
    of the Royal Statistical Society B 61 (1999).
    """

    weight: Float[Tensor, "pixels latents"]
    bias: Float[Tensor, " pixels"]
    std: float

    def __post_init__(self) -> None:
        if self.weight.ndim != 2:
            raise ValueError(
                f"weight must be (pixels, latents); got {_shape(self.weight)}"
            )
        if self.bias.shape != self.weight.shape[:1]:
            raise ValueError(
                f"bias must be ({self.pixels},), one number for each row of weight; "
                f"got {_shape(self.bias)}"
            )
        if not 0 < self.std < math.inf:
            raise ValueError(f"std must be positive; got {self.std}")

    @property
    def pixels(self) -> int:
        """M, the dimension of x."""
        return self.weight.shape[0]

    @property
    def latents(self) -> int:
        """D, the dimension of z."""
        return self.weight.shape[1]

    @property
    def prior(
        self,
    ) -> tuple[Float[Tensor, " latents"], Float[Tensor, "latents latents"]]:
        """The mean and the covariance of p(z)."""
        covariance = self._eye(self.latents)
        return torch.zeros_like(covariance[0]), covariance

    def sample(
        self, count: int, generator: torch.Generator | None = None
    ) -> tuple[Float[Tensor, "{count} latents"], Float[Tensor, "{count} pixels"]]:
        """Ancestral sampling: z from the prior, then x."""

        def normal(size: int) -> Tensor:
            dtype, device = self.weight.dtype, self.weight.device
            return torch.randn(
                count, size, generator=generator, dtype=dtype, device=device
            )

        z, noise = normal(self.latents), normal(self.pixels)
        return z, z @ self.weight.mT + self.bias + self.std * noise

    def log_likelihood(self, x: Pixels, z: Latents) -> Values:
        """log p(x | z)."""
        self._check(x=x, z=z)
        squares = (x - self.bias - z @ self.weight.mT).square().sum(-1)
        return -squares / (2 * self.std**2) - self._log_normaliser()

    def log_joint(self, x: Pixels, z: Latents) -> Values:
        """log p(x, z) = log p(z) + log p(x | z)."""
        log_prior = -(z.square().sum(-1) + self.latents * LOG_2PI) / 2
        return log_prior + self.log_likelihood(x, z)

    def log_evidence(self, x: Pixels) -> Values:
        """log p(x), exactly: x ~ N(b, W W' + s^2 I), {eq}`eq-ppca-evidence`."""
        self._check(x=x)
        noise = self.std**2 * self._eye(self.pixels)
        return log_density_full(x, self.bias, self.weight @ self.weight.mT + noise)

    def posterior(self, x: Pixels) -> tuple[Latents, Float[Tensor, "latents latents"]]:
        """The mean and covariance of p(z | x): {eq}`eq-ppca-posterior`.

        The covariance is the same for every x.
        """
        self._check(x=x)
        inverse = torch.cholesky_inverse(torch.linalg.cholesky(self._matrix()))
        return (x - self.bias) @ self.weight @ inverse, self.std**2 * inverse

    def mean_field(self, x: Pixels) -> tuple[Latents, Float[Tensor, " latents"]]:
        """The mean and variances of the best diagonal q(z).

        Of all diagonal Gaussians, the one of the highest ELBO: the posterior's mean,
        and variances s^2 / M_ii with M = W' W + s^2 I. They are at most the
        posterior's own, s^2 (M^-1)_ii: a mean field is too sure of itself.
        """
        mean, _ = self.posterior(x)
        return mean, self.std**2 / self._matrix().diagonal()

    def expected_log_likelihood(
        self,
        x: Pixels,
        mean: Latents,
        covariance: Float[Tensor, "*#batch latents latents"],
    ) -> Values:
        """E[log p(x | z)] under q(z) = N(mean, covariance).

        The ELBO's reconstruction term.
        """
        self._check(z=mean)
        _check_last_axis(mean=mean, covariance=covariance)
        gram = self.weight.mT @ self.weight
        spread = (gram * covariance).sum((-2, -1)) / (2 * self.std**2)
        return self.log_likelihood(x, mean) - spread

    def elbo(
        self,
        x: Pixels,
        mean: Latents,
        covariance: Float[Tensor, "*#batch latents latents"],
    ) -> Values:
        """The ELBO of q(z) = N(mean, covariance), in closed form.

        log p(x) minus it is KL(q || p(z | x)), which is
        `kl_full(mean, covariance, *model.posterior(x))`: {eq}`eq-elbo-gap`. Raises
        ValueError where `covariance` is not symmetric positive-definite.
        """
        reconstruction = self.expected_log_likelihood(x, mean, covariance)
        return reconstruction - kl_full(mean, covariance, *self.prior)

    def _matrix(self) -> Float[Tensor, "latents latents"]:
        """M = W' W + s^2 I, which is s^2 times the posterior's precision."""
        gram = self.weight.mT @ self.weight
        return gram + self.std**2 * self._eye(self.latents)

    def _log_normaliser(self) -> float:
        return self.pixels * (LOG_2PI / 2 + math.log(self.std))

    def _eye(self, size: int) -> Float[Tensor, "{size} {size}"]:
        return torch.eye(size, dtype=self.weight.dtype, device=self.weight.device)

    def _check(self, x: Tensor | None = None, z: Tensor | None = None) -> None:
        for name, value, size in (("x", x, self.pixels), ("z", z, self.latents)):
            if value is not None and value.shape[-1:] != (size,):
                raise ValueError(
                    f"the last axis of {name} must be {size} for a weight of "
                    f"{_shape(self.weight)}; got {_shape(value)}"
                )


def _tensors(*values: float | Tensor) -> list[Tensor]:
    """The values as tensors: numbers take the dtype of the tensors, else float64."""
    like = next(
        (v for v in values if isinstance(v, Tensor) and v.is_floating_point()),
        torch.empty((), dtype=torch.float64),
    )
    return [
        value
        if isinstance(value, Tensor)
        else torch.as_tensor(value, dtype=like.dtype, device=like.device)
        for value in values
    ]


def _check_positive(name: str, value: Tensor) -> None:
    if not (value > 0).all():
        raise ValueError(f"{name} must be positive; its least value is {value.min()}")


def _check_last_axis(**arguments: Tensor) -> None:
    """All arguments share the size of their last axis; covariances are square."""
    sizes = {value.shape[-1:] for value in arguments.values()}
    square = all(
        value.ndim >= 2 and value.shape[-1] == value.shape[-2]
        for name, value in arguments.items()
        if name.startswith("covariance")
    )
    if len(sizes) > 1 or () in sizes or not square:
        shapes = ", ".join(f"{name} {_shape(v)}" for name, v in arguments.items())
        raise ValueError(
            "the last axis must have one size everywhere, and a covariance must be "
            f"square; got {shapes}"
        )


def _check_symmetric(name: str, covariance: Matrices) -> None:
    asymmetry = (covariance - covariance.mT).abs().max()
    tolerance = 100 * torch.finfo(covariance.dtype).eps * covariance.abs().max()
    if not asymmetry <= tolerance:
        raise ValueError(
            f"{name} is not symmetric: entries differ from their mirror image by up "
            f"to {asymmetry:.3g}; pass (C + C.mT) / 2 if that is rounding"
        )


def _cholesky(name: str, covariance: Matrices) -> Matrices:
    """The lower Cholesky factor, which reads the lower triangle only."""
    _check_symmetric(name, covariance)
    root, failed = torch.linalg.cholesky_ex(covariance)
    if failed.any():
        raise ValueError(
            f"{name} is not positive-definite: its least eigenvalue is "
            f"{torch.linalg.eigvalsh(covariance).min():.3g}"
        )
    return root


def _semidefinite_root(name: str, covariance: Matrices) -> Matrices:
    """A square root A, with A A' = covariance, also where that is singular."""
    _check_symmetric(name, covariance)
    values, vectors = torch.linalg.eigh(covariance)
    size = covariance.shape[-1]
    rounding = 100 * size * torch.finfo(covariance.dtype).eps * covariance.abs().max()
    if not values.min() >= -rounding:
        raise ValueError(
            f"{name} is not positive-semidefinite: its least eigenvalue is "
            f"{values.min():.3g}"
        )
    return vectors * values.clamp(min=0).sqrt().unsqueeze(-2)


def _solve_lower(root: Matrices, vector: Vectors) -> Float[Tensor, "*batch dims"]:
    """The solution y of root y = vector, for a lower triangular root."""
    if root.ndim == 2:  # one solve with many columns: many small ones are slow
        rows = vector.reshape(-1, vector.shape[-1])
        solved = torch.linalg.solve_triangular(root, rows.mT, upper=False)
        return solved.mT.reshape(vector.shape)
    columns = vector.unsqueeze(-1)
    return torch.linalg.solve_triangular(root, columns, upper=False).squeeze(-1)


def _log_det(root: Matrices) -> Values:
    """The log-determinant of root root'."""
    return 2 * root.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def _shape(value: Tensor) -> str:
    return str(tuple(value.shape))
