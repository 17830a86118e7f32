"""Equations 23 to 35 of the report, on the backpropagation of a GAN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp
from sympy import Basic, DiagMatrix, Expr, HadamardProduct, Symbol, log

from lib.proof.calculus import (
    Elementwise,
    Gradient,
    Jacobian,
    Map,
    MatrixGradient,
    sigmoid,
)
from lib.proof.expectation import E, resolve

from ..claims import Claim, Part, Statement, Tests, state
from .symbols import (
    RHO_1,
    RHO_2,
    U_1,
    U_2,
    W_1,
    W_2,
    AsPrinted,
    V,
    alpha,
    b,
    b_1,
    b_2,
    by_fake,
    by_real,
    column,
    data,
    error,
    errors,
    game_value,
    h_0,
    h_1,
    h_2,
    layer,
    logit_value,
    loss,
    n_0,
    n_1,
    n_2,
    n_3,
    next_batch,
    next_u,
    noise,
    one_value,
    ones,
    psi,
    psi_next,
    theta,
    theta_next,
    u,
    u_1,
    u_2,
    u_f,
    u_r,
    v,
)

PART = Part()

# ------------------------------------------------- 23-28: the value and its gradient


@PART.claim("23")
def gradient_of_the_value() -> Claim:
    printed = state(Gradient(one_value, psi), "=", by_real - by_fake)
    return Claim(
        number="23",
        verdict="sloppy",
        chapter="gan/objective",
        label="eq-gan-value-gradient",
        printed=printed,
        corrected=state(
            Gradient(game_value, psi), "=", E(by_real, data) - E(by_fake, noise)
        ),
        holds_if=printed,
        fails_if=printed.read({one_value: game_value}),
        scope="general",
        correction="So it is for one sample of each kind. The value that is played for "
        "is a mean over both laws, or over a batch of each.",
    )


@PART.claim("24")
def layers() -> Claim:
    composed = Elementwise(
        RHO_2, layer(Elementwise(RHO_1, layer(h_0, W_1, b_1)), W_2, b_2)
    )
    printed = state(u_1, "=", Elementwise(RHO_1, W_1 * h_0), where={u_1: W_1 * h_0})
    return Claim(
        number="24",
        verdict="sloppy",
        chapter="gan/backpropagation",
        label="eq-gan-layers",
        printed=printed,
        corrected=state(
            h_2,
            "=",
            composed,
            where={
                h_2: Elementwise(RHO_2, u_2),
                u_2: layer(h_1, W_2, b_2),
                h_1: Elementwise(RHO_1, u_1),
                u_1: layer(h_0, W_1, b_1),
            },
        ),
        holds_if=printed.read(
            {u_1: h_1}, where={h_1: Elementwise(RHO_1, u_1), u_1: W_1 * h_0}
        ),
        fails_if=printed,
        scope="instance: two layers of any widths, with any activations",
        correction="The brace calls the first layer's output z: what comes after the "
        "activation. Equations 25, 28 and 32 call so what comes before it. Both have "
        "a name, and every layer a bias:",
    )


@PART.claim("25")
def sigmoid_output() -> Claim:
    chance = Symbol(r"D_{\psi}(x)", positive=True)
    stated = state(
        chance,
        "=",
        sigmoid(u),
        where={chance: 1 / (1 + sp.exp(-u))},
        tests=_by_log_odds,
    )
    return _correct("25", "gan/objective", "eq-gan-sigmoid-output", stated)


def _by_log_odds(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """The two forms of the probability, and that its log odds are the logit."""
    yield "", statement.map(lambda e: e)
    for member in map(statement.meaning, statement.members):
        yield "the log odds", state(log(member) - log(1 - member), "=", u)


@PART.claim("26")
def slope_over_sigmoid() -> Claim:
    stated = state(
        Gradient(sigmoid(u), u) / sigmoid(u), "=", sigmoid(-u), "=", 1 - sigmoid(u)
    )
    return _correct("26", "gan/objective", "eq-gan-sigmoid-ratio", stated)


@PART.claim("27")
def slope_over_the_rest() -> Claim:
    stated = state(Gradient(sigmoid(u), u) / (1 - sigmoid(u)), "=", sigmoid(u))
    return _correct("27", "gan/objective", "eq-gan-sigmoid-other-ratio", stated)


@PART.claim("28")
def gradient_by_the_logits() -> Claim:
    v_1, shifted = logit_value(u_r, u_f), logit_value(u_r + b, u_f + b)
    both = sigmoid(-u_r) - sigmoid(u_f)
    return Claim(
        number="28",
        verdict="wrong",
        chapter="gan/objective",
        label="eq-gan-logit-gradient",
        printed=state(Gradient(sigmoid(u_r), u_r), "=", both),
        corrected=state(Gradient(v_1, u_r), "=", sigmoid(-u_r)),
        also=(
            state(Gradient(v_1, u_f), "=", -sigmoid(u_f)),
            state(
                Gradient(shifted, b), "=", both.xreplace({u_r: u_r + b, u_f: u_f + b})
            ),
        ),
        scope="general",
        correction="It is the value that is differentiated, not D; and the logit of a "
        "real sample is another variable than that of a fake one, so there are two "
        "derivatives. Their sum, which the report prints, is the derivative by the "
        "bias of the output, which both logits share.",
    )


# ------------------------------------------------- 29-33: back through the layers


@PART.claim("29")
def chain_rule() -> Claim:
    where = {u_2: Map("f", n_2, u_1)}
    rows = state(Jacobian(loss(u_2), u_1), "=", error * Jacobian(u_2, u_1), where=where)
    columns = state(
        Jacobian(loss(u_2), u_1).T, "=", Jacobian(u_2, u_1).T * error.T, where=where
    )
    return Claim(
        number="29",
        verdict="sloppy",
        chapter="gan/backpropagation",
        label="eq-gan-chain",
        printed=rows,
        corrected=rows,
        also=(columns,),
        holds_if=rows,
        fails_if=state(
            columns.left,
            "=",
            AsPrinted(error.T, Jacobian(u_2, u_1)),
            where=where,
        ),
        scope="general",
        correction="It holds where derivatives by a vector are rows. A program keeps "
        "a gradient in the shape of its parameter, a column; then the factors change "
        "places, and the Jacobian is transposed.",
    )


def _slope(of: Any) -> Elementwise:
    return Elementwise(RHO_1, of, 1)


@PART.claim("30")
def jacobian_of_a_layer() -> Claim:
    after = Elementwise(RHO_2, layer(h_1, W_2, b_2))
    return Claim(
        number="30",
        verdict="wrong",
        chapter="gan/backpropagation",
        label="eq-gan-layer-jacobian",
        printed=state(
            Jacobian(Elementwise(RHO_1, W_2 * u_1), u_1),
            "=",
            AsPrinted(Elementwise(RHO_1, AsPrinted(W_1, u_1)), W_2),
        ),
        corrected=state(Jacobian(next_u, u_1), "=", W_2 * DiagMatrix(_slope(u_1))),
        also=(
            state(
                Jacobian(after, h_1),
                "=",
                DiagMatrix(Elementwise(RHO_2, layer(h_1, W_2, b_2), 1)) * W_2,
            ),
        ),
        scope="general",
        correction="The derivative has lost its prime, the weights before it are the "
        "wrong layer's, so that the sizes do not fit, and a function that acts entry "
        "by entry has a diagonal Jacobian. On which side the diagonal stands depends "
        "on what is differentiated: pre-activations, or activations.",
    )


@PART.claim("31")
def errors_of_a_layer() -> Claim:
    printed = AsPrinted(error, _slope(AsPrinted(W_1, u_1)), W_2)
    here: dict[str, Any] = {"where": {u_2: next_u}}
    batch: dict[str, Any] = {"where": {U_2: next_batch}}
    H = Elementwise(RHO_1, U_1)
    return Claim(
        number="31",
        verdict="wrong",
        chapter="gan/backpropagation",
        label="eq-gan-error",
        printed=state(Jacobian(loss(u_2), u_1), "=", printed, **here),
        corrected=state(
            Jacobian(loss(u_2), u_1).T,
            "=",
            HadamardProduct(W_2.T * error.T, _slope(u_1)),
            **here,
        ),
        also=(
            state(
                MatrixGradient(loss(U_2), U_1),
                "=",
                HadamardProduct(errors * W_2, _slope(U_1)),
                **batch,
            ),
            state(MatrixGradient(loss(U_2), W_2), "=", errors.T * H, **batch),
            state(MatrixGradient(loss(U_2), b_2), "=", errors.T * ones, **batch),
        ),
        scope="general",
        correction="The prime is back, and the rest is as in equation 30. And no step "
        "can be taken with the errors alone: what is needed are the gradients by the "
        "weights and the biases, which the report never derives. For one sample, and "
        "for the rows of a batch:",
    )


@PART.claim("32")
def gradient_by_the_input() -> Claim:
    generators = sp.MatrixSymbol("W_g^{1}", n_1, n_3)
    where = {u_1: W_1 * h_0 + b_1}
    place = column("v", n_1)
    first = Jacobian(loss(place), place, u_1)
    left = Jacobian(loss(u_1), h_0)
    return Claim(
        number="32",
        verdict="wrong",
        chapter="gan/backpropagation",
        label="eq-gan-input-gradient",
        printed=state(left, "=", AsPrinted(first, generators), where=where),
        corrected=state(left, "=", first * W_1, where=where),
        scope="general",
        correction="What the generator makes goes into the first layer of the "
        "discriminator, so it is that layer's weights that the gradient goes back "
        "through, not the generator's.",
    )


@PART.claim("33")
def gradient_by_the_generators_parameters() -> Claim:
    parameters = column(r"\theta", n_3)
    x_1, x_2 = column("x_{1}", n_2), column("x_{2}", n_2)
    noises = {x_1: column("z_{1}", n_0), x_2: column("z_{2}", n_0)}
    where = {x_i: Map("G", n_2, z_i, parameters) for x_i, z_i in noises.items()}
    from_1 = Jacobian(loss(v, x_2), v, x_1) * Jacobian(x_1, parameters)
    from_2 = Jacobian(loss(x_1, v), v, x_2) * Jacobian(x_2, parameters)
    alone = Jacobian(loss(v), v, x_1) * Jacobian(x_1, parameters)
    printed = state(Jacobian(loss(x_1), parameters), "=", alone, where=where)
    return Claim(
        number="33",
        verdict="sloppy",
        chapter="gan/backpropagation",
        label="eq-gan-generator-gradient",
        printed=printed,
        corrected=state(
            Jacobian(loss(x_1, x_2), parameters), "=", from_1 + from_2, where=where
        ),
        holds_if=printed,
        fails_if=printed.read({loss(x_1): loss(x_1, x_2), loss(v): loss(v, x_2)}),
        scope="instance: a batch of two; any generator and loss",
        correction="So it is for one sample. A loss depends on a whole batch, and each "
        "sample brings its own share of the gradient; here there are two.",
    )


# ----------------------------------------------------------- 34, 35: the two updates


@PART.claim("34")
def ascent() -> Claim:
    value = V(psi, theta)
    return _correct(
        "34",
        "gan/dynamics",
        "eq-gan-ascent",
        state(
            psi_next,
            "=",
            psi + alpha * Gradient(value, psi),
            tests=_raises(value, psi),
        ),
        scope=ONE_PARAMETER,
        correction="It is gradient ascent: for a generator that stands still the step "
        "raises the value by the rate times the squared slope, to first order. What "
        "becomes of two such steps is another matter, see answer 16.",
    )


@PART.claim("35")
def descent() -> Claim:
    old, new = V(psi, theta), V(psi_next, theta)
    printed = state(
        theta_next,
        "=",
        theta - alpha * Gradient(old, theta),
        tests=_raises(-old, theta),
    )
    return Claim(
        number="35",
        verdict="sloppy",
        chapter="gan/dynamics",
        label="eq-gan-descent",
        scope=ONE_PARAMETER,
        printed=printed,
        corrected=state(
            theta_next, "=", theta - alpha * Gradient(new, theta), tests=_in_turns
        ),
        holds_if=printed,
        fails_if=printed.read({}, tests=_in_turns),
        correction="The direction is right. But at which discriminator? If both "
        "gradients are taken at the old one, both players move at once; at the new one "
        "they take turns, and that is another game: on the simplest one the first runs "
        "away while the second stays bounded.",
    )


ONE_PARAMETER = "instance: one parameter for each player"
NEXT = {psi: psi_next, theta: theta_next}


def _raises(gain: Expr, player: Symbol) -> Tests:
    """A step raises what its player is after by the rate times the squared slope.

    For any game it does so to first order, and exactly on the game psi times theta.
    """

    def tests(statement: Statement) -> Iterator[tuple[str, Statement]]:
        [relation] = statement.relations
        after = statement.left.xreplace({NEXT[player]: statement.right})
        yield "the new place", state(after, relation, statement.right)
        moved = gain.xreplace({player: statement.right})
        raised = gain + alpha * Gradient(gain, player) ** 2
        yield (
            "to first order",
            state(moved, "O", raised, about=(alpha,), order=2),
        )
        yield (
            "on the game psi times theta",
            state(_bilinear(moved), relation, _bilinear(raised)),
        )

    return tests


def _in_turns(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """The generator lowers V at the new discriminator, and the simplest game stays.

    With both updates the players go round an ellipse; a sign or a place exchanged in
    either leads away from it.
    """
    yield from _raises(-V(psi_next, theta), theta)(statement)
    higher, lower = (
        resolve(_bilinear(step))
        for step in (PART["34"].corrected.right, statement.right)
    )
    after = {psi: higher, theta: lower.xreplace({psi_next: higher})}
    ellipse = psi**2 + theta**2 + alpha * psi * theta
    [relation] = statement.relations
    yield (
        "the ellipse",
        state(ellipse.xreplace(after), relation, ellipse),
    )


def _bilinear(expression: Basic) -> Basic:
    """``expression`` on the game whose value is the product of the parameters."""
    return expression.replace(V, lambda first, second: first * second)


def _correct(
    number: str,
    chapter: str,
    label: str,
    stated: Statement,
    *,
    scope: str = "general",
    correction: str = "",
) -> Claim:
    return Claim(
        number=number,
        verdict="correct",
        chapter=chapter,
        label=label,
        printed=stated,
        corrected=stated,
        scope=scope,
        correction=correction,
    )
