"""Values of two sides at a point: which differences are true, and what is left open."""

from contextlib import suppress
from fractions import Fraction

import mpmath
import pytest
from mpmath import iv
from sympy import (
    Heaviside,
    Integer,
    Rational,
    airyai,
    bessely,
    betainc_regularized,
    cos,
    cosh,
    erf,
    erf2,
    exp,
    expint,
    log,
    pi,
    sin,
    sinh,
    sqrt,
    symbols,
)

from lib.proof.errors import Undecidable
from lib.proof.evaluation import (
    Found,
    Pair,
    at_precision,
    compiled,
    differ,
    exceeds,
    number,
)
from lib.proof.expectation import E
from lib.proof.laws import Normal

x = symbols("x", real=True)
AT = {x: Rational(3, 7)}


def at(left, right, refutes=differ, point=AT):
    return Pair((left, right), {}).at(point, refutes)


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
        (exp(x), exp(x) * (1 + Rational(1, 10**400)), True),
        (sqrt(x**2), x, False),
        (1 / (1 + exp(-1000 * x)), 1 + 0 * x, True),  # it saturates
        (sinh(1000 * x) + cosh(1000 * x), exp(1000 * x), False),
    ],
)
def test_rounding_is_told_from_a_true_difference(left, right, apart: bool) -> None:
    found = at(left, right)
    assert isinstance(found, str) if apart else found is Found.AGREEMENT


def test_a_difference_that_does_not_show_is_named() -> None:
    assert "both sides 0.42857143, but they differ by -1.0e-60" in at(
        x, x + Rational(1, 10**60)
    )


def test_one_side_without_a_value_is_told_from_two() -> None:
    nowhere = log(x - Rational(3, 7))
    assert at(nowhere, x) is Found.ONE_SIDED
    assert at(nowhere, 2 * nowhere) is Found.NOTHING


def test_what_would_take_too_many_digits_is_unknown() -> None:
    assert at(exp(10**7 * x), exp(10**7 * x) + 1) is Found.UNKNOWN
    assert isinstance(at(exp(10**7 * x), exp(10**7 * x) * 2), str)


def test_a_kink_is_hit_where_the_point_is_a_root() -> None:
    step = Heaviside(x**2 - 2, 1)
    assert at(step, 1 + 0 * x, point={x: sqrt(2)}) is Found.AGREEMENT


def test_a_function_without_enclosure_can_agree_and_is_not_refuted() -> None:
    u = 1 + x**2
    lower, upper = 2 * expint(3, u), exp(-u) - u * expint(2, u)
    assert at(lower, upper) is Found.AGREEMENT
    with pytest.raises(Undecidable, match="no enclosure is known"):
        at(lower, upper + expint(3, u))


def test_the_larger_one_exceeds() -> None:
    assert isinstance(at(x + 1, x, exceeds), str)
    assert at(x, x + 1, exceeds) is Found.AGREEMENT
    assert at(x, x, exceeds) is Found.AGREEMENT
    assert isinstance(at(x + sqrt(-1), 5 + x, exceeds), str)  # no order, so no bound


def test_pi_is_not_a_rounded_number() -> None:
    assert isinstance(at(pi * x, Rational(str(pi.n(30))) * x), str)


def test_a_box_exceeds_by_its_real_part_if_it_may_be_real() -> None:
    assert exceeds(iv.mpc(2, [-1, 1]), Fraction(1))
    assert not exceeds(iv.mpc(0, [-1, 1]), Fraction(1))
    assert exceeds(Fraction(1), iv.mpc(2, 1))


def test_rounded_numbers_are_unknown_where_there_are_none_or_far_out() -> None:
    bessel = bessely(2, x)
    assert at(bessel, bessel) is Found.AGREEMENT
    assert at(bessel, bessel, point={x: Integer(0)}) is Found.UNKNOWN
    assert at(bessel, bessel, point={x: Integer(5000)}) is Found.UNKNOWN


@pytest.mark.parametrize(
    "hidden",
    [
        1 - erf(20 + x),
        1 - erf2(0 * x, 20 + x),
        1 - betainc_regularized(1, 24, 0, 1 - x / 10**9),
    ],
)
def test_what_saturates_is_seen_beside_a_rounded_number(hidden) -> None:
    beside = airyai(x)
    with suppress(Undecidable):
        assert at(beside + hidden, beside) is not Found.AGREEMENT
