"""Where an expression is extreme: exact, by slopes along symbols, or by a search."""

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Expr, Function, Max, Rational, exp, floor, log, oo, pi, sin, symbols

from lib.proof.extremes import extremes, wandered
from tests.shared.effort import examples

x, y = symbols("x y", real=True)
s = symbols("s", positive=True)
n = symbols("n", integer=True)
zero = Rational(0)
rationals = st.fractions(-9, 9, max_denominator=20).map(
    lambda q: Rational(q.numerator, q.denominator)
)


@settings(max_examples=examples(20))
@given(p=rationals, q=rationals, c=st.sampled_from([-1, 0, 1]))
def test_the_extremum_of_a_quadratic_form_is_exact(p, q, c) -> None:
    form = (x - p) ** 2 + (y - q) ** 2 + c * (x - p) * (y - q) + 5
    assert list(extremes(form, [x, y], {x: zero, y: zero})) == [{x: p, y: q}]


@pytest.mark.parametrize(
    "expression",
    [
        exp(-((x - 1) ** 2)) + exp(-((y + 2) ** 2)),
        -sp.cosh(x - 1) - (y + 2) ** 4,
        -((x - 1) ** 4) - (y + 2) ** 2,
        1 / (1 + (x - 1) ** 2 + (y + 2) ** 2),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_an_extremum_in_two_variables_is_found(expression: Expr, sign: int) -> None:
    found = extremes(sign * expression, [x, y], {x: zero, y: zero})
    assert any(abs(at[x] - 1) + abs(at[y] + 2) < 1e-6 for at in found)


def test_what_does_not_vary_stays() -> None:
    [at] = extremes((x - n) ** 2, [x, n], {x: zero, n: Rational(3)})
    assert at == {x: n, n: 3} or at == {x: 3, n: 3}


@pytest.mark.parametrize(
    "expression",
    [
        x - 3 * y,  # without an extremum
        (x + y) ** 2,  # on a line of them
        n**2,  # of a whole number
        floor(x),
        Function("f")(x),
    ],
)
def test_elsewhere_none_is_looked_for(expression: Expr) -> None:
    start = {x: zero, y: zero, n: zero}
    assert list(extremes(expression, [x, y, n], start)) == []


def test_an_expression_without_a_value_is_not_climbed() -> None:
    [up, down] = extremes(log(-(x**2) - exp(x)), [x], {x: zero})
    assert up == down == {x: zero}
    assert oo not in up.values()


@pytest.mark.parametrize(
    ("valley", "place"),
    [
        ((y - x**2) ** 2 + (x - Rational(13, 10)) ** 2, (1.3, 1.69)),
        (10**6 * (y - x**2) ** 2 + (x - pi) ** 2, (3.14159265, 9.8696044)),
    ],
)
def test_a_curved_valley_is_followed_to_its_ground(valley, place) -> None:
    found = extremes(valley, [x, y], {x: zero, y: zero})
    assert any(abs(at[x] - place[0]) + abs(at[y] - place[1]) < 1e-6 for at in found)


@pytest.mark.parametrize(
    ("expression", "conditions", "highest"),
    [
        (x + 2 * y, (x <= 1, y <= 1), 3),
        (x + y, (x**2 + y**2 <= 1,), sp.sqrt(2)),
        (x * y * (1 - x - y), (x >= 0, y >= 0, x + y <= 1), Rational(1, 27)),
        (-Max(x, y, -x - y), (), 0),
        (sin(x) * sin(y) * sin(x + y), (), 3 * sp.sqrt(3) / 8),
    ],
)
def test_a_search_ends_nearly_at_the_highest_place(
    expression, conditions, highest
) -> None:
    start = {x: Rational(1, 3), y: Rational(1, 4)}
    found = wandered(expression, [x, y], start, conditions)
    assert found is not None
    assert all(condition.subs(found) for condition in conditions)
    assert 0 <= highest - expression.subs(found).evalf() < 1e-4


def test_a_search_keeps_to_the_signs_of_symbols() -> None:
    found = wandered(-((s + 1) ** 2), [s], {s: Rational(1)}, ())
    assert found is not None
    assert 0 <= found[s] < Rational(1, 1000)


@pytest.mark.parametrize(
    ("expression", "start"),
    [
        (x + y, zero),  # it has no end
        (exp(x), Rational(10) ** 400),  # no floating-point number
        (log(-1 - x**2), zero),  # not real
        (Function("f")(x), zero),
    ],
)
def test_a_search_that_leads_nowhere_gives_no_place(expression, start) -> None:
    assert wandered(expression, [x, y], {x: start, y: start}, ()) is None


def test_beside_a_line_of_zeros_it_may_be_lower_on_a_part() -> None:
    """A thousandth less of Pinsker's divergence fails near s = t = 1/2 alone."""
    t = symbols("t", positive=True)
    divergence = s * log(s / t) + (1 - s) * log((1 - s) / (1 - t))
    gap = Rational(999, 1000) * divergence - 2 * (s - t) ** 2
    found = extremes(gap, [s, t], {s: Rational(1, 5), t: Rational(1, 3)})
    values = [gap.subs(at).evalf(30) for at in found if at[s] < 1 and at[t] < 1]
    assert any(value.is_real and value < 0 for value in values)
