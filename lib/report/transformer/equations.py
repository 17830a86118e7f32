"""Equations 36 to 39 of the report, on the gradient in a residual stream."""

from __future__ import annotations

from sympy import Eq, Identity, MatrixExpr, OneMatrix, Trace, sqrt

from lib.proof.calculus import Jacobian, LayerNorm

from ..claims import Claim, Part, state
from .symbols import (
    WIDE,
    I,
    block,
    branch,
    d,
    loss,
    normed_branch,
    post_norm,
    res_post_norm,
    row,
    sigma,
    slope,
    two_blocks,
    x_0,
    x_1,
    x_2,
    x_3,
    y,
    y_0,
)

PART = Part()

THREE = (Eq(d, 3),)  # a branch and a LayerNorm of four entries take minutes
ones = OneMatrix(d, 1)
centring = Identity(d) - ones * ones.T / d


@PART.claim("36")
def ordered_product() -> Claim:
    left, last = Jacobian(loss(x_2), x_0), slope(loss, x_2)
    first, second = slope(block(0), x_0), slope(block(1), x_1)
    return Claim(
        number="36",
        verdict="wrong",
        chapter="transformer/residual_gradients",
        label="eq-stream-chain",
        printed=state(
            left, "=", last * first * second * slope(block(2), x_2), where=two_blocks
        ),
        corrected=state(left, "=", last * second * first, where=two_blocks),
        scope="instance: two branches, with any maps",
        correction="The product runs to L, so its last factor leads to a place behind "
        "the end of the stream: it must end at L - 1. And matrices do not commute: the "
        "latest block stands on the left. For two branches:",
    )


@PART.claim("37")
def post_norm_block() -> Claim:
    factor = slope(LayerNorm, y_0) * (I + slope(branch(0), x_0))
    normed = LayerNorm(y)
    return Claim(
        number="37",
        verdict="wrong",
        chapter="transformer/residual_gradients",
        label="eq-post-norm-jacobian",
        printed=state(row(x_0), "=", row(x_0) * factor, where=post_norm, given=WIDE),
        corrected=state(
            row(x_1) * Jacobian(x_1, x_0),
            "=",
            row(x_1) * factor,
            where=post_norm,
            given=THREE,
        ),
        also=(
            state(
                Jacobian(normed, y),
                "=",
                (I - ones * ones.T / d - normed * normed.T / d) / sigma,
                where={sigma: standard_deviation(y)},
                given=WIDE,
            ),
        ),
        scope="instance: one branch of width three, any of them; LayerNorm of "
        "widths three and four",
        correction="Shown is the formula's case l = L = 0, where the gradients on its "
        "two sides are one and the same. Again a factor too many: from the end of the "
        "stream to the end of the stream there is none, and the formula as printed has "
        "one. The 1 is the identity matrix, each branch is taken at its own place, and "
        "the derivative of LayerNorm is a matrix, and a singular one. One branch has "
        "one factor; several multiply as in equation 36:",
    )


def standard_deviation(of: MatrixExpr) -> MatrixExpr:
    """The root of the mean square of a column's entries, less their mean."""
    return sqrt(Trace(of.T * centring * of) / d)


@PART.claim("38")
def stream_as_a_sum() -> Claim:
    added = [normed_branch(i)(at) for i, at in enumerate((x_0, x_1, x_2))]
    total = state(x_3, "=", x_0 + added[0] + added[1] + added[2], where=res_post_norm)
    return Claim(
        number="38",
        verdict="correct",
        chapter="transformer/residual_gradients",
        label="eq-res-post-norm-sum",
        printed=total,
        corrected=total,
        scope="instance: any three branches",
    )


@PART.claim("39")
def sum_form() -> Claim:
    left, back = row(x_2) * Jacobian(x_2, x_0), row(x_2)
    added = normed_branch(0)(x_0) + normed_branch(1)(x_1)
    sums = back * (I + Jacobian(added, x_0))
    first, second = slope(normed_branch(0), x_0), slope(normed_branch(1), x_1)
    printed = state(left, "=", sums, where=res_post_norm)
    return Claim(
        number="39",
        verdict="sloppy",
        chapter="transformer/residual_gradients",
        label="eq-res-post-norm-gradient",
        printed=printed,
        corrected=state(
            left,
            "=",
            sums,
            "=",
            back * (I + second) * (I + first),
            where=res_post_norm,
        ),
        holds_if=printed,
        fails_if=printed.read({Jacobian(added, x_0): first + second}),
        scope="instance: any two branches",
        correction="It holds if the 1 is the identity and the derivative is the total "
        "one, through all that lies between. Then the sum hides a product, the same as "
        "that of equation 36:",
    )
