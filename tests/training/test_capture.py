"""Captured epochs, on a processor: a stand-in runs again what a graph would replay."""

from collections import Counter
from contextlib import contextmanager
from itertools import count
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from lib.training import capture, loop
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


@pytest.mark.parametrize(("layers", "compiled"), [(2, True), (32, True), (33, False)])
def test_only_optimisers_of_few_tensors_are_compiled(
    layers, compiled, monkeypatch
) -> None:
    made = []
    monkeypatch.setattr(torch, "compile", lambda step: made.append(step) or step)
    model = nn.Sequential(*[nn.Linear(2, 2) for _ in range(layers)])
    optimiser = Adam(model.parameters(), fused=True)
    Rates([optimiser], torch.device("cpu"), compiled=True)
    assert made == [optimiser.step] * compiled


def test_an_epoch_compiles_its_optimisers_only_if_it_is_asked_to(monkeypatch) -> None:
    monkeypatch.setattr(torch, "compile", lambda step: lambda: "compiled")
    optimiser = Adam(nn.Linear(2, 2).parameters(), fused=True)
    plain = optimiser.step
    generator = torch.Generator()
    made = [
        CapturedEpoch(
            len, Shuffled(DATA, 16), generator, [optimiser], compiled=compiled
        )
        for compiled in (False, True)
    ]
    made.append(CapturedEpoch(len, Shuffled(DATA, 16), generator, [optimiser]))
    assert [epoch.rates.compiled for epoch in made] == [False, True, False]
    group = optimiser.param_groups[0]
    before = dict(group)
    with made[1].rates.capturable():
        assert optimiser.step() == "compiled"
        assert group["fused"] is False  # a kernel that is not compiled
        assert group["foreach"] is True
    assert optimiser.step == plain
    assert group == before


def test_rates_stand_where_the_noise_is_drawn() -> None:
    optimiser = Adam(nn.Linear(2, 2).parameters(), fused=True)
    generator = SimpleNamespace(device=torch.device("meta"))
    epoch = CapturedEpoch(len, Shuffled(DATA, 16), generator, [optimiser])
    assert [rate.device.type for rate in epoch.rates.rates] == ["meta"]


class Few:
    """Blocks of two batches, and what is drawn for each when it is cut."""

    def __init__(self, blocks: int) -> None:
        self.count = blocks

    def blocks(self, generator):
        for _ in range(self.count):
            yield (torch.rand(2, generator=generator),)

    def cut(self, block, generator):
        assert generator is not None
        for number in block[0]:
            yield number + torch.rand((), generator=generator), 1


@pytest.mark.parametrize("spoilt", [None, 1, 2, 3, 4, 8, 9, 10])
def test_the_first_step_that_is_not_finite_is_found_in_any_block(spoilt) -> None:
    steps = count(1)

    def step(batch: Tensor) -> dict[str, Tensor]:
        return {"one": batch, "two": batch / (next(steps) != spoilt)}

    epoch = CapturedEpoch(step, Few(5), prepare(0), [])
    epoch()
    assert epoch.first_step() == spoilt
    epoch()
    assert epoch.first_step() is None


def test_a_block_is_recorded_with_the_noises_generator_and_the_shared_pool(
    monkeypatch,
) -> None:
    stand_in(monkeypatch)
    again, made = capture.Graph, []
    monkeypatch.setattr(capture, "Graph", lambda *x: made.append(x[1:]) or again(*x))
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: "pool")
    generator = prepare(0)
    CapturedEpoch(lambda batch: {"one": batch}, Few(3), generator, [])()
    _, second, _ = Few(3).blocks(prepare(0))
    [(block, *others)] = made
    assert [part.shape for part in block] == [part.shape for part in second]
    assert others == [generator, "pool"]


class Recorded:
    """In the place of a CUDA graph: what is told it, and a function to run again."""

    def register_generator_state(self, generator) -> None:
        self.generator = generator

    def replay(self) -> None:
        self.again()


def test_a_graph_runs_on_what_is_copied_to_its_own_tensors(monkeypatch) -> None:
    monkeypatch.undo()  # the stand-in for graphs
    recording = []

    @contextmanager
    def graph(recorded, pool):
        recording.append((recorded, pool))
        yield

    monkeypatch.setattr(torch.cuda, "CUDAGraph", Recorded)
    monkeypatch.setattr(torch.cuda, "graph", graph)
    output = torch.zeros(2)

    def quotient(inputs):
        [(recorded, _)] = recording
        recorded.again = lambda: torch.div(*inputs, out=output)
        recorded.again()
        return output

    a, b = torch.tensor([4.0, 8.0]), torch.tensor([2.0, 2.0])
    generator = torch.Generator()
    made = capture.Graph(quotient, (a, b), generator, "pool")
    assert recording == [(made.graph, "pool")]
    assert made.graph.generator is generator
    assert made.replay((b, a)).tolist() == [0.5, 0.25]
    assert made.replay((a, b)).tolist() == [2.0, 4.0]
    assert (a.tolist(), b.tolist()) == ([4.0, 8.0], [2.0, 2.0])
    with pytest.raises(ValueError, match="zip"):
        made.replay((a,))


def test_a_side_stream_begins_after_the_others_work_and_is_waited_for(
    monkeypatch,
) -> None:
    monkeypatch.undo()
    events = []

    class Stream:
        def __init__(self, name="side") -> None:
            self.name = name

        def wait_stream(self, other) -> None:
            events.append(f"{self.name} waits for {other.name}")

    @contextmanager
    def within(stream):
        events.append(f"begin {stream.name}")
        yield
        events.append(f"end {stream.name}")

    main = Stream("main")
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "stream", within)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: main)
    ones = torch.ones(2)
    assert capture.on_side_stream(lambda: events.append("work") or ones) is ones
    assert events == [
        "side waits for main",
        *("begin side", "work", "end side"),
        "main waits for side",
    ]


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
