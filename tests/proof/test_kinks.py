"""Kinks, their roots, exact where they can be."""

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    Function,
    Heaviside,
    KroneckerDelta,
    Max,
    Mod,
    Rational,
    acos,
    atan2,
    cos,
    exp,
    floor,
    log,
    pi,
    sin,
    sqrt,
    symbols,
)

from lib.proof.kinks import (
    admits,
    kinks_of,
    rational_near,
    roots,
    satisfies,
)
from tests.shared.effort import examples

x, y = symbols("x y", real=True)
s = symbols("s", positive=True)
n = symbols("n", integer=True)
zero = Rational(0)
rationals = st.fractions(-9, 9, max_denominator=20).map(
    lambda q: Rational(q.numerator, q.denominator)
)
nonzero = rationals.filter(bool)


@pytest.mark.parametrize(
    ("symbol", "value", "allowed"),
    [(s, 2, True), (s, -2, False), (n, Rational(1, 2), False), (x, 1j, False)],
)
def test_an_assumption_excludes_values(symbol, value, allowed: bool) -> None:
    assert admits(symbol, value) is allowed


def test_conditions_must_be_decided_to_be_satisfied() -> None:
    assert satisfies({x: 1}, [x > 0, x < 2])
    assert not satisfies({x: 1}, [x > y])


@pytest.mark.parametrize(
    ("expression", "kinks"),
    [
        (Abs(x - 1), [x - 1]),
        (Max(x, y), [x - y]),
        (KroneckerDelta(n, 3), [n - 3]),
        (Heaviside(x) + log(y), [x, y]),
        (floor(x), [x, x - 1, x + 1]),
        (Mod(x, 3), [x, x - 3]),
        (acos(x), [x - 1, x + 1]),
        (atan2(x, y), [x, y]),
        (sp.Piecewise((x, x > 2), (y, True)), [x - 2]),
        (sqrt(x), [x]),
        (sp.Pow(0, n, evaluate=False), [n]),
        (log(s) + exp(x), []),
        (x**2, []),
    ],
)
def test_kinks_are_where_the_formula_changes(expression, kinks) -> None:
    found = kinks_of(expression)
    assert set(found) | {-k for k in found} == {
        sign * k for k in kinks for sign in (1, -1)
    }


def test_roots_of_a_rational_function_and_of_its_denominator_are_found() -> None:
    assert set(roots((x**2 - 4) / (x - 3), x)) == {-2, 2, 3}
    assert set(roots(x**2 - 2, x)) == {sqrt(2), -sqrt(2)}
    [cubic] = roots(x**3 - 2, x)
    assert abs(cubic**3 - 2) < Rational(1, 10**8)


@settings(max_examples=examples(20))
@given(a=nonzero, b=nonzero, c=nonzero, d=rationals)
def test_the_root_behind_one_exponential_or_logarithm_is_exact(a, b, c, d) -> None:
    kink = a * log(c * x + d) + b
    [root] = roots(kink, x)
    assert abs(sp.N(kink.xreplace({x: root}), 60)) < 1e-50
    kink = a * exp(c * x + d) + b
    found = roots(kink, x)
    assert len(found) == (1 if a * b < 0 else 0)
    assert all(abs(sp.N(kink.xreplace({x: root}), 60)) < 1e-50 for root in found)


def test_multiples_of_pi_are_recognised() -> None:
    assert {zero, pi, -pi, 2 * pi} <= set(roots(sin(x), x))
    assert {pi / 4, -pi / 4, 3 * pi / 4} <= set(roots(cos(2 * x), x))
    fixed = [r for r in roots(cos(x) - x, x) if r.is_Rational]
    assert len(fixed) == 1
    assert abs(fixed[0] - sp.nsolve(cos(x) - x, 0.7, prec=30)) < 1e-9


def test_roots_of_other_functions_are_found_by_their_sign() -> None:
    [root] = roots(exp(x) + x - 5, x)
    assert abs(root - sp.nsolve(exp(x) + x - 5, 1.3, prec=30)) < 1e-9
    assert roots(exp(x) + exp(2 * x), x) == ()
    first, _ = roots(log(x - 5) - exp(x - 50), x)  # no real value up to five
    assert abs(first - 6) < 1e-9
    assert 3 in [round(root) for root in roots(sp.gamma(n) - 2, n)]


def test_roots_are_those_of_one_known_variable() -> None:
    assert roots(x - y, x) == ()
    assert roots(Function("f")(x), x) == ()


def test_a_root_that_is_no_fraction_has_one_near() -> None:
    assert rational_near(Rational(1, 3)) == Rational(1, 3)
    assert rational_near(sqrt(2)).is_Rational
    assert abs(rational_near(sqrt(2)) - sqrt(2)) < 1e-18


def test_zero_to_a_real_power_turns_where_the_power_is_zero() -> None:
    assert kinks_of(sp.Pow(0, x - 3, evaluate=False)) == [x - 3]


@pytest.mark.parametrize(
    ("kink", "symbol", "root"),
    [
        (log(log(x)) - 2, x, exp(exp(2))),
        (exp(exp(x)) - exp(exp(30)), x, 30),
        (sin(pi * x), x, 2),
        (sp.atan(s) - pi / 2 + Rational(1, 10**40), s, None),
    ],
)
def test_roots_within_exponentials_and_far_out(kink, symbol, root) -> None:
    found = roots(kink, symbol)
    if root is None:  # tan(pi/2 - 1/10^40) is about 10^40
        assert any(abs(at / 10**40 - 1) < 1e-6 for at in found)
    else:
        assert root in found
