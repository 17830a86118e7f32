"""Whether one expression approximates another up to a power of what goes to zero."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import mpmath
import sympy as sp
from sympy import Basic, Expr, S, Symbol

from .algebra import SOUND, is_zero
from .equality import Proof, Verdict, place, refuse_unusable, with_enough
from .evaluation import Number, Numeric, Point, at_precision, compiled, number
from .expectation import resolve
from .instances import ENOUGH, Instance, instances
from .points import points

DIGITS = 400  # the precision at which a remainder is watched as it shrinks


def decide_order(
    left: Expr,
    right: Expr,
    variables: Sequence[Symbol],
    order: int,
    given: Sequence[Basic] = (),
) -> Verdict:
    """Whether ``left - right`` is O(t^order) when all ``variables`` shrink like t.

    Proved if SymPy finds that the coefficients below ``order`` vanish.
    """
    refuse_unusable(given)
    tested = 0
    for instance in instances(left, right, given):
        for point, found in _powers(instance, variables, order):
            if found < order - mpmath.mpf(10) ** -6:
                power = f"{float(found):.2f}".rstrip("0").rstrip(".").replace("-0", "0")
                where = f"{place(point)}{instance.description}"
                said = f"{where} the remainder shrinks like t^{power}, not t^{order}"
                return Verdict(False, counterexample=said)
            tested += 1
    t = sp.Dummy("t", positive=True)
    scaled = resolve(left - right).xreplace({v: t * v for v in variables})
    proved = tested >= ENOUGH and all(
        is_zero(c, S.Zero, SOUND) for c in _coefficients(scaled, t, order)
    )
    proof: Proof = "SymPy" if proved else ""
    return with_enough(Verdict(True, proof, tested), left, right)


def _coefficients(expression: Expr, t: Symbol, order: int) -> Iterator[Expr]:
    for k in range(order):
        yield expression.diff(t, k).subs(t, 0)


def _powers(
    instance: Instance, variables: Sequence[Symbol], order: int
) -> Iterator[tuple[Point, Number]]:
    """Points, and with which power of t the instance's two sides approach there."""
    [(larger, smaller)] = instance.pairs
    others = [s for s in instance.symbols if s not in variables]
    ordered = [*others, *variables]
    remainder = compiled(larger - smaller, ordered, instance.functions)
    slope = _slope_function(remainder, variables, others, order)
    beside = [k for k in instance.kinks if not k.free_symbols & set(variables)]
    for point in points(ordered, beside, instance.given):
        found = slope(point)
        if found is not None:
            yield point, found


def _slope_function(
    difference: Numeric,
    variables: Sequence[Symbol],
    others: Sequence[Symbol],
    order: int,
) -> Callable[[Point], Number | None]:
    """How fast the difference shrinks: the power of t, near t = 0."""
    scale = min(20, 300 // (order + 1))  # t^order must stay far above the rounding

    def at_scale(point: Point, exponent: int) -> Number | None:
        t = mpmath.mpf(10) ** -exponent
        values = [at_precision(point[s]) for s in others]
        values += [t * at_precision(point[v]) for v in variables]
        return number(lambda: abs(difference(*values)))

    def slope(point: Point) -> Number | None:
        with mpmath.workdps(DIGITS):
            coarse, fine = at_scale(point, scale), at_scale(point, 2 * scale)
            if coarse is None or fine is None:
                return None
            if coarse < mpmath.mpf(10) ** -380 or fine == 0:
                return mpmath.inf
            return mpmath.log10(coarse / fine) / scale

    return slope
