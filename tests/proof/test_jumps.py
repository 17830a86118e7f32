"""Jumps at places without an exact form: what may differ on them is not accepted."""

import pytest
from sympy import (
    Abs,
    Eq,
    Expr,
    Heaviside,
    Integer,
    KroneckerDelta,
    Le,
    Lt,
    Piecewise,
    Symbol,
    ceiling,
    cos,
    exp,
    floor,
    sign,
    sqrt,
)

from lib.proof.equality import decide_equal
from lib.proof.errors import Undecidable
from lib.proof.jumps import unseen_jump

x, y = Symbol("x", real=True), Symbol("y", real=True)
u = cos(x) - x
quintic = x**5 - x - 1  # its root is no root of numbers

ALIKE = [
    (sign(u) ** 2, Piecewise((0, Eq(cos(x), x)), (1, True))),
    (sign(u) * u, Abs(u)),
    (sign(2 * u) * u, Abs(u)),
    (Heaviside(u), 1 - Heaviside(-u)),
    (Heaviside(quintic, 1), 1 - Heaviside(-quintic, 0)),
    (floor(exp(x) - x), -ceiling(x - exp(x))),
    (KroneckerDelta(cos(x), x), 1 - sign(u) ** 2),
    (
        Piecewise((1, Le(cos(x), x)), (0, True)),
        1 - Piecewise((1, Lt(x, cos(x))), (0, True)),
    ),
    (sign(u * y) ** 2, sign(u) ** 2 * sign(y) ** 2),
]
APART = [
    (sign(u) ** 2, Integer(1)),
    (Heaviside(u, 0), 1 - Heaviside(-u, 0)),
    (Heaviside(quintic, 0), 1 - Heaviside(-quintic, 0)),
    (KroneckerDelta(cos(x), x), Integer(0)),
    (
        Piecewise((1, Le(cos(x), x)), (0, True)),
        Piecewise((1, Lt(cos(x), x)), (0, True)),
    ),
    (sign(u) ** 2 * sign(y) ** 2, sign(y) ** 2),
]


@pytest.mark.parametrize(("left", "right"), ALIKE, ids=str)
def test_what_is_equal_on_its_jumps_is_accepted(left: Expr, right: Expr) -> None:
    assert decide_equal(left, right).holds


@pytest.mark.parametrize(("left", "right"), APART, ids=str)
def test_what_differs_on_a_jump_alone_is_undecided(left: Expr, right: Expr) -> None:
    with pytest.raises(Undecidable, match="the sides may differ where"):
        decide_equal(left, right)


def test_the_place_is_told() -> None:
    assert unseen_jump([sign(u), Integer(1)], {x: Integer(2)}) == (
        "the sides may differ where -x + cos(x) is zero, near 0.73908513"
    )


def test_exact_roots_are_left_to_points() -> None:
    assert unseen_jump([sign(x - sqrt(2)), Integer(1)], {x: Integer(2)}) is None


def test_what_has_no_value_on_the_jump_tells_nothing() -> None:
    assert unseen_jump([sign(u) / u, 1 / Abs(u)], {x: Integer(2)}) is None
