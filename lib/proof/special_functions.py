"""Zeta, eta and Lambert's W of real numbers, enclosed."""

from __future__ import annotations

import math
from collections.abc import Iterator
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
    exact_ends,
    guarded,
    interval,
    is_real,
)

MOST_BITS = 1500  # the numbers of Bernoulli take long
MOST_BITS_FAR = 3000  # where a few terms of zeta are enough
SPARE = 40  # bits
LARGEST = 10**60  # of zeta's exponent
MOST_DIRECT = 100  # of its terms, that are added without a remainder's series
MOST_STEPS = 3000  # of its terms


def _refuse(known: bool, *values: Number) -> None:
    """Refuse what is not known to have an enclosure."""
    if not all(map(is_real, values)):
        raise NotInTable("of a number that may not be real")
    if not known:
        raise NotInTable("beyond where an enclosure is known")


def zeta(s: Number, a: Number = Fraction(1)) -> Number:
    """Hurwitz's zeta function of a positive exponent but 1, and of a positive number.

    By Euler and Maclaurin's formula: x^-s is completely monotone, so the rest is at
    most the first term left out.
    """
    _refuse(True, s, a)
    low, high = exact_ends(interval(s))
    start, last = exact_ends(interval(a))
    if low <= 1 <= high:
        raise Undefined("a pole of zeta") if low == high else Unknown("perhaps a pole")
    _refuse(low > 0 and start > 0)
    direct = _terms_that_show(low, last)
    few = direct <= MOST_DIRECT
    steps = iv.prec // 8 + 8 + max(0, math.ceil(high) // 2 - math.floor(start))
    steps = int(direct) if few else steps
    if iv.prec > (MOST_BITS_FAR if few else MOST_BITS):
        raise Unknown("zeta to too many digits")
    if high > LARGEST or steps > MOST_STEPS:
        raise Unknown("zeta too far out")
    before = iv.prec
    iv.prec = before + SPARE + math.ceil(high).bit_length()
    try:
        value = _zeta(interval(s), interval(a), steps, few)
    finally:
        iv.prec = before
    return +value


def _terms_that_show(s: Fraction, a: Fraction) -> float:
    """How many terms it takes until one is too small beside the first."""
    falls = (iv.prec + 2 * SPARE) / float(s if s < LARGEST else LARGEST)
    return math.ceil(float(a) * 2**falls) if falls < SPARE and a < LARGEST else math.inf


def _zeta(s: Any, a: Any, steps: int, few: bool) -> Any:
    far = a + steps

    def power(x: Any) -> Any:
        return guarded(iv.exp, -s * guarded(iv.log, x))

    total = sum((power(a + k) for k in range(steps)), iv.mpf(0))
    edge = power(far)
    if few:  # the rest is at most its first term and the integral from there
        return total + iv.mpf([0, 1]) * edge * (1 + far / (s - 1))
    total += far * edge / (s - 1) + edge / 2
    smallest = iv.mpf(2) ** -iv.prec * abs(total).b
    front = s * edge / far  # s (s+1) ... (s+2k-2) / far^(s+2k-1)
    for k in count(1):
        above, below = mpmath.bernfrac(2 * k)
        number = Fraction(int(above), int(below) * math.factorial(2 * k))
        term = interval(number) * front
        if abs(term).b < smallest or k > iv.prec:
            return total + iv.mpf([-1, 1]) * abs(term).b
        total += term
        front = front * (s + 2 * k - 1) * (s + 2 * k) / far**2
    raise AssertionError("the loop ends where a term is small")


def eta(s: Number, a: Number = Fraction(1)) -> Number:
    """Dirichlet's eta function, (1 - 2^(1-s)) zeta(s)."""
    _refuse(a == 1, s)
    if isinstance(s, Fraction) and s == 1:
        return guarded(iv.log, iv.mpf(2))
    value = zeta(s)
    return (1 - guarded(iv.exp, (1 - interval(s)) * iv.log(iv.mpf(2)))) * value


def lambertw(x: Number, branch: Number = Fraction(0)) -> Number:
    """Lambert's W of a number that is not negative, on its principal branch.

    w exp(w) rises: what is below x at the lower end and above it at the upper one
    encloses W.
    """
    _refuse(is_real(x) and branch == 0, x)
    low, high = ends(interval(x))
    _refuse(bool(low >= 0))
    if isinstance(x, Fraction) and x == 0:
        return x
    below, above = (min(_around(low)), max(_around(high)))
    return iv.mpf([below, above])


def _around(x: Any) -> Iterator[Any]:
    """Two numbers between which W of x is shown to lie."""
    with mpmath.workprec(iv.prec + 10):
        near = mpmath.lambertw(mpmath.mpf(x)).real
        step = abs(near) * mpmath.mpf(2) ** (8 - iv.prec)
        for side in (-1, 1):
            end = iv.mpf(near + side * step)
            there = end * guarded(iv.exp, end)
            if not (there.b <= x if side < 0 else there.a >= x):
                raise Unknown("Lambert's W to so many digits")
            yield end.a if side < 0 else end.b
