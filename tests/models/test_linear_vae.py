"""The linear VAE against the exact linear model and SciPy's optimisers."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from torch.distributions import Normal, kl_divergence

from lib.models.gaussian import PPCA
from lib.models.linear_vae import LinearVAE, learnt_noise, water_filling
from tests.shared.effort import examples

few = settings(max_examples=examples(20))
EIGENVALUES = torch.tensor([6, 3, 1.6, 0.9, 0.5, 0.3, 0.2, 0.1], dtype=torch.float64)


def numbers(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*sizes: int, seed: int) -> torch.Tensor:
    return torch.randn(*sizes, generator=numbers(seed), dtype=torch.float64)


def any_model(pixels: int = 5, latents: int = 3, seed: int = 0) -> LinearVAE:
    model = LinearVAE(pixels, latents, noise=0.7, generator=numbers(seed))
    for parameter in (model.bias, model.shift, model.log_variance):
        parameter.data = normal(len(parameter), seed=seed + 1)
    return model


def data_with(eigenvalues: torch.Tensor, seed: int) -> tuple[torch.Tensor, ...]:
    """Two rows along each eigenvector; the second result holds these as columns."""
    size = len(eigenvalues)
    basis = torch.linalg.qr(normal(size, size, seed=seed)).Q
    half = (size * eigenvalues).sqrt().unsqueeze(-1) * basis.mT
    return torch.cat([half, -half]), basis


def optimum(basis: torch.Tensor, latents: int, noise: float, beta: int) -> LinearVAE:
    """The model of the closed form, for the eigenvalues above."""
    model = LinearVAE(len(basis), latents, noise=noise, generator=numbers(0))
    level, kept = beta * noise, EIGENVALUES[:latents]
    scale = (kept - level).clamp(min=0).sqrt()
    model.weight.data = basis[:, :latents] * scale
    model.slope.data = (basis[:, :latents] * scale / (scale.square() + level)).mT
    model.log_variance.data = (level / (scale.square() + level)).log()
    return model


def test_elbo_is_that_of_the_exact_linear_model():
    model, x = any_model(), normal(7, 5, seed=3)
    mean, log_variance = model.encode(x)
    oracle = PPCA(model.weight, model.bias, math.sqrt(0.7))
    covariance = torch.diag_embed(log_variance.exp())
    expected = oracle.elbo(x, mean, covariance)
    torch.testing.assert_close(model.elbo(x), expected, rtol=1e-12, atol=1e-12)
    reward = oracle.expected_log_likelihood(x, mean, covariance)
    weighted = reward - 3 * (reward - expected)
    torch.testing.assert_close(model.elbo(x, 3.0), weighted, rtol=1e-12, atol=1e-12)


def test_squared_error_is_a_mean_over_the_latents():
    model, x = any_model(), normal(3, 5, seed=4)
    mean, log_variance = model.encode(x)
    z = mean + (log_variance / 2).exp() * normal(200_000, 3, 3, seed=5)
    drawn = (x - model.bias - z @ model.weight.mT).square().sum(-1)
    error = drawn.std(0) / len(drawn) ** 0.5
    assert ((drawn.mean(0) - model.squared_error(x)).abs() < 5 * error).all()


def test_nats_are_torchs_divergences_averaged_over_the_rows():
    model, x = any_model(), normal(7, 5, seed=6)
    mean, log_variance = model.encode(x)
    posterior = Normal(mean, (log_variance / 2).exp())
    expected = kl_divergence(posterior, Normal(0.0, 1.0)).mean(0)
    torch.testing.assert_close(model.nats(x), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("beta", [1, 2])
@pytest.mark.parametrize("latents", [2, 6, 8])
def test_no_neighbour_of_the_closed_form_is_better(latents, beta):
    x, basis = data_with(EIGENVALUES, seed=7)
    model = optimum(basis, latents, 0.7, beta)
    best = model.elbo(x, beta).mean()
    best.backward()
    learnt = [p for p in model.parameters() if p.requires_grad]
    assert max(float(p.grad.abs().max()) for p in learnt) < 1e-12
    rates, left = water_filling(EIGENVALUES, 0.7 * beta)
    torch.testing.assert_close(model.nats(x), rates[:latents], rtol=0, atol=1e-12)
    left[latents:] = EIGENVALUES[latents:]
    error = model.squared_error(x).mean()
    torch.testing.assert_close(error, left.sum(), rtol=1e-12, atol=0)
    start = [p.detach().clone() for p in learnt]
    for seed in range(100):
        for parameter, value in zip(learnt, start, strict=True):
            step = 0.5 * 10 ** -(seed % 4) * normal(value.numel(), seed=seed)
            parameter.data = value + step.reshape(value.shape)
        assert model.elbo(x, beta).mean() < best


@few
@given(st.lists(st.floats(0.05, 10), min_size=2, max_size=5), st.floats(0.05, 0.9))
def test_water_filling_spends_the_fewest_nats_for_the_error_that_it_leaves(
    values, share
):
    eigenvalues = torch.tensor(values, dtype=torch.float64)
    rates, left = water_filling(eigenvalues, share * max(values))
    torch.testing.assert_close(rates, (eigenvalues / left).log() / 2)
    found = optimize.minimize(
        lambda logs: -logs.sum() / 2,
        np.full(len(values), math.log(float(left.min())) - 1),
        jac=lambda logs: np.full_like(logs, -0.5),
        bounds=[(None, math.log(value)) for value in values],
        constraints={
            "type": "ineq",
            "fun": lambda logs: float(left.sum()) - np.exp(logs).sum(),
            "jac": lambda logs: -np.exp(logs),
        },
        method="SLSQP",
        options={"ftol": 1e-8, "maxiter": 500},
    )
    assert found.success
    least = found.fun + sum(map(math.log, values)) / 2
    assert float(rates.sum()) == pytest.approx(least, abs=1e-5)


def profile(log_noise: float, eigenvalues: list[float], latents: int, beta: float):
    """Twice the loss per image at the best of all other parameters, less a constant."""
    noise = math.exp(log_noise)
    total = len(eigenvalues) * log_noise
    for rank, value in enumerate(sorted(eigenvalues, reverse=True)):
        if rank < latents and value > beta * noise:
            total += beta * (1 + math.log(value / (beta * noise)))
        else:
            total += value / noise
    return total


@few
@given(
    st.lists(st.floats(0.05, 10), min_size=3, max_size=8),
    st.integers(0, 2),
    st.floats(0.3, 5),
)
def test_learnt_noise_is_where_the_loss_is_least(values, spare, beta):
    latents = len(values) - 1 - spare
    noise = learnt_noise(torch.tensor(values, dtype=torch.float64), latents, beta)
    found = optimize.minimize_scalar(
        lambda t: profile(t, values, latents, beta),
        bounds=(-12, 5),
        method="bounded",
        options={"xatol": 1e-9},
    )
    here = profile(math.log(noise), values, latents, beta)
    assert here <= found.fun + 1e-9
    assert math.log(noise) == pytest.approx(found.x, abs=1e-3)


def test_learnt_noise_of_known_cases():
    assert learnt_noise(EIGENVALUES, 6, 1) == pytest.approx(0.15)
    assert learnt_noise(EIGENVALUES, 6, 2) == pytest.approx(0.9)
    assert learnt_noise(EIGENVALUES, 6, 4) == pytest.approx(12.6 / 8)
    assert learnt_noise(EIGENVALUES, 8, 1) == pytest.approx(0.1)
    shuffled = EIGENVALUES[[3, 1, 7, 0, 2, 6, 5, 4]]
    assert learnt_noise(shuffled, 6, 2) == learnt_noise(EIGENVALUES, 6, 2)


def test_without_a_weight_the_noise_is_that_of_the_elbo_itself():
    assert learnt_noise(EIGENVALUES, 6) == learnt_noise(EIGENVALUES, 6, 1)


def test_the_start_is_drawn_by_the_generator_alone_with_columns_of_length_one():
    first, again, other = (
        LinearVAE(400, 20, noise=1.0, generator=numbers(seed)) for seed in (0, 0, 1)
    )
    assert torch.equal(first.weight, again.weight)
    assert torch.equal(first.slope, again.slope)
    assert not torch.equal(first.weight, other.weight)
    for drawn in (first.weight, first.slope.mT):
        assert float(drawn.square().sum(0).mean()) == pytest.approx(1, abs=0.05)
    assert {p.dtype for p in first.parameters()} == {torch.float64}
    assert not first.bias.any()


def test_the_encoder_is_linear():
    model, x = any_model(), normal(7, 5, seed=9)
    mean, log_variance = model.encode(x)
    torch.testing.assert_close(mean, (model.slope @ x.mT).mT + model.shift)
    assert torch.equal(log_variance, model.log_variance.repeat(7, 1))


def test_what_is_not_to_be_learnt_stays():
    model = LinearVAE(4, 2, noise=2.0, generator=numbers(0), centred=True)
    still = {name for name, p in model.named_parameters() if not p.requires_grad}
    assert still == {"bias", "shift", "log_noise"}
    assert model.log_noise.exp() == pytest.approx(2)
    model = LinearVAE(4, 2, noise=2.0, generator=numbers(0), learn_noise=True)
    assert all(p.requires_grad for p in model.parameters())


NO_NOISE = "^noise must be positive; got "
NOT_POSITIVE = "^the level and the eigenvalues must be positive$"
UNBOUNDED = "^no best noise: the ELBO grows without bound as it falls to zero$"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LinearVAE(2, 1, noise=0, generator=numbers(0)), NO_NOISE + "0$"),
        (
            lambda: LinearVAE(2, 1, noise=math.inf, generator=numbers(0)),
            NO_NOISE + "inf$",
        ),
        (lambda: water_filling(EIGENVALUES, 0.0), NOT_POSITIVE),
        (lambda: water_filling(EIGENVALUES - 1, 1.0), NOT_POSITIVE),
        (lambda: water_filling(EIGENVALUES - 0.1, 1.0), NOT_POSITIVE),  # one is 0
        (lambda: learnt_noise(EIGENVALUES, 8, 0.5), UNBOUNDED),
        (lambda: learnt_noise(0 * EIGENVALUES, 2), UNBOUNDED),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_best_noise_without_latents_or_without_a_price():
    """M s^2 is the sum of the eigenvalues that no latent takes, at no price."""
    eigenvalues = torch.tensor([3.0, 1.0, 0.5], dtype=torch.float64)
    assert learnt_noise(eigenvalues, 0) == pytest.approx(4.5 / 3)
    assert learnt_noise(eigenvalues, 1, beta=0.0) == pytest.approx(1.5 / 3)


@pytest.mark.parametrize(
    ("latents", "beta", "least"),
    [(-1, 1.0, 0.5), (1, -1.0, 0.5), (1, math.inf, 0.5), (1, 1.0, -0.5)],
)
def test_no_noise_is_best_of_what_is_negative_or_infinite(latents, beta, least):
    eigenvalues = torch.tensor([1.0, least], dtype=torch.float64)
    with pytest.raises(ValueError, match=r"^the latents, beta and the eigenval"):
        learnt_noise(eigenvalues, latents, beta)
