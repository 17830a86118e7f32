"""The hand-written backward pass is autograd's, whatever the network."""

import itertools
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from lib.models import gan
from lib.models.gan import ACTIVATIONS, GAN, MLP, AutogradPlayers, Players
from lib.training import checkpoints
from lib.training import loop as training
from lib.training.engine import prepare
from lib.training.errors import TrainingError
from lib.training.loop import Training

DRAWS = 540
LOSSES = ("saturating", "non-saturating")
TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-4}


class Draw(NamedTuple):
    """A pair of networks of unequal widths, a loss, and a batch for each player."""

    model: GAN
    real: Tensor
    noise: Tensor


def draw(seed: int, dtype: torch.dtype) -> Draw:
    """All depths from 1 to 6 in turn; drawn again where a ReLU stands at its kink."""
    random = Random(seed)
    source = torch.Generator().manual_seed(seed)
    depths = 1 + seed % 6, 1 + seed // 6 % 6
    names = list(ACTIVATIONS)

    def widths(ends: tuple[int, ...], depth: int) -> list[int]:
        """Of the input and ``depth`` layers, no two neighbours alike."""
        while True:
            inner = [random.randint(1, 64) for _ in range(depth + 1 - len(ends))]
            found = [*ends[:1], *inner, *ends[1:]]
            if all(a != b for a, b in itertools.pairwise(found)):
                return found

    while True:
        judged = widths((random.randint(2, 64), 1), depths[1])
        made = widths((judged[0],), depths[0])[::-1]
        hidden = random.choices(names, k=len(judged) - 2)
        model = GAN(
            MLP(made, random.choices(names, k=depths[0]), source, dtype),
            MLP(judged, [*hidden, "identity"], source, dtype),
            LOSSES[seed % 2],
        )
        shape = random.randint(1, 64), made[-1]
        real = torch.randn(shape, generator=source, dtype=dtype)
        size = random.randint(1, 64), made[0]
        noise = torch.randn(size, generator=source, dtype=dtype)
        if not at_a_kink(model, real, noise):
            return Draw(model, real, noise)


def at_a_kink(model: GAN, real: Tensor, noise: Tensor) -> bool:
    fake = model.generator.forward(noise)
    model.discriminator.forward(torch.cat([real, fake]))
    return any(
        "relu" in name and bool((u.abs() < 1e-6).any())
        for network in (model.generator, model.discriminator)
        for name, u in zip(network.activations, network.u, strict=True)
    )


def by_autograd(drawn: Draw) -> tuple[list[Tensor], list[Tensor]]:
    """Both players' gradients; logsigmoid, for softplus is cut off at 20 in PyTorch."""
    model, real, noise = drawn
    made, judged = gan.twin(model.generator), gan.twin(model.discriminator)
    logits = judged(torch.cat([real, made(noise)]))
    real_logits, fake_logits = logits.split([len(real), len(noise)])
    v = logsigmoid(real_logits).mean() + logsigmoid(-fake_logits).mean()
    of_judge = torch.autograd.grad(v, list(judged.parameters()), retain_graph=True)
    if model.loss == "saturating":
        loss = logsigmoid(-fake_logits).mean()
    else:
        loss = -logsigmoid(fake_logits).mean()
    return list(of_judge), list(torch.autograd.grad(loss, list(made.parameters())))


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("depth", range(1, 7))
def test_gradients_are_autograds(depth: int, dtype: torch.dtype) -> None:
    for seed in range(depth - 1, DRAWS, 6):
        drawn = draw(seed, dtype)
        _, of_judge = drawn.model.discriminator_gradients(drawn.real, drawn.noise)
        _, of_maker = drawn.model.generator_gradients(drawn.noise)
        for mine, theirs in zip((of_judge, of_maker), by_autograd(drawn), strict=True):
            for g, expected in zip(mine, theirs, strict=True):
                allowed = TOLERANCE[dtype] * max(1e-3, expected.abs().max())
                assert (g - expected).abs().max() <= allowed, seed


def test_draws_hold_every_depth_activation_and_loss_often() -> None:
    found: Counter[object] = Counter()
    for seed in range(DRAWS):
        model = draw(seed, torch.float32).model
        for network in (model.generator, model.discriminator):
            found[len(network.weights)] += 1
            assert all(a != b for a, b in itertools.pairwise(network.widths))
        used = model.generator.activations + model.discriminator.activations
        found.update({*used, model.loss})
    assert DRAWS >= 500
    assert min(found[name] for name in (*ACTIVATIONS, *LOSSES)) >= 50
    assert len({found[depth] for depth in range(1, 7)}) == 1


@pytest.mark.parametrize("seed", [3, 10, 29])
def test_gradients_are_difference_quotients(seed: int) -> None:
    model, real, noise = draw(seed, torch.float64)
    _, of_judge = model.discriminator_gradients(real, noise)
    _, of_maker = model.generator_gradients(noise)
    players = (
        (
            model.discriminator,
            of_judge,
            lambda: model.discriminator_gradients(real, noise),
        ),
        (model.generator, of_maker, lambda: model.generator_gradients(noise)),
    )
    for network, gradients, evaluate in players:
        for parameter, gradient in zip(network.parameters, gradients, strict=True):
            flat, step = parameter.view(-1), 1e-6
            flat[0] += step
            above, _ = evaluate()
            flat[0] -= 2 * step
            below, _ = evaluate()
            flat[0] += step
            quotient = (above - below) / (2 * step)
            assert quotient == pytest.approx(gradient.view(-1)[0].item(), abs=1e-7)


def test_saturated_logits_give_the_gradients_of_the_exact_ones() -> None:
    """At the same values in float64: the derivative is 1 / (1 + e^u) over the batch."""
    powers = torch.logspace(-3, 4, 200)
    logits = torch.cat([-powers, torch.zeros(1), powers])[:, None]
    exact = logits.double()
    rising, falling = 1 / (1 + exact.exp()), 1 / (1 + (-exact).exp())
    real, fake = gan.value_errors(logits, logits)
    pairs = [(real, rising), (fake, -falling)]
    pairs.append((gan.generator_errors(logits, "saturating"), -falling))
    pairs.append((gan.generator_errors(logits, "non-saturating"), -rising))
    for found, expected in pairs:
        assert found.isfinite().all()
        expected = expected / len(logits)
        assert torch.allclose(found.double(), expected, rtol=1e-5, atol=1e-37)
    for loss in LOSSES:
        assert gan.generator_loss(logits, loss).isfinite()


# ------------------------------------------------------------------- the steepness


def steepness_by_autograd(network: MLP, rows: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Half the mean squared gradient by the input, differentiated twice by PyTorch."""
    twin, rows = gan.twin(network), rows.clone().requires_grad_()
    outputs = twin(rows).sum()
    [slope] = torch.autograd.grad(outputs, rows, create_graph=True)
    half = slope.square().sum(1).mean() / 2
    parameters = list(twin.parameters())
    gradients = torch.autograd.grad(
        half, parameters, allow_unused=True, materialize_grads=True
    )
    return half.detach(), list(gradients)


@pytest.mark.parametrize("depth", range(1, 7))
def test_the_steepness_is_autograds_double_backward(depth: int) -> None:
    """On judges of every depth, of all activations, with biases that are not zero."""
    bent = 0
    for seed in range(6 * (depth - 1), DRAWS, 36):
        for seed_of_depth in range(seed, seed + 6):
            model, real, _ = draw(seed_of_depth, torch.float64)
            judge = model.discriminator
            assert len(judge.weights) == depth
            source = torch.Generator().manual_seed(seed_of_depth)
            for bias in judge.biases:
                bias.normal_(generator=source)
            judge.forward(real)
            half, gradients = judge.steepness()
            expected, double = steepness_by_autograd(judge, real)
            assert torch.isclose(half, expected, rtol=1e-12)
            for g, other in zip(gradients, double, strict=True):
                allowed = 1e-10 * max(1e-3, other.abs().max())
                assert (g - other).abs().max() <= allowed, seed_of_depth
            bent += bool(gradients[1].any())
    assert bent == 0 if depth == 1 else bent > 10


def test_a_last_layer_that_bends_counts_too() -> None:
    source = torch.Generator().manual_seed(0)
    network = MLP([4, 5, 3], ["sigmoid", "tanh"], source, torch.float64)
    rows = torch.randn(7, 4, generator=source, dtype=torch.float64)
    network.forward(rows)
    _, gradients = network.steepness()
    _, double = steepness_by_autograd(network, rows)
    for g, other in zip(gradients, double, strict=True):
        assert torch.allclose(g, other, atol=1e-13)


def test_a_linear_judge_has_the_steepness_of_its_weights() -> None:
    source = torch.Generator().manual_seed(0)
    judge = MLP([4, 1], ["identity"], source, torch.float64)
    judge.forward(torch.randn(9, 4, generator=source, dtype=torch.float64))
    half, (by_weights, by_bias) = judge.steepness()
    assert torch.isclose(half, judge.weights[0].square().sum() / 2)
    assert torch.allclose(by_weights, judge.weights[0])
    assert not by_bias.any()


@pytest.mark.parametrize("name", gan.BENDS)
def test_a_bend_is_the_slopes_difference_quotient(name: str) -> None:
    u, step = torch.linspace(-3, 3, 41, dtype=torch.float64), 1e-5
    rho, back, _ = ACTIVATIONS[name]
    above, below = (
        back(torch.ones_like(u), place, rho(place)) for place in (u + step, u - step)
    )
    bend = gan.BENDS[name](rho(u))
    assert torch.allclose(bend, (above - below) / (2 * step), atol=1e-9)


# ---------------------------------------------------------------------- the start


def mean_is(values: Tensor, expected: float) -> None:
    """The mean lies within five of its standard errors of the expected one."""
    error = float(values.std()) / values.numel() ** 0.5
    assert abs(float(values.mean()) - expected) < 5 * error


def test_weights_start_normal_with_variance_two_over_the_inputs() -> None:
    source = torch.Generator().manual_seed(0)
    widths = [400, 50, 300, 60]
    network = MLP(widths, ["relu", "relu", "identity"], source, torch.float64)
    for inputs, weight, bias in zip(
        widths[:-1], network.weights, network.biases, strict=True
    ):
        unit = weight / (2 / inputs) ** 0.5
        mean_is(unit, 0)
        mean_is(unit**2, 1)
        mean_is(unit**4, 3)
        assert not bias.any()
    again = MLP(widths, network.activations, source.manual_seed(0), torch.float64)
    for a, b in zip(network.parameters, again.parameters, strict=True):
        assert torch.equal(a, b)


def test_a_signal_keeps_its_square_through_relus() -> None:
    """What variance 2 / in is for: the mean of u^2 is the same in each layer."""
    source = torch.Generator().manual_seed(0)
    squares = []
    for _ in range(200):
        network = MLP([40] * 6, ["relu"] * 5, source, torch.float64)
        network.forward(torch.ones(1, 40, dtype=torch.float64))
        squares.append(torch.stack([u.square().mean() for u in network.u]))
    for layer in torch.stack(squares).T:
        mean_is(layer, 2)


def test_noise_is_standard_normal_and_the_generators() -> None:
    both = players()
    state = both.generator.get_state()
    noise = both.noise(20_000)
    assert noise.shape == (20_000, 2)
    for power, moment in enumerate((0, 1, 0, 3), start=1):
        mean_is(noise**power, moment)
    both.generator.set_state(state)
    assert torch.equal(both.noise(20_000), noise)


def test_a_twin_has_weights_of_its_own_and_so_has_a_loaded_state() -> None:
    network, other = small(), small()
    before = [parameter.clone() for parameter in network.parameters]
    with torch.no_grad():
        for parameter in gan.twin(network).parameters():
            parameter += 1
    assert all(map(torch.equal, network.parameters, before))
    state = network.state_dict()
    other.load_state_dict(state)
    assert all(
        torch.equal(a, b)
        for a, b in zip(other.parameters, network.parameters, strict=True)
    )
    other.weights[0] += 1
    assert not torch.equal(other.weights[0], network.weights[0])


class OnMeta(torch.Generator):
    """Draws as any other, and stands on the device that has shapes alone."""

    device = torch.device("meta")


def test_networks_lie_where_their_generator_does() -> None:
    network = MLP([3, 2, 1], ["tanh", "identity"], OnMeta())
    parts = [*network.parameters, *gan.twin(network).parameters()]
    assert {part.device.type for part in parts} == {"meta"}


def test_a_state_of_fewer_layers_is_not_loaded_in_part() -> None:
    network, shorter = small(), MLP([3, 2], ["tanh"], SOURCE)
    with pytest.raises(ValueError, match="shorter"):
        network.load_state_dict(shorter.state_dict())


# ------------------------------------------------------------------------- training

DATA = torch.randn(60, 3, generator=torch.Generator().manual_seed(1))


def players(learning_rate: float = 2e-3, adam: bool = True) -> Players:
    source = prepare(0)
    model = GAN(
        MLP([2, 5, 3], ["leaky relu", "identity"], source),
        MLP([3, 6, 1], ["tanh", "identity"], source),
    )
    return Players(model, source, learning_rate, adam)


def run(
    both: Players | AutogradPlayers, epochs: int, **options: Any
) -> training.History:
    settings = Training(epochs=epochs, batch_size=16)
    batches = training.shuffled(DATA, 16)
    return training.run_epochs(
        both.step, both.parts, batches, settings, both.generator, **options
    )


def weights(both: Players) -> Tensor:
    made, judged = both.model.generator, both.model.discriminator
    return torch.cat([p.ravel() for p in made.parameters + judged.parameters])


def test_plain_moves_are_gradient_ascent_and_then_descent() -> None:
    both, other = players(0.1, adam=False), players(0.1, adam=False)
    found = both.step(DATA)
    model = other.model
    v, gradients = model.discriminator_gradients(DATA, other.noise(len(DATA)))
    for parameter, gradient in zip(
        model.discriminator.parameters, gradients, strict=True
    ):
        parameter += 0.1 * gradient
    loss, gradients = model.generator_gradients(other.noise(len(DATA)))
    for parameter, gradient in zip(model.generator.parameters, gradients, strict=True):
        parameter -= 0.1 * gradient
    assert found == {"loss": loss, "value": v}
    assert torch.allclose(weights(both), weights(other), atol=1e-7)


def test_adam_has_the_momenta_that_are_usual_for_this_game() -> None:
    """Two steps written out, with betas 0.5 and 0.999 and epsilon 1e-8."""
    both = players(0.01)
    weight = both.model.discriminator.weights[0]
    start, gradients = weight.clone().double(), []
    for _ in range(2):
        both.step(DATA)
        gradients.append(weight.grad.double())
    first, second = gradients
    mean = (0.5 * first + second) / (0.5 + 1)
    square = (0.999 * first**2 + second**2) / (0.999 + 1)
    moves = first.sign() + mean / (square.sqrt() + 1e-8)
    torch.testing.assert_close(weight.double(), start + 0.01 * moves, rtol=0, atol=1e-5)


# What 50 steps reach: rounding moves both players, and their moves differ by it.
CURVES_APART = {torch.float64: 1e-12, torch.float32: 1e-4}


@pytest.mark.parametrize("penalty", [0.0, 0.5])
@pytest.mark.parametrize("adam", [True, False])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", CURVES_APART)
def test_autograds_players_stay_beside_those_by_hand(
    dtype: torch.dtype, loss: gan.LossName, adam: bool, penalty: float
) -> None:
    source = prepare(0)
    model = GAN(
        MLP([4, 16, 12, 3], ["leaky relu", "tanh", "sigmoid"], source, dtype),
        MLP([3, 16, 12, 1], ["leaky relu", "tanh", "identity"], source, dtype),
        loss,
        penalty,
    )
    rate = 2e-3 if adam else 0.1
    other = AutogradPlayers(model, source.clone_state(), rate, adam)
    both = Players(model, source, rate, adam)
    before = weights(both)
    for rows in DATA.to(dtype).repeat(5, 1).split(6):
        mine, theirs = both.step(rows), other.step(rows)
        assert mine.keys() == theirs.keys() == {"loss", "value"}
        for name in mine:
            assert not theirs[name].requires_grad
            assert abs(mine[name] - theirs[name]) < CURVES_APART[dtype]
    assert (weights(both) - before).abs().max() > 0.02
    parts = [*other.maker.parameters(), *other.judge.parameters()]
    twins = torch.cat([p.detach().ravel() for p in parts])
    assert (weights(both) - twins).abs().max() < 10 * CURVES_APART[dtype]


def test_both_kinds_of_players_have_parts_of_the_same_names_and_optimisers() -> None:
    class Quick(torch.optim.Adam):
        pass

    both = players()
    assert [*both.parts] == ["discriminator", "generator", "up", "down"]
    assert [*AutogradPlayers(both.model, both.generator).parts] == [*both.parts]
    quick = Players(both.model, both.generator, kind=Quick)
    assert type(quick.up) is type(quick.down) is Quick


def test_autograd_takes_no_gradient_of_the_judge_for_the_makers_move() -> None:
    both = players()
    other = AutogradPlayers(both.model, both.generator.clone_state())
    _, expected = both.model.discriminator_gradients(DATA, both.noise(len(DATA)))
    other.step(DATA)
    for parameter, gradient in zip(other.judge.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)
        assert parameter.requires_grad


def test_autograds_players_are_trained_by_the_same_loop(tmp_path: Path) -> None:
    both = players()
    other = AutogradPlayers(both.model, both.generator.clone_state(), 2e-3)
    curves, others = (
        run(both, 3).curves,
        run(other, 3, checkpoint=tmp_path / "a").curves,
    )
    assert others["value"] == pytest.approx(curves["value"], abs=1e-4)
    assert others["loss"] == pytest.approx(curves["loss"], abs=1e-4)
    resumed = AutogradPlayers(both.model, torch.Generator(), 2e-3)
    run(resumed, 3, checkpoint=tmp_path / "a", resume=True)
    pairs = ((resumed.maker, other.maker), (resumed.judge, other.judge))
    for mine, theirs in pairs:
        for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(a, b)


def stop_in_the_fourth(history: training.History) -> dict[str, float]:
    if history.epochs == 4:
        raise KeyboardInterrupt
    return {}


def test_training_is_the_same_stopped_or_not(tmp_path: Path) -> None:
    straight = players()
    curves = run(straight, 6).curves
    with pytest.raises(KeyboardInterrupt):
        run(players(), 6, checkpoint=tmp_path / "a", after_epoch=stop_in_the_fourth)
    resumed = players()
    history = run(resumed, 6, checkpoint=tmp_path / "a", resume=True)
    assert history.curves == curves
    assert torch.equal(weights(straight), weights(resumed))


def test_divergence_is_reported_and_leaves_the_last_good_checkpoint(
    tmp_path: Path,
) -> None:
    file, both = tmp_path / "checkpoint", players()
    run(both, 3, checkpoint=file)
    settings = Training(epochs=3, batch_size=16)
    saved = checkpoints.read(file)

    def leap(batch: Tensor) -> dict[str, Tensor]:
        both.up.param_groups[0]["lr"] = 1e38
        return both.step(batch)

    batches = training.shuffled(DATA, 16)
    with pytest.raises(
        TrainingError,
        match=r"step 2 of epoch 1 the loss is nan, and generator\S+ is not finite: try",
    ):
        training.run_epochs(
            leap, both.parts, batches, settings, both.generator, checkpoint=file
        )
    left = checkpoints.read(file)
    assert left["history"] == saved["history"]
    kept = left["parts"]["generator"]["parameters"]
    assert all(parameter.isfinite().all() for parameter in kept)


def test_a_batch_of_one_trains() -> None:
    both = players()
    scalars = both.step(DATA[:1])
    assert all(value.isfinite() for value in scalars.values())
    assert weights(both).isfinite().all()


# ------------------------------------------------------------------------ bad input

SOURCE = torch.Generator().manual_seed(0)


def small(last: str = "identity", out: int = 1) -> MLP:
    return MLP([3, 2, out], ["tanh", last], SOURCE)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: MLP([3], [], SOURCE), "do not fit"),
        (lambda: MLP([3, 0], ["tanh"], SOURCE), "do not fit"),
        (lambda: MLP([3, 2], ["tanh", "tanh"], SOURCE), "one activation for each"),
        (lambda: MLP([3, 2], ["swish"], SOURCE), "no activation 'swish'"),
        (lambda: small().forward(torch.zeros(5, 4)), r"not \(batch, 3\)"),
        (lambda: small().forward(torch.zeros(0, 3)), r"not \(batch, 3\)"),
        (lambda: GAN(small(out=4), small()), "must take what the generator makes"),
        (lambda: GAN(small(out=3), small(out=2)), "give one logit"),
        (lambda: GAN(small(out=3), small("sigmoid")), "must be 'identity'"),
        (lambda: GAN(small(out=3), MLP([3, 1], ["tanh"], SOURCE)), "is 'tanh': the"),
        (lambda: GAN(small(out=3), small(), "hinge"), "no generator loss 'hinge'"),
        (lambda: GAN(small(out=3), small(), penalty=-1.0), "must not be negative"),
        (lambda: gan.generator_errors(torch.ones(1, 1), "hinge"), "no generator loss"),
    ],
)
@pytest.mark.usefixtures("signatures_unchecked")
def test_bad_input_is_named(act, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        act()
