"""Zeta, eta and Lambert's W: flint says what they are."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mpmath import iv

from lib.proof.intervals import NotInTable, Undefined, Unknown, exact_ends, precision
from lib.proof.special_functions import eta, lambertw, zeta
from tests.shared.balls import exactly as ball
from tests.shared.effort import examples

digits = st.sampled_from([15, 60])  # more take long: an example each
pytestmark = pytest.mark.usefixtures("narrow_balls")


def between(low: int, high: int) -> st.SearchStrategy[Fraction]:
    """Fractions that are no whole numbers: none is a pole or a simple value."""
    return st.integers(low * 97, high * 97 - 1).map(lambda n: Fraction(2 * n + 1, 194))


def is_enclosed(
    function: Callable[..., Any],
    truth: Callable[..., flint.arb],
    at: list[Fraction],
    wanted: int,
) -> bool:
    """Whether the enclosure holds flint's value, and is as narrow as was asked."""
    with precision(wanted):
        low, high = exact_ends(function(*at))
    value = truth(*map(ball, at))
    narrow = high - low <= max(abs(low), abs(high)) / 10 ** (wanted - 3)
    return narrow and bool(ball(low) <= value) and bool(value <= ball(high))


@example(s=Fraction(33, 194), a=Fraction(1, 194), wanted=200)
@example(s=Fraction(9001, 194), a=Fraction(3001, 194), wanted=200)
@settings(max_examples=examples(40))
@given(s=between(0, 64), a=between(0, 20), wanted=digits)
def test_zeta_is_flints(s: Fraction, a: Fraction, wanted: int) -> None:
    assert is_enclosed(zeta, lambda s, a: s.zeta(a), [s, a], wanted)


@example(s=Fraction(70001, 194), a=Fraction(1), wanted=200)
@settings(max_examples=examples(40))
@given(s=between(64, 3000), a=between(0, 20), wanted=digits)
def test_zeta_far_out_is_flints(s: Fraction, a: Fraction, wanted: int) -> None:
    assert is_enclosed(zeta, lambda s, a: s.zeta(a), [s, a], wanted)


@example(s=Fraction(195, 194), wanted=200)
@settings(max_examples=examples(40))
@given(s=between(0, 64), wanted=st.just(15))
def test_eta_is_flints(s: Fraction, wanted: int) -> None:
    two = flint.arb(2)
    assert is_enclosed(eta, lambda s: (1 - two ** (1 - s)) * s.zeta(), [s], wanted)


@given(x=between(0, 50) | between(10**20, 10**21), wanted=digits)
def test_lamberts_w_is_flints(x: Fraction, wanted: int) -> None:
    assert is_enclosed(lambertw, lambda x: x.lambertw(), [x], wanted)


@pytest.mark.parametrize(
    ("function", "at", "error"),
    [
        (zeta, [Fraction(1)], Undefined),
        (zeta, [iv.mpf([0.5, 2])], Unknown),
        (zeta, [Fraction(-1, 2)], NotInTable),
        (zeta, [Fraction(10**70)], Unknown),
        (zeta, [iv.mpc(2, 1)], NotInTable),
        (lambertw, [Fraction(-1, 10)], NotInTable),
        (lambertw, [Fraction(1), Fraction(-1)], NotInTable),
    ],
)
def test_beyond_what_is_known_nothing_is_said(function, at, error) -> None:
    with precision(30), pytest.raises(error):
        function(*at)


def test_simple_values_are_exact() -> None:
    with precision(30):
        assert lambertw(Fraction(0)) == 0
        low, high = exact_ends(eta(Fraction(1)))
    assert ball(low) <= flint.arb(2).log() <= ball(high)


def test_an_interval_holds_the_values_of_its_ends() -> None:
    wide = iv.mpf([1, 2])
    with precision(30):
        low, high = exact_ends(lambertw(wide))
    assert ball(low) <= flint.arb(1).lambertw()
    assert flint.arb(2).lambertw() <= ball(high)


def test_too_many_digits_are_refused() -> None:
    with precision(2000), pytest.raises(Unknown):
        zeta(Fraction(3))
