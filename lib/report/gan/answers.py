"""Answers 11 to 17 of the report, each with the statements that decide it."""

from __future__ import annotations

from sympy import DiagMatrix, Rational, S, log

from lib.proof.calculus import (
    Elementwise,
    Gradient,
    Jacobian,
    Map,
    MatrixGradient,
    sigmoid,
)
from lib.proof.expectation import KL, E, Int

from ..claims import Claim, Part, state
from .symbols import (
    H_0,
    RHO_1,
    RHO_2,
    U_1,
    W_1,
    W_2,
    W_3,
    AsPrinted,
    B,
    alpha,
    b_1,
    b_2,
    b_3,
    batch_layer,
    by_fake,
    by_real,
    column,
    data,
    game_value,
    h_0,
    halfway,
    jsd,
    layer,
    loss,
    made,
    n_0,
    n_1,
    n_3,
    noise,
    one_value,
    p_x,
    psi,
    q_x,
    theta,
    u,
    u_1,
    u_2,
    u_3,
    x,
)

PART = Part()


# ------------------------------------------------- 11, 12: the value and its gradient


@PART.claim("Q11")
def gradient_of_the_value() -> Claim:
    printed = state(Gradient(one_value, psi), "=", by_real - by_fake)
    return Claim(
        number="Q11",
        verdict="sloppy",
        chapter="gan/objective",
        claim="The gradient of the value by the discriminator's parameters.",
        correction="So it is for one sample of each kind; the value is a mean over "
        "both laws. And a program must not compute it in this form: where D is rounded "
        "to zero or to one, it is nought over nought.",
        printed=printed,
        corrected=state(
            Gradient(game_value, psi), "=", E(by_real, data) - E(by_fake, noise)
        ),
        holds_if=printed,
        fails_if=printed.read({one_value: game_value}),
        scope="general",
        repeats="23",
    )


@PART.claim("Q12")
def gradient_by_the_logit() -> Claim:
    chance = sigmoid(u)
    return Claim(
        number="Q12",
        verdict="wrong",
        chapter="gan/objective",
        claim="From the two identities of the sigmoid follows the derivative of D by "
        "its logit.",
        correction="The two identities are right. The derivative of D is another one; "
        "what the identities give is the derivative of each term of the value, by the "
        "logit of that term alone:",
        corrected=state(Gradient(chance, u), "=", sigmoid(u) * sigmoid(-u)),
        also=(
            state(Gradient(log(chance), u), "=", sigmoid(-u)),
            state(Gradient(log(1 - chance), u), "=", -sigmoid(u)),
        ),
        scope="general",
        repeats="28",
    )


# ------------------------------------------------------ 13-15: back through the layers


def _slope(name: str, of: Elementwise) -> DiagMatrix:
    return DiagMatrix(Elementwise(name, of, 1))


@PART.claim("Q13")
def several_layers() -> Claim:
    place = column("v", n_3)
    last = Jacobian(loss(place), place, u_3)
    ordered = W_3 * _slope(RHO_2, u_2) * W_2 * _slope(RHO_1, u_1)
    where = {
        u_3: layer(Elementwise(RHO_2, u_2), W_3, b_3),
        u_2: layer(Elementwise(RHO_1, u_1), W_2, b_2),
    }
    as_in_31 = (_slope(RHO_2, u_2), W_3, _slope(RHO_1, u_1), W_2)
    return Claim(
        number="Q13",
        verdict="wrong",
        chapter="gan/backpropagation",
        claim="The error of a layer is that of the next one, times the activation's "
        "derivative, times the next layer's weights.",
        correction="First the weights, then the derivative, as a diagonal. In this "
        "order, the latest layer on the left, it can be repeated:",
        printed=state(
            Jacobian(loss(u_3), u_1), "=", AsPrinted(last, *as_in_31), where=where
        ),
        corrected=state(Jacobian(loss(u_3), u_1), "=", last * ordered, where=where),
        scope="instance: two layers of any widths, with any activations",
        repeats="31",
    )


@PART.claim("Q14")
def into_the_generator() -> Claim:
    rows = column("v", n_1).func("R", B, n_1)
    first = MatrixGradient(loss(rows), rows, U_1)
    where = {U_1: batch_layer(H_0, W_1, b_1)}
    return Claim(
        number="Q14",
        verdict="wrong",
        chapter="gan/backpropagation",
        claim="The gradient by what the generator makes is the first error times the "
        "generator's first weights, as seen before.",
        correction="What was seen before are the discriminator's weights. For a batch, "
        "whose rows are samples:",
        corrected=state(MatrixGradient(loss(U_1), H_0), "=", first * W_1, where=where),
        scope="general",
        repeats="32",
    )


@PART.claim("Q15")
def by_the_generators_parameters() -> Claim:
    parameters, z = column(r"\theta", n_3), column("z", n_1)
    image = Map("G", n_0, z, parameters)
    place, other = column("v", n_0), column("x_{2}", n_0)
    back = Jacobian(loss(place), place, image) * Jacobian(image, parameters)
    stated = state(Jacobian(Map("f", 1, h_0) + loss(image), parameters), "=", back)
    second = {other: Map("G", n_0, column("z_{2}", n_1), parameters)}
    return Claim(
        number="Q15",
        verdict="sloppy",
        chapter="gan/backpropagation",
        claim="Once more the chain rule: the gradient by what is made, times the "
        "derivative of what is made by the parameters.",
        correction="So it is, added up over the batch. The first term of the value, "
        "on the data, knows nothing of the generator and drops out.",
        corrected=stated,
        holds_if=stated,
        fails_if=stated.read(
            {loss(image): loss(image, other), loss(place): loss(place, other)},
            where=second,
        ),
        scope="general",
        repeats="33",
    )


# ------------------------------------------------------------- 16, 17: the two updates


@PART.claim("Q16")
def gradient_ascent() -> Claim:
    before = psi**2 + theta**2
    after = (psi + alpha * theta) ** 2 + (theta - alpha * psi) ** 2
    return Claim(
        number="Q16",
        verdict="sloppy",
        chapter="gan/dynamics",
        claim="Now simply apply gradient ascent for the discriminator.",
        correction="It needs the gradients by the weights, which equation 31 leaves "
        "out. And a step that is right for each player need not bring the game nearer "
        "to its solution. On the game with the value psi times theta, solved where "
        "both are zero, a step of both takes them further away, by the same factor "
        "wherever they are:",
        corrected=state(after, "=", (1 + alpha**2) * before),
        holds_if=state((psi + alpha * theta) * theta, ">=", psi * theta),
        fails_if=state(after, "<=", before),
        scope="instance: the bilinear game",
    )


@PART.claim("Q17")
def gradient_descent() -> Claim:
    p, q = p_x, q_x
    optimal = p / (p + q)
    by_theta = Gradient(q, theta)
    slope = Gradient(log(1 - sigmoid(u)), u)
    return Claim(
        number="Q17",
        verdict="sloppy",
        chapter="gan/training",
        claim="And gradient descent for the generator, on the same value.",
        correction="The sign is right. But the slope of log(1 - D) by the logit "
        "vanishes where the discriminator is sure that a sample is fake, so that a "
        "plain step is smallest where there is most to learn. In practice -log D is "
        "made small instead. At the best discriminator both loss functions have the "
        "gradient of a divergence, each of another one:",
        corrected=state(slope, "=", -sigmoid(u)),
        holds_if=state(slope, "<=", S.Zero),
        fails_if=state(slope, "<=", -Rational(1, 2), given=(u < 0,)),
        also=(
            state(Gradient(-log(sigmoid(u)), u), "=", -sigmoid(-u)),
            state(
                Int(by_theta * log(1 - optimal), x),
                "=",
                Gradient(2 * jsd, theta),
                where=halfway,
            ),
            state(
                Int(-by_theta * log(optimal), x),
                "=",
                Gradient(KL(made, data) - 2 * jsd, theta),
                where=halfway,
            ),
        ),
        scope="general",
    )
