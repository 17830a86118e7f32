"""Answers 18 to 20 of the report, each with the statements that decide it."""

from __future__ import annotations

from sympy import MatrixSymbol

from lib.proof.calculus import Jacobian

from ..claims import Claim, Part, state
from .symbols import (
    I,
    block,
    d,
    loss,
    own_slope,
    passed_slope,
    slope,
    two_blocks,
    w_0,
    w_1,
    weighted_blocks,
    x_0,
    x_1,
    x_2,
)

PART = Part()

B_0, B_1, B_2 = (MatrixSymbol(f"B_{{{i}}}", d, d) for i in range(3))
J_0, J_1 = (MatrixSymbol(f"J_{{{i}}}", d, d) for i in range(2))


@PART.claim("Q18")
def chain_rule() -> Claim:
    first, second = slope(block(0), x_0), slope(block(1), x_1)
    whole = Jacobian(x_2, x_0)
    return Claim(
        number="Q18",
        verdict="wrong",
        chapter="transformer/residual_gradients",
        claim="Successive applications of the chain rule yield the product over all "
        "blocks, from the first to one behind the last.",
        correction="The rule is right. From one place of the stream to another there "
        "are as many factors as branches in between, none if the two are the same, and "
        "the latest stands on the left:",
        printed=state(whole, "=", first * second, where=two_blocks),
        corrected=state(whole, "=", second * first, where=two_blocks),
        also=(state(Jacobian(x_0, x_0), "=", I),),
        scope="instance: two branches, with any maps",
        repeats="36",
    )


@PART.claim("Q19")
def sum_against_product() -> Claim:
    paths = I + B_0 + B_1 + B_2 + B_1 * B_0 + B_2 * B_0 + B_2 * B_1 + B_2 * B_1 * B_0
    under_post_norm = J_1 * (I + B_1) * J_0 * (I + B_0)
    return Claim(
        number="Q19",
        verdict="wrong",
        chapter="transformer/residual_gradients",
        claim="The first choice makes the gradient a product, the second a sum, and "
        "therefore the second is more stable: factors below one vanish, factors above "
        "one explode.",
        correction="Both are products, and both are sums: over all paths through the "
        "branches, each of which is taken or passed by. What differs is the path that "
        "passes by all of them. In the second choice it is the identity, in the first "
        "the product of all the Jacobians of LayerNorm. And the stream of the second "
        "choice grows, so that each further branch counts for less. For matrices, "
        "norms that stay below a number below one are enough to vanish, but norms "
        "above one are not enough to explode.",
        corrected=state((I + B_2) * (I + B_1) * (I + B_0), "=", paths),
        also=(
            state(
                under_post_norm,
                "=",
                J_1 * J_0 + J_1 * J_0 * B_0 + J_1 * B_1 * J_0 + J_1 * B_1 * J_0 * B_0,
            ),
        ),
        scope="instance: three branches, and two",
    )


@PART.claim("Q20")
def last_layer() -> Claim:
    end = slope(loss, x_2)
    return Claim(
        number="Q20",
        verdict="wrong",
        chapter="transformer/gradient_norms",
        claim="Vanishing and exploding gradients show in the norm of the last layer's "
        "gradient, and normalising before the addition is more stable.",
        correction="They need not show there: between the end of the stream and the "
        "last block lies no other block, so the factors that vanish or explode are not "
        "in its gradient. They show in the gradient by the stream, at every place, and "
        "in that of the first block. What is "
        "normalised before the addition is the branch's output: res-post-norm, not "
        "pre-norm. How stable each is has to be measured over layers, depths and "
        "seeds; one layer against five is little.",
        corrected=state(
            Jacobian(loss(x_2), w_1), "=", end * own_slope(1), where=weighted_blocks
        ),
        also=(
            state(
                Jacobian(loss(x_2), w_0),
                "=",
                end * passed_slope(1) * own_slope(0),
                where=weighted_blocks,
            ),
        ),
        scope="instance: two blocks, with any maps",
    )
