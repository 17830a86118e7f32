"""Generative adversarial networks, with every gradient written out by hand.

Rows are samples. Layer l takes the activations of the one before it to the
pre-activations u^l = h^(l-1) W^l' + b^l and on to h^l = rho^l(u^l); the
discriminator's last layer is the identity, so its output is a logit. ``MLP``, ``GAN``
and ``Players`` use no autograd; ``twin`` and ``AutogradPlayers`` are the same network
and the same players for it, to compare with.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, logsigmoid

from .config import LossName
from .domains import require_rows

LEAK = 0.2  # the slope of the leaky ReLU below zero


class Activation(NamedTuple):
    """A function rho of u, its gradient in terms of u and h = rho(u), PyTorch's layer.

    ``back(g, u, h)`` takes the gradient by h to the one by u, g times rho'(u).
    """

    value: Callable[[Tensor], Tensor]
    back: Callable[[Tensor, Tensor, Tensor], Tensor]
    layer: Callable[[], nn.Module]


ACTIVATIONS = {
    "identity": Activation(lambda u: u, lambda g, u, h: g, nn.Identity),
    "relu": Activation(torch.relu, lambda g, u, h: g * u.sign().clamp(min=0), nn.ReLU),
    "leaky relu": Activation(
        lambda u: leaky_relu(u, LEAK),
        lambda g, u, h: g * u.sign().clamp(min=LEAK),
        lambda: nn.LeakyReLU(LEAK),
    ),
    "tanh": Activation(torch.tanh, lambda g, u, h: g * (1 - h * h), nn.Tanh),
    "sigmoid": Activation(torch.sigmoid, lambda g, u, h: g * h * (1 - h), nn.Sigmoid),
}
# rho''(u) in terms of h = rho(u), of those that are not made of straight lines.
BENDS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": lambda h: -2 * h * (1 - h * h),
    "sigmoid": lambda h: h * (1 - h) * (1 - 2 * h),
}


class MLP:
    """Plain layers whose forward pass keeps what the backward pass needs.

    ``widths`` are those of the input and of each layer, ``activations`` one name for
    each layer. Weights start as normal numbers of variance 2/inputs, biases at zero.
    Raises ValueError for widths or names that do not fit.
    """

    def __init__(
        self,
        widths: Sequence[int],
        activations: Sequence[str],
        generator: torch.Generator,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        if len(widths) < 2 or min(widths) < 1 or len(activations) != len(widths) - 1:
            raise ValueError(
                f"widths {list(widths)} and activations {list(activations)} do not "
                "fit: name positive widths of the input and of each layer, and one "
                "activation for each layer"
            )
        for name in activations:
            if name not in ACTIVATIONS:
                known = ", ".join(ACTIVATIONS)
                raise ValueError(f"no activation {name!r}: there are {known}")
        self.widths, self.activations = tuple(widths), tuple(activations)
        device = generator.device
        self.weights: list[Float[Tensor, "outputs inputs"]] = [
            torch.randn(n, m, generator=generator, dtype=dtype, device=device)
            * (2 / m) ** 0.5
            for m, n in itertools.pairwise(widths)
        ]
        self.biases: list[Float[Tensor, " outputs"]] = [
            torch.zeros(n, dtype=dtype, device=device) for n in widths[1:]
        ]

    @property
    def parameters(self) -> list[Tensor]:
        """Each layer's weights and biases, from the first layer to the last."""
        pairs = zip(self.weights, self.biases, strict=True)
        return [parameter for pair in pairs for parameter in pair]

    def state_dict(self) -> dict[str, list[Tensor]]:
        """The parameters, for a checkpoint."""
        return {"parameters": self.parameters}

    def load_state_dict(self, state: dict[str, list[Tensor]]) -> None:
        """Put a checkpoint's parameters in place of these."""
        for mine, theirs in zip(self.parameters, state["parameters"], strict=True):
            mine.copy_(theirs)

    def forward(
        self, x: Float[Tensor, "batch inputs"]
    ) -> Float[Tensor, "batch outputs"]:
        """The output for the rows of ``x``."""
        m = self.widths[0]
        if x.ndim != 2 or x.shape[1] != m or len(x) == 0:
            raise ValueError(f"the input is {tuple(x.shape)}, not (batch, {m})")
        self.u: list[Tensor] = []
        self.h = [x]
        layers = zip(self.weights, self.biases, self.activations, strict=True)
        for w, b, name in layers:
            self.u.append(torch.addmm(b, self.h[-1], w.T))
            self.h.append(ACTIVATIONS[name].value(self.u[-1]))
        return self.h[-1]

    def errors(
        self, upstream: Float[Tensor, "batch outputs"]
    ) -> list[Float[Tensor, "batch _"]]:
        """dL/du^l of each layer, first layer first, from dL/dh of the output.

        They belong to the last forward pass: {eq}`eq-gan-batch-error`.
        """
        deltas: list[Tensor] = []
        for layer in reversed(range(len(self.weights))):
            if deltas:
                upstream = deltas[-1] @ self.weights[layer + 1]
            back = ACTIVATIONS[self.activations[layer]].back
            deltas.append(back(upstream, self.u[layer], self.h[layer + 1]))
        return deltas[::-1]

    def parameter_gradients(
        self, errors: Sequence[Float[Tensor, "batch _"]]
    ) -> list[Tensor]:
        """dL/dW and dL/db of each layer, in the order of ``parameters``.

        Both are sums over the batch: {eq}`eq-gan-weight-gradient` and
        {eq}`eq-gan-biases-gradient`.
        """
        layers = zip(errors, self.h, strict=False)  # h ends with the output
        pairs = ((delta.T @ h, delta.sum(0)) for delta, h in layers)
        return [gradient for pair in pairs for gradient in pair]

    def input_gradient(
        self, errors: Sequence[Float[Tensor, "batch _"]]
    ) -> Float[Tensor, "batch inputs"]:
        """dL/dx: back through the first layer's weights.

        {eq}`eq-gan-batch-activations`.
        """
        return errors[0] @ self.weights[0]

    def changes(
        self, move: Float[Tensor, "batch inputs"]
    ) -> tuple[list[Float[Tensor, "batch _"]], list[Float[Tensor, "batch _"]]]:
        """How u^l and h^l change along ``move``, as the input moves.

        Forward through all layers, {eq}`eq-gan-move-forward`; the second list
        begins with the move itself.
        """
        rises: list[Tensor] = []
        moves = [move]
        for layer, w in enumerate(self.weights):
            rises.append(moves[-1] @ w.T)
            back = ACTIVATIONS[self.activations[layer]].back
            moves.append(back(rises[-1], self.u[layer], self.h[layer + 1]))
        return rises, moves

    def turns(
        self,
        errors: Sequence[Float[Tensor, "batch _"]],
        rises: Sequence[Float[Tensor, "batch _"]],
    ) -> list[Float[Tensor, "batch _"]]:
        """How the ``errors`` of the output's sum change as u^l changes by a rise.

        Back through all layers, {eq}`eq-gan-move-back`. Zero where no activation
        bends.
        """
        turns: list[Tensor] = []
        for layer in reversed(range(len(self.weights))):
            upstream = torch.ones_like(self.h[-1])
            turn = torch.zeros_like(self.u[layer])
            if turns:
                upstream = errors[layer + 1] @ self.weights[layer + 1]
                back = ACTIVATIONS[self.activations[layer]].back
                turn = turns[-1] @ self.weights[layer + 1]
                turn = back(turn, self.u[layer], self.h[layer + 1])
            if bend := BENDS.get(self.activations[layer]):
                turn = turn + upstream * bend(self.h[layer + 1]) * rises[layer]
            turns.append(turn)
        return turns[::-1]

    def steepness(self) -> tuple[Float[Tensor, ""], list[Tensor]]:
        """Half the mean squared gradient by the input, and its own gradients.

        The gradient is that of the outputs' sum, the mean is over the rows of the
        last forward pass, and the second of the two is the derivative of the
        first by each of the ``parameters``: {eq}`eq-gan-double-weights`.
        """
        errors = self.errors(torch.ones_like(self.h[-1]))
        slope = self.input_gradient(errors)
        rises, moves = self.changes(slope / len(slope))
        gradients = self.parameter_gradients(self.turns(errors, rises))
        for layer, (delta, move) in enumerate(zip(errors, moves, strict=False)):
            gradients[2 * layer] += delta.T @ move
        return slope.square().sum(1).mean() / 2, gradients


def twin(network: MLP) -> nn.Sequential:
    """The same network, with a copy of its weights, for autograd."""
    layers: list[nn.Module] = []
    for w, b, name in zip(
        network.weights, network.biases, network.activations, strict=True
    ):
        linear = nn.Linear(w.shape[1], w.shape[0], dtype=w.dtype, device=w.device)
        with torch.no_grad():
            linear.weight.copy_(w)
            linear.bias.copy_(b)
        layers += [linear, ACTIVATIONS[name].layer()]
    return nn.Sequential(*layers)


def value(real_logits: Tensor, fake_logits: Tensor) -> Float[Tensor, ""]:
    """V = mean log D(x) + mean log(1 - D(G(z))).

    The discriminator makes it large. Raises ValueError for no logits.
    """
    require_rows(real_logits=real_logits, fake_logits=fake_logits)
    return logsigmoid(real_logits).mean() + logsigmoid(-fake_logits).mean()


def value_errors(
    real_logits: Float[Tensor, "*real"], fake_logits: Float[Tensor, "*fake"]
) -> tuple[Float[Tensor, "*real"], Float[Tensor, "*fake"]]:
    """dV by the logits of the real rows and by those of the fake ones."""
    real = torch.sigmoid(-real_logits) / len(real_logits)
    return real, -torch.sigmoid(fake_logits) / len(fake_logits)


def generator_loss(fake_logits: Tensor, loss: LossName) -> Float[Tensor, ""]:
    """What the generator makes small: mean log(1 - D), or -mean log D."""
    require_rows(fake_logits=fake_logits)
    if loss == "saturating":
        return logsigmoid(-fake_logits).mean()
    if loss == "non-saturating":
        return -logsigmoid(fake_logits).mean()
    raise ValueError(f"no generator loss {loss!r}: saturating or non-saturating")


def generator_errors(
    fake_logits: Float[Tensor, "*fake"], loss: LossName
) -> Float[Tensor, "*fake"]:
    """The derivative of ``generator_loss`` by the logits."""
    if loss == "saturating":
        return -torch.sigmoid(fake_logits) / len(fake_logits)
    if loss == "non-saturating":
        return -torch.sigmoid(-fake_logits) / len(fake_logits)
    raise ValueError(f"no generator loss {loss!r}: saturating or non-saturating")


@dataclass
class GAN:
    """A generator, from noise to samples, and a discriminator, from these to logits.

    ``penalty`` is what the discriminator pays for its steepness at the data, gamma in
    {eq}`eq-gan-r1`; zero leaves the plain game.
    """

    generator: MLP
    discriminator: MLP
    loss: LossName = "non-saturating"
    penalty: float = 0.0

    def __post_init__(self) -> None:
        made, judged = self.generator.widths[-1], self.discriminator.widths[0]
        if made != judged or self.discriminator.widths[-1] != 1:
            raise ValueError(
                f"the generator makes rows of {made} numbers, the discriminator takes "
                f"{judged} and gives {self.discriminator.widths[-1]}: it must take "
                "what the generator makes, and give one logit"
            )
        if self.discriminator.activations[-1] != "identity":
            raise ValueError(
                "the discriminator's last activation is "
                f"{self.discriminator.activations[-1]!r}: the losses take logits, so "
                "it must be 'identity'"
            )
        generator_loss(torch.zeros(1, 1), self.loss)
        if not 0 <= self.penalty < math.inf:
            raise ValueError(
                f"the penalty is {self.penalty}: it must not be negative, nor infinite"
            )

    def discriminator_gradients(
        self, real: Float[Tensor, "real pixels"], noise: Float[Tensor, "fake latents"]
    ) -> tuple[Float[Tensor, ""], list[Tensor]]:
        """V, and the gradients of V less the penalty, for rows of data and of noise.

        Both batches pass through the discriminator in one, so the gradients of its
        parameters, a sum over rows, add up by themselves.
        """
        fake = self.generator.forward(noise)
        logits = self.discriminator.forward(torch.cat([real, fake]))
        real_logits, fake_logits = logits.split([len(real), len(fake)])
        upstream = torch.cat(value_errors(real_logits, fake_logits))
        errors = self.discriminator.errors(upstream)
        gradients = self.discriminator.parameter_gradients(errors)
        if self.penalty:
            self.discriminator.forward(real)
            _, steeper = self.discriminator.steepness()
            for gradient, more in zip(gradients, steeper, strict=True):
                gradient -= self.penalty * more
        return value(real_logits, fake_logits), gradients

    def generator_gradients(
        self, noise: Float[Tensor, "batch latents"]
    ) -> tuple[Float[Tensor, ""], list[Tensor]]:
        """The generator's loss and its gradients, for rows of noise.

        Back through the discriminator, whose weights stay as they are.
        """
        logits = self.discriminator.forward(self.generator.forward(noise))
        errors = self.discriminator.errors(generator_errors(logits, self.loss))
        upstream = self.discriminator.input_gradient(errors)
        errors = self.generator.errors(upstream)
        gradients = self.generator.parameter_gradients(errors)
        return generator_loss(logits, self.loss), gradients


class Players:
    """Both players in training: in each step first the discriminator's move.

    With ``adam`` their moves are Adam's (with the first momentum lowered, as is usual
    for this game), as the class ``kind`` makes them, else plain gradient ascent and
    descent at the same rate. ``step`` and ``parts`` are what ``training.run_epochs``
    takes.
    """

    def __init__(
        self,
        model: GAN,
        generator: torch.Generator,
        learning_rate: float = 2e-4,
        adam: bool = True,
        kind: type[torch.optim.Adam] = torch.optim.Adam,
    ) -> None:
        self.model, self.generator = model, generator
        judge, maker = model.discriminator.parameters, model.generator.parameters
        self.up = _optimiser(judge, learning_rate, adam, kind, maximize=True)
        self.down = _optimiser(maker, learning_rate, adam, kind, maximize=False)
        self.parts: dict[str, MLP | torch.optim.Optimizer] = {
            "discriminator": model.discriminator,
            "generator": model.generator,
            "up": self.up,
            "down": self.down,
        }

    def noise(self, count: int) -> Float[Tensor, "{count} latents"]:
        """Rows of standard normal noise, as the generator takes them."""
        return _noise(count, self.model.generator, self.generator)

    def step(
        self,
        real: Float[Tensor, "batch pixels"],
    ) -> dict[str, Float[Tensor, ""]]:
        """One move of each player; V before both, and the loss in between."""
        noise = self.noise(len(real))
        v, gradients = self.model.discriminator_gradients(real, noise)
        _move(self.up, self.model.discriminator, gradients)
        noise = self.noise(len(real))
        loss, gradients = self.model.generator_gradients(noise)
        _move(self.down, self.model.generator, gradients)
        return {"loss": loss, "value": v}


class AutogradPlayers:
    """The twins of both players, who make the same moves by autograd.

    They start from a copy of the model's weights. With a ``generator`` in the same
    state, ``players.generator.clone_state()``, they draw the same noise as ``Players``
    and stay beside them step by step, up to rounding. Each step has all that makes
    autograd fast: one batch for both kinds of rows, no graph of the generator for the
    discriminator's move, no gradients of the discriminator's weights for the other.
    """

    def __init__(
        self,
        model: GAN,
        generator: torch.Generator,
        learning_rate: float = 2e-4,
        adam: bool = True,
    ) -> None:
        self.model, self.generator = model, generator
        self.judge, self.maker = twin(model.discriminator), twin(model.generator)
        judge, maker = list(self.judge.parameters()), list(self.maker.parameters())
        self.up = _optimiser(judge, learning_rate, adam, maximize=True)
        self.down = _optimiser(maker, learning_rate, adam, maximize=False)
        self.parts: dict[str, nn.Module | torch.optim.Optimizer] = {
            "discriminator": self.judge,
            "generator": self.maker,
            "up": self.up,
            "down": self.down,
        }

    def noise(self, count: int) -> Float[Tensor, "{count} latents"]:
        """Rows of standard normal noise, as the generator takes them."""
        return _noise(count, self.model.generator, self.generator)

    def step(
        self,
        real: Float[Tensor, "batch pixels"],
    ) -> dict[str, Float[Tensor, ""]]:
        """One move of each player; V before both, and the loss in between."""
        with torch.no_grad():
            fake = self.maker(self.noise(len(real)))
        logits = self.judge(torch.cat([real, fake]))
        v = value(*logits.split(len(real)))
        self.up.zero_grad()
        v.backward()
        if self.model.penalty:
            self._penalty(real).neg().backward()
        self.up.step()
        self.judge.requires_grad_(False)
        fake_logits = self.judge(self.maker(self.noise(len(real))))
        loss = generator_loss(fake_logits, self.model.loss)
        self.down.zero_grad()
        loss.backward()
        self.down.step()
        self.judge.requires_grad_(True)
        return {"loss": loss.detach(), "value": v.detach()}

    def _penalty(self, real: Float[Tensor, "batch pixels"]) -> Float[Tensor, ""]:
        rows = real.detach().requires_grad_()
        [slope] = torch.autograd.grad(self.judge(rows).sum(), rows, create_graph=True)
        return self.model.penalty * slope.square().sum(1).mean() / 2


def _optimiser(
    parameters: Iterable[Tensor],
    rate: float,
    adam: bool,
    kind: type[torch.optim.Adam] = torch.optim.Adam,
    *,
    maximize: bool,
) -> torch.optim.Optimizer:
    if not 0 < rate < math.inf:
        raise ValueError(f"learning_rate must be positive, not {rate}")
    if adam:
        return kind(parameters, rate, (0.5, 0.999), maximize=maximize, fused=True)
    return torch.optim.SGD(parameters, rate, maximize=maximize, fused=True)


def _noise(
    count: int, maker: MLP, generator: torch.Generator
) -> Float[Tensor, "{count} latents"]:
    return torch.randn(
        (count, maker.widths[0]),
        generator=generator,
        dtype=maker.weights[0].dtype,
        device=generator.device,
    )


def _move(
    optimiser: torch.optim.Optimizer, network: MLP, gradients: Sequence[Tensor]
) -> None:
    for parameter, gradient in zip(network.parameters, gradients, strict=True):
        parameter.grad = gradient
    optimiser.step()
