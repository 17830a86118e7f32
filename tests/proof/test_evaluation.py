"""Numbers to many digits: what has a value, and which differences are true."""

import mpmath
import pytest
from sympy import Float, Heaviside, Rational, cos, exp, log, pi, sin, sqrt, symbols

from lib.proof.errors import Undecidable
from lib.proof.evaluation import Pair, at_precision, compiled, differ, exceeds, number
from lib.proof.expectation import E
from lib.proof.laws import Normal

x = symbols("x", real=True)
DIGITS = (50, 400, 800)
AT = {x: Rational(3, 7)}


def values(left, right, at=AT, exact=False):
    return Pair((left, right), [x], {}, DIGITS).at(at, exact)


def test_what_is_no_finite_number_is_none() -> None:
    assert number(lambda: mpmath.mpf(2)) == 2
    assert number(lambda: mpmath.log(0)) is None
    assert number(lambda: 1 / mpmath.mpf(0)) is None
    assert number(lambda: mpmath.inf) is None


def test_a_function_without_numbers_is_named() -> None:
    with pytest.raises(Undecidable, match="no numeric value is known of unheard_of"):
        number(lambda: unheard_of(1))  # noqa: F821


def test_exact_numbers_have_as_many_digits_as_are_worked_with() -> None:
    with mpmath.workdps(200):
        third = at_precision(Rational(1, 3))
        assert abs(3 * third - 1) < mpmath.mpf(10) ** -199
        assert abs(at_precision(sqrt(2)) ** 2 - 2) < mpmath.mpf(10) ** -198
        assert mpmath.im(at_precision(Rational(1, 3) + 2 * sqrt(-1))) == 2


def test_operators_are_worked_out_before_they_are_compiled() -> None:
    with pytest.raises(Undecidable, match="no closed form"):
        compiled(E(log(1 + x**2), Normal(x, 0, 1)), [x], {})


@pytest.mark.parametrize(
    ("left", "right", "apart"),
    [
        (sin(x) ** 2 + cos(x) ** 2, 1 + 0 * x, False),
        (x, x + Rational(1, 10**60), True),
        (exp(x) - exp(x), 0 * x, False),
        (exp(x), exp(x) * (1 + Rational(1, 10**100)), True),
        (sqrt(x**2), x, False),
    ],
)
def test_rounding_is_told_from_a_true_difference(left, right, apart: bool) -> None:
    assert differ(*values(left, right)) is apart


def test_nothing_is_said_where_a_side_has_no_value() -> None:
    left, right = values(log(x - Rational(3, 7)), x)
    assert left.undefined
    assert not right.undefined
    assert differ(left, right) is None


def test_a_kink_is_hit_by_exact_numbers_alone() -> None:
    step = Heaviside(3 * x - sqrt(2) ** 2, 1)
    left, _ = values(step, x, at={x: Rational(2, 3)}, exact=True)
    assert left(0) == 1


def test_the_larger_one_exceeds() -> None:
    assert exceeds(*values(x + 1, x))
    assert not exceeds(*values(x, x + 1))
    assert exceeds(*values(x, x)) is False
    assert exceeds(*values(x + sqrt(-1), 5 + x))  # no order, so no bound


def test_pi_is_not_a_rounded_number() -> None:
    assert differ(*values(pi * x, Float(str(pi.n(30)), 30) * x))
