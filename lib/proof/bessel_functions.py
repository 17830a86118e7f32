"""Bessel's functions of real numbers, enclosed: J, I and K of one order."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from itertools import count
from typing import Any

from mpmath import iv

from .gamma_functions import loggamma
from .intervals import (
    NotInTable,
    Number,
    Unknown,
    exact_ends,
    extent,
    guarded,
    interval,
    is_real,
)

MOST_BITS = 3000  # the sums take long
MOST_BITS_OF_K = 1000  # each term of it is an exponential
SPARE = 40  # bits
LARGEST_SUMMED = 60  # of an argument: so many terms grow before they fall
LARGEST_WHOLE = 1000  # of one to I of whole order, which never saturates
MOST_ORDER = 1000
FLOATING = 10**300  # between its inverse and this a float has the size of a number


def besselj(order: Number, x: Number) -> Number:
    """J by its power series, and far out by its asymptotic one."""
    n, low, high = _refused(order, x)
    if high < 0:
        return (-1) ** int(n) * besselj(n, -x)
    far = max(LARGEST_SUMMED, 2 * iv.prec // 5)
    if low <= far:
        return _series(n, x, -1, far + 1)
    if extent(interval(x)) > iv.prec // 2:
        raise Unknown("a wave that is too far out")
    grown = math.ceil(1.5 * n * n / low)  # of the terms, before they fall
    if grown > MOST_BITS:
        raise Unknown("a Bessel function of a large order")
    before = iv.prec
    iv.prec = before + SPARE + grown + extent(interval(x))
    try:
        value = _far_out(n, interval(x))
    finally:
        iv.prec = before
    return +value


def besseli(order: Number, x: Number) -> Number:
    """I by its power series.

    Of half-integer order it is to few digits elementary far out, which saturates.
    """
    n, _, high = _refused(order, x)
    if high < 0:
        return (-1) ** int(n) * besseli(n, -x)
    return _series(n, x, 1, LARGEST_WHOLE if n.denominator == 1 else LARGEST_SUMMED)


def _refused(order: Number, x: Number) -> tuple[Fraction, Fraction, Fraction]:
    """The order and the argument's ends, if the power series is known there."""
    if not (is_real(order) and is_real(x)):
        raise NotInTable("a Bessel function of a number that may not be real")
    known = isinstance(order, Fraction) and order.denominator in (1, 2)
    if not (known and 0 <= order <= MOST_ORDER):
        raise NotInTable("a Bessel function of an order that is not in the table")
    if iv.prec > MOST_BITS:
        raise Unknown("a Bessel function to too many digits")
    low, high = exact_ends(interval(x))
    if low <= 0 and order.denominator == 2:
        raise NotInTable("a Bessel function beside its cut")
    return order, low, high


def _series(n: Fraction, x: Number, sign: int, largest: int) -> Number:
    r"""The sum of sign^k (x/2)^(2k+n) / (k! Gamma(k+n+1)).

    Where each term is less than half of the one before, the rest is at most the last.
    """
    low, high = exact_ends(interval(x))
    size = max(abs(low), abs(high))
    if size > largest:
        raise NotInTable("a Bessel function far out")
    if isinstance(x, Fraction) and x == 0:
        return Fraction(int(n == 0))
    before = iv.prec
    iv.prec = before + SPARE + 2 * (math.ceil(1.45 * float(size)) + 2)
    try:
        value = _summed(n, interval(x) / 2, sign)
    finally:
        iv.prec = before
    return +value


def _summed(n: Fraction, half: Any, sign: int) -> Any:
    first = guarded(iv.exp, -interval(loggamma(n + 1)))
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


def _far_out(n: Fraction, x: Any) -> Any:
    """J = sqrt(2/(pi x)) (P cos w - Q sin w) with w = x - (2n + 1) pi/4.

    Of each of the two sums what is left out is at most the first term left out, once
    there are more terms than n/2 (DLMF 10.17 iii).
    """
    sums = [iv.mpf(1), iv.mpf(0)]
    smallest = iv.mpf(2) ** -iv.prec
    term, k, left = iv.mpf(1), 0, 0
    while left < 2:
        k += 1
        factor = interval((4 * n * n - (2 * k - 1) ** 2) / (8 * k)) / x
        if k > n + 2 and abs(factor).b > 1:
            raise Unknown("a Bessel function to so many digits")
        term = term * factor
        if k > n + 2 and abs(term).b < smallest:
            sums[k % 2] += iv.mpf([-1, 1]) * abs(term).b
            left += 1
        else:
            sums[k % 2] += (1, 1, -1, -1)[k % 4] * term
    turned = x - interval(2 * n + 1) * iv.pi / 4
    wave = sums[0] * iv.cos(turned) - sums[1] * iv.sin(turned)
    return iv.sqrt(2 / (iv.pi * x)) * wave


def besselk(order: Number, x: Number) -> Number:
    r"""K of any real order at a positive number.

    It is half the integral of exp(-x cosh t) cosh(n t) over the line, by the rule of
    trapezia. With the same integral moved by d into the plane, which is at most
    K(x cos d), the rule is off by at most 2 K(x cos d) / (exp(2 pi d / step) - 1)
    (Trefethen and Weideman 2014, theorem 5.1).
    """
    if not (isinstance(order, Fraction) and is_real(x)):
        raise NotInTable("a Bessel function of a number that may not be real")
    n = abs(order)
    low, high = exact_ends(interval(x))
    if low <= 0:
        raise NotInTable("a Bessel function that may not be real")
    if n > MOST_ORDER or not Fraction(1, FLOATING) < low <= high < FLOATING:
        raise Unknown("a Bessel function far out")
    if iv.prec > MOST_BITS_OF_K:
        raise Unknown("a Bessel function to too many digits")
    before = iv.prec
    iv.prec = before + SPARE + max(0, extent(interval(x)))
    try:
        value = _by_trapezia(n, interval(x)._mpi_, before + SPARE, iv.prec)
    finally:
        iv.prec = before
    return +value


@lru_cache(256)  # both sides of an equality ask for the same ones
def _by_trapezia(n: Fraction, ends: Any, bits: int, precision: int) -> Any:
    x = iv.make_mpf(ends)
    size = float(x.a)
    moved = min(1.0, math.sqrt(1.4 * bits / size))
    lost = size * (1 - math.cos(moved)) - float(n) * math.log(math.cos(moved))
    step = iv.mpf(2 * math.pi * moved / (bits * math.log(2) + lost))
    grown, raised = (guarded(iv.exp, interval(p) * step) for p in (Fraction(1), n))
    total = guarded(iv.exp, -x) / 2
    up = power = iv.mpf(1)
    while True:
        up, power = up * grown, power * raised
        term = guarded(iv.exp, -x * (up + 1 / up) / 2) * (power + 1 / power) / 2
        total += term
        # Beyond a place where it is so, each term is less than half of the one before.
        falls = (step * (x * (up - 1 / up) / 2 - interval(n))).a > 1
        if falls and term.b < (total * iv.mpf(2) ** -bits).a:
            break
    total += iv.mpf([0, 1]) * term.b
    moved = iv.mpf(moved)
    off = 2 * _above_k(n, x.a * iv.cos(moved))
    off = off / (guarded(iv.exp, 2 * iv.pi * moved / step) - 1)
    return step * total + iv.mpf([-1, 1]) * off.b


def _above_k(n: Fraction, y: Any) -> Any:
    """More than K of the order n at y.

    cosh t is at least 1 + t^2/2, which gives the one bound; leaving exp(-y^2/4u) off
    in K = (y/2)^-n / 2 times the integral of exp(-u - y^2/4u) u^(n-1) gives the other.
    """
    order = interval(n)
    if n > exact_ends(y)[0]:
        log = interval(loggamma(n)) - order * guarded(iv.log, y / 2)
        return guarded(iv.exp, log) / 2
    return iv.sqrt(iv.pi / (2 * y)) * guarded(iv.exp, order**2 / (2 * y) - y)
