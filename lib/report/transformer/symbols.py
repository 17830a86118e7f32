r"""The symbols of the report's part on Transformers: a stream, its blocks, LayerNorm.

Its equations and answers are stated in them, and the chapters use the same objects.
"""

from __future__ import annotations

from collections.abc import Callable

from sympy import Basic, Ge, Identity, Le, MatrixExpr, MatrixSymbol, symbols

from lib.proof.calculus import Jacobian, LayerNorm, Map

d = symbols("d", integer=True, positive=True)  # the width of the stream
# LayerNorm has no slope in narrower streams, and in wider ones instances take minutes.
WIDE = (Ge(d, 3), Le(d, 4))
I = Identity(d)  # noqa: E741
sigma = symbols("sigma", positive=True)  # the standard deviation of a column's entries


def column(name: str) -> MatrixSymbol:
    return MatrixSymbol(name, d, 1)


x, y, place = column("x"), column("y"), column("v")
x_0, x_1, x_2, x_3 = (column(f"x_{{{i}}}") for i in range(4))  # the stream
y_0 = column("y_{0}")  # what the first LayerNorm gets

Block = Callable[[Basic], MatrixExpr]


def block(i: int) -> Block:
    """A block of which nothing is known but that it is smooth."""
    return lambda at: Map(f"f_{{{i}}}", d, at)


def branch(i: int) -> Block:
    """A residual branch A, of which nothing is known but that it is smooth."""
    return lambda at: Map(f"A_{{{i}}}", d, at)


def normed_branch(i: int) -> Block:
    """A branch with a LayerNorm at its end, taken as one smooth map."""
    return lambda at: Map(rf"(\operatorname{{LN}} \circ A_{{{i}}})", d, at)


def loss(*of: Basic) -> Map:
    """Any smooth number that depends on the stream."""
    return Map(r"\ell", 1, *of)


def slope(of: Block, at: MatrixExpr) -> Jacobian:
    """The Jacobian of a block, or the row of derivatives of a loss, at a place."""
    return Jacobian(of(place), place, at)


def row(at: MatrixSymbol) -> MatrixSymbol:
    """What comes back to a place of the stream from the loss: any row."""
    return MatrixSymbol(rf"\frac{{\partial \ell}}{{\partial {at.name}}}", 1, d)


p = symbols("p", integer=True, positive=True)  # how many weights a block has
w_0, w_1 = (MatrixSymbol(f"w_{{{i}}}", p, 1) for i in range(2))
weights = MatrixSymbol("u", p, 1)  # holds their place


def weighted_block(i: int, at: Basic, w: Basic) -> Map:
    """A smooth block with weights of its own."""
    return Map(f"f_{{{i}}}", d, at, w)


def own_slope(i: int) -> Jacobian:
    """The Jacobian of one of two weighted blocks by its own weights, where they are."""
    at, w = ((x_0, w_0), (x_1, w_1))[i]
    return Jacobian(weighted_block(i, at, weights), weights, w)


def passed_slope(i: int) -> Jacobian:
    """The Jacobian of one of two weighted blocks by the stream that enters it."""
    at, w = ((x_0, w_0), (x_1, w_1))[i]
    return Jacobian(weighted_block(i, place, w), place, at)


two_blocks = {x_2: block(1)(x_1), x_1: block(0)(x_0)}
weighted_blocks = {
    x_2: weighted_block(1, x_1, w_1),
    x_1: weighted_block(0, x_0, w_0),
}
post_norm = {x_1: LayerNorm(y_0), y_0: x_0 + branch(0)(x_0)}
res_post_norm = {
    x_3: x_2 + normed_branch(2)(x_2),
    x_2: x_1 + normed_branch(1)(x_1),
    x_1: x_0 + normed_branch(0)(x_0),
}
