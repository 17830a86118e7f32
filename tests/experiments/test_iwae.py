"""Runs by the importance-weighted bound: schedule, pixels, measure."""

from dataclasses import asdict, replace
from functools import partial

import pytest
import torch

from lib.data import digits
from lib.experiments import iwae
from lib.experiments.configurations import IWAERun
from lib.experiments.iwae import (
    binarised,
    evaluate_iwae,
    rate,
    train_iwae,
)
from lib.experiments.table import EXPERIMENTS
from lib.models.vae import VAE, VAEConfig

TINY = IWAERun(
    digits="bundled-8x8",
    samples=3,
    hidden=16,
    latents=4,
    batch_size=200,
    stages=2,
    nll_samples=20,
    nll_images=10,
)
DATA = digits.load("bundled-8x8", None)


def test_the_rate_falls_to_a_tenth_in_seven_stages_of_powers_of_three() -> None:
    assert [rate(epoch) for epoch in range(4)] == [1.0] + [10 ** (-1 / 7)] * 3
    starts = [(3**stage - 1) // 2 for stage in range(9)]
    assert starts == [0, 1, 4, 13, 40, 121, 364, 1093, 3280]
    for stage, start in enumerate(starts):
        assert rate(start) == pytest.approx(10 ** (-stage / 7))
        assert start == 0 or rate(start - 1) > rate(start)
    assert IWAERun(stages=8).epochs == 3280  # what Burda et al. report
    assert IWAERun(stages=1).epochs == 1


def test_pixels_are_drawn_anew_in_each_epoch_by_their_grey_level() -> None:
    grey = torch.tensor([[0.0, 1.0, 0.25]]).repeat(4000, 1)
    batches = binarised(grey, 1000)
    generator = torch.Generator().manual_seed(0)
    epochs = [torch.cat([b for b, _ in batches(generator)]) for _ in range(2)]
    for epoch in epochs:
        assert set(epoch.unique().tolist()) == {0.0, 1.0}
        share = epoch.mean(0)
        assert share[:2].tolist() == [0, 1]
        assert abs(share[2] - 0.25) < 5 * (0.25 * 0.75 / 4000) ** 0.5
    assert not torch.equal(*epochs)


def test_a_resumed_run_ends_where_it_would_have_ended(tmp_path) -> None:
    whole, history = train_iwae(TINY, DATA, 0)
    file = tmp_path / "run.pt"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(iwae, "run_epochs", partial(iwae.run_epochs, until=2))
        begun = train_iwae(TINY, DATA, 0, checkpoint=file)[1]
    assert begun.curves["loss"] == history.curves["loss"][:2]
    resumed, again = train_iwae(TINY, DATA, 0, checkpoint=file, resume=True)
    assert again.curves == history.curves
    pairs = zip(whole.parameters(), resumed.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_training_raises_the_bound_and_the_record_says_what_was_measured() -> None:
    model, history = train_iwae(replace(TINY, stages=3), DATA, 0)
    losses = history.curves["loss"]
    assert losses[-1] < losses[0] - 5
    metrics = evaluate_iwae(model, TINY, DATA)
    assert metrics["test_nll"]["samples"] == 20
    assert metrics["test_nll"]["n"] == 10
    assert metrics["test_nll"]["mean"] > 0
    # More samples, a tighter bound; the ELBO is over all images, the other over ten.
    assert metrics["test_elbo_binarised"]["n"] == len(DATA.test_images)
    assert 0 <= metrics["active"] <= TINY.latents


def test_a_latent_is_active_if_its_mean_moves_with_the_image() -> None:
    config = VAEConfig(64, 16, 4, layers=2, activation="tanh")
    model = VAE(config)
    last = model.encoder[-1]
    with torch.no_grad():
        last.weight[:4] *= 0  # no mean moves
        last.bias[:4] = torch.tensor([3.0, -2.0, 1.0, 0.0])
    assert evaluate_iwae(model, TINY, DATA)["active"] == 0
    with torch.no_grad():
        last.weight[2] = 5.0
    assert evaluate_iwae(model, TINY, DATA)["active"] == 1


def test_the_books_runs_differ_by_their_samples_alone() -> None:
    runs = [EXPERIMENTS[f"iwae-mnist-k{k}"].run for k in (1, 5, 50)]
    others = [{**asdict(run), "samples": None} for run in runs]
    assert others[0] == others[1] == others[2]
    assert runs[0].epochs == 40


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("digits", "letters"),
        ("samples", 0),
        ("stages", 0),
        ("nll_images", 1),
        ("learning_rate", 1.0),
    ],
)
def test_a_senseless_configuration_is_refused_by_field(field: str, value) -> None:
    with pytest.raises(ValueError, match=field):
        replace(TINY, **{field: value})
