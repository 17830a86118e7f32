"""Captured epochs, on a processor: a stand-in runs again what a graph would replay."""

from collections import Counter

import pytest
import torch
from torch import Tensor, nn

from lib.training import loop
from lib.training.capture import CapturedEpoch, Rates
from lib.training.engine import Engine, prepare
from lib.training.loop import Shuffled, Training, run_epochs
from lib.training.optimisers import Adam
from tests.shared.graphs import stand_in

DATA = torch.randn(1000, 4, generator=torch.Generator().manual_seed(7))
RATE = 2**-10  # the same number in 32 bits and in 64


@pytest.fixture(autouse=True)
def counts(monkeypatch) -> Counter[str]:
    return stand_in(monkeypatch)


def trained(engine: Engine, **options):
    """A small network's curves after some epochs, itself, and its optimiser."""
    generator = prepare(0)
    model = nn.Linear(4, 4)
    optimiser = Adam(model.parameters(), lr=RATE, fused=True)

    def step(batch: Tensor) -> dict[str, Tensor]:
        noise = torch.randn(batch.shape, generator=generator)
        loss = (model(batch) - batch - noise).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return {"loss": loss, "norm": model.weight.square().sum()}

    history = run_epochs(
        step,
        {"model": model, "optimiser": optimiser},
        Shuffled(DATA, 16),  # the last of 63 batches has 8 rows
        Training(4, 16),
        generator,
        engine=engine,
        **options,
    )
    return history.curves, model, optimiser, generator


def test_a_captured_epoch_is_the_plain_one_with_the_same_noise() -> None:
    plain, model, _, generator = trained(Engine())
    curves, other, _, after = trained(Engine(capture="graph"))
    for name, curve in plain.items():  # sums in another order
        assert curves[name] == pytest.approx(curve, rel=1e-6)
    assert torch.equal(model.weight, other.weight)
    assert torch.equal(generator.get_state(), after.get_state())


def test_each_shape_of_a_block_is_recorded_once_and_after_a_plain_block(
    counts,
) -> None:
    trained(Engine(capture="graph"))
    # 1,000 rows are a block of 32 batches and one of the 31 that are left.
    assert counts == {"plain": 2, "graphs": 2, "replays": 6}


def test_optimisers_are_left_as_their_owner_made_them() -> None:
    _, _, plain, _ = trained(Engine())
    _, _, optimiser, _ = trained(Engine(capture="graph"))
    mine, theirs = optimiser.state_dict(), plain.state_dict()
    assert mine["param_groups"] == theirs["param_groups"]
    assert {type(v) for v in mine["param_groups"][0].values()} == {
        type(v) for v in theirs["param_groups"][0].values()
    }
    assert "step" not in vars(optimiser) or optimiser.step.__func__ is Adam.step


def test_they_are_left_so_after_an_error_too() -> None:
    optimiser = Adam(nn.Linear(2, 2).parameters(), lr=0.25, fused=True)
    rates = Rates([optimiser], torch.device("cpu"), compiled=False)
    group = optimiser.param_groups[0]

    def fail() -> None:
        with rates.capturable():
            assert group["capturable"]
            assert isinstance(group["lr"], Tensor)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert optimiser.param_groups[0]["lr"] == 0.25
    assert not optimiser.param_groups[0]["capturable"]


def test_a_rate_that_a_schedule_changes_reaches_the_graphs() -> None:
    optimiser = Adam(nn.Linear(2, 2).parameters(), lr=0.25, fused=True)
    rates = Rates([optimiser], torch.device("cpu"), compiled=False)
    [place] = rates.rates
    optimiser.param_groups[0]["lr"] = 0.125
    assert float(place) == 0.25
    rates.update()
    assert float(place) == 0.125
    with rates.capturable():
        assert optimiser.param_groups[0]["lr"] is place


@pytest.mark.parametrize(("layers", "compiled"), [(2, True), (40, False)])
def test_only_optimisers_of_few_tensors_are_compiled(
    layers, compiled, monkeypatch
) -> None:
    made = []
    monkeypatch.setattr(torch, "compile", lambda step: made.append(step) or step)
    model = nn.Sequential(*[nn.Linear(2, 2) for _ in range(layers)])
    Rates([Adam(model.parameters(), fused=True)], torch.device("cpu"), compiled=True)
    assert bool(made) == compiled


def test_what_follows_a_step_follows_a_captured_block() -> None:
    calls = Counter()

    def after_step() -> None:
        calls["after"] += 1

    trained(Engine(), after_step=after_step)
    assert calls["after"] == 4 * 63
    trained(Engine(capture="graph"), after_step=after_step)
    assert calls["after"] == 4 * 63 + 4 * 2


def test_short_captured_epochs_are_saved_now_and_then_and_at_the_end(
    tmp_path, monkeypatch
) -> None:
    saved = []
    monkeypatch.setattr(loop.checkpoints, "save", lambda path, state: saved.append(1))
    trained(Engine(), checkpoint=tmp_path / "a")
    assert len(saved) == 4
    saved.clear()
    monkeypatch.setattr(loop, "SECONDS", 1e9)
    trained(Engine(capture="graph"), checkpoint=tmp_path / "b")
    assert len(saved) == 1
    saved.clear()
    monkeypatch.setattr(loop, "SECONDS", 0)
    trained(Engine(capture="graph"), checkpoint=tmp_path / "c")
    assert len(saved) == 4


def test_means_are_weighted_by_tensors_as_by_numbers() -> None:
    class Counted(Shuffled):
        def cut(self, block, generator):
            for batch, rows in super().cut(block, generator):
                yield batch, torch.tensor(rows)

    def step(batch: Tensor) -> dict[str, Tensor]:
        return {"loss": batch.mean()}

    generator = prepare(0)
    epoch = CapturedEpoch(step, Counted(DATA, 16), generator, [])
    assert epoch()["loss"] == pytest.approx(float(DATA.double().mean()), abs=1e-7)
