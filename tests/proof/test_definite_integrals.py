"""Integrals between two ends, against quadrature that is told of the kinks."""

import mpmath
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    Expr,
    Heaviside,
    Max,
    Min,
    Rational,
    S,
    cos,
    exp,
    oo,
    pi,
    sin,
    symbols,
)
from sympy import sign as sign_of

from lib.proof.definite_integrals import MOST_POWER, definite_integral
from tests.shared.effort import examples

x, t, b = symbols("x t b", real=True)
s = symbols("s", positive=True)
small = st.fractions(-3, 3, max_denominator=4).map(
    lambda q: Rational(q.numerator, q.denominator)
)
polynomials = st.lists(small, min_size=1, max_size=4).map(
    lambda cs: sum((c * x**k for k, c in enumerate(cs)), S.Zero)
)


def number(end: Expr) -> mpmath.mpf:
    if end.is_infinite:
        return mpmath.inf if end is oo else -mpmath.inf
    return mpmath.mpmathify(sp.N(end, 20))


def quadrature(g: Expr, low: Expr, high: Expr, *between: Expr) -> mpmath.mpf:
    function = sp.lambdify(x, g, "mpmath")
    inner = [p for p in between if min(low, high) < p < max(low, high)]
    ends = [low, *sorted(inner, reverse=bool(low > high)), high]
    with mpmath.workdps(20):
        return mpmath.quad(function, [number(end) for end in ends])


def assert_close(found: Expr | None, summed: mpmath.mpf) -> None:
    assert found is not None
    assert abs(sp.N(found, 30) - summed) < 1e-10 * (1 + abs(summed))


@settings(max_examples=examples(20))
@given(p=polynomials, a=small, slope=small, low=small, high=small)
def test_polynomials_times_exponentials(p, a, slope, low, high) -> None:
    g = p * exp(-Abs(a) * x**2 + slope * x - 1)
    assert_close(definite_integral(g, x, low, high), quadrature(g, low, high))


@settings(max_examples=examples(6))
@given(p=polynomials, a=small.filter(bool), slope=small, end=small)
def test_halves_of_the_line(p, a, slope, end) -> None:
    g = p * exp(-Abs(a) * x**2 + slope * x)
    for low, high in ((end, oo), (-oo, end)):
        summed = quadrature(g, low, high, S.Zero)
        assert_close(definite_integral(g, x, low, high), summed)


@settings(max_examples=examples(6))
@given(p=polynomials, at=small, other=small, low=small, width=small.filter(bool))
def test_broken_lines(p, at, other, low, width) -> None:
    high = low + Abs(width)
    bends = (
        Abs(x - at),
        sign_of(2 * x - at) * Abs(x - other),
        Max(x, at, -x),
        Min(2 * x, other) + Heaviside(x - at),
        Abs((x - at) * (x - other)),
    )
    roots = {at, other, at / 2, other / 2, -at, S.Zero}
    for bend in bends:
        found = definite_integral(p * bend, x, low, high)
        assert_close(found, quadrature(p * bend, low, high, *roots))


@pytest.mark.parametrize(
    ("g", "low", "high", "value"),
    [
        (Abs(sin(x)), S.Zero, 3 * pi, 6),
        (Abs(cos(2 * x)), S.Zero, pi, 2),
        (sign_of(sin(x)), -pi, pi / 2, -pi / 2),
        (sin(x) ** 2, S.Zero, t, t / 2 - sin(2 * t) / 4),
        (Abs(x) * exp(-(x**2)), -oo, oo, 1),
        (exp(-s * x), S.Zero, oo, 1 / s),
        (x * exp(s * x), -oo, S.Zero, -1 / s**2),
        (x**2 * exp(-s * Abs(x)), -oo, oo, 4 / s**3),
        (Heaviside(s - x), S.Zero, 2 * s, s),
        (Abs(t - s), S.Zero, S.One, Abs(t - s)),
        (Abs(t) * Abs(x), -S.One, S.One, Abs(t)),
        (x, t, b, b**2 / 2 - t**2 / 2),
        (Abs(Abs(x) - 1), -2, S(2), 2),  # a kink within a kink
        (Min(Max(x, -1), 1) ** 2, -2, S(2), Rational(8, 3)),
        (x - x, -oo, oo, 0),
        (x, S.One, S.NegativeOne, 0),
        (Abs(x), S.One, S.NegativeOne, -1),  # backwards
        (Abs(x), S.One, S.One, 0),
    ],
)
def test_values_are_exact(g, low, high, value) -> None:
    found = definite_integral(g, x, low, high)
    assert found is not None
    assert sp.simplify(found.rewrite(exp) - sp.sympify(value).rewrite(exp)) == 0


@pytest.mark.parametrize(
    ("g", "low", "high"),
    [
        (1 / x, S.One, S(2)),  # not of the form
        (1 / (1 + x), S.One, S(2)),
        (x ** (MOST_POWER + 1), S.Zero, S.One),
        (x, S.Zero, oo),  # without a limit
        (exp(x), S.Zero, oo),
        (exp(b * x), S.Zero, S.One),  # b may be zero
        (exp(b * x**2), S.Zero, S.One),  # or positive
        (Abs(x - t), S.Zero, S.One),  # t may lie anywhere
        (Abs(b * x - 1), S.Zero, S.One),
        (Abs(x**2 - t), S.Zero, S.One),
        (Abs((x - t) * (x - b)), -oo, oo),
        (Abs(x - 1), S.Zero, t),  # t may be below
        (Abs(sin(x)), S.Zero, t),
        (Abs(sin(b * x)), S.Zero, S.One),
        (Abs(sin(x)), S.Zero, 100 * pi),  # too many roots
        (Abs(x * sin(x)) * Abs(x - 1), S.Zero, oo),
        (sum(Abs(x - k) for k in range(13)), S.Zero, S(20)),
        (Abs(Abs(x) - t), S(-2), S(2)),  # a kink within a kink, anywhere
        (Max(x, sin(x)), S.Zero, S.One),
    ],
)
def test_what_is_not_known_is_none(g: Expr, low: Expr, high: Expr) -> None:
    assert definite_integral(g, x, low, high) is None


def test_a_sine_whose_angle_turns_back_is_not_known() -> None:
    g = Abs(x) * sign_of(sin(x**2 - Rational(1, 2)))  # zero at sqrt(1/2) too
    assert definite_integral(g, x, -S.One, S.One) in (None, 0)


@pytest.mark.parametrize(
    ("integrand", "low", "high", "value"),
    [
        (sp.floor(x), 0, Rational(5, 2), 2),
        (sp.ceiling(x), -1, 3, 6),
        (x * sp.floor(2 * x), 0, 1, Rational(3, 8)),
        (sp.frac(x), 0, Rational(7, 2), Rational(13, 8)),
        (sp.Piecewise((x, x < 1), (2 - x, True)), 0, 2, 1),
        (sp.Abs(x**2 - 1), 0, 2, 2),
        (sp.sign(x**2 - 2), 0, 2, 2 - 2 * sp.sqrt(2)),
    ],
)
def test_an_integral_is_split_where_its_formula_changes(
    integrand, low, high, value
) -> None:
    found = definite_integral(integrand, x, sp.S(low), sp.S(high))
    assert sp.simplify(found - value) == 0


@pytest.mark.parametrize(
    ("integrand", "high"),
    [(sp.floor(x), sp.oo), (sp.floor(x), sp.S(100)), (sp.floor(x**2), sp.S(2))],
)
def test_floors_with_many_jumps_or_of_curves_are_left(integrand, high) -> None:
    assert definite_integral(integrand, x, sp.S.Zero, high) is None
