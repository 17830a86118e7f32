"""Zeta, the Bessel functions J and I, and Lambert's W of real numbers, enclosed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from typing import Any

import mpmath
from mpmath import iv

from .gamma_functions import loggamma
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

MOST_BITS = 3000  # the sums take long
MOST_BITS_OF_ZETA = 1500
SPARE = 40  # bits
LARGEST_BESSEL = 60  # of its argument: so many terms grow before they fall
MOST_ORDER = 1000  # of a Bessel function
LARGEST_ZETA = 64  # of its exponent: of more it saturates, and no part of it shows that


def _refuse(known: bool, *values: Number) -> None:
    """Refuse what is not known to have an enclosure, and too many digits."""
    if not all(map(is_real, values)):
        raise NotInTable("of a number that may not be real")
    if not known:
        raise NotInTable("beyond where an enclosure is known")
    if iv.prec > MOST_BITS:
        raise Unknown("a sum to too many digits")


def zeta(s: Number, a: Number = Fraction(1)) -> Number:
    """Hurwitz's zeta function of a positive exponent but 1, and of a positive number.

    By Euler and Maclaurin's formula: x^-s is completely monotone, so the rest is at
    most the first term left out.
    """
    _refuse(True, s, a)
    if iv.prec > MOST_BITS_OF_ZETA:
        raise Unknown("zeta to too many digits")
    low, high = exact_ends(interval(s))
    start = exact_ends(interval(a))[0]
    if low <= 1 <= high:
        raise Undefined("a pole of zeta") if low == high else Unknown("perhaps a pole")
    _refuse(low > 0 and high <= LARGEST_ZETA and start > 0)
    before = iv.prec
    iv.prec = before + SPARE
    try:
        value = _zeta(interval(s), interval(a))
    finally:
        iv.prec = before
    return +value


def _zeta(s: Any, a: Any) -> Any:
    steps = iv.prec // 6 + 8
    far = a + steps

    def power(x: Any) -> Any:
        return guarded(iv.exp, -s * guarded(iv.log, x))

    total = sum((power(a + k) for k in range(steps)), iv.mpf(0))
    edge = power(far)
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


def besselj(order: Number, x: Number) -> Number:
    return _bessel(order, x, -1)


def besseli(order: Number, x: Number) -> Number:
    return _bessel(order, x, 1)


def _bessel(order: Number, x: Number, sign: int) -> Number:
    r"""The sum of sign^k (x/2)^(2k+n) / (k! Gamma(k+n+1)).

    Where each term is less than half of the one before, the rest is at most the last.
    """
    _refuse(True, order, x)
    known = isinstance(order, Fraction) and order.denominator in (1, 2)
    _refuse(known and abs(order) <= MOST_ORDER and order >= 0)
    low, high = exact_ends(interval(x))
    whole = order.denominator == 1
    _refuse((low > 0 or whole) and max(abs(low), abs(high)) <= LARGEST_BESSEL)
    if isinstance(x, Fraction) and x == 0:
        return Fraction(int(order == 0))
    before = iv.prec
    grown = math.ceil(1.45 * float(max(abs(low), abs(high)))) + 2
    iv.prec = before + SPARE + 2 * grown
    try:
        value = _bessel_sum(order, interval(x) / 2, sign)
    finally:
        iv.prec = before
    return +value


def _bessel_sum(order: Fraction, half: Any, sign: int) -> Any:
    n = order
    log = loggamma(n + 1)
    first = guarded(iv.exp, -interval(log))
    if n.denominator == 1:
        first = first * half ** int(n)
    else:
        first = first * guarded(iv.exp, interval(n) * guarded(iv.log, half))
    square = half**2
    total = term = first
    for k in count(1):
        term = term * square * sign / (k * interval(n + k))
        total += term
        falling = abs(square).b * 2 < k * float(n + k)
        if falling and abs(term).b < abs(first).b * iv.mpf(2) ** -iv.prec:
            return total + iv.mpf([-1, 1]) * abs(term).b
    raise AssertionError("the terms fall")


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
