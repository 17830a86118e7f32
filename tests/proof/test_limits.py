"""Limits by Taylor series: each value against SymPy's, what is not analytic stays."""

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from sympy import (
    Abs,
    Derivative,
    Expr,
    Function,
    Limit,
    Rational,
    S,
    cos,
    exp,
    log,
    oo,
    sin,
    symbols,
    tanh,
)

from lib.proof.equality import decide_equal
from lib.proof.limits import MOST_ORDER, limit, without_limits

x, v = symbols("x v", real=True)
s = symbols("s", positive=True)
f = Function("f", real=True)

VALUES = [
    (sin(v) / v, S.Zero, 1),
    ((1 - cos(x * v)) / v**2, S.Zero, x**2 / 2),
    ((v - sin(v)) / v**3, S.Zero, Rational(1, 6)),
    ((s**v - 1) / v, S.Zero, log(s)),
    ((log(1 + exp(v)) - log(2)) / v, S.Zero, Rational(1, 2)),
    ((v**3 - x**3) / (v - x), x, 3 * x**2),
    ((sin(x + v) - sin(x)) / v, S.Zero, cos(x)),
    ((f(x + v) - f(x)) / v, S.Zero, Derivative(f(x), x)),
    ((2 * v**2 + v) / (v**2 - 3), oo, 2),
    ((1 - v) / (s * v**2), -oo, 0),
    (v**2 / v, S.Zero, 0),
]


@pytest.mark.parametrize(("body", "place", "value"), VALUES)
def test_values(body: Expr, place: Expr, value: Expr) -> None:
    found = limit(Limit(body, v, place))
    assert found is not None
    assert sp.simplify(found.doit() - value) == 0
    assert decide_equal(Limit(body, v, place), sp.S(value)).proof == "normal form"
    assert not decide_equal(Limit(body, v, place), sp.S(value) + 1).holds


@given(
    above=st.lists(st.integers(-3, 3), min_size=1, max_size=4),
    below=st.lists(st.integers(-3, 3), min_size=1, max_size=4),
    order=st.integers(0, 3),
)
def test_quotients_of_analytic_functions_are_as_sympy_says(above, below, order) -> None:
    waves = (sin(v), exp(v) - 1, v, log(1 + v))
    one, other = (
        v**order + v**order * sum(c * w for c, w in zip(cs, waves, strict=False))
        for cs in (above, below)
    )
    found = limit(Limit(one / other, v, 0))
    assert found == sp.limit(one / other, v, 0)


@pytest.mark.parametrize(
    "node",
    [
        Limit(1 / v, v, 0),  # a pole
        Limit(Abs(v) / v, v, 0),  # not analytic
        Limit(tanh(v), v, oo),
        Limit(log(v) * v, v, 0),
        Limit(v / (x * v), v, oo),  # x may be zero
        Limit(sin(v) ** MOST_ORDER / (exp(v) - 1) ** MOST_ORDER, v, 0),
    ],
)
def test_others_stay(node: Limit) -> None:
    assert limit(node) is None
    assert without_limits(node + x) == node + x
