"""The values of two sides at a point, and whether these refute that they are equal."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import Enum, auto
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

import mpmath
import sympy as sp
from mpmath import iv
from sympy import Expr, S, Symbol

from .enclosed_functions import FUNCTIONS
from .enclosures import MOST_DIGITS, Enclosure, digits_beyond
from .errors import Undecidable
from .expectation import resolve, unresolved
from .intervals import (
    Undefined,
    Unknown,
    exact_ends,
    holds_zero,
    is_below,
    is_real,
    meet,
)

Point = dict[Symbol, Expr]  # exact numbers
Number = Any  # real or complex, or an enclosure of one; mpmath has no types
Numeric = Callable[..., Number]


def _heaviside(x: Number, at_zero: Number = 0.5) -> Number:
    return mpmath.mpf(at_zero) if x == 0 else mpmath.mpf(x > 0)


def _bounded(function: Numeric) -> Numeric:
    """The function where its value has no more digits than a machine can hold."""

    def compute(x: Number) -> Number:
        if mpmath.mag(x) > MOST_BITS:
            raise OverflowError(f"a function of a number of {mpmath.mag(x)} bits")
        return function(x)

    return compute


def _power(base: Number, exponent: Number) -> Number:
    if base == 0:
        return mpmath.mpf(base) ** exponent
    return _OURS["exp"](exponent * mpmath.log(base))


FAST_OR_WAVING = (
    *("exp", "sinh", "cosh", "tanh", "coth", "sech", "csch"),
    *("sin", "cos", "tan", "cot", "sec", "csc"),
)
MOST_BITS = 4000  # of an argument; its exponential takes as many digits more
USUAL = 110  # digits, which often are enough to tell any two sums apart
# Where a function has no enclosure a rounded number with so many digits stands for it,
# and it is asked of moderate numbers only: what is not far out saturates to fewer.
ROUNDED = 150
FAR = 25
LOST = 30  # digits to rounding; beside a branch point half of them are lost
MOST_DEAR = 4  # points at which all affordable digits are looked at, no function drawn
MOST_ROUNDED = 800  # digits
# Of moderate numbers, too, these come nearer to one than so many digits tell, or take
# very long.
NEVER_ROUNDED = ("betainc", "betainc_regularized", "marcumq", "lerchphi")

# Of which there are enclosures of real numbers, or of some of them.
REAL_ONLY = (
    *("atan", "erf", "erfc", "gamma", "loggamma", "digamma", "polygamma"),
    *("zeta", "dirichlet_eta", "besselj", "besseli", "besselk", "LambertW"),
)

_OURS: dict[str, Numeric] = {
    "Heaviside": _heaviside,
    "DiracDelta": lambda x: mpmath.nan,
    "power": _power,
    **{name: _bounded(getattr(mpmath, name)) for name in FAST_OR_WAVING},
    "airyaiprime": partial(mpmath.airyai, derivative=1),
    "airybiprime": partial(mpmath.airybi, derivative=1),
}
MODULES = [_OURS, "mpmath"]

_FAILURES = (ArithmeticError, ValueError, TypeError, mpmath.libmp.NoConvergence)


def number(compute: Callable[[], Number]) -> Number | None:
    """The finite number that ``compute`` returns, or None if there is none."""
    try:
        value = mpmath.mpmathify(compute())
    except _FAILURES:
        return None
    except NameError as error:
        raise Undecidable(f"no numeric value is known of {error.name}") from error
    return value if mpmath.isfinite(value) else None


def at_precision(value: Expr) -> Number:
    """An exact SymPy number as an mpmath number at the working precision."""
    real, imaginary = value.as_real_imag()
    if not (real.is_Rational and imaginary.is_Rational):
        return mpmath.mpmathify(sp.N(value, mpmath.mp.dps))
    real, imaginary = (mpmath.mpf(part.p) / part.q for part in (real, imaginary))
    return mpmath.mpc(real, imaginary) if imaginary else real


class Found(Enum):
    """What a point says that does not refute."""

    AGREEMENT = auto()
    ONE_SIDED = auto()  # one side alone has a value
    NOTHING = auto()  # no side has one
    TOO_CLOSE = auto()  # telling them apart may take too many digits
    UNKNOWN = auto()  # whether they have one, or whether it is the same


class Pair:
    """Two sides, to be evaluated at points.

    By enclosures, which alone refute; where a function has none, by rounded numbers.
    """

    def __init__(
        self,
        sides: tuple[Expr, Expr],
        enclosures: Mapping[str, Numeric],
    ) -> None:
        self._sides = sides
        self._enclosures = enclosures
        self._enclosed: list[Enclosure] = []
        self._dear = 0

    def at(
        self, point: Point, refutes: Callable[[Number, Number], bool]
    ) -> str | Found:
        """Both values where ``refutes`` is true of them, else what they tell."""
        sides, values = self._at(point, self._enclosures)
        found = _compared(sides, values, refutes, USUAL)
        if found is Found.TOO_CLOSE:
            # A difference may be seen all the same, and is dear to look for. Of unknown
            # functions other ones are drawn, in which it takes fewer digits.
            self._dear += 1
            if self._dear <= MOST_DEAR and not self._enclosures:
                found = _at_most_digits(sides, values, refutes)
        if found is Found.TOO_CLOSE:
            return Found.UNKNOWN
        if found is Found.UNKNOWN and self._needs_numbers(sides, values):
            return self._by_numbers(point, refutes)
        return found

    def _at(
        self, point: Point, functions: Mapping[str, Numeric]
    ) -> tuple[list[Enclosure], Point]:
        """The sides and what to put in; SymPy puts roots in, not to miss a kink.

        An integral or a sum may have a closed form where its numbers are known.
        """
        if unresolved(*self._sides) is not None:
            there = [resolve(side.subs(point)) for side in self._sides]
            if (left := unresolved(*there)) is not None:
                raise Undecidable(f"{left} has no closed form here")
            return [Enclosure(side, functions) for side in there], {}
        if any(not value.is_Rational for value in point.values()):
            constants = (side.xreplace(point) for side in self._sides)
            return [Enclosure(side, functions) for side in constants], {}
        if functions is not self._enclosures:
            return [Enclosure(side, functions) for side in self._sides], point
        if not self._enclosed:
            self._enclosed = [Enclosure(side, functions) for side in self._sides]
        return self._enclosed, point

    @staticmethod
    def _needs_numbers(sides: Sequence[Enclosure], values: Point) -> bool:
        wholes = (side.values_at(values, USUAL)[-1] for side in sides)
        return any(isinstance(v, Unknown) and v.by_numbers for v in wholes)

    def _by_numbers(
        self, point: Point, refutes: Callable[[Number, Number], bool]
    ) -> Found:
        """Agreement of rounded numbers; where they differ nothing is decided.

        An equality that holds at moderate points does so far out, a bound may not.
        """
        if refutes is not differ:
            raise Undecidable("no enclosure is known of a function in this bound")
        nodes = sp.Tuple(*self._sides).atoms(sp.Function)
        kinds = {n.func for n in nodes if _may_be_rounded(n.func.__name__)}
        for times in (1, 3):  # beside a branch point
            rounded = {k.__name__: partial(_rounded, k, times > 1) for k in kinds}
            sides, values = self._at(point, {**rounded, **self._enclosures})
            found = _compared(sides, values, refutes, ROUNDED, times)
            if isinstance(found, Found):
                return Found.UNKNOWN if found is Found.TOO_CLOSE else found
        raise Undecidable(
            "the sides differ by rounded numbers, and no enclosure is known of a "
            "function in them"
        )


def _may_be_rounded(name: str) -> bool:
    """Whether a function has no enclosure, or none at some complex numbers."""
    return (name not in FUNCTIONS or name in REAL_ONLY) and name not in NEVER_ROUNDED


def _rounded(kind: Any, halved: bool, *arguments: Number) -> Number:
    """A function by numbers: its value, and all that rounding may make of it."""
    if enclosed := FUNCTIONS.get(kind.__name__):
        with suppress(Unknown):
            return enclosed(*arguments)
    digits = int(iv.prec * math.log10(2))
    if digits > MOST_ROUNDED:
        raise Unknown(f"{kind.__name__} to {digits} digits")
    with mpmath.workprec(iv.prec):
        numbers = [_middle(a) for a in arguments]
        if any(abs(a) > FAR or 0 < abs(a) < mpmath.mpf(FAR) ** -9 for a in numbers):
            raise Unknown(f"{kind.__name__} far out")
        compute = _of_numbers(kind, len(numbers))
        if (value := number(partial(compute, *numbers))) is None:
            raise Unknown(f"{kind.__name__} may have no value")
        lost = digits // 2 + LOST if halved else LOST
        off = abs(value) * mpmath.mpf(10) ** (lost - digits)
        around = iv.mpf([-off, off])
        if not mpmath.im(value):
            return iv.mpf(mpmath.re(value)) + around
        return iv.mpc(iv.mpf(value.real) + around, iv.mpf(value.imag) + around)


def _middle(value: Number) -> Number:
    if isinstance(value, Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    if is_real(value):
        return mpmath.mpf(value.mid)
    return mpmath.mpc(mpmath.mpf(value.real.mid), mpmath.mpf(value.imag.mid))


@lru_cache(256)
def _of_numbers(kind: Any, count: int) -> Numeric:
    places = sp.symbols(f"u:{count}", cls=sp.Dummy)
    return compiled(kind(*places, evaluate=False), places, {})


def _compared(
    sides: Sequence[Enclosure],
    values: Point,
    refutes: Callable[[Number, Number], bool],
    least: int,
    times: int = 1,
) -> str | Found:
    """What enclosures tell, to so many digits that all their parts are seen."""
    left, right = (side.values_at(values, times * least) for side in sides)
    outcome = _outcome(left[-1], right[-1], refutes)
    if outcome is not Found.AGREEMENT:
        return outcome
    if isinstance(left[-1], Fraction) and isinstance(right[-1], Fraction):
        return outcome
    real = is_real(left[-1]) and is_real(right[-1])
    if refutes is exceeds and real and is_below(left[-1], right[-1]):
        return outcome  # no further digit changes that
    digits = digits_beyond([*left, *right])
    if digits <= least:
        return outcome
    if digits > MOST_DIGITS:
        return Found.TOO_CLOSE
    left, right = (side.values_at(values, times * digits) for side in sides)
    return _outcome(left[-1], right[-1], refutes)


def _at_most_digits(
    sides: Sequence[Enclosure],
    values: Point,
    refutes: Callable[[Number, Number], bool],
) -> str | Found:
    """What refutes in as many digits as are worth their time."""
    left, right = (side.values_at(values, MOST_DIGITS) for side in sides)
    outcome = _outcome(left[-1], right[-1], refutes)
    return outcome if isinstance(outcome, str) else Found.TOO_CLOSE


def _outcome(
    left: object, right: object, refutes: Callable[[Number, Number], bool]
) -> str | Found:
    if any(isinstance(value, Unknown) for value in (left, right)):
        return Found.UNKNOWN
    undefined = [isinstance(value, Undefined) for value in (left, right)]
    if any(undefined):
        return Found.NOTHING if all(undefined) else Found.ONE_SIDED
    if not refutes(left, right):
        return Found.AGREEMENT
    if shown(left) == shown(right) and is_real(left) and is_real(right):
        return f"both sides {shown(left)}, but they differ{_by(left, right)}"
    return f"left {shown(left)}, right {shown(right)}"


def _by(left: Number, right: Number) -> str:
    """By how much two real numbers differ, unless that is too small to be written."""
    try:
        gap = exact_ends(left)[0] - exact_ends(right)[0]
    except Unknown:
        return ""
    return f" by {shown(gap)}"


def shown(value: Number) -> str:
    """A value to eight digits."""
    if isinstance(value, Fraction):
        return mpmath.nstr(mpmath.mpf(value.numerator) / value.denominator, 8)
    if is_real(value):
        return mpmath.nstr(mpmath.mpf(value.mid), 8)
    parts = (mpmath.mpf(part.mid) for part in (value.real, value.imag))
    return mpmath.nstr(mpmath.mpc(*parts), 8)


def differ(left: Number, right: Number) -> bool:
    """Whether two enclosures have no number in common."""
    return not meet(left, right)


def exceeds(left: Number, right: Number) -> bool:
    """Whether the left number is the larger one, or one of both is not real."""
    for value in (left, right):
        if not is_real(value) and not holds_zero(value.imag):
            return True
    if not (is_real(left) and is_real(right)):
        left, right = (v if is_real(v) else v.real for v in (left, right))
    return is_below(right, left)


def compiled(
    side: Expr,
    symbols: Sequence[Symbol],
    functions: Mapping[str, Numeric],
) -> Numeric:
    """``side`` as a function of ``symbols``; ``functions`` are its unknown ones.

    Raises ``Undecidable`` where an operator has no closed form, or a number no place.
    """
    if (left := unresolved(side)) is not None:
        raise Undecidable(f"{left} has no closed form here")
    if side.has(S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity):
        return lambda *values: mpmath.nan
    try:
        return sp.lambdify(
            symbols,
            _printable(side),
            modules=[dict(functions), *MODULES],
            cse=True,
            docstring_limit=0,
        )
    except ValueError as error:  # of a number with more digits than Python writes
        raise Undecidable(f"it goes beyond what can be evaluated: {error}") from error


class _Power(sp.Function):
    """A power with a variable exponent, under the name of what computes it."""

    nargs = 2
    is_number = False


_Power.__name__ = "power"


def _printable(side: Expr) -> Expr:
    """The same, evaluated, with the powers that may be enormous under their name."""

    def put(node: Expr) -> Expr:
        if isinstance(node, sp.Pow) and not node.exp.is_number and node.base != S.Exp1:
            return _Power(*node.args)
        return node.func(*node.args)

    # The search for common parts errs on what is not evaluated, 2*(s**2/2) say.
    return side.replace(lambda node: isinstance(node, (sp.Add, sp.Mul, sp.Pow)), put)
