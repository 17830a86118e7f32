"""Numbers that contain a value: a fraction, an interval, or a box in the plane.

A fraction is the value itself. The precision of intervals is mpmath's, set by
``precision``; two numbers that do not ``meet`` contain different values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from mpmath import iv
from mpmath.libmp import from_int, mpf_cmp, mpf_mul

MOST_BITS = 200_000  # of an end that becomes a fraction
SPARE = 64  # bits of what mpmath encloses

Number = Any  # a Fraction, an interval (iv.mpf) or a box (iv.mpc)


class Undefined(Exception):  # noqa: N818
    """There is no value: a division by zero, the logarithm of zero."""


class Unknown(Exception):  # noqa: N818
    """No enclosure can be had: it is too wide here, too dear, or not in the table.

    ``by_numbers``: a function is not in the table, so rounded numbers may agree.
    """

    by_numbers = False


class NotInTable(Unknown):
    """A function of which no enclosure is known."""

    by_numbers = True


@contextmanager
def precision(digits: int) -> Iterator[None]:
    """Intervals of so many digits, and some to spare."""
    before = iv.prec
    iv.prec = math.ceil(digits * math.log2(10)) + 20
    try:
        yield
    finally:
        iv.prec = before


def interval(value: Number) -> Number:
    """A number as an interval or a box."""
    if isinstance(value, Fraction):
        return iv.mpf(value.numerator) / value.denominator
    return value


def is_real(value: Number) -> bool:
    return isinstance(value, (Fraction, iv.mpf))


def guarded(function: Callable[[Number], Number], x: Number) -> Number:
    """mpmath's enclosure with bits to spare, made wider by half of these.

    At thousands of bits its exponential misses the value by some hundred units in the
    last place.
    """
    before = iv.prec
    iv.prec = before + SPARE
    try:
        value = function(x)
        value = value * (1 + iv.mpf([-1, 1]) * iv.mpf(2) ** (-before - SPARE // 2))
    finally:
        iv.prec = before
    return +value


def ends(value: Number) -> tuple[Any, Any]:
    """The two ends of a real enclosure; of a fraction twice itself."""
    if isinstance(value, Fraction):
        return value, value
    return value.a, value.b


def holds_zero(value: Number) -> bool:
    """Whether zero lies in the enclosure."""
    if isinstance(value, Fraction):
        return value == 0
    if isinstance(value, iv.mpf):
        return 0 in value
    return 0 in value.real and 0 in value.imag


def sign_of(value: Number) -> int:
    """-1, 0 or 1. Raises ``Unknown`` where the enclosure leaves it open."""
    if not is_real(value):
        raise Unknown("the sign of a number that may not be real")
    if isinstance(value, Fraction):
        return (value > 0) - (value < 0)
    if holds_zero(value):
        raise Unknown("a sign that the enclosure leaves open")
    return 1 if value.a > 0 else -1


def exact_ends(value: Number) -> tuple[Fraction, Fraction]:
    """The ends of a real enclosure as they are, at whatever precision it was made."""
    if isinstance(value, Fraction):
        return value, value
    return as_fraction(value.a), as_fraction(value.b)


def meet(one: Number, other: Number) -> bool:
    """Whether two enclosures have a number in common."""
    if is_real(one) and is_real(other):
        return not (is_below(one, other) or is_below(other, one))
    return all(meet(part(one), part(other)) for part in (real_part, imaginary_part))


def is_below(one: Number, other: Number) -> bool:
    """Whether all of one real enclosure lies below all of the other.

    The ends are compared as they are: an exponent may have too many digits for a
    fraction.
    """
    (high, above), (low, below) = _end(one, 1), _end(other, 0)
    return mpf_cmp(mpf_mul(high, from_int(below)), mpf_mul(low, from_int(above))) < 0


def _end(value: Number, which: int) -> tuple[Any, int]:
    """An end as a binary number over a whole one."""
    if isinstance(value, Fraction):
        return from_int(value.numerator), value.denominator
    return value._mpi_[which], 1


def magnitude(value: Any) -> int | None:
    """The power of two above a number; None for zero and for what is no number."""
    if isinstance(value, Fraction):
        if value == 0:
            return None
        return value.numerator.bit_length() - value.denominator.bit_length() + 1
    if isinstance(value, iv.mpf):
        if holds_zero(value):
            return None
        return max(exponent + bits for _, _, exponent, bits in value._mpi_)
    if isinstance(value, iv.mpc):
        sizes = [magnitude(part) for part in (value.real, value.imag)]
        return max((size for size in sizes if size is not None), default=None)
    return None


def extent(value: Number) -> int:
    """The power of two above all that an enclosure holds, zero too."""
    if not is_real(value):
        return max(extent(value.real), extent(value.imag))
    return max(exponent + bits for _, _, exponent, bits in value._mpi_)


def as_fraction(end: Any) -> Fraction:
    """An end of an interval, exactly. ``Unknown`` if that takes too many bits."""
    sign, mantissa, exponent, _ = end._mpi_[0]
    if abs(exponent) > MOST_BITS:
        raise Unknown(f"a fraction of more than {MOST_BITS} bits")
    value = Fraction(int(mantissa)) * Fraction(2) ** exponent
    return -value if sign else value


def real_part(z: Number) -> Number:
    return z if is_real(z) else z.real


def imaginary_part(z: Number) -> Number:
    return Fraction(0) if is_real(z) else z.imag
