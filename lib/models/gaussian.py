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
the dtype and the device of its tensors; a call given numbers only computes in float64,
and half types are computed in float32 and rounded once. A divergence is never negative,
because of its form (`regularisation`, which training takes, is none that keeps this),
and no value is NaN. Nor is a gradient where the truth is finite, but that of a density
which itself is out of range.

A unit in the last place is that of the result, and D the size of the last axis.
`kl_univariate` and `entropy` are right to 16 units; the densities, and what sums or
factorises, to 16 + 2 sqrt(D) units times their condition number in the inputs, which is
large where the result is near zero.

Raises ValueError, with the argument's name, for a number that is not finite, a type
that is not floating-point, shapes that do not fit, and no rows where one is needed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from .arithmetic import NARROW, difference, half_excess, half_expm1, scaled
from .domains import require_finite, require_rows

P = ParamSpec("P")
LOG_2PI = math.log(2 * math.pi)
HALF = (torch.float16, torch.bfloat16)
FAR = 100  # deviations: no type holds the density there
# The deviation of no entropy, 1 / sqrt(2 pi e), and what its float64 leaves of it.
ENTROPYS_ZERO = 0.24197072451914334, 1.2225883220660234e-17


def halves_in_single(closed_form: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """The closed form, with half types computed in float32 and rounded once."""

    @wraps(closed_form)
    def rounded_once(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        given = [v for v in (*args, *kwargs.values()) if isinstance(v, Tensor)]
        if not any(value.dtype in HALF for value in given):
            return closed_form(*args, **kwargs)
        wider = {name: _single(value) for name, value in kwargs.items()}
        result = closed_form(*map(_single, args), **wider)  # type: ignore[arg-type]
        kept = given[0].dtype
        for value in given[1:]:
            kept = torch.promote_types(kept, value.dtype)
        return result.to(kept)

    return rounded_once


def _single(value: object) -> object:
    if isinstance(value, Tensor) and value.dtype in HALF:
        return value.float()
    return value


Vectors = Float[Tensor, "*#batch dims"]
Matrices = Float[Tensor, "*#batch dims dims"]
Values = Float[Tensor, "*batch"]


@halves_in_single
def density(x: float | Tensor, mean: float | Tensor, std: float | Tensor) -> Tensor:
    """The density N(x | mean, std^2), element by element: {eq}`eq-gaussian-density`.

    Raises ValueError where `std` is not positive.
    """
    x, mean, std = _tensors(x=x, mean=mean, std=std)
    d, share = difference(x, mean)
    z = (d / (std * share)).detach()
    far = z.abs() > FAR
    d, std = torch.where(far, 0.0, d / share), torch.where(far, 1.0, std)
    z = d / std
    # The root first: with that of its square neither factor leaves its range.
    root = (-z * (z / 4)).exp() / std.sqrt()
    return torch.where(far, 0.0, root * (root / math.sqrt(2 * math.pi)))


@halves_in_single
def log_density(x: float | Tensor, mean: float | Tensor, std: float | Tensor) -> Tensor:
    """log N(x | mean, std^2), element by element: {eq}`eq-gaussian-log-density`.

    Raises ValueError where `std` is not positive.
    """
    x, mean, std = _tensors(x=x, mean=mean, std=std)
    d, share = difference(x, mean)
    z = d / (std * share)
    return -std.log() - LOG_2PI / 2 - z * (z / 2)


@halves_in_single
def log_density_diagonal(x: Vectors, mean: Vectors, log_variance: Vectors) -> Values:
    """log N(x | mean, diag(exp(log_variance))).

    The sum of {eq}`eq-gaussian-log-density` over the dimensions.
    """
    _check_last_axis(x=x, mean=mean, log_variance=log_variance)
    z = _deviations(x, mean, log_variance)
    return -(z * (z / 2) + log_variance / 2 + LOG_2PI / 2).sum(-1)


@halves_in_single
def log_density_mixture(
    x: Float[Tensor, "rows dims"],
    mean: Float[Tensor, "parts dims"],
    log_variance: Float[Tensor, "parts dims"],
) -> Float[Tensor, " rows"]:
    """log of the mean over the parts of N(x | mean, diag(exp(log_variance))).

    The parts have equal shares. The squares are multiplied out, so that a thousand rows
    and parts take one product of matrices, where that costs no more than a millionth of
    a nat: in float64 while x and the means are at most thousands of standard deviations
    large. Elsewhere they are taken row by row. Raises ValueError for no parts.
    """
    _check_last_axis(x=x, mean=mean, log_variance=log_variance)
    require_rows(mean=mean)
    precision = (-log_variance).exp()
    far = _largest(x) * _largest(x) + _largest(mean) * _largest(mean)
    lost = 4 * x.shape[-1] * torch.finfo(x.dtype).eps * far * _largest(precision)
    if not lost <= 1e-6:
        logs = [log_density_diagonal(row, mean, log_variance) for row in x]
        each = torch.stack(logs) if logs else x.new_empty(0, len(mean))
        return each.logsumexp(-1) - math.log(len(mean))
    constant = (mean.square() * precision + log_variance + LOG_2PI).sum(-1)
    squares = x.square() @ precision.mT - 2 * x @ (mean * precision).mT + constant
    return (-squares / 2).logsumexp(-1) - math.log(len(mean))


@halves_in_single
def log_density_full(x: Vectors, mean: Vectors, covariance: Matrices) -> Values:
    """log N(x | mean, covariance): {eq}`eq-gaussian-log-density-vector`.

    Raises ValueError where `covariance` is not symmetric positive-definite.
    """
    _check_last_axis(x=x, mean=mean, covariance=covariance)
    root = _cholesky("covariance", covariance)
    squares = _solve_lower(root, x - mean).square().sum(-1)
    return -(squares + _log_det(root) + x.shape[-1] * LOG_2PI) / 2


@halves_in_single
def kl_univariate(
    mean_p: float | Tensor,
    std_p: float | Tensor,
    mean_q: float | Tensor,
    std_q: float | Tensor,
) -> Tensor:
    """KL(p || q) of p = N(mean_p, std_p^2) from q: {eq}`eq-kl-univariate`.

    Raises ValueError where `std_p` or `std_q` is not positive.
    """
    mean_p, std_p, mean_q, std_q = _tensors(
        mean_p=mean_p, std_p=std_p, mean_q=mean_q, std_q=std_q
    )
    # With u = std_p / std_q - 1 it is u - log(1 + u) + (u^2 + z^2) / 2.
    u, half_log = _growth(std_p, std_q)
    d, share = difference(mean_q, mean_p)
    z = d / (std_q * share)
    return 2 * half_excess(u / 2, half_log) + u * (u / 2) + z * (z / 2)


@halves_in_single
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
    half_u = half_expm1(log_variance_p - log_variance_q)
    half_log = log_variance_p / 2 - log_variance_q / 2
    z = _deviations(mean_q, mean_p, log_variance_q)
    return (half_excess(half_u, half_log) + z * (z / 2)).sum(-1)


@halves_in_single
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
    # The product of the roots, root_q^-1 root_p = I + N, is triangular: the trace is
    # the sum of its squares, the determinant that of its diagonal, and with u for N's
    # what is left is (|N|^2 + |y|^2) / 2 and the sum of u - log(1 + u).
    N = torch.linalg.solve_triangular(root_q, root_p - root_q, upper=False).tril()
    u, half_log = _growth(_diagonal(root_p), _diagonal(root_q))
    excess = half_excess(u / 2, half_log).sum(-1)
    y = _solve_lower(root_q, mean_q - mean_p)
    return 2 * excess + (N * (N / 2)).sum((-2, -1)) + (y * (y / 2)).sum(-1)


@halves_in_single
def kl_to_standard_normal(mean: Vectors, log_variance: Vectors) -> Values:
    """KL(N(mean, diag(exp(log_variance))) || N(0, I_D)): {eq}`eq-kl-standard`.

    The ELBO's regularisation term.
    """
    _check_last_axis(mean=mean, log_variance=log_variance)
    excess = half_excess(half_expm1(log_variance), log_variance / 2)
    return (mean * (mean / 2) + excess).sum(-1)


def regularisation(mean: Vectors, log_variance: Vectors) -> Values:
    """`kl_to_standard_normal` as training takes it, in a few quick operations.

    Each summand is off by a rounding of its log-variance, which is much of a tiny
    summand and nothing of an ELBO. Half types give a float32, and nothing is checked:
    what is not finite stays so.
    """
    if mean.dtype in HALF:
        mean, log_variance = mean.float(), log_variance.float()
    return (mean.square() + log_variance.expm1() - log_variance).sum(-1) / 2


@halves_in_single
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
    root_p = _cholesky("covariance_p", covariance_p)
    root_q = _cholesky("covariance_q", covariance_q)
    if _largest(covariance_q) > torch.finfo(covariance_q.dtype).max / 2:
        return chi_squared_full(  # the same in a unit twice as large
            mean_p / 2, covariance_p / 4, mean_q / 2, covariance_q / 4
        )
    narrow = 2 * covariance_q - covariance_p
    failed = torch.linalg.cholesky_ex(narrow).info[..., None, None] != 0
    root = torch.linalg.cholesky_ex(torch.where(failed, covariance_q, narrow)).L
    half_log = _half_log_of_closeness(covariance_p - covariance_q, root_p, root_q, root)
    y = _solve_lower(root, mean_q - mean_p)
    result = ((y * y).sum(-1) - half_log).expm1()
    return torch.where(failed[..., 0, 0], torch.inf, result)


@halves_in_single
def squared_wasserstein_full(
    mean_p: Vectors, covariance_p: Matrices, mean_q: Vectors, covariance_q: Matrices
) -> Values:
    """The squared 2-Wasserstein distance of two Gaussians.

    The least expected squared Euclidean distance between a sample of p and one of q,
    over all couplings. With P and Q for the covariances it is

        |mean_p - mean_q|^2 + tr P + tr Q - 2 tr (P^1/2 Q P^1/2)^1/2,

    in the squared unit of the samples; covariances may be singular. The gradient, once,
    is I - T by P, with the optimal map T from p to q; where P is singular and T leaves
    its range it is infinite, and not finite here. Raises ValueError where one is
    not symmetric positive-semidefinite.

    Source: Dowson and Landau, "The Fréchet distance between multivariate normal
    distributions", Journal of Multivariate Analysis 12 (1982).
    """
    _check_last_axis(
        mean_p=mean_p,
        covariance_p=covariance_p,
        mean_q=mean_q,
        covariance_q=covariance_q,
    )
    _check_symmetric("covariance_p", covariance_p)
    _check_symmetric("covariance_q", covariance_q)
    distance: Tensor
    distance, *_ = _Bures.apply(covariance_p, covariance_q)
    return (mean_p - mean_q).square().sum(-1) + distance


@halves_in_single
def entropy(std: float | Tensor) -> Tensor:
    """The differential entropy of N(., std^2): log(std) + (1 + log 2 pi) / 2.

    Raises ValueError where `std` is not positive.
    """
    (std,) = _tensors(std=std)
    # Near its zero, at deviation s, it is log(1 + (std - s) / s).
    s, rest = ENTROPYS_ZERO
    rounded = float(torch.tensor(s, dtype=std.dtype))
    u = (std - rounded - (s - rounded + rest)) / s
    near = u.abs() < 0.25
    plain = std.log() + (1 + LOG_2PI) / 2
    return torch.where(near, torch.where(near, u, 0.0).log1p(), plain)


@halves_in_single
def entropy_diagonal(log_variance: Vectors) -> Values:
    """The entropy of N(., diag(exp(log_variance)))."""
    _check_last_axis(log_variance=log_variance)
    return (log_variance / 2 + 0.5 + LOG_2PI / 2).sum(-1)


@halves_in_single
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
    shapes that do not fit, for what is not finite or of a half type, for `std` <= 0 and
    for one whose square is out of the type's range.

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
        require_finite(weight=self.weight, bias=self.bias)
        if self.weight.dtype in HALF:
            raise ValueError(f"weight must not be of a half type, {self.weight.dtype}")
        about = torch.finfo(self.weight.dtype)
        if not about.tiny <= self.std * self.std <= about.max:
            raise ValueError(
                f"std must be such that {self.weight.dtype} holds its square; "
                f"got {self.std}"
            )

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
        root = _cholesky("weight' weight + std^2 I", self._matrix())
        inverse = torch.cholesky_inverse(root)
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


def _tensors(**values: float | Tensor) -> list[Tensor]:
    """The values as tensors: numbers take the dtype of the tensors, else float64."""
    like = next(
        (v for v in values.values() if isinstance(v, Tensor) and v.is_floating_point()),
        torch.empty((), dtype=torch.float64),
    )
    tensors = {
        name: value
        if isinstance(value, Tensor) and value.is_floating_point()
        else torch.as_tensor(value, dtype=like.dtype, device=like.device)
        for name, value in values.items()
    }
    for name, value in tensors.items():
        if name.startswith("std"):
            _check_positive(name, value)
    require_finite(**tensors)
    return list(tensors.values())


def _check_positive(name: str, value: Tensor) -> None:
    if not (value > 0).all():
        raise ValueError(f"{name} must be positive; its least value is {value.min()}")


def _largest(value: Tensor) -> float:
    return float(value.detach().abs().amax()) if value.numel() else 0.0


def _deviations(a: Tensor, b: Tensor, log_variance: Tensor) -> Tensor:
    """(a - b) exp(-log_variance / 2)."""
    d, share = difference(a, b)
    return scaled(d, log_variance) / share


def _growth(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """a / b - 1 and log(a / b) / 2, as `half_excess` takes them."""
    u = (a - b) / b
    wide = u.abs() >= NARROW
    a, b = torch.where(wide, a, 1.0), torch.where(wide, b, 1.0)
    ratio = a / b
    whole = (ratio >= torch.finfo(ratio.dtype).tiny) & ratio.isfinite()
    apart = a.log() / 2 - b.log() / 2
    return u, torch.where(whole, torch.where(whole, ratio, 1.0).log() / 2, apart)


def _diagonal(matrix: Matrices) -> Vectors:
    return matrix.diagonal(dim1=-2, dim2=-1)


def _half_log_of_closeness(
    change: Matrices, root_p: Matrices, root_q: Matrices, root: Matrices
) -> Values:
    """log |Q^-1 P| |Q^-1 V| / 2 with P = Q + `change`, V = Q - `change`, never above 0.

    With Q^-1/2 for the inverse of `root_q`, the diagonals m and k of the factors of
    Q^-1/2 P Q^-1/2' = I + S and of I - S have (m k)^2 = 1 - w, where w is s^2 and
    products of squares: what the rows of the factors hold beside their diagonal.
    """

    def solved(right: Matrices) -> Matrices:
        return torch.linalg.solve_triangular(root_q, right, upper=False)

    def beside(factor: Matrices) -> Vectors:
        return solved(factor - root_q).tril(-1).square().sum(-1)

    a, b = beside(root_p), beside(root)
    m, k = (_diagonal(factor) / _diagonal(root_q) for factor in (root_p, root))
    s = _diagonal(solved(solved(change).mT))
    w = s.square() + b * m.square() + a * (k.square() + b)
    near = w < 0.5
    far = m.log() + k.log()
    return torch.where(near, torch.where(near, -w, 0.0).log1p() / 2, far).sum(-1)


class _Bures(torch.autograd.Function):
    """tr P + tr Q - 2 tr (P^1/2 Q P^1/2)^1/2, as a sum of squares, and its gradient.

    With P = A A' and Q = B B' it is the least |A - B U|^2 over rotations U, which is
    that of the polar form of B' A. B U = T A with the optimal map T from P to Q.
    """

    @staticmethod
    def forward(P: Tensor, Q: Tensor) -> tuple[Tensor, ...]:
        A, B = (
            _semidefinite_root("covariance_p", P),
            _semidefinite_root("covariance_q", Q),
        )
        left, _, right = torch.linalg.svd(A.mT @ B)
        moved = B @ (left @ right).mT
        return (A - moved).square().sum((-2, -1)), A, B, moved, A @ (left @ right)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Any) -> None:
        ctx.shapes = [value.shape for value in inputs]
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(*output[1:])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor, Tensor]:
        A, B, moved_b, moved_a = ctx.saved_tensors
        both = []
        for root, moved, shape in zip(
            (A, B), (moved_b, moved_a), ctx.shapes, strict=True
        ):
            slope = torch.eye(shape[-1], dtype=A.dtype, device=A.device)
            slope = slope - _map(root, moved)
            both.append((gradient[..., None, None] * slope).sum_to_size(shape))
        return both[0], both[1]


def _map(root: Matrices, moved: Matrices) -> Matrices:
    """The symmetric T with T root = moved, for a root whose columns are orthogonal."""
    lengths = root.square().sum(-2, keepdim=True)
    stays = moved.square().sum(-2, keepdim=True) == 0
    inverse = torch.where(lengths > 0, 1 / lengths, torch.where(stays, 0.0, torch.inf))
    T = (moved * inverse) @ root.mT
    return (T + T.mT) / 2


def _check_last_axis(**arguments: Tensor) -> None:
    """All arguments are finite and share their last axis; covariances are square."""
    require_finite(**arguments)
    sizes = {value.shape[-1] if value.ndim else 0 for value in arguments.values()}
    square = all(
        value.ndim >= 2 and value.shape[-1] == value.shape[-2]
        for name, value in arguments.items()
        if name.startswith("covariance")
    )
    if len(sizes) > 1 or 0 in sizes or not square:
        shapes = ", ".join(f"{name} {_shape(v)}" for name, v in arguments.items())
        raise ValueError(
            "the last axis must have one size everywhere, not 0, and a covariance "
            f"must be square; got {shapes}"
        )


def _check_symmetric(name: str, covariance: Matrices) -> None:
    asymmetry = (covariance - covariance.mT).abs()
    largest = covariance.abs().amax((-2, -1), keepdim=True)
    tolerance = 100 * torch.finfo(covariance.dtype).eps * largest
    if not (asymmetry <= tolerance).all():
        raise ValueError(
            f"{name} is not symmetric: entries differ from their mirror image by up "
            f"to {asymmetry.max():.3g}; pass (C + C.mT) / 2 if that is rounding"
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
    largest = covariance.abs().amax((-2, -1))[..., None]
    rounding = 100 * size * torch.finfo(covariance.dtype).eps * largest
    if not (values >= -rounding).all():
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
    return 2 * _diagonal(root).log().sum(-1)


def _shape(value: Tensor) -> str:
    return str(tuple(value.shape))
