"""Enclosures contain the value: python-flint, which is not ours, says what that is."""

from fractions import Fraction

import flint
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from mpmath import iv
from sympy import I, Piecewise, Rational, S, Symbol, pi, sqrt, symbols

from lib.proof.enclosures import MOST_DIGITS, MOST_NODES, Enclosure, digits_beyond
from lib.proof.intervals import (
    NotInTable,
    Undefined,
    Unknown,
    exact_ends,
    is_real,
    meet,
)
from tests.shared.balls import exactly as ball

x = symbols("x", real=True)
z = Symbol("z")

REAL = {
    sp.exp: flint.arb.exp,
    sp.sin: flint.arb.sin,
    sp.cos: flint.arb.cos,
    sp.tan: flint.arb.tan,
    sp.atan: flint.arb.atan,
    sp.sinh: flint.arb.sinh,
    sp.cosh: flint.arb.cosh,
    sp.tanh: flint.arb.tanh,
    sp.asinh: flint.arb.asinh,
    sp.erf: flint.arb.erf,
    sp.erfc: flint.arb.erfc,
    lambda u: sp.log(1 + sp.exp(u)): lambda b: (1 + b.exp()).log(),  # softplus
    lambda u: 1 / (1 + sp.exp(-u)): lambda b: 1 / (1 + (-b).exp()),  # the sigmoid
}
POSITIVE = {
    sp.log: flint.arb.log,
    sp.sqrt: flint.arb.sqrt,
    sp.gamma: flint.arb.gamma,
    sp.loggamma: flint.arb.lgamma,
    sp.digamma: flint.arb.digamma,
    sp.trigamma: lambda b: flint.acb(b).polygamma(flint.acb(1)).real,
    lambda u: sp.polygamma(6, u): lambda b: flint.acb(b).polygamma(flint.acb(6)).real,
    lambda u: sp.beta(u, 2): lambda b: 1 / (b * (b + 1)),
    lambda u: u**pi: lambda b: b ** flint.arb.pi(),
    lambda u: u ** Rational(2, 3): lambda b: b ** (flint.arb(2) / 3),
}
COMPLEX = {
    sp.exp: flint.acb.exp,
    sp.log: flint.acb.log,
    sp.sin: flint.acb.sin,
    sp.sqrt: flint.acb.sqrt,
    sp.atan: flint.acb.atan,
}
fractions = st.fractions(min_value=-40, max_value=40, max_denominator=10**4)
digits = st.sampled_from([15, 60, 250])
pytestmark = pytest.mark.usefixtures("narrow_balls")


def exact(value: Fraction) -> Rational:
    return Rational(value.numerator, value.denominator)


def holds(enclosure, truth: flint.arb) -> bool:
    low, high = exact_ends(enclosure)
    return bool(ball(low) <= truth + ball(Fraction(1, 2**2000))) and bool(
        truth - ball(Fraction(1, 2**2000)) <= ball(high)
    )


@pytest.mark.parametrize(("function", "judge"), REAL.items())
@given(at=fractions, wanted=digits)
def test_real_functions(function, judge, at: Fraction, wanted: int) -> None:
    found = Enclosure(function(x)).at({x: exact(at)}, wanted)
    assert holds(found, judge(ball(at)))
    low, high = exact_ends(found)
    assert high - low <= max(abs(low), abs(high), Fraction(1)) / 10 ** (wanted - 3)


@pytest.mark.parametrize(("function", "judge"), POSITIVE.items())
@given(at=fractions.filter(bool).map(abs), wanted=digits)
def test_functions_of_positive_numbers(function, judge, at, wanted: int) -> None:
    found = Enclosure(function(x)).at({x: exact(at)}, wanted)
    assert holds(found, judge(ball(at)))


@pytest.mark.parametrize(("function", "judge"), COMPLEX.items())
@given(real=fractions, imaginary=fractions.filter(bool))
def test_complex_functions(function, judge, real, imaginary) -> None:
    try:
        found = Enclosure(function(z)).at({z: exact(real) + I * exact(imaginary)}, 50)
    except Unknown:  # on a cut
        assert real == 0
        return
    truth = judge(flint.acb(ball(real), ball(imaginary)))
    parts = (
        (found, iv.mpf(0)) if isinstance(found, iv.mpf) else (found.real, found.imag)
    )
    assert holds(parts[0], truth.real)
    assert holds(parts[1], truth.imag)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (x**2 - x / 3, Fraction(-1, 48)),
        (sqrt(x) + sp.floor(x), Fraction(1, 2)),
        (sp.Max(x, 2) - sp.Abs(x - 1), Fraction(5, 4)),
        (sp.binomial(4, 2) * sp.factorial(3) + sp.sign(-x), Fraction(35)),
        (Piecewise((1 / (x - x), x > 3), (x, True)), Fraction(1, 4)),
        (sp.Heaviside(x - Rational(1, 4)), Fraction(1, 2)),
        (sp.Mod(7 * x, 1), Fraction(3, 4)),
    ],
)
def test_rational_arithmetic_is_exact(expression, value: Fraction) -> None:
    found = Enclosure(expression).at({x: Rational(1, 4)}, 20)
    assert isinstance(found, Fraction)
    assert found == value


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        (1 / x, Undefined),
        (sp.log(x), Undefined),
        (x**-2, Undefined),
        (sp.gamma(x), Undefined),
        (x**x, None),
        (0 * x + S.NaN, Undefined),
        (sp.exp(10**90 + x), Unknown),
        (sp.bessely(2, 1 + x), NotInTable),
    ],
)
def test_why_there_is_none_is_said(expression, reason) -> None:
    if reason is None:
        assert Enclosure(expression).at({x: S.Zero}, 20) == 1
        return
    with pytest.raises(reason):
        Enclosure(expression).at({x: S.Zero}, 20)


def test_an_undefined_piece_that_is_not_meant_does_not_matter() -> None:
    pieces = Piecewise((x, x >= 0), (sp.log(x - x), True))
    assert Enclosure(pieces).at({x: S.One}, 20) == 1
    with pytest.raises(Undefined):
        Enclosure(pieces).at({x: -S.One}, 20)


def test_a_sign_that_only_more_digits_tell_is_left_open() -> None:
    near = sp.sign(sqrt(2) - Rational(sp.N(sqrt(2), 50)), evaluate=False)
    with pytest.raises(Unknown):
        Enclosure(near).at({}, 20)
    assert Enclosure(near).at({}, 80) in (1, -1)


def test_digits_reach_beyond_what_saturates() -> None:
    saturated = Enclosure(1 / (1 + sp.exp(-x)))
    at = {x: S(1000)}
    wanted = digits_beyond(saturated.values_at(at, 60))
    assert 3 * 434 < wanted < 1500  # exp(-1000) is about 10^-434
    assert not meet(saturated.at(at, wanted), Fraction(1))
    assert meet(saturated.at(at, 60), Fraction(1))


def test_too_many_digits_are_refused() -> None:
    with pytest.raises(Unknown, match="digits"):
        Enclosure(x).at({x: S.One}, MOST_DIGITS + 1)


def test_enclosures_of_one_number_meet_at_whatever_precision() -> None:
    root = Enclosure(sqrt(x))
    low, high = (root.at({x: S(2)}, n) for n in (20, 200))
    assert meet(low, high)
    assert not meet(high, Fraction(141421356, 10**8))


def test_too_many_parts_are_refused() -> None:
    with pytest.raises(Unknown, match=f"more than {MOST_NODES} parts"):
        Enclosure(sp.Add(*symbols(f"v:{MOST_NODES + 1}")))


def test_an_error_function_off_the_real_line_has_none() -> None:
    with pytest.raises(Unknown, match="that may not be real"):
        Enclosure(sp.erf(z)).at({z: 1 + I}, 20)
    assert Enclosure(sp.erf(z)).at({z: S.Zero}, 20) == 0


def test_a_product_of_roots_of_negative_numbers_lies_on_no_side_of_a_cut() -> None:
    value = Enclosure(sp.sqrt(x - 2) * sp.sqrt(x - 5)).at({x: S.Zero}, 30)
    assert is_real(value)
    logarithm = Enclosure(sp.acosh(x - 3)).at({x: S.Zero}, 30)
    assert meet(logarithm.imag, +iv.pi)
    assert not meet(logarithm.imag, -iv.pi)
