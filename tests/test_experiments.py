"""The experiments: their published settings, their figure, and their bounds."""

from dataclasses import replace

import pytest
import torch

from lib import digits, experiments, vae
from lib.experiments import EXPERIMENTS, VAERun

TINY = VAERun(
    digits="bundled",
    hidden=16,
    latents=2,
    learning_rate=1e-2,
    epochs=3,
    nll_samples=20,
    nll_images=40,
    figure_epochs=(1, 2),
)


@pytest.fixture(scope="module")
def data():
    return digits.load("bundled")


@pytest.fixture(scope="module")
def trained(data):
    return experiments.train_vae(TINY, data, seed=0)


def test_the_reports_run_and_its_peer_are_as_published():
    report = EXPERIMENTS["vae-mnist"].run
    assert (report.digits, report.hidden, report.latents) == ("mnist", 512, 20)
    assert (report.learning_rate, report.batch_size, report.epochs) == (1e-4, 128, 80)
    peer = EXPERIMENTS["vae-mnist-peer"].run
    assert (peer.digits, peer.hidden, peer.latents) == ("mnist", 400, 20)
    assert (peer.learning_rate, peer.batch_size, peer.epochs) == (1e-3, 128, 10)
    live = EXPERIMENTS["vae-digits"].run
    assert replace(live, digits="mnist", learning_rate=1e-4) == report


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
    model, history = experiments.train_vae(TINY, data, seed=0)
    assert history.curves == trained[1].curves
    weights = zip(model.parameters(), trained[0].parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in weights)


def test_the_figures_samples_come_from_one_noise(data, trained):
    model, history = trained
    assert list(history.snapshots) == ["1", "2", "3"]  # the last epoch is always there
    noise = torch.Generator().manual_seed(experiments.EVALUATION_SEED)
    images = vae.sample(model, torch.randn(64, 2, generator=noise))
    assert torch.equal(history.snapshots["3"], (images * 255).byte())
    figure = experiments.samples_figure(history)
    assert [a.get_title() for a in figure.axes] == ["1 epoch", "2 epochs", "3 epochs"]
    drawn = figure.axes[2].images[0].get_array()
    assert torch.equal(
        torch.tensor(drawn[28:56, 84:112].copy()).reshape(-1),
        history.snapshots["3"][11],
    )


def test_the_bounds_are_in_order_and_say_what_they_are_of(data, trained):
    metrics = experiments.evaluate_vae(trained[0], TINY, data.test_images)
    assert metrics["test_elbo"]["n"] == 297
    assert "grey" in metrics["test_elbo"]["pixels"]
    assert "binarised" in metrics["test_nll"]["pixels"]
    assert metrics["test_nll"]["samples"] == 20
    assert metrics["test_nll"]["n"] == 40
    everywhere = replace(TINY, nll_images=10000)
    metrics = experiments.evaluate_vae(trained[0], everywhere, data.test_images)
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
    experiments.evaluate_vae(trained[0], TINY, data.test_images)
    experiments.evaluate_vae(trained[0], TINY, data.test_images)
    assert torch.equal(*seen)
    assert set(seen[0].unique().tolist()) == {0.0, 1.0}
    whites = float((seen[0] - data.test_images[:40]).mean())
    assert abs(whites) < 4 * 0.5 / seen[0].numel() ** 0.5


def test_the_test_curve_is_the_negative_elbo(data, trained):
    model, history = trained
    metrics = experiments.evaluate_vae(model, TINY, data.test_images)
    low, high = metrics["test_elbo"]["interval"]
    assert low < -history.curves["test_loss"][-1] < high
    difference = history.curves["test_loss"][-1] + metrics["test_elbo"]["mean"]
    assert abs(difference) < 1  # other noise, the same images


def test_the_time_it_will_take_is_said_after_twenty_images(data, trained):
    said = []
    experiments.evaluate_vae(trained[0], TINY, data.test_images, said.append)
    assert len(said) == 1
    assert "40 images with 20 samples" in said[0]
