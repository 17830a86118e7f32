"""Functions of enclosed numbers: what each returns contains the function's value.

``FUNCTIONS`` is the table, by SymPy's names. ``mpmath.iv`` knows exp, log, the root,
sine, cosine and gamma; the others are here written in them or, as the error function,
summed with a bound on the rest. Rational arithmetic stays exact.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache, partial, reduce
from typing import Any

import sympy as sp
from mpmath import iv
from mpmath.libmp import mpf_floor, mpi_add, mpi_mul, to_int

from .bessel_functions import besseli, besselj, besselk
from .gamma_functions import loggamma, polygamma
from .intervals import (
    NotInTable,
    Number,
    Undefined,
    Unknown,
    as_fraction,
    ends,
    extent,
    guarded,
    holds_zero,
    imaginary_part,
    interval,
    is_real,
    meet,
    real_part,
    sign_of,
)
from .special_functions import eta, lambertw, zeta

MOST_BITS = 200_000  # of an exact power
MOST_BITS_OF_GAMMA = 2000  # its series is slow
LONG = 64  # bits of a fraction
LARGEST_ERF = 40  # erfc of it is about 10^-697
LARGEST_GAMMA = 50_000  # gamma of more, or of less than its negative, is too dear
MOST_BITS_OF_EXPONENT = 200  # so many digits more does its exponential take


def _add(*terms: Number) -> Number:
    exact = sum((t for t in terms if isinstance(t, Fraction)), Fraction(0))
    others = [t for t in terms if not isinstance(t, Fraction)]
    if not others:
        return exact
    if exact:
        others.append(interval(exact))
    if all(isinstance(t, iv.mpf) for t in others):
        return _reduced(mpi_add, others)
    return _flat(reduce(operator.add, others))


def _multiply(*factors: Number) -> Number:
    exact = math.prod(
        (f for f in factors if isinstance(f, Fraction)), start=Fraction(1)
    )
    others = [f for f in factors if not isinstance(f, Fraction)]
    if not others or exact == 0:
        return exact
    if exact != 1:
        others.append(interval(exact))
    if all(isinstance(f, iv.mpf) for f in others):
        return _reduced(mpi_mul, others)
    return _flat(reduce(operator.mul, others))


def _flat(z: Number) -> Number:
    """A box without height as an interval: it lies on no side of a cut."""
    return z.real if not is_real(z) and z.imag.a == 0 == z.imag.b else z


def _reduced(operation: Callable[..., Any], values: Sequence[Number]) -> Number:
    """Real intervals put together, without mpmath's conversions, which cost more."""
    ends = reduce(partial(operation, prec=iv.prec), (v._mpi_ for v in values))
    return iv.make_mpf(ends)


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        return _integer_power(base, exponent.numerator)
    if isinstance(base, Fraction) and base == 0:
        if sign_of(real_part(exponent)) > 0:
            return base
        raise Undefined("zero to a power that is not positive")
    if isinstance(exponent, Fraction):
        if isinstance(base, Fraction) and (root := _exact_root(base, exponent)):
            return root
        if exponent.denominator == 2 and is_real(base):
            return _half_power(interval(base), exponent.numerator)
    return _exp(_multiply(exponent, _log(base)))


def _half_power(base: Number, n: int) -> Number:
    """The n-th power of a root, which of a negative number is on the imaginary axis."""
    negative = sign_of(base) < 0
    root = _integer_power(iv.sqrt(-base if negative else base), n)
    return iv.mpc(0, root if n % 4 == 1 else -root) if negative else root


def _integer_power(base: Number, n: int) -> Number:
    if n < 0:
        if isinstance(base, Fraction) and base == 0:
            raise Undefined("a division by zero")
        if holds_zero(base):
            raise Unknown("a division by what may be zero")
    if isinstance(base, Fraction):
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if bits * abs(n) <= MOST_BITS:
            return base**n
        base = interval(base)
    if abs(n) > MOST_BITS:
        return _exp(_multiply(Fraction(n), _log(base)))
    return 1 / base**-n if n < 0 else base**n


def _exact_root(base: Fraction, exponent: Fraction) -> Fraction | None:
    """A rational power of a fraction, if it is a fraction."""
    if base < 0 or exponent.denominator > 64:
        return None
    roots = [
        sp.integer_nthroot(part, exponent.denominator)
        for part in (base.numerator, base.denominator)
    ]
    if not all(exact for _, exact in roots):
        return None
    root = Fraction(int(roots[0][0]), int(roots[1][0]))
    return _integer_power(root, exponent.numerator)


def _exp(x: Number) -> Number:
    if isinstance(x, Fraction) and x == 0:
        return Fraction(1)
    x = interval(x)
    real = x if is_real(x) else x.real
    if extent(real) > MOST_BITS_OF_EXPONENT:
        raise Unknown("an exponential that is too large or too small")
    if is_real(x):
        return guarded(iv.exp, x)
    return guarded(iv.exp, iv.mpc(real, _moderate(x.imag)))


def _log(x: Number) -> Number:
    if isinstance(x, Fraction):
        if x == 0:
            raise Undefined("the logarithm of zero")
        if x == 1:
            return Fraction(0)
    if holds_zero(x):
        raise Unknown("the logarithm of what may be zero")
    if is_real(x):
        if sign_of(x) > 0:
            return guarded(iv.log, interval(x))
        size = guarded(iv.log, -interval(x))
        return iv.mpc(size, iv.pi)
    if 0 in x.imag and not x.real.a > 0:
        raise Unknown("a logarithm that may lie on its cut")
    size = guarded(iv.log, x.real * x.real + x.imag * x.imag) / 2
    return iv.mpc(size, interval(_atan2(x.imag, x.real)))


def _sin(x: Number) -> Number:
    return Fraction(0) if x == 0 else guarded(iv.sin, _moderate(x))


def _cos(x: Number) -> Number:
    return Fraction(1) if x == 0 else guarded(iv.cos, _moderate(x))


def _moderate(x: Number) -> Number:
    """An angle for which so many digits leave something of its place in the circle."""
    x = interval(x)
    if extent(x) > iv.prec // 2:
        raise Unknown("an angle that is too large")
    return x


def _atan2(y: Number, x: Number) -> Number:
    """The angle of the point (x, y), between -pi (left out) and pi."""
    if not (is_real(y) and is_real(x)):
        raise NotInTable("the angle of a number that may not be real")
    if y == 0 and sign_of(x) == 0:
        raise Undefined("the angle of zero")
    steep = ends(interval(_abs(x)))[1] < ends(interval(_abs(y)))[0]
    if holds_zero(x) or steep:
        quarter = iv.pi / 2 if sign_of(y) > 0 else -iv.pi / 2
        return _add(quarter, -_atan(_quotient(x, y)))
    angle = _atan(_quotient(y, x))
    if sign_of(x) > 0:
        return angle
    half = iv.pi if y == 0 or sign_of(y) > 0 else -iv.pi
    return _add(+half, angle)


def _quotient(above: Number, below: Number) -> Number:
    return _multiply(above, _integer_power(below, -1))


def _atan(x: Number) -> Number:
    if x == 0:
        return Fraction(0)
    if is_real(x):
        return _real_atan(interval(x))
    i = iv.mpc(0, 1)
    return (_log(1 + i * x) - _log(1 - i * x)) / (2 * i)


def _real_atan(x: Number) -> Number:
    """The angle halved until the alternating series is short.

    atan x = 2 atan(x / (1 + sqrt(1 + x^2))), and atan x = x - x^3/3 + x^5/5 - ..., of
    which the terms that are left out are together less than the first of them.
    ``iv.atan2`` is no enclosure: it misses the value at some points.
    """
    before = iv.prec
    halvings = 10
    iv.prec = before + 2 * halvings + 10
    try:
        for _ in range(halvings):
            x = x / (1 + iv.sqrt(1 + x * x))
        square, power, total, n = x * x, x, x, 1
        tiny = iv.mpf(2) ** -iv.prec
        while not abs(power).b <= (tiny * abs(x).b).b and n < 2 * MOST_BITS:
            n += 2
            power = -power * square
            total = total + power / n
        rest = abs(power).b
        total = (total + iv.mpf([-rest, rest])) * 2**halvings
    finally:
        iv.prec = before
    return +total


def _gamma(x: Number) -> Number:
    if isinstance(x, Fraction) and x.denominator == 1:
        if x <= 0:
            raise Undefined("a pole of the gamma function")
        if x <= 2000:
            return Fraction(math.factorial(int(x) - 1))
    if not is_real(x):
        raise Unknown("the gamma function of a number that may not be real")
    low, high = ends(interval(x))
    if low <= 0 and math.floor(low) != math.floor(high):
        raise Unknown("the gamma function of what may be a pole")
    if max(abs(low), abs(high)) > LARGEST_GAMMA:
        raise Unknown("a gamma function that is too large")
    if iv.prec > MOST_BITS_OF_GAMMA:
        raise Unknown("a gamma function to too many digits")
    return iv.gamma(interval(x))


def _binomial(n: Number, k: Number) -> Number:
    if all(isinstance(v, Fraction) and v.denominator == 1 for v in (n, k)):
        if k < 0:
            return Fraction(0)
        if 0 <= n <= 5000:
            return Fraction(math.comb(int(n), int(k)))
        if n < 0 and k <= 5000:
            return Fraction((-1) ** int(k) * math.comb(int(k - n) - 1, int(k)))
    below = _multiply(_gamma(_add(k, Fraction(1))), _gamma(n - k + 1))
    return _multiply(_gamma(_add(n, Fraction(1))), _integer_power(below, -1))


def _erf(x: Number) -> Number:
    return Fraction(0) if x == 0 else _erf_of(x, complement=False)


def _erfc(x: Number) -> Number:
    return Fraction(1) if x == 0 else _erf_of(x, complement=True)


def _erf_of(x: Number, *, complement: bool) -> Number:
    r"""erf x = 2/sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (1 3 5 ... (2n+1)).

    All terms have one sign; where each is less than half of the one before, what is
    left out is at most the last one. 1 - erf x gets the digits that it loses.
    """
    if not is_real(x):
        raise Unknown("the error function of a number that may not be real")
    low, high = map(as_fraction, ends(interval(x)))
    largest = max(abs(low), abs(high))
    if largest > LARGEST_ERF:
        raise Unknown("an error function too near to one")
    before = iv.prec
    lost = int(1.5 * float(largest) ** 2) + 40  # exp(-x^2) has so many bits or fewer
    iv.prec = before + lost
    try:
        value = _erf_at(low, iv.prec)
        if high > low:  # it rises, nowhere steeper than at the end next to zero
            near = min(abs(low), abs(high)) if low * high > 0 else Fraction(0)
            slope = 2 * guarded(iv.exp, -interval(near * near))
            value = value + iv.mpf([0, 1]) * slope * interval(high - low)
        value = 1 - value if complement else value
    finally:
        iv.prec = before
    return +value


@lru_cache(64)  # of one number both ends are the same, and erf and erfc share it
def _erf_at(x: Fraction, bits: int) -> Number:
    """The sum in whole numbers of 2^-bits; each division leaves off less than one.

    An error of one in a term grows with the terms after it, which is by less than
    exp(x^2): for that are the bits that ``lost`` adds.
    """
    small = int(abs(x) * 2**bits)  # cut off: off by less than one
    above, below = 2 * x.numerator**2, x.denominator**2
    shift = 0
    if max(above, below).bit_length() > LONG:  # a shift is cheaper than a division
        above, below, shift = 2 * small * small >> bits, 1, bits
    term = total = small
    n, least = 0, 4 * x * x
    while term or 2 * n + 3 < least:
        n += 1
        term = (term * above >> shift) // (below * (2 * n + 1))
        total += term
    grown = 2 ** math.ceil(1.45 * float(x * x) + 1)
    off = (4 * n * n + 4) * grown
    edge = iv.mpf(2) ** -bits
    series = iv.mpf([total - off, total + off]) * edge
    value = 2 / iv.sqrt(iv.pi) * guarded(iv.exp, -interval(x * x)) * series
    return -value if x < 0 else value


def _abs(x: Number) -> Number:
    return abs(x)


def _sign(x: Number) -> Number:
    return Fraction(sign_of(x))


def _max(*values: Number) -> Number:
    return _extreme(max, values)


def _min(*values: Number) -> Number:
    return _extreme(min, values)


def _extreme(choose: Callable[..., Any], values: Sequence[Number]) -> Number:
    if not all(map(is_real, values)):
        raise Unknown("the largest of numbers that may not be real")
    if all(isinstance(value, Fraction) for value in values):
        return choose(values)
    pairs = [ends(interval(value)) for value in values]
    return iv.mpf([choose(p[0] for p in pairs).a, choose(p[1] for p in pairs).b])


def _floor(x: Number) -> Number:
    if not is_real(x):
        raise Unknown("the floor of a number that may not be real")
    if isinstance(x, Fraction):
        return Fraction(math.floor(x))
    if extent(x) > iv.prec:
        raise Unknown("a floor that the enclosure leaves open")
    low, high = (to_int(mpf_floor(end, 0)) for end in x._mpi_)
    if low != high:
        raise Unknown("a floor that the enclosure leaves open")
    return Fraction(low)


def _heaviside(x: Number, at_zero: Number = Fraction(1, 2)) -> Number:
    side = sign_of(x)
    return at_zero if side == 0 else Fraction(int(side > 0))


def _conjugate(z: Number) -> Number:
    return z if is_real(z) else iv.mpc(z.real, -z.imag)


def _delta(one: Number, other: Number) -> Number:
    return Fraction(int(_equal(one, other)))


def piecewise(parts: Sequence[Any]) -> Number:
    for value, condition in zip(parts[::2], parts[1::2], strict=True):
        if isinstance(condition, (Undefined, Unknown)):
            raise condition
        if condition:
            if isinstance(value, (Undefined, Unknown)):
                raise value
            return value
    raise Undefined("no piece of the formula is meant here")


def _equal(one: Number, other: Number) -> bool:
    if not meet(one, other):
        return False
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return True
    raise Unknown("an equality that the enclosures leave open")


def _less(one: Number, other: Number) -> bool:
    return (
        sign_of(
            one - other
            if isinstance(one, Fraction) is isinstance(other, Fraction)
            else interval(one) - interval(other)
        )
        < 0
    )


def _at_most(one: Number, other: Number) -> bool:
    return not _less(other, one)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Add": _add,
    "Mul": _multiply,
    "Pow": _power,
    "UnevaluatedExpr": lambda u: u,
    "InverseRoot": lambda u: _power(u, Fraction(-1, 2)),
    "exp": _exp,
    "log": _log,
    "sin": _sin,
    "cos": _cos,
    "atan": _atan,
    "atan2": _atan2,
    "gamma": _gamma,
    "factorial": lambda n: _gamma(_add(n, Fraction(1))),
    "binomial": _binomial,
    "beta": lambda x, y: _multiply(
        _gamma(x), _gamma(y), _power(_gamma(_add(x, y)), Fraction(-1))
    ),
    "loggamma": loggamma,
    "digamma": partial(polygamma, Fraction(0)),
    "trigamma": partial(polygamma, Fraction(1)),
    "polygamma": polygamma,
    "zeta": zeta,
    "dirichlet_eta": eta,
    "besselj": besselj,
    "besseli": besseli,
    "besselk": besselk,
    "LambertW": lambertw,
    "erf": _erf,
    "erfc": _erfc,
    "Abs": _abs,
    "sign": _sign,
    "Max": _max,
    "Min": _min,
    "floor": _floor,
    "ceiling": lambda x: -_floor(-x),
    "frac": lambda x: _add(x, -_floor(x)),
    "Mod": lambda x, y: _add(
        x, -_multiply(y, _floor(_multiply(x, _power(y, Fraction(-1)))))
    ),
    "Heaviside": _heaviside,
    "re": real_part,
    "im": imaginary_part,
    "conjugate": _conjugate,
    "arg": lambda z: _atan2(imaginary_part(z), real_part(z)),
    "KroneckerDelta": _delta,
    "Equality": _equal,
    "Unequality": lambda one, other: not _equal(one, other),
    "StrictLessThan": _less,
    "StrictGreaterThan": lambda one, other: _less(other, one),
    "LessThan": _at_most,
    "GreaterThan": lambda one, other: _at_most(other, one),
    "And": lambda *parts: all(parts),
    "Or": lambda *parts: any(parts),
    "Not": operator.not_,
}
