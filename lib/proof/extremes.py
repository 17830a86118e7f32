"""Where an expression is extreme: by its slopes, and by searches that go uphill."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from random import Random

import mpmath
import sympy as sp
from sympy import Basic, Expr, Rational, Symbol
from sympy.core.function import AppliedUndef

from .bounded import terms_within
from .definite_integrals import affine_root
from .evaluation import Number, Point, compiled, number
from .kinks import MOST_ROOTS, admits, rational_near, roots

MOST_OPERATIONS = 60  # of what is climbed, which takes thousands of its values
BESIDE = (Rational(1, 100), Rational(1, 1000))  # a line on which a bound is tight
SWEEPS = 4  # over the symbols, on the way to an extremum
STEPS = 1500  # for each symbol, in random directions
SHRINK = 0.97  # of the width, with each step that leads no higher
NARROWEST = 1e-9  # of the width, from which it begins anew


def extremes(
    expression: Expr,
    symbols: Sequence[Symbol],
    start: Point,
) -> Iterator[Point]:
    """Points at which an expression may be extreme.

    Exact ones where its derivatives are affine; else where a search ends that moves
    along one symbol after the other, upwards and downwards, or along the curve on which
    it is extreme in the other symbol.
    """
    varied = [s for s in symbols if expression.has(s) and s.is_integer is not True]
    small = sp.count_ops(expression) <= MOST_OPERATIONS
    if not varied or not small or expression.has(AppliedUndef):
        return
    slopes = [expression.diff(s) for s in varied]
    if any(slope.has(sp.Derivative, sp.Subs) for slope in slopes):
        return  # of a function that is not smooth, such as a floor
    if (exact := where_all_vanish(slopes, varied)) is not None:
        if exact:
            yield {**start, **exact}
        return
    for sign in (1, -1):
        yield _climbed(sign * expression, varied, start)
    yield from _along_ridges(expression, slopes, varied, start)
    yield from _beside_diagonals(expression, varied, start)


def _along_ridges(
    expression: Expr, slopes: Sequence[Expr], symbols: Sequence[Symbol], start: Point
) -> Iterator[Point]:
    """Where it is extreme on a curve x = g(y) on which its slope along x is zero."""
    for symbol, slope in zip(symbols, slopes, strict=True):
        curves = (affine_root(factor, symbol) for factor in sp.Mul.make_args(slope))
        for curve in curves:
            if curve is None or len(curve.free_symbols) != 1:
                continue
            [other] = curve.free_symbols
            on_curve = expression.xreplace({symbol: curve})
            if on_curve.free_symbols == {other}:
                for root in roots(on_curve.diff(other), other)[:MOST_ROOTS]:
                    there = rational_near(curve.xreplace({other: root}))
                    yield {**start, other: root, symbol: there}


def _beside_diagonals(
    expression: Expr, symbols: Sequence[Symbol], start: Point
) -> Iterator[Point]:
    """Where it is extreme beside x = y, if it is zero there, as a divergence is.

    All of the line is extreme then, and next to it a bound may fail on one part alone.
    """
    for one, other in itertools.combinations(symbols, 2):
        if expression.free_symbols != {one, other}:
            continue
        if sp.expand_log(expression.xreplace({one: other}), force=True) != 0:
            continue
        for gap in BESIDE:
            beside = expression.xreplace({one: other + gap})
            for root in roots(beside.diff(other), other)[:MOST_ROOTS]:
                yield {**start, other: root, one: root + gap}


def where_all_vanish(slopes: Sequence[Expr], symbols: Sequence[Symbol]) -> Point | None:
    """The one point of a linear system; {} without one; None if it is not linear."""
    if not all(slope.is_polynomial(*symbols) for slope in slopes):
        return None
    if any(terms_within(slope) > MOST_OPERATIONS for slope in slopes):
        return None
    polynomials = [sp.Poly(slope, *symbols) for slope in slopes]
    if any(polynomial.total_degree() > 1 for polynomial in polynomials):
        return None
    # Multiplied out: a square that cancels is no nonlinear term.
    for solution in sp.linsolve([p.as_expr() for p in polynomials], *symbols):
        if not solution.free_symbols & set(symbols):
            return dict(zip(symbols, solution, strict=True))
    return {}


def _climbed(expression: Expr, symbols: Sequence[Symbol], start: Point) -> Point:
    """Where no step along one symbol leads higher, or so after a few sweeps."""
    function = compiled(expression, list(start), {})

    def height(point: Point) -> Number:
        values = (mpmath.mpf(sp.N(v, 20)) for v in point.values())
        found = number(lambda: function(*values))
        return -mpmath.inf if found is None or mpmath.im(found) else mpmath.re(found)

    point, best = start, height(start)
    for _ in range(SWEEPS):
        before = best
        for symbol in symbols:
            others = {s: v for s, v in point.items() if s != symbol}
            slope = expression.xreplace(others).diff(symbol)
            for root in sorted(roots(slope, symbol), key=lambda r: abs(sp.N(r, 20))):
                there = {**point, symbol: root}
                if admits(symbol, root) and height(there) > best:
                    point, best = there, height(there)
        if best <= before:
            break
    return point


def wandered(
    expression: Expr,
    symbols: Sequence[Symbol],
    start: Point,
    conditions: Sequence[Basic],
) -> Point | None:
    """Where a search for large values ends, in random directions within conditions.

    A step that leads higher is taken again, twice as long; so it follows a ridge.
    """
    varied = [s for s in symbols if expression.has(s) and s.is_integer is not True]
    if not varied or sp.count_ops(expression) > MOST_OPERATIONS:
        return None
    if not conditions and all(expression.diff(s).is_number for s in varied):
        return None  # it has no end
    try:
        height = _quick(expression, varied, start, conditions)
        place = [float(start[s]) for s in varied]
    except (OverflowError, TypeError, ValueError):  # too large, or not real
        return None
    best, random, width, step = height(place), Random(0), 1.0, [0.0] * len(place)
    if best is None:
        return None
    for _ in range(STEPS * len(place)):
        there = [p + d for p, d in zip(place, step, strict=True)]
        value = height(there) if any(step) else None
        if value is not None and value > best:
            place, best, step = there, value, [2 * d for d in step]
            width *= 2
            continue
        width = width * SHRINK if width > NARROWEST else 1.0
        step = [width * max(1.0, abs(p)) * random.gauss(0, 1) for p in place]
    if not all(map(math.isfinite, place)):
        return None
    values = (Rational(f"{p:.12g}") for p in place)
    return {**start, **dict(zip(varied, values, strict=True))}


def _quick(
    expression: Expr,
    symbols: Sequence[Symbol],
    start: Point,
    conditions: Sequence[Basic],
) -> Callable[[Sequence[float]], float | None]:
    """The expression in floating-point numbers; None where a condition fails."""
    others = {s: v for s, v in start.items() if s not in symbols}
    signs = [bool(s.is_nonnegative) - bool(s.is_nonpositive) for s in symbols]
    here = [side.xreplace(others) for side in (expression, *conditions)]
    compute = sp.lambdify([list(symbols)], here, modules=["math"], docstring_limit=0)

    def height(place: Sequence[float]) -> float | None:
        if any(sign * p < 0 for sign, p in zip(signs, place, strict=True)):
            return None
        try:
            value, *met = compute(place)
        except (ArithmeticError, NameError, TypeError, ValueError):
            return None
        is_number = isinstance(value, float) and math.isfinite(value)
        return value if is_number and all(met) else None

    return height
