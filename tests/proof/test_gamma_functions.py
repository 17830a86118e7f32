"""The gamma function's logarithm and its derivatives: flint says what they are."""

from fractions import Fraction

import flint
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import iv

from lib.proof.gamma_functions import MOST_BELOW, MOST_ORDER, loggamma, polygamma
from lib.proof.intervals import NotInTable, Undefined, Unknown, exact_ends, precision
from tests.shared.balls import exactly as ball

sizes = st.sampled_from([Fraction(10) ** k for k in (-9, -3, 0, 0, 1, 4, 12)])
positive = st.builds(
    lambda a, b, size: Fraction(a, b) * size,
    st.integers(1, 10**6),
    st.integers(1, 10**4),
    sizes,
)
digits = st.sampled_from([15, 60, 250])
pytestmark = pytest.mark.usefixtures("narrow_balls")


def holds(enclosure, truth: flint.arb, wanted: int) -> bool:
    """Whether the enclosure contains the value, and is as narrow as was asked."""
    low, high = exact_ends(enclosure)
    size = max(abs(low), abs(high), Fraction(1))
    narrow = high - low <= size / 10 ** (wanted - 3)
    return narrow and bool(ball(low) <= truth) and bool(truth <= ball(high))


@given(x=positive, wanted=digits)
def test_logarithm_of_gamma_is_flints(x: Fraction, wanted: int) -> None:
    with precision(wanted):
        found = loggamma(x)
    assert holds(found, ball(x).lgamma(), wanted)


@given(
    x=positive | st.fractions(-300, 0, max_denominator=97),
    order=st.integers(0, 9),
    wanted=digits,
)
def test_derivatives_are_flints(x: Fraction, order: int, wanted: int) -> None:
    if x <= 0 and x.denominator == 1:
        return
    with precision(wanted):
        found = polygamma(Fraction(order), x)
    truth = flint.acb(ball(x)).polygamma(flint.acb(order)).real
    assert holds(found, truth, wanted)


@given(x=st.fractions(Fraction(1, 9), 40, max_denominator=99))
def test_of_an_interval_it_holds_the_values_of_both_ends(x: Fraction) -> None:
    with precision(30):
        width = iv.mpf([0, 1]) / 1000
        found = loggamma(iv.mpf(x.numerator) / x.denominator + width)
    low, high = exact_ends(found)
    for at in (x, x + Fraction(1, 1000)):
        assert ball(low) <= ball(at).lgamma() <= ball(high)


@pytest.mark.parametrize("x", [Fraction(0), Fraction(-3)])
def test_poles_have_no_value(x: Fraction) -> None:
    with precision(30), pytest.raises(Undefined):
        polygamma(Fraction(0), x)


@pytest.mark.parametrize(
    ("order", "x"),
    [
        (Fraction(1, 2), Fraction(1)),
        (Fraction(-1), Fraction(1)),
        (Fraction(MOST_ORDER + 1), Fraction(1)),
        (Fraction(0), Fraction(-MOST_BELOW * 3, 2) - Fraction(1, 3)),
        (Fraction(0), iv.mpf([-1, 1])),
    ],
)
def test_what_cannot_be_enclosed_is_unknown(order: Fraction, x: object) -> None:
    with precision(30), pytest.raises(Unknown):
        polygamma(order, x)


@pytest.mark.parametrize("x", [Fraction(-1, 2), iv.mpc(1, 1)])
def test_the_logarithm_is_of_positive_numbers_alone(x: object) -> None:
    with precision(30), pytest.raises(NotInTable):
        loggamma(x)
