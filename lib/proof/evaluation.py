"""The value of an expression to many digits, and whether two values differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, S, Symbol

from .errors import Undecidable
from .expectation import Operator

Point = dict[Symbol, Expr]  # exact numbers
Number = Any  # real or complex, of mpmath, which has no types
Numeric = Callable[..., Number]
SLACK = 20  # digits by which rounding may shrink less than the precision grew


def _heaviside(x: Number, at_zero: Number = 0.5) -> Number:
    return mpmath.mpf(at_zero) if x == 0 else mpmath.mpf(x > 0)


MODULES = [{"Heaviside": _heaviside, "DiracDelta": lambda x: mpmath.nan}, "mpmath"]

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


class Value:
    """A number as a function of which of the precisions; None where it is undefined."""

    def __init__(
        self, compute: Numeric, values: Sequence[Expr], digits: Sequence[int]
    ) -> None:
        self._compute, self._values, self.digits = compute, values, digits
        self._known: dict[int, Number | None] = {}

    def __call__(self, precision: int) -> Number | None:
        if precision not in self._known:
            with mpmath.workdps(self.digits[precision]):
                self._known[precision] = number(
                    lambda: self._compute(*map(at_precision, self._values))
                )
        return self._known[precision]

    @property
    def undefined(self) -> bool:
        """Whether it has no value, also where more digits keep it from 1/0 or log 0."""
        return all(self(precision) is None for precision in range(len(self.digits)))


class Pair:
    """Two sides, to be evaluated at points."""

    def __init__(
        self,
        sides: tuple[Expr, Expr],
        symbols: Sequence[Symbol],
        functions: Mapping[str, Numeric],
        digits: Sequence[int],
    ) -> None:
        self._sides, self._symbols, self._functions = sides, tuple(symbols), functions
        self._compiled = [compiled(side, symbols, functions) for side in sides]
        numbers = sides[0].atoms(sp.Rational) | sides[1].atoms(sp.Rational)
        longest = max((n.p.bit_length() + n.q.bit_length() for n in numbers), default=0)
        self._digits = (digits[0], *(d + longest // 3 for d in digits[1:]))

    def at(self, point: Point, exact: bool = False) -> tuple[Value, Value]:
        """Both values; ``exact`` lets SymPy put the numbers in, not to miss a kink."""
        values = [] if exact else [point[s] for s in self._symbols]
        functions = self._compiled
        if exact:
            constants = (side.xreplace(point) for side in self._sides)
            functions = [compiled(side, (), self._functions) for side in constants]
        left, right = (Value(f, values, self._digits) for f in functions)
        return left, right


def compiled(
    side: Expr,
    symbols: Sequence[Symbol],
    functions: Mapping[str, Numeric],
) -> Numeric:
    """``side`` as a function of ``symbols``; ``functions`` are its unknown ones.

    Raises ``Undecidable`` where an operator has no closed form.
    """
    if side.has(S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity):
        return lambda *values: mpmath.nan
    if unresolved := side.atoms(Operator):
        raise Undecidable(f"{unresolved.pop()} has no closed form here")
    # The search for common parts errs on what is not evaluated, 2*(s**2/2) say.
    side = side.replace(
        lambda node: isinstance(node, (sp.Add, sp.Mul, sp.Pow)),
        lambda node: node.func(*node.args),
    )
    return sp.lambdify(
        symbols, side, modules=[dict(functions), *MODULES], cse=True, docstring_limit=0
    )


def differ(left: Value, right: Value) -> bool | None:
    """Whether the difference is true (and not rounding); None if that stays open.

    Rounding shrinks with the precision, by as many digits as were added or nearly so; a
    true difference stays as it is.
    """
    previous = None
    for precision, digits in enumerate(left.digits):
        a, b = left(precision), right(precision)
        if a is None or b is None:
            previous = None
            continue
        with mpmath.workdps(2 * digits):
            gap, scale = abs(a - b), max(abs(a), abs(b))
            if previous is not None:
                added = digits - left.digits[precision - 1]
                if gap <= previous * mpmath.mpf(10) ** (SLACK - added):
                    return False
                if previous == 0 and gap <= scale * mpmath.mpf(10) ** (SLACK - digits):
                    return False
                if previous > 0 and abs(gap - previous) <= gap / 10**10:
                    return True
            previous = gap
    return None


def exceeds(left: Value, right: Value) -> bool | None:
    """Whether the left value is larger than the right one, beyond rounding."""
    differs = differ(left, right)
    if not differs:
        return differs
    a, b = left(1), right(1)
    if abs(mpmath.im(a)) + abs(mpmath.im(b)) > mpmath.mpf(10) ** -30:
        return True
    return mpmath.re(a) > mpmath.re(b)
