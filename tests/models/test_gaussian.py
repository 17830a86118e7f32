"""The closed forms against torch.distributions, autograd, quadrature and sampling."""

import inspect
import itertools
import math
import warnings

import mpmath
import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import (
    Categorical,
    Independent,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
    kl_divergence,
)

from lib.models import gaussian
from lib.models.gaussian import PPCA
from tests.shared.effort import examples

EXACT = {"rtol": 1e-12, "atol": 1e-12}
SEEDS = st.integers(0, 2**32 - 1)
DIMENSIONS = st.integers(1, 6)
few = settings(max_examples=examples(20))


def numbers(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=numbers(seed), dtype=torch.float64)


def covariances(*shape: int, size: int, seed: int) -> torch.Tensor:
    """Random covariances whose eigenvalues lie in [0.25, 4]."""
    basis, _ = torch.linalg.qr(normal(*shape, size, size, seed=seed))
    exponents = torch.rand(
        *shape, size, generator=numbers(seed + 1), dtype=torch.float64
    )
    covariance = (basis * 4 ** (2 * exponents - 1).unsqueeze(-2)) @ basis.mT
    return (covariance + covariance.mT) / 2


def model(pixels: int = 5, latents: int = 2, std: float = 0.4, seed: int = 0) -> PPCA:
    weight, bias = normal(pixels, latents, seed=seed), normal(pixels, seed=seed + 1)
    return PPCA(weight, bias, std)


def mean_within(samples: torch.Tensor, exact: torch.Tensor, errors: float = 5) -> None:
    """The samples' mean lies within so many of its standard errors of the exact one."""
    standard_error = samples.std(0) / math.sqrt(len(samples))
    assert ((samples.mean(0) - exact).abs() < errors * standard_error).all()


# Densities


@few
@given(SEEDS)
def test_univariate_density_is_that_of_torch(seed):
    x, mean, log_std = normal(3, 7, seed=seed)
    law = Normal(mean, log_std.exp())
    log_density = gaussian.log_density(x, mean, log_std.exp())
    torch.testing.assert_close(log_density, law.log_prob(x), **EXACT)
    density = gaussian.density(x, mean, log_std.exp())
    torch.testing.assert_close(density, law.log_prob(x).exp(), **EXACT)


@few
@given(SEEDS, DIMENSIONS)
def test_diagonal_and_full_densities_are_those_of_torch(seed, size):
    x, mean, log_variance = normal(3, 4, size, seed=seed)
    diagonal = Independent(Normal(mean, (log_variance / 2).exp()), 1)
    torch.testing.assert_close(
        gaussian.log_density_diagonal(x, mean, log_variance),
        diagonal.log_prob(x),
        **EXACT,
    )
    covariance = covariances(4, size=size, seed=seed)
    torch.testing.assert_close(
        gaussian.log_density_full(x, mean, covariance),
        MultivariateNormal(mean, covariance).log_prob(x),
        rtol=1e-11,
        atol=1e-11,
    )


@given(seed=SEEDS, size=DIMENSIONS, far=st.sampled_from([0.0, 100.0]))
def test_mixture_density_is_that_of_torch_far_from_zero_too(seed, size, far):
    x = normal(4, size, seed=seed) + far
    mean, log_variance = normal(2, 3, size, seed=seed + 1)
    mean = mean + far
    parts = Independent(Normal(mean, (log_variance / 2).exp()), 1)
    shares = Categorical(torch.ones(3, dtype=torch.float64))
    oracle = MixtureSameFamily(shares, parts).log_prob(x)
    found = gaussian.log_density_mixture(x, mean, log_variance)
    torch.testing.assert_close(found, oracle, rtol=1e-8, atol=1e-8)
    one = gaussian.log_density_mixture(x, mean[:1], log_variance[:1])
    alone = gaussian.log_density_diagonal(x, mean[:1], log_variance[:1])
    torch.testing.assert_close(one, alone, rtol=1e-8, atol=1e-8)


def test_densities_broadcast_over_a_leading_axis_of_samples():
    samples, mean = normal(7, 4, 3, seed=0), normal(4, 3, seed=1)
    each = [gaussian.log_density_diagonal(z, mean, mean / 2) for z in samples]
    together = gaussian.log_density_diagonal(samples, mean, mean / 2)
    torch.testing.assert_close(together, torch.stack(each), **EXACT)
    covariance = covariances(size=3, seed=2)
    each = [gaussian.log_density_full(z, mean, covariance) for z in samples]
    together = gaussian.log_density_full(samples, mean, covariance)
    torch.testing.assert_close(together, torch.stack(each), **EXACT)


def test_score_has_mean_zero_and_the_fisher_information_as_its_covariance():
    count, mean, std = 200_000, 0.7, 1.3
    x = mean + std * normal(count, seed=3)
    parameters = [
        torch.full((count,), value, dtype=torch.float64, requires_grad=True)
        for value in (mean, std)
    ]
    log_density = gaussian.log_density(x, *parameters)
    score = torch.stack(torch.autograd.grad(log_density.sum(), parameters), -1)
    mean_within(score, torch.zeros(2, dtype=torch.float64))
    fisher = torch.tensor([[1 / std**2, 0], [0, 2 / std**2]], dtype=torch.float64)
    mean_within(score.unsqueeze(-1) * score.unsqueeze(-2), fisher)


# Divergences


@few
@given(SEEDS)
def test_univariate_kl_is_that_of_torch(seed):
    mean_p, std_p, mean_q, std_q = normal(4, 7, seed=seed)
    std_p, std_q = std_p.exp(), std_q.exp()
    torch.testing.assert_close(
        gaussian.kl_univariate(mean_p, std_p, mean_q, std_q),
        kl_divergence(Normal(mean_p, std_p), Normal(mean_q, std_q)),
        **EXACT,
    )


@few
@given(SEEDS, DIMENSIONS)
def test_full_kl_is_that_of_torch(seed, size):
    mean_p, mean_q = normal(2, 3, size, seed=seed)
    covariance_p, covariance_q = covariances(2, 3, size=size, seed=seed)
    torch.testing.assert_close(
        gaussian.kl_full(mean_p, covariance_p, mean_q, covariance_q),
        kl_divergence(
            MultivariateNormal(mean_p, covariance_p),
            MultivariateNormal(mean_q, covariance_q),
        ),
        rtol=1e-11,
        atol=1e-11,
    )


@few
@given(SEEDS, DIMENSIONS)
def test_every_kl_reduces_to_a_sum_of_univariate_ones(seed, size):
    mean_p, log_variance_p, mean_q, log_variance_q = normal(4, 3, size, seed=seed)
    univariate = gaussian.kl_univariate(
        mean_p, (log_variance_p / 2).exp(), mean_q, (log_variance_q / 2).exp()
    ).sum(-1)
    diagonal = gaussian.kl_diagonal(mean_p, log_variance_p, mean_q, log_variance_q)
    torch.testing.assert_close(diagonal, univariate, **EXACT)
    covariance_p = torch.diag_embed(log_variance_p.exp())
    covariance_q = torch.diag_embed(log_variance_q.exp())
    full = gaussian.kl_full(mean_p, covariance_p, mean_q, covariance_q)
    torch.testing.assert_close(full, univariate, **EXACT)
    zero = torch.zeros_like(mean_p)
    torch.testing.assert_close(
        gaussian.kl_to_standard_normal(mean_p, log_variance_p),
        gaussian.kl_diagonal(mean_p, log_variance_p, zero, zero),
        **EXACT,
    )


@few
@given(SEEDS, DIMENSIONS, st.floats(1e-3, 3))
def test_kl_is_positive_and_zero_only_between_equals(seed, size, distance):
    mean, log_variance = normal(2, size, seed=seed)
    direction = normal(2, size, seed=seed + 2)
    direction = distance * direction / direction.norm()
    covariance = covariances(size=size, seed=seed)
    moved = {
        "diagonal": gaussian.kl_diagonal(
            mean, log_variance, mean + direction[0], log_variance + direction[1]
        ),
        "standard": gaussian.kl_to_standard_normal(*direction),
        "full": gaussian.kl_full(
            mean, covariance, mean, math.exp(distance) * covariance
        ),
    }
    # To second order a KL is half the squared distance in the Fisher metric, which
    # is 1/4 at least in these coordinates but for the variance of the target.
    assert all(value > 1e-9 for value in moved.values()), moved
    equal = {
        "diagonal": gaussian.kl_diagonal(mean, log_variance, mean, log_variance),
        "standard": gaussian.kl_to_standard_normal(0 * mean, 0 * mean),
        "full": gaussian.kl_full(mean, covariance, mean, covariance),
    }
    assert all(abs(value) < 1e-13 * size for value in equal.values()), equal


def test_kl_is_the_mean_log_ratio_under_its_first_argument():
    mean_p, mean_q = normal(2, 3, seed=5)
    covariance_p, covariance_q = covariances(2, size=3, seed=6)

    def log_ratio(x):
        log_p = gaussian.log_density_full(x, mean_p, covariance_p)
        return log_p - gaussian.log_density_full(x, mean_q, covariance_q)

    noise = normal(200_000, 3, seed=7)
    under_p = mean_p + noise @ torch.linalg.cholesky(covariance_p).mT
    under_q = mean_q + noise @ torch.linalg.cholesky(covariance_q).mT
    exact = gaussian.kl_full(mean_p, covariance_p, mean_q, covariance_q)
    mean_within(log_ratio(under_p), exact)
    reverse = gaussian.kl_full(mean_q, covariance_q, mean_p, covariance_p)
    mean_within(-log_ratio(under_q), reverse)
    assert abs(exact - reverse) > 0.1


def test_fisher_information_is_the_hessian_of_the_kl():
    def divergence(q):
        return gaussian.kl_univariate(0.3, 1.2, q[0], q[1])

    at = torch.tensor([0.3, 1.2], dtype=torch.float64)
    fisher = torch.tensor([1, 2], dtype=torch.float64).diag() / 1.2**2
    hessian = torch.autograd.functional.hessian(divergence, at)
    torch.testing.assert_close(hessian, fisher, **EXACT)


def test_kl_to_standard_normal_keeps_its_digits_in_float32():
    log_variance = torch.tensor([[1e-4, -3e-4]])
    exact = gaussian.kl_to_standard_normal(
        torch.zeros(1, 2, dtype=torch.float64), log_variance.double()
    )
    single = gaussian.kl_to_standard_normal(torch.zeros(1, 2), log_variance)
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), exact, rtol=1e-3, atol=0)


@pytest.mark.parametrize("size", [0, -3, -7, -11])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_kl_keeps_its_digits_near_zero(size, dtype):
    """Against 50 digits, at log-variances of 10^size: t^2/4 is left of e^t - 1 - t."""
    t = 10.0 ** torch.tensor([size, size - 0.3], dtype=dtype) * torch.tensor([1, -1])
    zero = torch.zeros_like(t)
    with mpmath.workdps(50):
        exact = float(
            sum((mpmath.exp(u) - 1 - u) / 2 for u in map(mpmath.mpf, t.tolist()))
        )
    # expm1(t) - t is off by a rounding of t; exp(t) - 1 would be by one of 1.
    near = {"rtol": 1e-4, "atol": 2 * torch.finfo(dtype).eps * 10.0**size}
    for found in (
        gaussian.kl_diagonal(zero, t, zero, zero),
        gaussian.kl_diagonal(zero, zero, zero, -t),
        gaussian.kl_to_standard_normal(zero, t),
    ):
        torch.testing.assert_close(float(found), exact, **near)


def test_chi_squared_keeps_its_digits_between_near_equals():
    """exp(d^2 / s^2) - 1 for means d apart, with 20 digits lost to exp."""
    for distance in (1.0, 1e-6, 1e-10):
        mean = torch.tensor([distance], dtype=torch.float64)
        one = torch.ones(1, 1, dtype=torch.float64)
        found = gaussian.chi_squared_full(mean, one, 0 * mean, one)
        assert float(found) == pytest.approx(math.expm1(distance**2), rel=1e-12, abs=0)


@pytest.mark.parametrize("shift", [0.0, 0.8])
def test_chi_squared_is_the_squared_variation_of_the_weights(shift):
    mean_p, mean_q = torch.zeros(2, 2, dtype=torch.float64)
    mean_p = mean_p + shift
    covariance_p = covariances(size=2, seed=8) / 4
    covariance_q = torch.eye(2, dtype=torch.float64)
    x = mean_q + normal(400_000, 2, seed=9)
    log_weight = gaussian.log_density_full(
        x, mean_p, covariance_p
    ) - gaussian.log_density_full(x, mean_q, covariance_q)
    exact = gaussian.chi_squared_full(mean_p, covariance_p, mean_q, covariance_q)
    mean_within((2 * log_weight).exp() - 1, exact)


def test_chi_squared_is_infinite_for_a_proposal_too_narrow():
    zero, one = torch.zeros(2), torch.eye(2)
    assert gaussian.chi_squared_full(zero, one, zero, 0.49 * one) == math.inf
    assert gaussian.chi_squared_full(zero, one, zero, 0.51 * one) < math.inf
    both = torch.stack([0.49 * one, 0.51 * one])
    found = gaussian.chi_squared_full(zero.expand(2, 2), one, zero.expand(2, 2), both)
    assert found.isinf().tolist() == [True, False]


def test_rows_of_a_batch_do_not_meet():
    """Each closed form of a batch (2, 3) is that of its rows, one by one."""
    means, log_variances = normal(2, 2, 3, 4, seed=1), normal(2, 2, 3, 4, seed=2)
    wide = torch.stack(
        [covariances(2, 3, size=4, seed=3), 4 * covariances(2, 3, size=4, seed=4)]
    )
    pair = (means[0], wide[0], means[1], wide[1])
    calls = [
        (gaussian.log_density_diagonal, (means[0], means[1], log_variances[0])),
        (gaussian.log_density_full, (means[0], means[1], wide[0])),
        (
            gaussian.kl_diagonal,
            (means[0], log_variances[0], means[1], log_variances[1]),
        ),
        (gaussian.kl_to_standard_normal, (means[0], log_variances[0])),
        (gaussian.kl_full, pair),
        (gaussian.chi_squared_full, pair),
        (gaussian.squared_wasserstein_full, pair),
        (gaussian.entropy_diagonal, (log_variances[0],)),
        (gaussian.entropy_full, (wide[0],)),
    ]
    for closed_form, arguments in calls:
        together = closed_form(*arguments)
        assert together.shape == (2, 3), closed_form.__name__
        for i, j in itertools.product(range(2), range(3)):
            alone = closed_form(*(argument[i, j] for argument in arguments))
            torch.testing.assert_close(together[i, j], alone, **EXACT)


# The 2-Wasserstein distance


def semidefinite(size: int, rank: int, seed: int) -> torch.Tensor:
    factor = normal(size, rank, seed=seed)
    return factor @ factor.mT


@few
@given(SEEDS)
def test_univariate_wasserstein_distance_is_that_of_means_and_deviations(seed):
    mean_p, mean_q, log_p, log_q = normal(4, 7, 1, seed=seed)
    std_p, std_q = log_p.exp(), log_q.exp()
    found = gaussian.squared_wasserstein_full(
        mean_p, std_p.square().unsqueeze(-1), mean_q, std_q.square().unsqueeze(-1)
    )
    expected = (mean_p - mean_q).square() + (std_p - std_q).square()
    torch.testing.assert_close(found, expected.squeeze(-1), rtol=1e-10, atol=1e-12)


@few
@given(SEEDS, DIMENSIONS)
def test_wasserstein_distance_of_commuting_covariances_is_that_of_their_roots(
    seed, size
):
    mean_p, mean_q = normal(2, size, seed=seed)
    std_p, std_q = normal(2, size, seed=seed + 1).exp()
    basis, _ = torch.linalg.qr(normal(size, size, seed=seed + 2))
    covariance_p, covariance_q = (
        (basis * std.square()) @ basis.mT for std in (std_p, std_q)
    )
    found = gaussian.squared_wasserstein_full(
        mean_p, covariance_p, mean_q, covariance_q
    )
    expected = (mean_p - mean_q).square().sum() + (std_p - std_q).square().sum()
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-10)


@few
@given(SEEDS, DIMENSIONS, DIMENSIONS, DIMENSIONS)
def test_wasserstein_distance_is_that_of_scipys_root_also_where_singular(
    seed, size, rank_p, rank_q
):
    mean_p, mean_q = normal(2, size, seed=seed)
    p, q = semidefinite(size, rank_p, seed + 1), semidefinite(size, rank_q, seed + 2)
    found = gaussian.squared_wasserstein_full(mean_p, p, mean_q, q)
    root = psd_root(p)
    overlap = np.trace(psd_root(root @ q.numpy() @ root))
    expected = float((mean_p - mean_q).square().sum() + p.trace() + q.trace())
    # A root of a rounded zero, 1e-16, is 1e-8: the oracle is no better than that.
    assert float(found) == pytest.approx(expected - 2 * overlap, abs=1e-5, rel=1e-7)


def psd_root(matrix: np.ndarray | torch.Tensor) -> np.ndarray:
    """scipy's square root, whose imaginary part is rounding here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says when the matrix is singular
        return scipy.linalg.sqrtm(np.asarray(matrix)).real


@few
@given(SEEDS, DIMENSIONS, DIMENSIONS)
def test_wasserstein_distance_is_symmetric_zero_and_blind_to_rotation(seed, size, rank):
    mean_p, mean_q = normal(2, size, seed=seed)
    p, q = semidefinite(size, rank, seed + 1), semidefinite(size, rank, seed + 2)
    there = gaussian.squared_wasserstein_full(mean_p, p, mean_q, q)
    assert there > 0
    back = gaussian.squared_wasserstein_full(mean_q, q, mean_p, p)
    torch.testing.assert_close(back, there, rtol=1e-9, atol=1e-9)
    itself = gaussian.squared_wasserstein_full(mean_p, p, mean_p, p)
    assert abs(itself) < 1e-12 * max(1, float(p.trace()))
    turn, _ = torch.linalg.qr(normal(size, size, seed=seed + 3))
    p, q = ((c + c.mT) / 2 for c in (turn @ p @ turn.mT, turn @ q @ turn.mT))
    turned = gaussian.squared_wasserstein_full(turn @ mean_p, p, turn @ mean_q, q)
    torch.testing.assert_close(turned, there, rtol=1e-6, atol=1e-6)


def test_wasserstein_distance_is_reached_by_the_monotone_coupling():
    """Of the couplings by a linear map, none costs less than the closed form."""
    p, q = covariances(2, size=3, seed=4)
    zero = torch.zeros(3, dtype=torch.float64)
    exact = gaussian.squared_wasserstein_full(zero, p, zero, q)
    root_p, root_q = torch.linalg.cholesky(p), torch.linalg.cholesky(q)
    turns = torch.linalg.qr(normal(4000, 3, 3, seed=5)).Q
    turns = turns * normal(4000, 1, 3, seed=6).sign()  # rotations and reflections
    maps = root_q @ turns @ torch.linalg.inv(root_p)  # of all these, q is the image
    cross = (maps @ p).diagonal(dim1=-2, dim2=-1).sum(-1)
    costs = p.trace() + q.trace() - 2 * cross
    assert (costs >= exact - 1e-9).all()
    assert costs.min() < exact + 0.2  # they reach up to 9


def test_wasserstein_gradient_is_finite_where_both_are_flat():
    """By P it is I - T, and in a direction that neither has, T may be zero."""
    p, q = (torch.diag(torch.tensor(v)).requires_grad_() for v in ([4.0, 0], [1.0, 0]))
    zero = torch.zeros(2)
    gaussian.squared_wasserstein_full(zero, p, zero, q).backward()
    assert p.grad.tolist() == [[0.5, 0], [0, 1]]
    assert q.grad.tolist() == [[-1, 0], [0, 1]]


# Entropy


@few
@given(SEEDS, DIMENSIONS)
def test_entropies_are_those_of_torch(seed, size):
    log_variance = normal(3, 4, size, seed=seed)
    std = (log_variance / 2).exp()
    law = Normal(torch.zeros_like(std), std)
    torch.testing.assert_close(gaussian.entropy(std), law.entropy(), **EXACT)
    torch.testing.assert_close(
        gaussian.entropy_diagonal(log_variance), law.entropy().sum(-1), **EXACT
    )
    covariance = covariances(3, 4, size=size, seed=seed)
    law = MultivariateNormal(torch.zeros_like(std), covariance)
    torch.testing.assert_close(
        gaussian.entropy_full(covariance), law.entropy(), **EXACT
    )


# The linear-Gaussian model


def test_evidence_is_the_integral_of_the_joint_density():
    oracle = model(pixels=3, latents=2, std=1.0)
    _, x = oracle.sample(6, numbers(1))
    nodes, weights = np.polynomial.hermite_e.hermegauss(160)
    grid = torch.cartesian_prod(torch.from_numpy(nodes), torch.from_numpy(nodes))
    weight = torch.from_numpy(np.outer(weights, weights).ravel()) / (2 * math.pi)
    log_likelihood = oracle.log_likelihood(x, grid.unsqueeze(1))
    integral = (weight.log().unsqueeze(-1) + log_likelihood).logsumexp(0)
    torch.testing.assert_close(oracle.log_evidence(x), integral, rtol=1e-10, atol=1e-10)


def test_posterior_is_the_joint_conditioned_on_x():
    """Against the blocks of the joint covariance of (z, x)."""
    oracle = model()
    _, x = oracle.sample(6, numbers(2))
    noise = oracle.std**2 * torch.eye(5, dtype=torch.float64)
    evidence = oracle.weight @ oracle.weight.mT + noise
    gain = torch.linalg.solve(evidence, oracle.weight).mT
    mean, covariance = oracle.posterior(x)
    torch.testing.assert_close(mean, (x - oracle.bias) @ gain.mT, **EXACT)
    expected = torch.eye(2, dtype=torch.float64) - gain @ oracle.weight
    torch.testing.assert_close(covariance, expected, **EXACT)


@few
@given(SEEDS, st.integers(1, 6), st.integers(1, 4))
def test_bayes_rule_holds_at_every_latent(seed, pixels, latents):
    oracle = model(pixels, latents, seed=seed)
    x, z = normal(3, pixels, seed=seed + 2), normal(4, 3, latents, seed=seed + 3)
    log_posterior = gaussian.log_density_full(z, *oracle.posterior(x))
    torch.testing.assert_close(
        oracle.log_joint(x, z),
        log_posterior + oracle.log_evidence(x),
        rtol=1e-9,
        atol=1e-9,
    )


@few
@given(SEEDS, st.integers(1, 6), st.integers(1, 4))
def test_evidence_is_the_elbo_plus_its_gap(seed, pixels, latents):
    oracle = model(pixels, latents, seed=seed)
    x, mean = normal(3, pixels, seed=seed + 2), normal(3, latents, seed=seed + 3)
    covariance = covariances(3, size=latents, seed=seed)
    elbo = oracle.elbo(x, mean, covariance)
    gap = gaussian.kl_full(mean, covariance, *oracle.posterior(x))
    evidence = oracle.log_evidence(x)
    torch.testing.assert_close(elbo + gap, evidence, rtol=1e-11, atol=1e-9)
    assert (elbo <= evidence + 1e-9).all()
    tight = oracle.elbo(x, *oracle.posterior(x))
    torch.testing.assert_close(tight, evidence, rtol=1e-11, atol=1e-9)


def test_elbo_and_its_reconstruction_are_means_under_q():
    oracle = model()
    _, x = oracle.sample(4, numbers(3))
    mean, covariance = normal(4, 2, seed=4), covariances(4, size=2, seed=5)
    root = torch.linalg.cholesky(covariance)
    noise = normal(100_000, 4, 2, 1, seed=6)
    z = mean + (root @ noise).squeeze(-1)
    log_q = gaussian.log_density_full(z, mean, covariance)
    mean_within(oracle.log_joint(x, z) - log_q, oracle.elbo(x, mean, covariance))
    mean_within(
        oracle.log_likelihood(x, z),
        oracle.expected_log_likelihood(x, mean, covariance),
    )


def test_mean_field_is_the_best_diagonal_gaussian():
    oracle = model(pixels=6, latents=3)
    _, x = oracle.sample(1, numbers(4))
    mean, variance = oracle.mean_field(x)

    def elbo(mean, log_variance):
        return oracle.elbo(x, mean, torch.diag_embed(log_variance.exp())).sum()

    slope_mean, slope_variance = torch.func.grad(elbo, (0, 1))(mean, variance.log())
    torch.testing.assert_close(slope_mean, torch.zeros_like(mean), rtol=0, atol=1e-10)
    torch.testing.assert_close(
        slope_variance, torch.zeros_like(variance), rtol=0, atol=1e-10
    )
    best = elbo(mean, variance.log())
    for seed in range(20):
        shift_mean, shift_variance = normal(2, 3, seed=seed) / 10
        assert elbo(mean + shift_mean, variance.log() + shift_variance) < best
    _, covariance = oracle.posterior(x)
    assert (variance < covariance.diagonal()).all()


def test_samples_follow_the_model():
    oracle = model(pixels=3, latents=2)
    z, x = oracle.sample(200_000, numbers(5))
    mean_within(x, oracle.bias)
    mean_within(z, torch.zeros(2, dtype=torch.float64))
    evidence = oracle.weight @ oracle.weight.mT
    evidence = evidence + oracle.std**2 * torch.eye(3, dtype=torch.float64)
    centred = x - oracle.bias
    mean_within(centred.unsqueeze(-1) * centred.unsqueeze(-2), evidence)
    mean_within(centred.unsqueeze(-1) * z.unsqueeze(-2), oracle.weight)
    again, _ = oracle.sample(200_000, numbers(5))
    assert torch.equal(z, again)


@few
@given(st.integers(1, 12), st.floats(0.2, 2))
def test_prior_samples_weights_vary_exponentially_in_the_dimension(size, std):
    """At x = 0 with W = I the squared variation of p(x | z) is r^D - 1."""
    identity = torch.eye(size, dtype=torch.float64)
    oracle = PPCA(identity, identity[0] * 0, std)
    posterior = oracle.posterior(torch.zeros(1, size, dtype=torch.float64))
    variation = gaussian.chi_squared_full(*posterior, *oracle.prior)
    ratio = (1 + std**2) / (std * math.sqrt(2 + std**2))
    expected = torch.tensor([ratio**size - 1], dtype=torch.float64)
    torch.testing.assert_close(variation, expected, rtol=1e-9, atol=1e-12)


# Types and bad input


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_results_keep_the_dtype_of_their_tensors(dtype):
    x = torch.zeros(4, 3, dtype=dtype)
    covariance = torch.eye(3, dtype=dtype)
    oracle = PPCA(x.mT @ x + covariance, x[0], 0.5)
    results = [
        gaussian.density(x, 0, 1),
        gaussian.entropy(x + 1),
        gaussian.kl_univariate(0, 1, x, 2.0),
        gaussian.kl_full(x, covariance, x, 2 * covariance),
        gaussian.chi_squared_full(x, covariance, x, covariance),
        gaussian.squared_wasserstein_full(x, covariance, x, 2 * covariance),
        *oracle.posterior(x),
        *oracle.mean_field(x),
        *oracle.sample(2),
        oracle.log_evidence(x),
        oracle.elbo(x, x, covariance),
    ]
    assert {result.dtype for result in results} == {dtype}


def test_numbers_alone_are_computed_in_float64():
    divergence = gaussian.kl_univariate(0, 3, 30, 3)
    assert divergence.dtype == torch.float64
    assert abs(divergence - 50) < 1e-12


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_covariance_that_is_symmetric_up_to_rounding_is_accepted(dtype):
    covariance = covariances(size=3, seed=0).to(dtype)
    expected = gaussian.entropy_full(covariance)
    covariance[0, 1] *= 1 + 8 * torch.finfo(dtype).eps
    assert covariance[0, 1] != covariance[1, 0]
    assert gaussian.entropy_full(covariance) == expected


def test_rounding_is_measured_by_each_covariances_own_largest_entry():
    """A hundred units of it, and for an eigenvalue as many times the size."""
    unit = torch.finfo(torch.float64).eps
    wide = 1e9 * torch.eye(2, dtype=torch.float64)

    def skewed(units: float) -> torch.Tensor:
        entries = [[1, 0.25], [0.25 + units * unit, 1]]
        return torch.tensor(entries, dtype=torch.float64)

    gaussian.entropy_full(torch.stack([wide, skewed(100)]))
    with pytest.raises(ValueError, match="is not symmetric"):
        gaussian.entropy_full(torch.stack([wide, skewed(100.5)]))

    def flat(units: float) -> torch.Tensor:
        return torch.tensor([1, -units * unit], dtype=torch.float64).diag()

    zero = torch.zeros(2, 2, dtype=torch.float64)
    gaussian.squared_wasserstein_full(
        zero, torch.stack([wide, flat(199)]), zero, torch.stack([wide, flat(150)])
    )
    with pytest.raises(ValueError, match="covariance_p is not positive-semidefinite"):
        gaussian.squared_wasserstein_full(
            zero, torch.stack([wide, flat(201)]), zero, zero.diag_embed()
        )


def test_float32_is_enough_for_the_evidence_of_a_large_model():
    weight = normal(300, 20, seed=0)
    exact = PPCA(weight, weight[:, 0], 0.5)
    single = PPCA(weight.float(), weight[:, 0].float(), 0.5)
    _, x = exact.sample(8, numbers(0))
    log_evidence = single.log_evidence(x.float()).double()
    torch.testing.assert_close(log_evidence, exact.log_evidence(x), rtol=1e-3, atol=0)


ZERO, ONE = PAIR = torch.zeros(2), torch.eye(2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gaussian.density(0, 0, 0), "std must be positive"),
        (lambda: gaussian.log_density(0, 0, math.nan), "std must be positive"),
        (lambda: gaussian.entropy(-1), "std must be positive; its least value is -1"),
        (lambda: gaussian.kl_univariate(0, 0, 0, 1), "std_p must be positive"),
        (lambda: gaussian.kl_univariate(0, 1, 0, -1), "std_q must be positive"),
        (lambda: gaussian.kl_full(ZERO, ONE, ZERO, -ONE), "covariance_q is not pos"),
        (lambda: gaussian.kl_full(ZERO, ONE - 1, ZERO, ONE), "covariance_p is not pos"),
        (
            lambda: gaussian.squared_wasserstein_full(ZERO, ONE, ZERO, ONE - 1.1),
            "covariance_q is not positive-semidefinite: its least eigenvalue is -1.2",
        ),
        (
            lambda: gaussian.squared_wasserstein_full(ZERO, ONE.tril() + ONE[0], *PAIR),
            "covariance_p is not symmetric",
        ),
        (lambda: gaussian.entropy_full(ONE.tril() + ONE[0]), "is not symmetric"),
        (lambda: gaussian.entropy_full(ONE * math.nan), "is not"),
        (lambda: gaussian.entropy_full(torch.ones(2, 3)), r"covariance \(2, 3\)"),
        (lambda: gaussian.kl_full(ZERO, ZERO, ZERO, ONE), r"covariance_p \(2,\)"),
        (
            lambda: gaussian.kl_to_standard_normal(torch.ones(4, 2), torch.ones(4, 1)),
            r"mean \(4, 2\), log_variance \(4, 1\)",
        ),
        (
            lambda: gaussian.log_density_mixture(torch.zeros(1, 3), ONE, ONE),
            r"x \(1, 3\), mean \(2, 2\)",
        ),
        (lambda: PPCA(ZERO, ZERO, 1.0), r"weight must be \(pixels, latents\)"),
        (lambda: PPCA(ONE, torch.zeros(3), 1.0), r"bias must be \(2,\)"),
        (lambda: PPCA(ONE, ZERO, 0.0), "std must be positive"),
        (lambda: PPCA(ONE, ZERO, math.inf), "std must be positive"),
        (lambda: PPCA(ONE, ZERO, 1e-20), "std must be such that torch.float32 holds"),
        (lambda: PPCA(ONE, ZERO, 1.0).posterior(torch.ones(3)), "last axis of x"),
        (lambda: PPCA(ONE, ZERO, 1.0).log_evidence(torch.ones(3)), "last axis of x"),
        (
            lambda: PPCA(ONE, ZERO, 1.0).log_joint(ZERO, torch.ones(3)),
            "last axis of z must be 2",
        ),
    ],
)
@pytest.mark.usefixtures("signatures_unchecked")
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "closed_form",
    [
        gaussian.log_density_diagonal,
        gaussian.log_density_mixture,
        gaussian.log_density_full,
        gaussian.kl_diagonal,
        gaussian.kl_full,
        gaussian.kl_to_standard_normal,
        gaussian.chi_squared_full,
        gaussian.squared_wasserstein_full,
        gaussian.entropy_diagonal,
        gaussian.entropy_full,
    ],
)
def test_what_is_not_finite_is_named_whichever_argument_it_is(closed_form):
    names = list(inspect.signature(closed_form).parameters)
    whole = {
        name: torch.eye(2) if name.startswith("covariance") else torch.zeros(1, 2)
        for name in names
    }
    for name in names:
        broken = torch.full_like(whole[name], math.nan)
        with pytest.raises(ValueError, match=f"^{name} must be finite"):
            closed_form(**whole | {name: broken})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_trainings_quick_divergence_is_off_by_a_rounding_of_each_log_variance(dtype):
    mean, log_variance = normal(2, 50, 20, seed=3).to(dtype) / 100
    quick = gaussian.regularisation(mean, log_variance)
    assert quick.dtype == (torch.float32 if dtype == torch.bfloat16 else dtype)
    exact = gaussian.kl_to_standard_normal(mean.double(), log_variance.double())
    rounding = torch.finfo(quick.dtype).eps * log_variance.double().abs().sum(-1)
    assert ((quick.double() - exact).abs() <= 2 * rounding).all()
