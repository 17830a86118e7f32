"""Taylor coefficients in normal form, against mpmath's and against SymPy's slopes."""

from fractions import Fraction

import mpmath
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Expr, Function, Rational, Symbol, symbols

from lib.proof.expectation import E
from lib.proof.laws import Normal
from lib.proof.series import MOST_ORDER, NotAnalytic, remainder_vanishes
from lib.proof.terms import TooLarge
from tests.shared.effort import examples

x, y, a = symbols("x y a", real=True)
s = symbols("s", positive=True)
z = Symbol("z")
ORDER = 5
TINY = Rational(1, 10**9)

# They and their variable are zero together, so all coefficients are rational.
numbers = st.sampled_from([Rational(p, q) for p in (-2, -1, 1, 3) for q in (1, 2, 3)])
leaves = numbers.map(lambda c: c * x)
compositions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(sp.sin),
        inner.map(lambda u: sp.exp(u) - 1),
        inner.map(lambda u: sp.log(1 + u)),
        inner.map(lambda u: sp.sqrt(1 + u) - 1),
        inner.map(lambda u: u / (1 + u)),
        st.tuples(inner, inner).map(lambda uv: uv[0] + uv[1]),
        st.tuples(inner, inner).map(lambda uv: uv[0] * sp.cos(uv[1])),
    ),
    max_leaves=3,
)


def rational(value: mpmath.mpf) -> Rational:
    near = Fraction(mpmath.nstr(mpmath.re(value), 45)).limit_denominator(10**9)
    assert abs(mpmath.mpf(near.numerator) / near.denominator - value) < 1e-25
    return Rational(near.numerator, near.denominator)


@settings(max_examples=examples(25))
@given(expression=compositions, place=st.integers(0, ORDER - 1))
def test_coefficients_are_those_of_mpmath(expression: Expr, place: int) -> None:
    with mpmath.workdps(60):
        function = sp.lambdify(x, expression, "mpmath")
        found = [rational(c) for c in mpmath.taylor(function, 0, ORDER - 1)]
    polynomial = sum(c * x**k for k, c in enumerate(found))
    assert remainder_vanishes(expression - polynomial, [x], ORDER)
    wrong = polynomial + TINY * x**place
    assert not remainder_vanishes(expression - wrong, [x], ORDER)


@pytest.mark.parametrize(
    ("function", "centre"),
    [
        *((f, a) for f in (sp.exp, sp.sin, sp.cos, sp.sinh, sp.cosh, sp.tanh)),
        *((f, a) for f in (sp.atan, sp.asinh, sp.erf, sp.erfc, Function("f"))),
        (sp.tan, Rational(1, 3)),
        (sp.log, s),
        (sp.sqrt, s),
        (lambda u: u**a, s),
        (lambda u: s**u, a),
        (lambda u: u**-3, s),
        (lambda u: 1 / (1 + sp.exp(-u)), a),
    ],
)
def test_coefficients_are_the_slopes_over_factorials(function, centre) -> None:
    u = sp.Dummy("u", **centre.assumptions0)
    slopes = [function(u).diff(u, k).subs(u, centre) for k in range(4)]
    polynomial = sum(c * x**k / sp.factorial(k) for k, c in enumerate(slopes))
    difference = function(centre + x) - polynomial
    assert remainder_vanishes(difference, [x], 4)
    assert not remainder_vanishes(difference + x**3 / 7, [x], 4)
    assert not remainder_vanishes(difference, [x], 5)


def test_several_variables_shrink_together() -> None:
    f = Function("f")
    by_first, by_second = f(a, s).diff(a), f(a, s).diff(s)
    tangent = f(a, s) + x * by_first + y * by_second
    assert remainder_vanishes(f(a + x, s + y) - tangent, [x, y], 2)
    assert not remainder_vanishes(f(a + x, s + y) - tangent, [x, y], 3)
    value = f(a, s)
    bent = x**2 * value.diff(a, 2) / 2 + y**2 * value.diff(s, 2) / 2
    second = tangent + bent + x * y * value.diff(a, s)
    assert remainder_vanishes(f(a + x, s + y) - second, [x, y], 3)
    assert not remainder_vanishes(f(a + x, s + y) - tangent - bent, [x, y], 3)
    assert not remainder_vanishes(f(a + x, s + x) - tangent, [x, y], 2)
    assert remainder_vanishes(sp.exp(x * y) - 1 - x * y, [x, y], 4)
    assert not remainder_vanishes(sp.exp(x * y) - 1 - x * y, [x, y], 5)
    assert not remainder_vanishes(sp.exp(x * y) - 1, [x, y], 3)


def test_an_order_of_one_asks_for_the_value_alone() -> None:
    assert remainder_vanishes(sp.cos(x) - 1, [x], 1)
    assert not remainder_vanishes(sp.cos(x) - s, [x], 1)
    assert remainder_vanishes(x**0 * (a - a), [x], 1)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (sp.Abs(x), "Abs is not known to be analytic"),
        (sp.Max(x, 1 + x**2), "Max is not known to be analytic"),
        (E(sp.tanh(y * x), Normal(y, 0, 1)), "E is not known to be analytic"),
        (sp.sqrt(x), "a power of 0, which may be zero or negative"),
        (1 / (a + x), "a power of a, which may be zero or negative"),
        (sp.log(x + a), "the logarithm of a, which may not be positive"),
        (x**x, "the logarithm of 0"),
        (sp.erf(z * x), "erf of x.z, which may be complex"),
    ],
)
def test_what_may_not_be_analytic_is_refused(expression: Expr, message: str) -> None:
    with pytest.raises(NotAnalytic, match=message):
        remainder_vanishes(expression, [x], 3)


def test_bounds_are_named() -> None:
    with pytest.raises(TooLarge, match=f"an order above {MOST_ORDER}"):
        remainder_vanishes(x, [x], MOST_ORDER + 1)
    with pytest.raises(TooLarge, match=f"a power above {MOST_ORDER}"):
        remainder_vanishes((1 + x) ** (MOST_ORDER + 1), [x], 2)


def test_an_unknown_function_of_what_jumps_is_refused() -> None:
    f = Function("f")
    with pytest.raises(NotAnalytic):
        remainder_vanishes(f(sp.sign(x)) - f(0), [x], 1)
