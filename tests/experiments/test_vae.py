"""A VAE's run: to the bit the same, and judged by bounds that are in order."""

import json
from dataclasses import asdict, replace

import pytest
import torch

from lib.data import digits
from lib.experiments.configurations import PlaneRun, VAERun
from lib.experiments.vae import (
    EVALUATION_SEED,
    evaluate_vae,
    keep_plane,
    kept_plane,
    train_vae,
)
from lib.models import vae

TINY = VAERun(
    digits="bundled",
    hidden=16,
    latents=2,
    learning_rate=1e-2,
    epochs=3,
    nll_samples=20,
    nll_images=40,
    figure_epochs=(1,),
)


@pytest.fixture(scope="module")
def data():
    return digits.load("bundled")


@pytest.fixture(scope="module")
def trained(data):
    return train_vae(TINY, data, seed=0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("digits", "fashion"),
        ("hidden", 0),
        ("latents", -1),
        ("epochs", 0),
        ("batch_size", 0),
        ("nll_samples", 0),
        ("nll_images", 1),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("figure_epochs", (0, 1)),
    ],
)
def test_a_senseless_configuration_is_refused_by_field(field, value):
    with pytest.raises(ValueError, match=field):
        VAERun(**{field: value})


def test_one_seed_gives_one_result(data, trained):
    model, history = train_vae(TINY, data, seed=0)
    assert history.curves == trained[1].curves
    weights = zip(model.parameters(), trained[0].parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in weights)


def test_the_figures_samples_come_from_one_noise(data, trained):
    model, history = trained
    assert list(history.snapshots) == ["1", "3"]  # the last epoch is always there
    noise = torch.Generator().manual_seed(EVALUATION_SEED)
    images = vae.sample(model, torch.randn(64, 2, generator=noise))
    assert torch.equal(history.snapshots["3"], (images * 255).byte())


def test_the_bounds_are_in_order_and_say_what_they_are_of(data, trained):
    metrics = evaluate_vae(trained[0], TINY, data)
    assert metrics["test_elbo"]["n"] == 297
    assert "grey" in metrics["test_elbo"]["pixels"]
    assert "binarised" in metrics["test_nll"]["pixels"]
    assert metrics["test_nll"]["samples"] == 20
    assert metrics["test_nll"]["n"] == 40
    everywhere = replace(TINY, nll_images=10000)
    metrics = evaluate_vae(trained[0], everywhere, data)
    assert metrics["test_nll"]["n"] == 297
    assert 0 < metrics["test_nll"]["mean"] < -metrics["test_elbo_binarised"]["mean"]
    low, high = metrics["test_nll"]["interval"]
    assert low < metrics["test_nll"]["mean"] < high


def test_the_likelihood_is_of_black_and_white_images(data, trained, monkeypatch):
    seen = []

    def spy(model, images, *arguments, **options):
        seen.append(images)
        return torch.zeros(len(images))

    monkeypatch.setattr(vae, "log_likelihood", spy)
    evaluate_vae(trained[0], TINY, data)
    evaluate_vae(trained[0], TINY, data)
    assert torch.equal(*seen)
    assert set(seen[0].unique().tolist()) == {0.0, 1.0}
    whites = float((seen[0] - data.test_images[:40]).mean())
    assert abs(whites) < 4 * 0.5 / seen[0].numel() ** 0.5


def test_the_test_curve_is_the_negative_elbo(data, trained):
    model, history = trained
    metrics = evaluate_vae(model, TINY, data)
    low, high = metrics["test_elbo"]["interval"]
    assert low < -history.curves["test_loss"][-1] < high
    difference = history.curves["test_loss"][-1] + metrics["test_elbo"]["mean"]
    assert abs(difference) < 1  # other noise, the same images


def test_the_time_it_will_take_is_said_after_twenty_images(data, trained):
    said = []
    evaluate_vae(trained[0], TINY, data, said.append)
    assert len(said) == 1
    assert "40 images with 20 samples" in said[0]


def test_a_plane_is_kept_to_the_bit(data, trained):
    model, _ = trained
    kept = json.loads(json.dumps(keep_plane(model, data)))
    again = kept_plane({"kept": kept, "configuration": asdict(TINY)})
    pairs = zip(model.parameters(), again.parameters(), strict=True)
    assert all(torch.equal(ours, theirs) for ours, theirs in pairs)
    with torch.no_grad():
        codes, _ = again.encode(data.test_images)
    assert torch.allclose(torch.tensor(kept["codes"]), codes, atol=1e-3)
    assert kept["labels"] == data.test_labels.tolist()


def test_a_plane_has_two_latents():
    with pytest.raises(ValueError, match="latents must be 2"):
        PlaneRun(latents=3)
