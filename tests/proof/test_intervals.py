"""Numbers that contain a value: fractions, intervals and boxes."""

from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import iv

from lib.proof.intervals import (
    NotInTable,
    Unknown,
    as_fraction,
    ends,
    exact_ends,
    extent,
    holds_zero,
    imaginary_part,
    interval,
    is_below,
    is_real,
    magnitude,
    meet,
    precision,
    real_part,
    sign_of,
)

rationals = st.fractions(-(10**6), 10**6, max_denominator=10**6)
pairs = st.tuples(rationals, rationals).map(sorted)


def between(low: Fraction, high: Fraction) -> iv.mpf:
    return iv.mpf([interval(low).a, interval(high).b])


def test_precision_is_set_and_put_back_also_after_an_error() -> None:
    before = iv.prec
    with precision(100):
        assert iv.prec >= 100 * 3.32
    assert iv.prec == before
    with pytest.raises(ZeroDivisionError), precision(7):
        _ = 1 // 0
    assert iv.prec == before


@given(value=rationals, digits=st.sampled_from([5, 40]))
def test_an_interval_contains_its_fraction(value: Fraction, digits: int) -> None:
    with precision(digits):
        low, high = exact_ends(interval(value))
    assert low <= value <= high
    assert high - low <= abs(value) / 10**digits
    assert exact_ends(value) == ends(value) == (value, value)


@given(one=pairs, other=pairs)
def test_intervals_meet_where_they_have_a_number_in_common(one, other) -> None:
    a, b = between(*one), between(*other)
    (low, high), (left, right) = exact_ends(a), exact_ends(b)
    assert meet(a, b) is meet(b, a) is (max(low, left) <= min(high, right))
    assert meet(a, one[0])
    assert not meet(a, high + Fraction(1, 10**9))
    box, above = iv.mpc(a, b), iv.mpc(a, b + 3 * 10**6)
    assert meet(box, box)
    assert not meet(box, above)
    assert meet(a, iv.mpc(a, 0))
    assert not meet(a, iv.mpc(a, 1))


@given(pair=pairs)
def test_a_sign_is_known_or_left_open(pair: list[Fraction]) -> None:
    low, high = pair
    value = between(low, high)
    assert holds_zero(value) is (low <= 0 <= high)
    if holds_zero(value):
        with pytest.raises(Unknown, match="a sign that the enclosure leaves open"):
            sign_of(value)
    else:
        assert sign_of(value) == (1 if low > 0 else -1)
    assert sign_of(low) == (low > 0) - (low < 0)
    assert holds_zero(low) is (low == 0)


def test_a_box_has_no_sign_and_holds_zero_if_both_parts_do() -> None:
    with pytest.raises(Unknown, match="the sign of a number that may not be real"):
        sign_of(iv.mpc(1, 0))
    assert holds_zero(iv.mpc([-1, 1], 0))
    assert not holds_zero(iv.mpc([-1, 1], 1))


@given(value=rationals.filter(bool))
def test_magnitude_is_a_power_of_two_above(value: Fraction) -> None:
    for number in (value, interval(value)):
        assert abs(value) <= Fraction(2) ** magnitude(number)
        assert Fraction(2) ** (magnitude(number) - 3) <= abs(value)


def test_magnitude_of_a_box_is_that_of_its_larger_part() -> None:
    for size in (8, 1, Fraction(1, 2), Fraction(1, 8)):
        part = interval(Fraction(size))
        assert magnitude(iv.mpc(part, 0)) == magnitude(part)


@pytest.mark.parametrize(
    "value", [Fraction(0), iv.mpf([-1, 1]), iv.mpc(0, 0), True, Unknown("why")]
)
def test_what_may_be_zero_and_what_is_no_number_has_no_magnitude(value) -> None:
    assert magnitude(value) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_an_end_is_read_exactly(value: float) -> None:
    assert as_fraction(iv.mpf(value).a) == Fraction(value)


def test_parts_of_real_numbers_and_of_boxes() -> None:
    box = iv.mpc(2, [3, 4])
    assert is_real(Fraction(2))
    assert not is_real(box)
    assert (real_part(Fraction(2)), imaginary_part(iv.mpf(2))) == (2, 0)
    assert exact_ends(real_part(box)) == (2, 2)
    assert exact_ends(imaginary_part(box)) == (3, 4)
    assert mpmath.mpf(3) in imaginary_part(box)


def test_only_what_is_missing_from_the_table_may_go_by_numbers() -> None:
    assert NotInTable("of a function").by_numbers
    assert not Unknown("too wide").by_numbers


def test_enormous_numbers_are_compared_as_they_are() -> None:
    """As fractions they would not fit into any memory."""
    large, larger = iv.exp(iv.mpf(2) ** 90), iv.exp(iv.mpf(2) ** 91)
    small = iv.exp(-(iv.mpf(2) ** 90))
    assert is_below(large, larger)
    assert is_below(Fraction(-1, 3), small)
    assert is_below(small, Fraction(1, 10**50))
    assert not is_below(larger, large)
    assert meet(large, large)
    assert not meet(large, larger)
    everything = iv.mpf(["-inf", "inf"])
    assert meet(everything, Fraction(7))
    assert extent(iv.mpf([0, 8])) == 4
    assert extent(iv.mpc(1, 8)) == 4


def test_a_fraction_of_too_many_bits_is_refused() -> None:
    """So exp(-exp(23)) fills no memory."""
    with precision(20):
        tiny = iv.exp(-(iv.mpf(10) ** 9))
    with pytest.raises(Unknown, match="bits"):
        as_fraction(tiny.a)
