"""The loop: to the bit the same, resumed or not, and plain about what is wrong."""

import contextlib
import errno
import itertools
import os
import re
from dataclasses import replace

import pytest
import torch
from torch import nn

from lib.training import checkpoints
from lib.training import loop as training
from lib.training.engine import PLAIN, prepare
from lib.training.errors import TrainingError
from lib.training.loop import Training
from lib.training.records import RecordError

DATA = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
SETTINGS = Training(epochs=6, batch_size=16, learning_rate=0.05)


def loss(model, batch, generator):
    """A loss that needs noise, as the VAE's does, and has a second curve."""
    noisy = batch + 0.1 * torch.randn(batch.shape, generator=generator)
    squared = (model(noisy) - batch).square().mean()
    return {"loss": squared, "rows": torch.tensor(float(len(batch)))}


def fit(settings=SETTINGS, seed=0, **options):
    generator = prepare(seed)
    model = nn.Linear(4, 4)
    history = training.train(model, DATA, loss, settings, generator, **options)
    return model, history


def same(a, b) -> bool:
    weights = zip(a[0].parameters(), b[0].parameters(), strict=True)
    return a[1].curves == b[1].curves and all(torch.equal(*pair) for pair in weights)


def test_one_seed_gives_one_result_and_another_seed_another():
    assert same(fit(), fit())
    assert not same(fit(), fit(seed=1))


def test_the_seed_decides_the_first_weights_and_the_noise():
    def drawn(seed):
        generator = prepare(seed)
        return torch.rand(3), torch.rand(3, generator=generator)

    for one, same, other in zip(drawn(5), drawn(5), drawn(6), strict=True):
        assert torch.equal(one, same)
        assert not torch.equal(one, other)


def test_training_goes_down_and_each_curve_has_a_value_an_epoch():
    _, history = fit(Training(epochs=30, batch_size=16, learning_rate=0.05))
    curve = history.curves["loss"]
    assert len(curve) == history.epochs == 30
    assert curve[-1] < 0.2 * curve[0]


def test_the_curve_is_a_mean_over_images_not_over_batches():
    _, history = fit()
    assert history.curves["rows"][0] == pytest.approx((3 * 16 * 16 + 2 * 2) / 50)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_data_that_are_not_finite_are_named(number):
    broken = DATA.clone()
    broken[7, 2] = broken[9, 0] = float(number)
    with pytest.raises(TrainingError, match="row 7 of the data"):
        training.train(nn.Linear(4, 4), broken, loss, SETTINGS, prepare(0))


def test_every_row_is_seen_once_an_epoch():
    seen = []

    def spy(model, batch, generator):
        seen.append(batch)
        return loss(model, batch, generator)

    generator = prepare(0)
    training.train(nn.Linear(4, 4), DATA, spy, Training(epochs=1), generator)
    rows = torch.cat(seen)
    assert not torch.equal(rows, DATA)
    assert torch.equal(rows.sort(0).values, DATA.sort(0).values)


@pytest.mark.parametrize("stop_in", [2, 5, None])
def test_a_resumed_run_ends_where_one_that_never_stopped_does(tmp_path, stop_in):
    """Stopped in an epoch before its checkpoint, or (None) after the last one."""

    def keep(history):
        history.snapshots[str(history.epochs)] = torch.tensor([history.epochs])
        return {"extra": 1.0 / history.epochs}

    def stop(history):
        if history.epochs == stop_in:
            raise KeyboardInterrupt
        return keep(history)

    path = tmp_path / "c.pt"
    with contextlib.suppress(KeyboardInterrupt):
        fit(after_epoch=stop, checkpoint=path)
    done = checkpoints.read(path)["history"]["epochs"]
    assert done == (6 if stop_in is None else stop_in - 1)
    resumed = fit(after_epoch=keep, checkpoint=path, resume=True)
    assert same(resumed, fit(after_epoch=keep))
    assert list(resumed[1].snapshots) == [str(epoch) for epoch in range(1, 7)]


def test_a_run_stopped_on_purpose_is_its_own_beginning(tmp_path):
    path = tmp_path / "c.pt"
    whole, begun = fit()[1], fit(until=2, checkpoint=path)[1]
    assert begun.epochs == 2
    assert begun.curves == {name: curve[:2] for name, curve in whole.curves.items()}
    assert same(fit(checkpoint=path, resume=True), fit())
    assert fit(until=99)[1].epochs == SETTINGS.epochs


def test_who_watches_is_told_each_epoch_once_also_over_a_stop(tmp_path):
    told = []
    options = {
        "checkpoint": tmp_path / "c.safetensors",
        "after_epoch": lambda history: {"epoch": 10.0 * history.epochs},
        "watch": lambda epoch, values: told.append((epoch, values)),
    }
    fit(until=2, **options)
    _, history = fit(resume=True, **options)
    assert [epoch for epoch, _ in told] == [1, 2, 3, 4, 5, 6]
    curves = {name: [values[name] for _, values in told] for name in history.curves}
    assert curves == history.curves
    assert curves["epoch"] == [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]


def test_without_resume_a_run_starts_anew(tmp_path):
    path = tmp_path / "c.pt"
    fit(checkpoint=path, seed=3)
    assert same(fit(checkpoint=path), fit())


def test_a_full_disk_leaves_the_last_checkpoint_whole(tmp_path, monkeypatch):
    path = tmp_path / "c.pt"
    fit(Training(epochs=2), checkpoint=path)
    saved = path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RecordError, match="No space left"):
        fit(checkpoint=path)
    assert path.read_bytes() == saved


def test_seconds_are_those_of_all_runs_together(tmp_path, monkeypatch):
    """By a clock that goes on by a second each time it is read, twice an epoch."""
    clock = itertools.count()
    monkeypatch.setattr(training.time, "perf_counter", lambda: float(next(clock)))
    path = tmp_path / "c.pt"

    def stop(history):
        if history.epochs == 4:
            raise KeyboardInterrupt
        return {}

    with pytest.raises(KeyboardInterrupt):
        fit(after_epoch=stop, checkpoint=path)
    _, history = fit(checkpoint=path, resume=True)
    assert history.seconds == 6.0


def test_the_settings_decide_batches_and_steps():
    """Adam's first step moves each weight by the learning rate."""
    sizes, start = [], nn.Linear(4, 4)
    model = nn.Linear(4, 4)
    model.load_state_dict(start.state_dict())

    def spy(model, batch, generator):
        sizes.append(len(batch))
        return {"loss": model(batch).square().mean()}

    settings = Training(epochs=1, batch_size=50, learning_rate=0.003)
    training.train(model, DATA, spy, settings, prepare(0))
    moved = (model.weight - start.weight).abs()
    torch.testing.assert_close(moved, torch.full((4, 4), 0.003), rtol=1e-3, atol=0)
    training.train(model, DATA, spy, Training(1, 20), prepare(0))
    assert sizes == [50, 20, 20, 10]


def test_each_step_has_the_gradient_of_its_own_batch():
    """A loss whose gradient is one, then zero: nothing is left of the first."""
    model, gradients = nn.Linear(4, 4), []

    def once(model, batch, generator):
        first = not gradients
        gradients.append(model.weight.grad)
        return {"loss": model.weight.sum() * float(first)}

    settings = Training(epochs=1, batch_size=25)
    training.train(model, DATA, once, settings, prepare(0))
    assert (model.weight.grad == 0).all()


def test_another_runs_checkpoint_is_refused_and_the_difference_named(tmp_path):
    path = tmp_path / "c.pt"
    fit(checkpoint=path, identity={"seed": 0})
    with pytest.raises(TrainingError, match="another seed:"):
        fit(checkpoint=path, identity={"seed": 1}, resume=True)
    other = Training(epochs=6, batch_size=16, learning_rate=0.1)
    with pytest.raises(TrainingError, match="another learning_rate"):
        fit(other, checkpoint=path, identity={"seed": 0}, resume=True)


def test_a_loss_that_diverges_is_an_error():
    generator = prepare(0)

    def diverge(model, batch, generator):
        return {"loss": model(batch).mean() * float("inf")}

    with pytest.raises(TrainingError, match="smaller learning rate"):
        training.train(nn.Linear(4, 4), DATA, diverge, SETTINGS, generator)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("name", ["loss", "extra"])
def test_a_number_that_is_not_finite_stops_before_the_checkpoint(
    tmp_path, name, number
):
    path, calls = tmp_path / "c.pt", itertools.count(1)

    def step(batch):
        broken = next(calls) == 3
        scalars = {"loss": torch.tensor(1.0), "extra": torch.tensor(2.0)}
        return scalars | ({name: torch.tensor(float(number))} if broken else {})

    batches = training.shuffled(DATA, len(DATA))
    with pytest.raises(
        TrainingError, match=f"in step 1 of epoch 3 the {name} is {number}, "
    ):
        training.run_epochs(step, {}, batches, SETTINGS, prepare(0), checkpoint=path)
    assert checkpoints.read(path)["history"]["epochs"] == 2


def test_the_environment_names_device_and_threads(monkeypatch):
    monkeypatch.setenv("CHECKED_GRADIENTS_THREADS", "1")
    prepare(0)
    assert torch.get_num_threads() == 1
    monkeypatch.setenv("CHECKED_GRADIENTS_THREADS", "many")
    with pytest.raises(TrainingError, match="many"):
        prepare(0)
    monkeypatch.setenv("CHECKED_GRADIENTS_THREADS", "2")
    monkeypatch.setenv("CHECKED_GRADIENTS_DEVICE", "abacus")
    with pytest.raises(TrainingError, match="abacus"):
        prepare(0)
    assert prepare(0, "cpu").device.type == "cpu"
    with pytest.raises(TrainingError, match="no device 'cpu:3': use cpu"):
        prepare(0, "cpu:3")  # PyTorch takes it
    monkeypatch.setenv("CHECKED_GRADIENTS_THREADS", "0")
    with pytest.raises(TrainingError, match="'0', not a number of threads"):
        prepare(0, "cpu")
    for many in (
        "1025",
        "100000",
        "9" * 30,
        "9" * 5000,
        "²",
    ):  # of which the process would die
        monkeypatch.setenv("CHECKED_GRADIENTS_THREADS", many)
        with pytest.raises(TrainingError, match=f"'{many}', .* from 1 to 1024"):
            prepare(0, "cpu")


@pytest.mark.parametrize(
    ("terminal", "disabled", "silent"),
    [(False, None, True), (True, None, False), (True, "1", True), (True, "0", False)],
)
def test_progress_shows_in_a_terminal_only(monkeypatch, terminal, disabled, silent):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    if disabled is not None:
        monkeypatch.setenv("TQDM_DISABLE", disabled)
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    monkeypatch.delitem(training.sys.modules, "ipykernel", raising=False)
    with training.progress(1, "test", "epoch") as bar:
        assert bar.disable is silent


def test_a_terminal_is_told_how_far_the_training_is(monkeypatch, capsys):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    fit(until=2)
    last = capsys.readouterr().err.rpartition("\r")[2]
    assert last.startswith("training: 100%")
    assert " 2/2 " in last
    assert "epoch" in last
    assert re.search(r", loss=\d+\.\d\d]", last)


def test_a_notebook_is_shown_progress_without_a_terminal(monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    monkeypatch.setitem(training.sys.modules, "ipykernel", training)
    with training.progress(1, "test", "epoch", shown=False) as bar:
        assert bar.disable
    with training.progress(1, "test", "epoch") as bar:
        assert not bar.disable


@pytest.mark.parametrize("capture", ["graph", "compile"])
def test_an_engine_compiles_where_it_is_told_to(monkeypatch, capture):
    def captured(*arguments, after_block, compiled):
        assert compiled is (capture == "compile")
        raise InterruptedError

    monkeypatch.setattr(training, "CapturedEpoch", captured)
    with pytest.raises(InterruptedError):
        fit(engine=replace(PLAIN, capture=capture))


def test_snapshots_of_another_form_are_named_with_their_checkpoint(tmp_path):
    def keep(history):
        history.snapshots["1"] = torch.zeros(2)
        return {}

    path = tmp_path / "c"
    fit(until=1, after_epoch=keep, checkpoint=path)
    with pytest.raises(TrainingError) as said:
        fit(checkpoint=path, resume=True, snapshots={"1": torch.zeros(3)})
    wrong = "snapshots.1 has not the shape (3,)"
    assert str(said.value).startswith(f"{path} does not fit this run: {wrong}: ")


def test_snapshots_of_the_same_form_are_taken(tmp_path):
    history = training.History(1, snapshots={"1": torch.tensor([3.0])})
    training.require_snapshots(tmp_path, history, {"1": torch.zeros(1)})


def test_processes_that_start_apart_are_told_where_to_look():
    class Apart:
        def mean(self, values):
            return {name: value + 0.5 for name, value in values.items()}

    engine = replace(PLAIN, workers=Apart())
    with pytest.raises(TrainingError, match=r"^the processes .* folder --out$"):
        fit(engine=engine)


@pytest.mark.parametrize("rate", [0.0, -0.1, float("inf"), float("nan")])
def test_a_rate_is_positive_and_finite(rate):
    with pytest.raises(
        ValueError, match=f"^learning_rate must be positive, not {rate}"
    ):
        Training(learning_rate=rate)
