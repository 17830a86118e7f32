"""Runs whose steps are captured, beside the same ones run step by step.

What a graph would replay is run again in its place, so this needs no GPU; that a graph
replays what it recorded is for `make gpu` to see.
"""

from collections import Counter
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from lib.data import digits
from lib.data.corpora import Parallel
from lib.experiments import iwae, translation
from lib.experiments.configurations import IWAERun, TranslationRun
from lib.training import loop
from lib.training.engine import Engine
from lib.training.loop import History
from tests.shared.graphs import stand_in

IWAE = IWAERun(
    digits="bundled-8x8", samples=3, hidden=16, latents=4, batch_size=20, stages=2
)
IMAGES = digits.load("bundled-8x8", None)
TEXTS = {
    "en": ["a dog runs .", "a man runs .", "a dog sits down .", "two men sit ."] * 8,
    "de": ["ein Hund rennt .", "ein Mann rennt .", "ein Hund .", "Männer ."] * 8,
}
TRANSLATOR = TranslationRun(
    languages=("en", "de"),
    untrained=(),
    vocabulary=300,
    width=16,
    hidden=16,
    heads=2,
    encoder_layers=1,
    decoder_layers=1,
    learning_rate=1e-2,
    warmup=10,
    batch_tokens=100,
    epochs=6,
    packed=True,
    averaged=2,
)
SENTENCES = Parallel("a few sentences", {}, TEXTS, TEXTS, TEXTS)
CAPTURED = Engine(capture="graph")
KINDS = ["iwae", "translator"]


@pytest.fixture(autouse=True)
def counts(monkeypatch) -> Counter[str]:
    monkeypatch.setattr(loop, "SECONDS", 0)  # a checkpoint after each epoch
    return stand_in(monkeypatch)


def trained(kind: str, engine: Engine, **options) -> tuple[nn.Module, History]:
    """The trained network; with ``until`` the run is stopped after so many epochs."""
    if kind == "translator":
        found, history = translation.train_translator(
            TRANSLATOR, SENTENCES, 0, engine=engine, **options
        )
        return found.model, history
    until = options.pop("until", None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(iwae, "run_epochs", partial(iwae.run_epochs, until=until))
        return iwae.train_iwae(IWAE, IMAGES, 0, engine=engine, **options)


def weights(network: nn.Module) -> Tensor:
    return torch.cat([part.detach().ravel() for part in network.parameters()])


def same_but_for_rounding(mine: History, theirs: History) -> None:
    """Learning rates have 32 bits in a graph, and sums are taken in another order.

    Weights are not compared: Adam moves those that no loss depends on, as the biases of
    keys, by the sign of their rounding.
    """
    assert mine.curves.keys() == theirs.curves.keys()
    for name, curve in theirs.curves.items():
        assert mine.curves[name] == pytest.approx(curve, rel=1e-5), name


@pytest.mark.parametrize("kind", KINDS)
def test_a_captured_runs_losses_are_the_plain_ones_over_fifty_steps(
    kind, counts
) -> None:
    _, plain = trained(kind, Engine())
    assert not counts
    _, captured = trained(kind, CAPTURED)
    steps = {"iwae": loop.STEPS, "translator": 1}[kind]  # of a block, at most
    assert steps * counts["replays"] >= 50
    same_but_for_rounding(captured, plain)
    losses = plain.curves["loss"]
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_captured_run_that_was_stopped_ends_where_it_would_have(
    kind, tmp_path, counts
) -> None:
    whole, history = trained(kind, CAPTURED)
    file = tmp_path / "run.pt"
    _, begun = trained(kind, CAPTURED, checkpoint=file, until=2)
    counts.clear()
    resumed, again = trained(kind, CAPTURED, checkpoint=file, resume=True)
    assert counts["plain"] == counts["graphs"] > 0  # it captures its steps anew
    assert begun.curves["loss"] == history.curves["loss"][:2]
    assert again.curves == history.curves
    assert torch.equal(weights(resumed), weights(whole))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first", ["off", "graph"])
def test_a_run_may_go_on_with_or_without_capture(kind, first, tmp_path) -> None:
    """What is captured is how, not what: a checkpoint is the same run's."""
    engines = [CAPTURED, Engine()] if first == "graph" else [Engine(), CAPTURED]
    file = tmp_path / "run.pt"
    trained(kind, engines[0], checkpoint=file, until=2)
    _, resumed = trained(kind, engines[1], checkpoint=file, resume=True)
    _, plain = trained(kind, Engine())
    same_but_for_rounding(resumed, plain)
