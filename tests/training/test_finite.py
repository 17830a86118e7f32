"""A training that stops being finite: where, by which parameter, and what is kept."""

import itertools
import math
import warnings

import pytest
import torch
from torch import nn

from lib.models.gan import GAN, MLP
from lib.training import checkpoints, finite
from lib.training import loop as training
from lib.training.engine import Engine, prepare
from lib.training.errors import TrainingError
from lib.training.loop import Training
from tests.shared.graphs import stand_in

DATA = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
SIZES = (2, 4), (4, 1)  # the ends of generator and discriminator
SETTINGS = Training(epochs=4, batch_size=16, learning_rate=0.05)  # four steps an epoch


def network():
    return nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 4))


def fit(spoil=lambda model, value: value, model=None, **options):
    """``spoil(model, value)`` is the loss of a step, in place of its value."""
    generator = prepare(0)
    model = model or network()

    def loss(model, batch, generator):
        return {"loss": spoil(model, (model(batch) - batch).square().mean())}

    training.train(model, DATA, loss, SETTINGS, generator, **options)


def in_step(number, change):
    """Do it in the training's step of this number, counted from 1."""
    steps = itertools.count(1)

    def spoil(model, value):
        return change(model, value) if next(steps) == number else value

    return spoil


def bias(model, value):
    """One parameter is spoilt, as by a gradient that overflowed, and then the loss."""
    with torch.no_grad():
        model[2].bias[1] = torch.nan
    return value * torch.nan


def loss_alone(model, value):
    return value + torch.inf


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (bias, r"in step 3 of epoch 3 the loss is nan, and 2\.bias is not finite: "),
        (loss_alone, "in step 3 of epoch 3 the loss is inf, and all parameters are fi"),
    ],
)
def test_step_and_parameter_are_named_and_the_last_good_checkpoint_stays(
    tmp_path, change, said
):
    path, moves = tmp_path / "c.safetensors", []

    def after_epoch(history):
        moves.append(path.read_bytes() if path.exists() else b"")
        return {}

    with pytest.raises(TrainingError, match=said) as caught:
        fit(in_step(11, change), checkpoint=path, after_epoch=after_epoch)
    assert f"{path} is as it was before; start anew with --overwrite and a smaller" in (
        str(caught.value)
    )
    assert len(moves) == 2
    assert checkpoints.read(path)["history"]["epochs"] == 2
    fit(checkpoint=path, resume=True)  # from there it goes on
    assert checkpoints.read(path)["history"]["epochs"] == 4


@pytest.mark.parametrize("step", [1, 4])
def test_in_the_first_epoch_there_is_no_checkpoint_to_speak_of(tmp_path, step):
    said = (
        f"in step {step} of epoch 1 the loss is nan, .*: try a smaller learning rate$"
    )
    with pytest.raises(TrainingError, match=said):
        fit(in_step(step, bias), checkpoint=tmp_path / "c")
    assert list(tmp_path.iterdir()) == []


def test_after_going_on_the_checkpoint_is_suspected_first(tmp_path):
    """Its numbers are finite, and too large: it is damaged, whatever the rate was."""
    path = tmp_path / "c"
    fit(checkpoint=path, until=2)
    state = checkpoints.read(path)
    state["parts"]["model"]["2.weight"].fill_(1e30)
    checkpoints.save(path, state)
    before = path.read_bytes()
    with pytest.raises(TrainingError, match="may be damaged: start anew with --over"):
        fit(checkpoint=path, resume=True)
    assert path.read_bytes() == before


def test_parameters_are_seen_before_the_checkpoint_is_replaced(tmp_path):
    """The last step of the second epoch spoils one after its loss was computed."""
    path = tmp_path / "c"
    model, steps = network(), itertools.count(1)

    def spoil(gradient):
        return gradient * torch.inf if next(steps) == 8 else gradient

    model[0].weight.register_hook(spoil)
    said = r"^after epoch 2 0\.weight is not finite: "
    with pytest.raises(TrainingError, match=said.replace(" 0", " model.0")):
        fit(model=model, checkpoint=path)
    assert checkpoints.read(path)["history"]["epochs"] == 1


def test_a_value_of_after_an_epoch_is_seen_before_the_checkpoint_too(tmp_path):
    path = tmp_path / "c"
    said = "after epoch 3 the test_loss is inf, and all parameters are finite"
    with pytest.raises(TrainingError, match=said):
        fit(
            checkpoint=path,
            after_epoch=lambda h: {"test_loss": [1.0, 2.0, torch.inf][h.epochs - 1]},
        )
    assert checkpoints.read(path)["history"]["epochs"] == 2


@pytest.mark.parametrize("step", [1, 31, 34, 70])
def test_a_captured_epoch_names_its_first_such_step(monkeypatch, tmp_path, step):
    """Graphs hold 32 steps; what they launch is run plainly in their place here."""
    stand_in(monkeypatch)
    monkeypatch.setattr(finite, "require_finite", at_the_end(finite.require_finite))
    monkeypatch.setattr(training, "require_finite", finite.require_finite)
    rows, steps = DATA.repeat(20, 1), itertools.count(1)  # 80 steps

    def loss(model, batch, generator):
        one = (model(batch) - batch).square().mean()
        return {"loss": one * torch.nan if next(steps) == step else one}

    said = f"in step {step} of epoch 1 the loss is nan, and model.0.weight is not fini"
    with pytest.raises(TrainingError, match=said):
        training.train(
            network(), rows, loss, SETTINGS, prepare(0), engine=Engine(capture="graph")
        )


def at_the_end(require):
    """As on an accelerator, whose scalars are not read step by step."""

    def required(scalars, parts):
        if not any(isinstance(value, torch.Tensor) for value in scalars.values()):
            require(scalars, parts)

    return required


def test_the_first_such_step_of_an_accelerators_is_found():
    steps = [{"a": torch.tensor(v), "b": torch.tensor(0.0)} for v in (1.0, 2.0)]
    assert finite.first_step(steps) is None
    assert finite.first_step([*steps, {"b": torch.tensor(torch.inf)}, *steps]) == 3


def test_parameters_in_lists_are_seen_too():
    """As a GAN's players keep theirs."""
    model = GAN(*(MLP([n, 3, m], ["tanh", "identity"], prepare(0)) for n, m in SIZES))
    parts = {"discriminator": model.discriminator, "generator": model.generator}
    assert finite.spoilt(parts) == ""
    model.generator.parameters[2][0] = torch.nan
    assert finite.spoilt(parts) == "generator.parameters.2"


def test_what_is_on_an_accelerator_hides_nothing_after_it():
    later = {"a": torch.empty((), device="meta"), "b": torch.tensor(torch.inf)}
    with pytest.raises(finite.NotFiniteError) as said:
        finite.require_finite(later, {})
    assert (said.value.name, said.value.value) == ("b", torch.inf)


def test_a_loss_is_looked_at_without_a_word_about_its_gradient():
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # PyTorch warns of a number with a gradient
        finite.require_finite({"a": torch.ones((), requires_grad=True)}, {})


def test_of_a_parameter_alone_no_scalar_is_named():
    layer = torch.nn.Linear(1, 1)
    torch.nn.init.constant_(layer.bias, torch.nan)
    with pytest.raises(finite.NotFiniteError) as said:
        finite.require_whole({"a": layer})
    error = said.value
    assert (error.name, error.parameter, error.step) == ("", "a.bias", None)
    assert math.isnan(error.value)


def test_where_there_is_no_parameter_none_is_spoilt():
    optimiser = torch.optim.SGD(nn.Linear(1, 1).parameters())
    for parts in ({}, {"activation": nn.Tanh(), "optimiser": optimiser}):
        assert finite.spoilt(parts) == ""
        finite.require_whole(parts)
