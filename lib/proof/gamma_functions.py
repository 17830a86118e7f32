"""The logarithm of the gamma function and its derivatives, enclosed.

By Stirling's series, whose terms enclose the value by turns for positive numbers: what
is left out is at most the first term left out (Abramowitz and Stegun, 6.1.42, 6.4.11).
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import count
from typing import Any

import mpmath
from mpmath import iv

from .intervals import (
    NotInTable,
    Number,
    Undefined,
    Unknown,
    ends,
    guarded,
    holds_zero,
    interval,
    is_real,
)

MOST_BITS = 6000  # its numbers of Bernoulli take long
MOST_ORDER = 30  # of a derivative
MOST_BELOW = 2000  # below zero, from where the recurrence leads up one by one
LARGEST = 10**9000
SPARE = 40  # bits, of what cancels between the series and the recurrence


def loggamma(x: Number) -> Number:
    """The logarithm of the gamma function of a positive number."""
    if is_real(x) and ends(interval(x))[0] <= 0:
        raise NotInTable("the logarithm of a gamma function that may not be positive")
    return _with_bits(-1, x)


def polygamma(order: Number, x: Number) -> Number:
    """The derivative of that order of the digamma function."""
    if not isinstance(order, Fraction) or order.denominator != 1:
        raise Unknown("a derivative of no whole order")
    if not 0 <= order <= MOST_ORDER:
        raise Unknown(f"a derivative of the order {order}")
    if isinstance(x, Fraction) and x.denominator == 1 and x <= 0:
        raise Undefined("a pole of the digamma function")
    return _with_bits(int(order), x)


def _with_bits(order: int, x: Number) -> Number:
    if not is_real(x):
        raise NotInTable("a function of a number that may not be real")
    low, high = ends(interval(x))
    if low < -MOST_BELOW or high > LARGEST:
        raise Unknown("a gamma function far out")
    if iv.prec > MOST_BITS:
        raise Unknown("a gamma function to too many digits")
    before = iv.prec
    iv.prec = before + SPARE
    try:
        value = _by_series(order, interval(x))
    finally:
        iv.prec = before
    return +value


def _by_series(order: int, x: Any) -> Any:
    """Far enough up the line for Stirling's series, and back by the recurrence."""
    far = iv.prec // 5 + 2 * order + 8
    steps = max(0, far - math.floor(float(max(x.a, -MOST_BELOW)))) if x.a < far else 0
    y = x + steps
    below = [x + k for k in range(steps)]
    if any(map(holds_zero, below)):
        raise Unknown("a gamma function of what may be a pole")
    if order < 0:
        back = guarded(iv.log, math.prod(below)) if below else 0
        start = (y - iv.mpf(1) / 2) * guarded(iv.log, y) - y
        start += guarded(iv.log, 2 * iv.pi) / 2
        return start + _rest(order, y) - back
    sign = (-1) ** (order + 1)
    back = sign * math.factorial(order) * sum(1 / u ** (order + 1) for u in below)
    if order == 0:
        return guarded(iv.log, y) - 1 / (2 * y) + _rest(order, y) + back
    start = math.factorial(order - 1) / y**order
    start += iv.mpf(math.factorial(order)) / 2 / y ** (order + 1)
    return sign * start + _rest(order, y) + back


def _rest(order: int, y: Any) -> Any:
    """The terms with numbers of Bernoulli, until the next one does not show."""
    total = iv.mpf(0)
    smallest = iv.mpf(2) ** -iv.prec
    for k in count(1):
        above, below = mpmath.bernfrac(2 * k)
        front = Fraction(int(above), int(below)) * math.factorial(2 * k + order - 1)
        front *= Fraction((-1) ** (order + 1), math.factorial(2 * k))
        term = interval(front) / y ** (2 * k + order)
        if abs(term).b < smallest:
            return total + iv.mpf([-1, 1]) * abs(term).b
        total += term
    raise AssertionError("the terms fall below any number where y is far")
