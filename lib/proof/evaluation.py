"""The values of two sides at a point, and whether these refute that they are equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from fractions import Fraction
from functools import partial
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, S, Symbol

from .enclosures import Enclosure, digits_beyond
from .errors import Undecidable
from .expectation import unresolved
from .intervals import Undefined, Unknown, exact_ends, holds_zero, is_real, meet

Point = dict[Symbol, Expr]  # exact numbers
Number = Any  # real or complex, or an enclosure of one; mpmath has no types
Numeric = Callable[..., Number]


def _heaviside(x: Number, at_zero: Number = 0.5) -> Number:
    return mpmath.mpf(at_zero) if x == 0 else mpmath.mpf(x > 0)


USUAL = 110  # digits, which often are enough to tell any two sums apart
# Digits where a function has no enclosure, and of how many rounding may leave nothing:
# beside a branch point it takes half of them.
NUMBERS = ((120, 30), (400, 230))
FAR = sp.Integer(1000)  # from where on a function without an enclosure is left alone

_OURS: dict[str, Numeric] = {
    "Heaviside": _heaviside,
    "DiracDelta": lambda x: mpmath.nan,
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
    NOTHING = auto()  # no side has one, or it would take too many digits


class Pair:
    """Two sides, to be evaluated at points.

    By enclosures, which alone refute; where a function has none, by rounded numbers.
    """

    def __init__(
        self,
        sides: tuple[Expr, Expr],
        symbols: Sequence[Symbol],
        functions: Mapping[str, Numeric],
        enclosures: Mapping[str, Numeric],
    ) -> None:
        self._sides, self._symbols, self._functions = sides, tuple(symbols), functions
        self._enclosures = enclosures
        self._enclosed: list[Enclosure] = []
        self._compiled: list[Numeric] = []

    def at(
        self, point: Point, refutes: Callable[[Number, Number], bool]
    ) -> str | Found:
        """Both values where ``refutes`` is true of them, else what they tell."""
        sides, values = self._at(point)
        left, right = (side.values_at(values, USUAL) for side in sides)
        outcome = _outcome(left[-1], right[-1], refutes)
        if outcome is not Found.AGREEMENT:
            if outcome is Found.NOTHING and self._needs_numbers(left[-1], right[-1]):
                return self._by_numbers(point)
            return outcome
        if isinstance(left[-1], Fraction) and isinstance(right[-1], Fraction):
            return outcome
        digits = digits_beyond([*left, *right])
        if digits <= USUAL:
            return outcome
        left, right = (side.values_at(values, digits) for side in sides)
        return _outcome(left[-1], right[-1], refutes)

    def _at(self, point: Point) -> tuple[list[Enclosure], Point]:
        """The sides and what to put in; SymPy puts roots in, not to miss a kink."""
        if any(not value.is_Rational for value in point.values()):
            constants = (side.xreplace(point) for side in self._sides)
            return [Enclosure(side, self._enclosures) for side in constants], {}
        if not self._enclosed:
            if (left := unresolved(*self._sides)) is not None:
                raise Undecidable(f"{left} has no closed form here")
            self._enclosed = [Enclosure(s, self._enclosures) for s in self._sides]
        return self._enclosed, point

    @staticmethod
    def _needs_numbers(left: object, right: object) -> bool:
        return any(isinstance(v, Unknown) and v.by_numbers for v in (left, right))

    def _by_numbers(self, point: Point) -> Found:
        """Agreement of rounded numbers; where they differ nothing is decided.

        Far out such functions take too long.
        """
        if any(abs(v) > FAR or 0 < abs(v) < 1 / FAR for v in point.values()):
            return Found.NOTHING
        if not self._compiled:
            self._compiled = [
                compiled(side, self._symbols, self._functions) for side in self._sides
            ]
        for digits, lost in NUMBERS:
            with mpmath.workdps(digits):
                values = [at_precision(point[s]) for s in self._symbols]
                a, b = (number(partial(f, *values)) for f in self._compiled)
                if a is None or b is None:
                    return Found.NOTHING
                gap = abs(a - b) / (1 + max(abs(a), abs(b)))
                if gap <= mpmath.mpf(10) ** (lost - digits):
                    return Found.AGREEMENT
        raise Undecidable(
            "the sides differ by rounded numbers, and no enclosure is known of a "
            "function in them"
        )


def _outcome(
    left: object, right: object, refutes: Callable[[Number, Number], bool]
) -> str | Found:
    if any(isinstance(value, Unknown) for value in (left, right)):
        return Found.NOTHING
    undefined = [isinstance(value, Undefined) for value in (left, right)]
    if any(undefined):
        return Found.NOTHING if all(undefined) else Found.ONE_SIDED
    if not refutes(left, right):
        return Found.AGREEMENT
    if shown(left) == shown(right) and is_real(left) and is_real(right):
        gap = exact_ends(left)[0] - exact_ends(right)[0]
        return f"both sides {shown(left)}, but they differ by {shown(gap)}"
    return f"left {shown(left)}, right {shown(right)}"


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
    return exact_ends(left)[0] > exact_ends(right)[1]


def compiled(
    side: Expr,
    symbols: Sequence[Symbol],
    functions: Mapping[str, Numeric],
) -> Numeric:
    """``side`` as a function of ``symbols``; ``functions`` are its unknown ones.

    Raises ``Undecidable`` where an operator has no closed form.
    """
    if (left := unresolved(side)) is not None:
        raise Undecidable(f"{left} has no closed form here")
    # The search for common parts errs on what is not evaluated, 2*(s**2/2) say.
    side = side.replace(
        lambda node: isinstance(node, (sp.Add, sp.Mul, sp.Pow)),
        lambda node: node.func(*node.args),
    )
    if side.has(S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity):
        return lambda *values: mpmath.nan
    return sp.lambdify(
        symbols, side, modules=[dict(functions), *MODULES], cse=True, docstring_limit=0
    )
