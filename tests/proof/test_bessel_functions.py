"""Bessel's functions J, I and K: flint says what they are."""

from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mpmath import iv

from lib.proof.bessel_functions import (
    LARGEST_SUMMED,
    LARGEST_WHOLE,
    besseli,
    besselj,
    besselk,
)
from lib.proof.intervals import NotInTable, Unknown, precision
from tests.proof.test_special_functions import between, digits, is_enclosed
from tests.shared.effort import examples

pytestmark = pytest.mark.usefixtures("narrow_balls")
orders = st.integers(0, 60).map(lambda n: Fraction(n, 2))


@example(n=Fraction(3, 2), x=Fraction(5819, 97), wanted=200)
@given(n=orders, x=between(0, LARGEST_SUMMED), wanted=digits)
def test_series_are_flints(n: Fraction, x: Fraction, wanted: int) -> None:
    assert is_enclosed(besselj, lambda n, x: x.bessel_j(n), [n, x], wanted)
    assert is_enclosed(besseli, lambda n, x: x.bessel_i(n), [n, x], wanted)


@given(n=orders, x=between(LARGEST_SUMMED, 10**6), wanted=digits)
def test_j_far_out_is_flints(n: Fraction, x: Fraction, wanted: int) -> None:
    assert is_enclosed(besselj, lambda n, x: x.bessel_j(n), [n, x], wanted)


@example(n=Fraction(1, 3), x=Fraction(1, 97), wanted=200)
@example(n=Fraction(40), x=Fraction(1, 10**20), wanted=60)
@settings(max_examples=examples(50))
@given(
    n=st.integers(0, 200).map(lambda n: Fraction(n, 7)),
    x=between(0, 3) | between(0, 900),
    wanted=digits,
)
def test_k_is_flints(n: Fraction, x: Fraction, wanted: int) -> None:
    assert is_enclosed(besselk, lambda n, x: x.bessel_k(n), [n, x], wanted)


@pytest.mark.parametrize(
    ("function", "at", "error"),
    [
        (besselj, [Fraction(1, 3), Fraction(1)], NotInTable),
        (besselj, [Fraction(1, 2), Fraction(-1)], NotInTable),
        (besselj, [Fraction(0), iv.mpc(1, 1)], NotInTable),
        (besselj, [Fraction(0), Fraction(10**60)], Unknown),
        (besselj, [Fraction(900), Fraction(61)], Unknown),
        (besseli, [Fraction(0), Fraction(LARGEST_WHOLE + 1)], NotInTable),
        (besseli, [Fraction(1, 2), Fraction(LARGEST_SUMMED + 1)], NotInTable),
        (besselk, [iv.mpf([1, 2]), Fraction(1)], NotInTable),
        (besselk, [Fraction(0), Fraction(-1)], NotInTable),
        (besselk, [Fraction(0), Fraction(1, 10**400)], Unknown),
    ],
)
def test_beyond_what_is_known_nothing_is_said(function, at, error) -> None:
    with precision(30), pytest.raises(error):
        function(*at)


def test_simple_values_are_exact() -> None:
    assert besselj(Fraction(0), Fraction(0)) == 1
    assert besselj(Fraction(3), Fraction(0)) == 0


def test_below_zero_whole_orders_mirror() -> None:
    x = Fraction(3001, 7)
    with precision(30):
        assert besselj(Fraction(3), -x)._mpi_ == (-besselj(Fraction(3), x))._mpi_
        assert besseli(Fraction(2), -x)._mpi_ == besseli(Fraction(2), x)._mpi_


def test_too_many_digits_are_refused() -> None:
    for function in (besselj, besseli, besselk):
        with precision(2000), pytest.raises(Unknown, match="too many digits"):
            function(Fraction(0), Fraction(1))
