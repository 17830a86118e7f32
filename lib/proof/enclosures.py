r"""Numbers as enclosures: an interval, or a box in the plane, that contains the value.

    sinh = Enclosure(sp.sinh(x))
    sinh.at({x: sp.Rational(1, 3)}, digits=60)      an interval of about that width

Two sides whose enclosures do not meet are different, which no rounded number can tell.
Rational arithmetic stays exact. The functions are those of ``FUNCTIONS``: of these
``mpmath.iv`` knows exp, log, the root, sine, cosine and gamma; the others are here
written in them or, as the error function, summed with a bound on the rest.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy as sp
from mpmath import iv
from sympy import Basic, Expr, S, Symbol
from sympy.logic.boolalg import BooleanAtom

MOST_DIGITS = 6000  # beyond so many an enclosure is not worth its time
MOST_BITS = 200_000  # of an exact power
MOST_NODES = 20_000  # of an expression
LARGEST_EXPONENT = 50_000  # exp of more, or of less than its negative, is too dear

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


class Enclosure:
    """An expression that can be enclosed at any point, to any number of digits.

    ``functions`` gives the enclosures of functions by their names, beside the table.
    """

    def __init__(
        self, expression: Basic, functions: Mapping[str, Callable[..., Number]] = {}
    ) -> None:
        self._functions = functions
        self._nodes = list(_postorder(_in_basic_functions(expression)))
        self._place = {node: i for i, node in enumerate(self._nodes)}

    def at(self, point: Mapping[Symbol, Basic], digits: int) -> Number:
        """The enclosure at a point. Raises ``Undefined`` or ``Unknown``."""
        value = self._values(point, digits)[-1]
        if isinstance(value, (Undefined, Unknown)):
            raise value
        return value

    def values_at(self, point: Mapping[Symbol, Basic], digits: int) -> list[Any]:
        """Of all parts in their order, the whole last; an exception where none is."""
        return self._values(point, digits)

    def _values(self, point: Mapping[Symbol, Basic], digits: int) -> list[Any]:
        if digits > MOST_DIGITS:
            return [Unknown(f"it would take {digits} digits")]
        with precision(digits):
            values: list[Any] = []
            for node in self._nodes:
                arguments = [values[self._place[a]] for a in _arguments(node)]
                values.append(self._value(node, arguments, point))
            return values

    def _value(
        self, node: Basic, arguments: Sequence[Any], point: Mapping[Symbol, Basic]
    ) -> Any:
        """One node's enclosure, or the exception that says why there is none."""
        try:
            if isinstance(node, sp.Piecewise):
                return _piecewise(arguments)
            for kind in (Undefined, Unknown):
                for argument in arguments:
                    if isinstance(argument, kind):
                        return argument
            if isinstance(node, Symbol):
                return enclosed(point[node])
            if not arguments:
                return enclosed(node)
            name = node.func.__name__
            function = self._functions.get(name) or FUNCTIONS.get(name)
            if function is None:
                raise NotInTable(f"no enclosure is known of {name}")
            return function(*arguments)
        except (Undefined, Unknown) as reason:
            return reason


def digits_beyond(values: Sequence[Any]) -> int:
    """How many digits tell any two sums of these numbers apart: 60 beyond all of them.

    That is 60 more than lie between the largest and the smallest of them, so that what
    is added to a large number is seen; a fraction is as fine as its parts are long.
    """
    sizes = [size for value in values if (size := magnitude(value)) is not None]
    spread = max(sizes, default=0) - min(sizes, default=0)
    finest = max(
        (v.denominator.bit_length() for v in values if isinstance(v, Fraction)),
        default=0,
    )
    return 60 + math.ceil((spread + finest) * math.log10(2))


@contextmanager
def precision(digits: int) -> Iterator[None]:
    """Intervals of so many digits, and some to spare."""
    before = iv.prec
    iv.prec = math.ceil(digits * math.log2(10)) + 20
    try:
        yield
    finally:
        iv.prec = before


def _postorder(expression: Basic) -> Iterator[Basic]:
    """Every part of an expression once, each after its arguments."""
    seen: set[Basic] = set()
    waiting = [(expression, False)]
    while waiting:
        node, ready = waiting.pop()
        if ready:
            yield node
        elif node not in seen:
            seen.add(node)
            if len(seen) > MOST_NODES:
                raise Unknown(f"the expression has more than {MOST_NODES} parts")
            waiting.append((node, True))
            waiting += [(a, False) for a in _arguments(node)]


def _arguments(node: Basic) -> Sequence[Basic]:
    """What is to be enclosed before the node; a piecewise formula's parts in a row."""
    if isinstance(node, sp.Piecewise):
        return [part for pair in node.args for part in pair.args]
    return node.args


def _in_basic_functions(expression: Basic) -> Basic:
    """The hyperbolic functions and the inverse ones, written in exp, log and roots.

    So the large and small numbers of which they are made are seen as such.
    """
    if not expression.args:
        return expression
    arguments = [_in_basic_functions(argument) for argument in expression.args]
    if formula := FORMULAS.get(expression.func.__name__):
        return formula(*arguments)
    if arguments == list(expression.args):
        return expression
    if isinstance(expression, (sp.Add, sp.Mul, sp.Pow)):
        return expression.func(*arguments, evaluate=False)
    return expression.func(*arguments)


def _sum(*terms: Expr) -> Expr:
    return sp.Add(*terms, evaluate=False)


FORMULAS: dict[str, Callable[..., Expr]] = {
    "sinh": lambda x: _sum(sp.exp(x), -sp.exp(-x)) / 2,
    "cosh": lambda x: _sum(sp.exp(x), sp.exp(-x)) / 2,
    "tanh": lambda x: _sum(1, -2 / _sum(sp.exp(2 * x), 1)),
    "coth": lambda x: _sum(1, 2 / _sum(sp.exp(2 * x), -1)),
    "sech": lambda x: 2 / _sum(sp.exp(x), sp.exp(-x)),
    "csch": lambda x: 2 / _sum(sp.exp(x), -sp.exp(-x)),
    "tan": lambda x: sp.Mul(sp.sin(x), 1 / sp.cos(x), evaluate=False),
    "cot": lambda x: sp.Mul(sp.cos(x), 1 / sp.sin(x), evaluate=False),
    "sec": lambda x: 1 / sp.cos(x),
    "csc": lambda x: 1 / sp.sin(x),
    "sigmoid": lambda x: 1 / _sum(1, sp.exp(-x)),
    "asinh": lambda x: sp.log(_sum(x, sp.sqrt(_sum(x**2, 1)))),
    "acosh": lambda x: sp.log(_sum(x, sp.sqrt(_sum(x, -1)) * sp.sqrt(_sum(x, 1)))),
    "atanh": lambda x: (sp.log(_sum(1, x)) - sp.log(_sum(1, -x))) / 2,
    "asin": lambda x: sp.atan2(x, sp.sqrt(_sum(1, -(x**2)))),
    "acos": lambda x: sp.atan2(sp.sqrt(_sum(1, -(x**2))), x),
}


# ------------------------------------------------------------------------- numbers


def enclosed(value: Basic) -> Number:
    """An exact number of SymPy as an enclosure at the working precision."""
    if value in (S.true, S.false) or isinstance(value, BooleanAtom):
        return bool(value)
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    if value in CONSTANTS:
        return CONSTANTS[value]()
    if value in (S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity):
        raise Undefined(f"{value} is no number")
    if value.args:  # a point may have algebraic numbers: 1/sqrt(2), 1 + i/2
        return Enclosure(value).at({}, math.ceil((iv.prec - 20) / math.log2(10)))
    raise NotInTable(f"no enclosure is known of {value}")


CONSTANTS: dict[Basic, Callable[[], Number]] = {
    S.Pi: lambda: +iv.pi,
    S.Exp1: lambda: +iv.e,
    S.ImaginaryUnit: lambda: iv.mpc(0, 1),
    S.GoldenRatio: lambda: (1 + iv.sqrt(iv.mpf(5))) / 2,
}


def interval(value: Number) -> Number:
    """A number as an interval or a box."""
    if isinstance(value, Fraction):
        return iv.mpf(value.numerator) / value.denominator
    return value


def is_real(value: Number) -> bool:
    return isinstance(value, (Fraction, iv.mpf))


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
    return _fraction(value.a), _fraction(value.b)


def meet(one: Number, other: Number) -> bool:
    """Whether two enclosures have a number in common."""
    if is_real(one) and is_real(other):
        (a, b), (c, d) = exact_ends(one), exact_ends(other)
        return a <= d and c <= b
    return all(meet(part(one), part(other)) for part in (_real_part, _imaginary_part))


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
        sizes = [m for part in (value.real, value.imag) if (m := magnitude(part))]
        return max(sizes, default=None)
    return None


# ----------------------------------------------------------------------- functions


def _add(*terms: Number) -> Number:
    exact = sum((t for t in terms if isinstance(t, Fraction)), Fraction(0))
    others = [t for t in terms if not isinstance(t, Fraction)]
    if not others:
        return exact
    total = reduce(operator.add, others)
    return total + interval(exact) if exact else total


def _multiply(*factors: Number) -> Number:
    exact = math.prod(
        (f for f in factors if isinstance(f, Fraction)), start=Fraction(1)
    )
    others = [f for f in factors if not isinstance(f, Fraction)]
    if not others or exact == 0:
        return exact
    product = reduce(operator.mul, others)
    return product if exact == 1 else product * interval(exact)


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        return _integer_power(base, exponent.numerator)
    if isinstance(base, Fraction) and base == 0:
        if sign_of(_real_part(exponent)) > 0:
            return base
        raise Undefined("zero to a power that is not positive")
    if isinstance(exponent, Fraction):
        if isinstance(base, Fraction) and (root := _exact_root(base, exponent)):
            return root
        if exponent.denominator == 2 and is_real(base) and sign_of(base) > 0:
            return _integer_power(iv.sqrt(interval(base)), exponent.numerator)
    return _exp(_multiply(exponent, _log(base)))


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
    if not -LARGEST_EXPONENT < real.a <= real.b < LARGEST_EXPONENT:
        raise Unknown("an exponential that is too large or too small")
    return iv.exp(x)


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
            return iv.log(interval(x))
        size = iv.log(-interval(x))
        return iv.mpc(size, iv.pi)
    if 0 in x.imag and not x.real.a > 0:
        raise Unknown("a logarithm that may lie on its cut")
    size = iv.log(x.real * x.real + x.imag * x.imag) / 2
    return iv.mpc(size, interval(_atan2(x.imag, x.real)))


def _sin(x: Number) -> Number:
    return Fraction(0) if x == 0 else iv.sin(_moderate(x))


def _cos(x: Number) -> Number:
    return Fraction(1) if x == 0 else iv.cos(_moderate(x))


def _moderate(x: Number) -> Number:
    """An angle for which so many digits leave something of its place in the circle."""
    x = interval(x)
    if (size := magnitude(x)) is not None and size > iv.prec // 2:
        raise Unknown("an angle that is too large")
    return x


def _atan2(y: Number, x: Number) -> Number:
    """The angle of the point (x, y), between -pi (left out) and pi."""
    if not (is_real(y) and is_real(x)):
        raise Unknown("the angle of a number that may not be real")
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
    if max(abs(low), abs(high)) > LARGEST_EXPONENT:
        raise Unknown("a gamma function that is too large")
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
    low, high = ends(interval(x))
    largest = max(abs(low), abs(high))
    if largest > 60:
        raise Unknown("an error function too near to one")
    before = iv.prec
    lost = int(1.5 * float(largest) ** 2) + 10  # exp(-x^2) has so many bits or fewer
    iv.prec = before + lost
    try:
        x = interval(x)
        square = 2 * x * x
        term = total = x
        n = 0
        smallest = iv.mpf(2) ** (-iv.prec - lost)
        while not (largest**2 * 4 < 2 * n + 3 and abs(term).b < smallest):
            n += 1
            term = term * square / (2 * n + 1)
            total = total + term
        rest = abs(term).b
        total = total + iv.mpf([-rest, rest])
        value = 2 / iv.sqrt(iv.pi) * iv.exp(-x * x) * total
        value = 1 - value if complement else value
    finally:
        iv.prec = before
    return +value


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
    low, high = ends(x)
    floors = [
        end if isinstance(end, Fraction) else _fraction(end) for end in (low, high)
    ]
    if math.floor(floors[0]) != math.floor(floors[1]):
        raise Unknown("a floor that the enclosure leaves open")
    return Fraction(math.floor(floors[0]))


def _fraction(end: Any) -> Fraction:
    """An end of an interval, exactly."""
    sign, mantissa, exponent, _ = end._mpi_[0]
    value = Fraction(int(mantissa)) * Fraction(2) ** exponent
    return -value if sign else value


def _heaviside(x: Number, at_zero: Number = Fraction(1, 2)) -> Number:
    side = sign_of(x)
    return at_zero if side == 0 else Fraction(int(side > 0))


def _real_part(z: Number) -> Number:
    return z if is_real(z) else z.real


def _imaginary_part(z: Number) -> Number:
    return Fraction(0) if is_real(z) else z.imag


def _conjugate(z: Number) -> Number:
    return z if is_real(z) else iv.mpc(z.real, -z.imag)


def _delta(one: Number, other: Number) -> Number:
    return Fraction(int(_equal(one, other)))


def _piecewise(parts: Sequence[Any]) -> Number:
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
    "re": _real_part,
    "im": _imaginary_part,
    "conjugate": _conjugate,
    "arg": lambda z: _atan2(_imaginary_part(z), _real_part(z)),
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
