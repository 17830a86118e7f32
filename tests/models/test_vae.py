"""The VAE against oracles: torch.distributions, finite differences, orderings."""

import math
import resource
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from lib.models import vae
from lib.models.gaussian import PPCA
from lib.models.vae import VAE, VAEConfig
from tests.shared.effort import examples

SMALL = VAEConfig(pixels=6, hidden=5, latents=3)
seeds = st.integers(0, 2**32)


@pytest.fixture
def model() -> VAE:
    torch.manual_seed(0)
    return VAE(SMALL).double()


def pixels(*shape: int, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator, dtype=torch.float64).round()


def noise(*shape: int, seed: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@given(seed=seeds, scale=st.sampled_from([0.1, 1.0, 30.0]))
def test_log_bernoulli_is_that_of_torch_distributions(seed, scale):
    x, logits = pixels(4, 6, seed=seed), scale * noise(4, 6, seed=seed)
    oracle = Independent(Bernoulli(logits=logits), 1).log_prob(x)
    torch.testing.assert_close(vae.log_bernoulli(x, logits), oracle)


def test_log_bernoulli_is_finite_where_a_probability_rounds_to_zero():
    value = vae.log_bernoulli(torch.ones(1), torch.tensor([-200.0]))
    assert value == -200.0
    value = vae.log_bernoulli(torch.zeros(1), torch.tensor([200.0]))
    assert value == -200.0


def test_elbo_is_reconstruction_minus_kl(model):
    x, e = pixels(4, 6), noise(4, 3)
    mean, log_variance = model.encode(x)
    q = Normal(mean, torch.exp(0.5 * log_variance))
    p = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    bound = vae.elbo(model, x, e)
    logits = model.decode(q.mean + q.stddev * e)
    reconstruction = Bernoulli(logits=logits).log_prob(x).sum(-1)
    torch.testing.assert_close(bound.reconstruction, reconstruction)
    torch.testing.assert_close(bound.regularisation, kl_divergence(q, p).sum(-1))
    torch.testing.assert_close(bound.value, bound.reconstruction - bound.regularisation)


@settings(max_examples=examples(3))
@given(seed=seeds)
def test_the_elbos_gradient_is_that_of_finite_differences(seed):
    torch.manual_seed(seed)
    model = VAE(SMALL).double()
    x, e = pixels(2, 6, seed=seed), noise(2, 3, seed=seed)
    names = [name for name, _ in model.named_parameters()]

    def value(*weights):
        call = dict(zip(names, weights, strict=True))
        return torch.func.functional_call(Bound(model), prefixed(call), (x, e))

    weights = tuple(p.detach().requires_grad_() for p in model.parameters())
    assert torch.autograd.gradcheck(value, weights)


class Bound(torch.nn.Module):
    """The mean ELBO as a module, so that its weights can be exchanged."""

    def __init__(self, model: VAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, x, e):
        return vae.elbo(self.model, x, e).value.mean()


def prefixed(weights):
    return {f"model.{name}": weight for name, weight in weights.items()}


def test_importance_weights_are_joint_over_posterior(model):
    x, e = pixels(4, 6), noise(7, 4, 3)
    mean, log_variance = model.encode(x)
    q = Normal(mean, torch.exp(0.5 * log_variance))
    z = q.mean + q.stddev * e
    joint = Normal(torch.zeros_like(z), torch.ones_like(z)).log_prob(z).sum(-1)
    joint = joint + Bernoulli(logits=model.decode(z)).log_prob(x).sum(-1)
    oracle = joint - q.log_prob(z).sum(-1)
    torch.testing.assert_close(vae.log_importance_weights(model, x, e), oracle)


def test_iwae_grows_with_its_samples_from_the_elbo_to_the_likelihood(model):
    """E[elbo] = E[iwae, K = 1] <= E[iwae, K = 5] <= log p(x), by many repetitions.

    The oracle for log p(x) is a grid over the three latents.
    """
    for parameter in model.parameters():
        parameter.data *= 3  # so that the bounds lie well apart
    x, repeats = pixels(1, 6), 5_000
    with torch.no_grad():
        weights = vae.log_importance_weights(model, x, noise(5 * repeats, 1, 3))
        one = weights[:, 0]
        five = vae.log_mean_exp(weights.view(5, repeats))
        elbo = vae.elbo(model, x.expand(repeats, 6), noise(repeats, 3, seed=4)).value
        exact = log_evidence_on_a_grid(model, x)

    def error(v):
        return float(v.std()) / math.sqrt(len(v))

    assert abs(one.mean() - elbo.mean()) < 4 * math.hypot(error(one), error(elbo))
    assert five.mean() - one.mean() > 4 * math.hypot(error(one), error(five))
    assert exact - five.mean() > 4 * error(five)
    weighed = vae.log_mean_exp(one)
    assert abs(weighed - exact) < 0.1


def log_evidence_on_a_grid(model: VAE, x: torch.Tensor) -> torch.Tensor:
    axis = torch.linspace(-5, 5, 41, dtype=torch.float64)
    z = torch.cartesian_prod(axis, axis, axis)
    log_prior = Normal(0.0, 1.0).log_prob(z).sum(-1)
    log_joint = log_prior + vae.log_bernoulli(x, model.decode(z))
    return log_joint.logsumexp(0) + 3 * torch.log(axis[1] - axis[0])


def test_log_likelihood_is_the_iwae_bound_whatever_the_chunk(model):
    model, x = model.float(), pixels(3, 6).float()
    generator = torch.Generator()
    whole = vae.log_likelihood(model, x, 50, generator.manual_seed(3))
    for chunk in (7, 50, 1000):
        parts = vae.log_likelihood(model, x, 50, generator.manual_seed(3), chunk=chunk)
        if chunk >= 50:
            assert torch.equal(parts, whole)
        else:
            torch.testing.assert_close(parts, whole, atol=0.5, rtol=0)
    e = torch.randn(50, 3, generator=generator.manual_seed(3))
    torch.testing.assert_close(whole[0], vae.iwae(model, x[:1], e[:, None])[0])


def test_the_likelihoods_memory_does_not_grow_with_the_images():
    status = Path("/proc/self/statm")
    if not status.exists():
        pytest.skip("the memory in use is read from /proc")
    pages = []
    vae.log_likelihood(
        VAE(),
        torch.rand(60, 784).round(),
        1000,
        torch.Generator().manual_seed(0),
        progress=lambda done: pages.append(int(status.read_text().split()[1])),
    )
    grown = (pages[-1] - pages[19]) * resource.getpagesize()
    assert grown < 40 * 2**20, "one image's samples take 3 MiB"


def test_log_likelihood_reports_each_image(model):
    seen = []
    vae.log_likelihood(
        model.float(),
        pixels(3, 6).float(),
        2,
        torch.Generator().manual_seed(0),
        progress=seen.append,
    )
    assert seen == [1, 2, 3]


def test_each_sample_of_each_image_has_noise_of_its_own(model, monkeypatch):
    seen = []

    def spy(likelihood, mean, log_variance, noise):
        seen.append((mean[0], noise[:, 0]))
        return torch.zeros(noise.shape[:2])

    monkeypatch.setattr(vae, "log_weights_of", spy)
    images, source = pixels(2, 6), torch.Generator().manual_seed(0)
    vae.log_likelihood(model, images, 5, source, chunk=2)
    assert [len(noise) for _, noise in seen] == [2, 2, 1, 2, 2, 1]
    means, _ = model.encode(images)
    assert all(torch.equal(mean, means[i // 3]) for i, (mean, _) in enumerate(seen))
    assert len(torch.cat([noise for _, noise in seen]).unique(dim=0)) == 10


def test_several_images_at_once_have_the_likelihoods_of_each(model, monkeypatch):
    """As on a GPU, where small products would wait for their launches."""
    with torch.no_grad():
        exact = [log_evidence_on_a_grid(model, x) for x in pixels(5, 6)]
    monkeypatch.setattr(vae, "on_cpu", lambda images: False)
    monkeypatch.setattr(vae, "GPU_ROWS", 8000)
    source, done = torch.Generator().manual_seed(0), []
    found = vae.log_likelihood(model, pixels(5, 6), 4000, source, progress=done.append)
    torch.testing.assert_close(found, torch.stack(exact), atol=0.1, rtol=0)
    assert done == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("shift", [-1e4, 0.0, 1e4])
def test_log_mean_exp_is_over_the_first_dimension_and_never_overflows(shift):
    odds = torch.tensor([[1.0, 2.0], [3.0, 6.0], [5.0, 10.0]], dtype=torch.float64)
    found = vae.log_mean_exp(odds.log() + shift)
    wanted = torch.tensor([3.0, 6.0], dtype=torch.float64).log() + shift
    torch.testing.assert_close(found, wanted)


def test_the_network_is_the_reports():
    shapes = [tuple(p.shape) for p in VAE().parameters()]
    assert shapes[::2] == [(512, 784), (40, 512), (512, 20), (784, 512)]


def test_more_hidden_layers_and_tanh_on_request():
    config = VAEConfig(6, 5, 2, layers=2, activation="tanh")
    model = VAE(config)
    for half, inputs, outputs in ((model.encoder, 6, 4), (model.decoder, 2, 6)):
        kinds = [type(part).__name__ for part in half]
        assert kinds == ["Linear", "Tanh", "Linear", "Tanh", "Linear"]
        assert [part.in_features for part in half[::2]] == [inputs, 5, 5]
        assert half[-1].out_features == outputs


def test_no_hidden_layer_leaves_two_linear_maps():
    halves = vae.VAE(vae.VAEConfig(pixels=6, latents=3, layers=0))
    assert [[*map(str, half)] for half in (halves.encoder, halves.decoder)] == [
        ["Linear(in_features=6, out_features=6, bias=True)"],
        ["Linear(in_features=3, out_features=6, bias=True)"],
    ]


def test_each_half_is_two_layers_with_a_relu_between_and_means_come_first(model):
    """Against the same weights in NumPy."""
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}

    def written_out(half, x):
        hidden = x @ state[f"{half}.0.weight"].T + state[f"{half}.0.bias"]
        hidden = hidden * (hidden > 0)
        return hidden @ state[f"{half}.2.weight"].T + state[f"{half}.2.bias"]

    x, z = noise(4, 6), noise(4, 3)
    mean, log_variance = (part.detach().numpy() for part in model.encode(x))
    both = written_out("encoder", x.numpy())
    assert mean == pytest.approx(both[:, :3], abs=1e-12)
    assert log_variance == pytest.approx(both[:, 3:], abs=1e-12)
    logits = model.decode(z).detach().numpy()
    assert logits == pytest.approx(written_out("decoder", z.numpy()), abs=1e-12)


def test_the_outputs_may_be_negative():
    """A ReLU on the last layer, as the report's text can be read, would forbid it."""
    torch.manual_seed(0)
    model = VAE()
    mean, log_variance = model.encode(torch.rand(16, 784))
    logits = model.decode(torch.randn(16, 20))
    assert all(bool((output < 0).any()) for output in (mean, log_variance, logits))
    relus = [m for m in model.modules() if isinstance(m, torch.nn.ReLU)]
    assert len(relus) == 2


def test_elbo_of_all_is_elbo(model):
    x, e = pixels(7, 6), noise(7, 3)
    found = vae.elbo_of_all(model, x, e, chunk=3)
    torch.testing.assert_close(found, vae.elbo(model, x, e))
    assert not found.value.requires_grad


@pytest.mark.usefixtures("signatures_unchecked")
def test_images_without_noise_of_their_own_are_not_left_out(model):
    with pytest.raises(ValueError, match="is shorter"):
        vae.elbo_of_all(model, pixels(4, 6), noise(2, 3), chunk=2)


def test_loss_is_the_mean_negative_elbo(model):
    model, x = model.float(), pixels(4, 6).float()
    terms = vae.loss(model, x, torch.Generator().manual_seed(5))
    e = torch.randn(4, 3, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(terms["loss"], -vae.elbo(model, x, e).value.mean())
    torch.testing.assert_close(
        terms["loss"], terms["regularisation"] - terms["reconstruction"]
    )


def test_the_iwae_loss_is_the_mean_of_the_negative_bound(model):
    x = pixels(5, model.config.pixels)
    generator = torch.Generator().manual_seed(3)
    found = vae.iwae_loss(model, x, 7, generator)
    generator.manual_seed(3)
    shape = (7, 5, model.config.latents)
    noise = torch.randn(shape, generator=generator, dtype=x.dtype)
    assert found.keys() == {"loss"}
    assert torch.allclose(found["loss"], -vae.iwae(model, x, noise).mean())
    assert found["loss"].requires_grad


def test_pictures_are_probabilities_of_what_was_asked(model):
    z = noise(2, 3)
    values = torch.tensor([-1.0, 0.0, 2.0], dtype=torch.float64)
    moved = vae.traverse(model, z[0], 1, values)
    for row, value in zip(moved, values, strict=True):
        at = z[0].clone()
        at[1] = value
        torch.testing.assert_close(row, vae.sample(model, at))
    line = vae.interpolate(model, z[0], z[1], 5)
    torch.testing.assert_close(line[[0, 4]], vae.sample(model, z))
    torch.testing.assert_close(line[2], vae.sample(model, z.mean(0)))
    x = pixels(4, 6)
    torch.testing.assert_close(
        vae.reconstruct(model, x), vae.sample(model, model.encode(x)[0])
    )


def test_a_traverse_sets_any_one_coordinate(model):
    z, values = noise(3), noise(2, seed=9)
    for dimension in range(3):
        pictures = vae.traverse(model, z, dimension, values)
        for picture, value in zip(pictures, values, strict=True):
            one = [value if i == dimension else z[i] for i in range(3)]
            torch.testing.assert_close(picture, vae.sample(model, torch.stack(one)))


def test_pictures_and_bounds_are_computed_where_the_model_is(model):
    """On the device that has shapes alone, what lies elsewhere cannot be added."""
    model, x, z = model.to("meta"), pixels(4, 6).to("meta"), noise(4, 3).to("meta")
    likelihood, drawn = vae.log_likelihood_of(model, x), torch.Generator()
    results = [
        vae.interpolate(model, z[0], z[1], 5),
        vae.loss(model, x, drawn)["loss"],
        vae.iwae_loss(model, x, 2, drawn)["loss"],
        *vae.refit(likelihood, z, z, drawn, steps=2),
    ]
    assert {value.device.type for value in results} == {"meta"}
    assert {value.dtype for value in results} == {torch.float64}


def test_two_samples_of_a_weight_have_a_standard_error():
    found = vae.log_evidence(torch.tensor([[1.0], [3.0]]).log())
    assert float(found.value) == pytest.approx(math.log(2))
    assert float(found.standard_error) == pytest.approx(0.5)  # of 1/2 and 3/2


# ------------------------------------------- any q, against the linear model's best one


@pytest.fixture
def line() -> PPCA:
    """Three correlated latents, so that no diagonal q is the posterior."""
    weight = noise(5, 3) + 0.3 * noise(5, 1, seed=4)  # the shared column correlates
    return PPCA(weight, noise(5, seed=3), 0.7)


def refitted(line: PPCA, x: torch.Tensor, **settings):
    start, seed = torch.zeros(len(x), 3, dtype=x.dtype), torch.Generator()
    return vae.refit(
        lambda z: line.log_likelihood(x, z),
        start,
        start.clone(),
        seed.manual_seed(0),
        **settings,
    )


def test_a_refit_reaches_the_best_diagonal_q_of_the_linear_model(line):
    x = noise(8, 5, seed=5)
    mean, log_variance = refitted(line, x, steps=1500, samples=16)
    best_mean, best_variance = line.mean_field(x)
    torch.testing.assert_close(mean, best_mean, atol=0.04, rtol=0)
    expected = best_variance.log().expand(8, 3)
    torch.testing.assert_close(log_variance, expected, atol=0.06, rtol=0)

    def missing(mean, variance):
        return line.log_evidence(x) - line.elbo(x, mean, torch.diag_embed(variance))

    least = missing(best_mean, best_variance.expand(8, 3))
    found = missing(mean, log_variance.exp())
    assert (least > 0.05).all()  # the family has a gap of its own
    assert (found > least - 1e-9).all()
    assert (found < least + 0.005).all()


def test_a_refit_that_stops_early_has_not_reached_it(line):
    x = noise(8, 5, seed=5)
    best_mean, _ = line.mean_field(x)
    mean, _ = refitted(line, x, steps=20)
    assert ((mean - best_mean).abs().max(1).values > 0.1).any()


def test_a_refit_draws_from_its_own_generator(line):
    x = noise(2, 5, seed=5)
    torch.manual_seed(1)
    once = refitted(line, x, steps=3)
    again = refitted(line, x, steps=3)
    assert all(map(torch.equal, once, again))


def test_a_refit_leaves_its_start_and_the_network_alone(model):
    x, start = pixels(4, 6), torch.zeros(4, 3, dtype=torch.float64)
    before = [p.clone() for p in model.parameters()]
    likelihood = vae.log_likelihood_of(model, x)
    seed = torch.Generator().manual_seed(0)
    mean, log_variance = vae.refit(likelihood, start, start, seed, steps=5)
    assert not start.any()
    assert all(part.any() and not part.requires_grad for part in (mean, log_variance))
    assert all(map(torch.equal, before, model.parameters()))
    assert all(p.grad is None for p in model.parameters())


def test_the_bound_of_the_encoders_own_q_is_elbo(model):
    x, e = pixels(4, 6), noise(7, 4, 3)
    likelihood = vae.log_likelihood_of(model, x)
    found = vae.elbo_of(likelihood, *model.encode(x), e)
    each = torch.stack([vae.elbo(model, x, one).reconstruction for one in e])
    torch.testing.assert_close(found.reconstruction, each.mean(0))
    single = vae.elbo(model, x, e[0]).regularisation
    torch.testing.assert_close(found.regularisation, single)


def test_the_bound_of_any_q_is_the_linear_models(line):
    x, mean, log_variance = noise(2, 5, seed=5), noise(2, 3, seed=6), noise(2, 3)
    e = noise(40_000, 2, 3, seed=7)

    def likelihood(z):
        return line.log_likelihood(x, z)

    found = vae.elbo_of(likelihood, mean, log_variance, e)
    z = vae.reparameterise(mean, log_variance, e)
    error = likelihood(z).std(0) / len(e) ** 0.5
    exact = line.elbo(x, mean, torch.diag_embed(log_variance.exp()))
    assert ((found.value - exact).abs() < 4 * error).all()


def test_the_evidence_and_its_standard_error_are_the_linear_models(line):
    """A q twice as wide as the best diagonal one, whose weights have moments."""
    x, repeats = noise(1, 5, seed=5), 400
    mean, variance = line.mean_field(x)
    log_variance = (2 * variance).log().expand(repeats, 3)
    log_weights = vae.log_weights_of(
        lambda z: line.log_likelihood(x, z),
        mean.expand(repeats, 3),
        log_variance,
        noise(500, repeats, 3),
    )
    found = vae.log_evidence(log_weights)
    assert found.standard_error.shape == found.value.shape == (repeats,)
    exact = line.log_evidence(x)
    assert float(found.value.std()) == pytest.approx(
        float(found.standard_error.mean()), rel=0.15
    )
    of_mean = found.value.std() / repeats**0.5
    assert abs(found.value.mean() - exact) < 4 * of_mean
    torch.testing.assert_close(found.value, vae.log_mean_exp(log_weights))
