"""Approximations: the power with which a remainder shrinks."""

import pytest
from sympy import (
    Abs,
    Function,
    IndexedBase,
    Max,
    Rational,
    S,
    Sum,
    cos,
    exp,
    sin,
    sqrt,
    symbols,
    zeta,
)

from lib.proof.asymptotics import decide_order
from lib.proof.errors import Undecidable

x, y = symbols("x y", real=True)
s = symbols("s", positive=True)
f = Function("f", real=True)


@pytest.mark.parametrize(
    ("left", "right", "about", "order", "holds"),
    [
        (sin(x), x - x**3 / 6, [x], 5, True),
        (sin(x), x - x**3 / 5, [x], 5, False),
        (cos(x), 1, [x], 2, True),
        (cos(x), 1, [x], 3, False),
        (exp(x + y), 1 + x + y, [x, y], 2, True),
        (exp(x + y), 1 + x, [x, y], 2, False),
        (sqrt(s**2 + x), s + x / (2 * s), [x], 2, True),
        (f(y) * sin(x), f(y) * x, [x], 3, True),
        (Abs(x) ** Rational(5, 2), 0, [x], 3, False),
    ],
)
def test_order_of_the_remainder_is_decided(left, right, about, order, holds) -> None:
    assert decide_order(left, 1 * right + 0 * x, about, order).holds is holds


def test_the_counterexample_says_how_fast_the_remainder_shrinks() -> None:
    verdict = decide_order(sin(x), x, [x], 5)
    assert "the remainder shrinks like t^3, not t^5" in verdict.counterexample


def test_coefficients_that_vanish_are_a_proof() -> None:
    assert decide_order(sin(x), x, [x], 3).proved
    assert decide_order(x**2, x**2, [x], 9).proved


def test_a_remainder_without_values_is_not_decided() -> None:
    with pytest.raises(Undecidable, match="only 0 instances have a value"):
        decide_order(S.NaN, x, [x], 2)


def test_a_remainder_that_would_take_minutes_is_not_decided() -> None:
    with pytest.raises(Undecidable, match=r"hundreds of digits of zeta\(s \+ 1\)"):
        decide_order(zeta(1 + s), 1 / s, [s], 1)


def test_an_order_beyond_the_bound_is_refused() -> None:
    with pytest.raises(Undecidable, match="an order above 64"):
        decide_order(x, x, [x], 65)


def test_a_remainder_that_is_zero_shrinks_faster_than_any_power() -> None:
    verdict = decide_order(Max(x, 0), (x + Abs(x)) / 2, [x], 3)
    assert verdict.holds
    assert not verdict.proved


def test_sums_over_a_symbolic_range_are_watched_along_rays() -> None:
    i, size = symbols("i n", integer=True, positive=True)
    a = IndexedBase("a", real=True)
    total, wrong = Sum(a[i] * sin(x), (i, 1, size)), x * Sum(a[i] ** 2, (i, 1, size))
    assert decide_order(total, x * Sum(a[i], (i, 1, size)), [x], 3).holds
    assert not decide_order(total, wrong, [x], 3).holds
