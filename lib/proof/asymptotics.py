"""Whether one expression approximates another up to a power of what goes to zero."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import mpmath
import sympy as sp
from sympy import Basic, Expr, Symbol

from .counterexamples import place
from .equality import Verdict, refuse_unusable, with_enough
from .errors import Undecidable
from .evaluation import Number, Numeric, Point, at_precision, compiled, number
from .expectation import resolve
from .instances import ENOUGH, Instance, has_structure, instances
from .points import points
from .series import MOST_ORDER, NotAnalytic, remainder_vanishes
from .terms import TooLarge

STEP = 4  # powers of ten from one size of the variables to the next
EXPONENTS = range(62 + STEP, 62 + 8 * STEP, STEP)
LARGEST = 1000  # of the values along which the variables shrink; 1/1000 is the smallest
AROUND = 10  # points around each kink
DEAR = (sp.zeta, sp.dirichlet_eta, sp.polylog, sp.lerchphi)  # minutes, to such digits
LARGEST_PARAMETER = 10**7  # of the values that stay, which kinks may give


def decide_order(
    left: Expr,
    right: Expr,
    variables: Sequence[Symbol],
    order: int,
    given: Sequence[Basic] = (),
) -> Verdict:
    """Whether ``left - right`` is O(t^order) when all ``variables`` shrink like t.

    Proved, and then uniformly in all directions, if the difference is analytic where
    the variables are zero and the Taylor coefficients below ``order`` vanish. Else the
    remainder is watched along rays.
    """
    refuse_unusable(given)
    if order > MOST_ORDER:
        raise Undecidable(f"an order above {MOST_ORDER}")
    if _is_proved(left, right, variables, order):
        return Verdict(True, "normal form")
    if dear := sp.Tuple(left, right).atoms(*DEAR):
        [shown, *_] = sorted(dear, key=sp.default_sort_key)
        raise Undecidable(f"it would take hundreds of digits of {shown}")
    tested = 0
    for instance in instances(left, right, given):
        if instance.extreme:  # a constant has any order
            break
        for point, found in _powers(instance, variables, order):
            if found < order:
                power = f"{float(found):.2f}".rstrip("0").rstrip(".").replace("-0", "0")
                said = f"the remainder shrinks like t^{power}, not t^{order}"
                where = place(point, instance)
                return Verdict(False, counterexample=f"{where} {said}")
            tested += 1
    return with_enough(Verdict(True, instances=tested), left, right)


def _is_proved(
    left: Expr, right: Expr, variables: Sequence[Symbol], order: int
) -> bool:
    difference = resolve(left - right)
    if has_structure([difference]) and not difference.has(
        sp.core.function.AppliedUndef
    ):
        return False
    try:
        return remainder_vanishes(difference, variables, order)
    except (NotAnalytic, TooLarge, RecursionError):
        return False


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
    moderate = (
        point
        for point in points(ordered, beside, instance.given)
        if all(_is_moderate(point[s], LARGEST) for s in variables)
        and all(_is_moderate(point[s], LARGEST_PARAMETER) for s in others)
    )
    most = ENOUGH + bool(beside) * ENOUGH + AROUND * len(beside)
    for point in itertools.islice(moderate, most):
        found = slope(point)
        if found is not None:
            yield point, found


def _is_moderate(value: Expr, most: int) -> bool:
    size = abs(value)
    return bool(size == 0 or (sp.Rational(1, most) <= size) & (size <= most))


def _slope_function(
    difference: Numeric,
    variables: Sequence[Symbol],
    others: Sequence[Symbol],
    order: int,
) -> Callable[[Point], Number | None]:
    """With which power of t the difference shrinks, near t = 0.

    Infinite unless the difference over t^order grows with every step towards zero, and
    goes on growing: a remainder that swings below its bound has no power.
    """
    digits = EXPONENTS[-1] * (order + 2) + 500  # t^order stays far above the rounding

    def at_scale(point: Point, exponent: int) -> Number | None:
        t = mpmath.mpf(10) ** -exponent
        values = [at_precision(point[s]) for s in others]
        values += [t * at_precision(point[v]) for v in variables]
        return number(lambda: abs(difference(*values)))

    def slope(point: Point) -> Number | None:
        with mpmath.workdps(digits):
            found = [at_scale(point, exponent) for exponent in EXPONENTS]
            sizes = [size for size in found if size is not None]
            if len(sizes) < len(found):
                return None
            if min(sizes) < mpmath.mpf(10) ** (20 - digits):
                return mpmath.inf
            powers = [
                mpmath.log10(coarse / fine) / STEP
                for coarse, fine in itertools.pairwise(sizes)
            ]
            missing = [order - power for power in powers]
            if min(missing) > 0 and missing[-1] > missing[0] / 20:
                return powers[-1]
            return mpmath.inf

    return slope
