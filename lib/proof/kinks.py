"""Where expressions change: their kinks, the roots of these, and what lies highest.

A kink is an expression at whose roots another changes its formula.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from random import Random

import mpmath
import sympy as sp
from sympy import Basic, Expr, Rational, S, Symbol
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from .bounded import terms_within
from .definite_integrals import affine_root
from .evaluation import Number, Numeric, Point, compiled, number

MOST_OPERATIONS = 60  # of what is climbed, which takes thousands of its values
MOST_TERMS = 200  # of a kink, multiplied out, whose roots are looked for exactly
DIGITS = 50  # with which changes of sign are looked for
MOST_ROOTS = 16  # that are looked for by changes of sign
SWEEPS = 4  # over the symbols, on the way to an extremum
STEPS = 1500  # for each symbol, in random directions
SHRINK = 0.97  # of the width, with each step that leads no higher
NARROWEST = 1e-9  # of the width, from which it begins anew


def admits(symbol: Symbol, value: Expr | complex) -> bool:
    """Whether no assumption on the symbol excludes the value."""
    value = sp.sympify(value)
    return all(
        getattr(value, f"is_{fact}", None) is truth
        for fact, truth in symbol.assumptions0.items()
    )


def satisfies(point: Point, conditions: Sequence[Basic]) -> bool:
    return all(c.xreplace(point) == True for c in conditions)  # noqa: E712


def kinks_of(expression: Basic) -> list[Expr]:
    """Expressions at whose roots ``expression`` changes its formula."""
    found: list[Expr] = []
    for node in sp.preorder_traversal(expression):
        if isinstance(node, (sp.Abs, sp.sign, sp.Heaviside, sp.log, sp.arg)):
            found.append(node.args[0])
        elif isinstance(node, (sp.Max, sp.Min)):
            found += [a - b for a, b in itertools.combinations(node.args, 2)]
        elif isinstance(node, sp.KroneckerDelta):  # which may say where its indices run
            found.append(node.args[0] - node.args[1])
        elif isinstance(node, (sp.floor, sp.ceiling, sp.frac)):
            found += [node.args[0] - k for k in (-1, 0, 1)]
        elif isinstance(node, sp.Mod):
            found += [node.args[0] - k * node.args[1] for k in (0, 1)]
        elif isinstance(node, (sp.asin, sp.acos, sp.atanh, sp.acosh)):
            found += [node.args[0] - k for k in (-1, 1)]
        elif isinstance(node, sp.atan2):
            found += node.args
        elif isinstance(node, Relational):
            found.append(node.lhs - node.rhs)
        elif isinstance(node, sp.Pow) and node.base == 0:
            found.append(node.exp)
        elif isinstance(node, sp.Pow) and not node.exp.is_integer:
            found.append(node.base)
    unique = sorted(set(found), key=sp.default_sort_key)
    return [k for k in unique if k.free_symbols and _may_vanish(k)]


def _may_vanish(kink: Expr) -> bool:
    """Whether it may have a root, so that a search for one is worth its time."""
    one_sign = kink.is_positive or kink.is_negative
    return not one_sign and kink.is_extended_real is not False


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
    signs = [s > 0 for s in symbols if s.is_nonnegative]
    signs += [s < 0 for s in symbols if s.is_nonpositive]
    here = [side.xreplace(others) for side in (expression, *conditions, *signs)]
    compute = sp.lambdify([list(symbols)], here, modules=["math"], docstring_limit=0)

    def height(place: Sequence[float]) -> float | None:
        try:
            value, *met = compute(place)
        except (ArithmeticError, NameError, TypeError, ValueError):
            return None
        is_number = isinstance(value, float) and math.isfinite(value)
        return value if is_number and all(met) else None

    return height


def rational_near(root: Expr) -> Rational:
    return root if root.is_Rational else Rational(str(sp.N(root, 20)))


@lru_cache(4096)
def roots(kink: Expr, symbol: Symbol) -> tuple[Expr, ...]:
    """Real roots of an expression in one symbol, and where it becomes infinite.

    Those of a rational function are all found, to 1e-9 if they are not simple roots.
    """
    nowhere = (AppliedUndef, S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity)
    if kink.free_symbols != {symbol} or kink.has(*nowhere):
        return ()
    if (exact := _by_inversion(kink, symbol)) is not None:
        return tuple(r for r in exact if r.is_extended_real is True)
    if terms_within(kink) <= MOST_TERMS:
        parts = sp.fraction(sp.together(kink))
        if all(_is_rational_polynomial(part, symbol) for part in parts):
            found = itertools.chain(
                *(_polynomial_roots(part, symbol) for part in parts)
            )
            return tuple(dict.fromkeys(found))
    return tuple(dict.fromkeys(map(_recognised, _sign_changes(kink, symbol))))


def _recognised(root: Rational) -> Expr:
    """A simple number, or a multiple of pi, in place of what is close to it."""
    for unit in (S.One, sp.pi):
        turns = Rational(str(sp.N(root / unit, 30)))
        simple = turns.limit_denominator(12)
        if simple != 0 and abs(turns - simple) < Rational(1, 10**10):
            return simple * unit
    return root


def _is_rational_polynomial(part: Expr, symbol: Symbol) -> bool:
    if not part.is_polynomial(symbol):
        return False
    polynomial = sp.Poly(part, symbol)
    return polynomial.degree() <= 40 and all(c.is_Rational for c in polynomial.coeffs())


def _polynomial_roots(part: Expr, symbol: Symbol) -> list[Expr]:
    found: list[Expr] = []
    for factor, _ in sp.Poly(part, symbol).factor_list()[1]:
        if factor.degree() <= 2:
            exact = sp.roots(factor, multiple=True)
            found += [root for root in exact if root.is_extended_real]
        else:
            isolated = factor.intervals(eps=Rational(1, 10**9))
            found += [(low + high) / 2 for (low, high), _ in isolated]
    return found


def _by_inversion(kink: Expr, symbol: Symbol) -> list[Expr] | None:
    """The exact root of a x + b, a exp(u) + b or a log(u) + b, with such a u."""
    inner = {node for node in kink.atoms(sp.exp, sp.log) if node.has(symbol)}
    inner = {n for n in inner if not any(o != n and o.has(n) for o in inner)}
    if len(inner) > 1:
        return None
    place = sp.Dummy()
    outer = kink.xreplace(dict.fromkeys(inner, place)) if inner else kink
    level = affine_root(outer, place if inner else symbol)
    if level is None or level.free_symbols:
        return None
    if not inner:
        return [level]
    [node] = inner
    if isinstance(node, sp.exp):
        if not level.is_positive:
            return []
        level = sp.log(level)
    else:
        level = sp.exp(level)
    return _by_inversion(node.args[0] - level, symbol)


def _sign_changes(kink: Expr, symbol: Symbol) -> Iterator[Rational]:
    function = compiled(kink, [symbol], {})
    grid = _INTEGERS if symbol.is_integer else _GRID
    previous: tuple[Rational, Number] | None = None
    found: list[tuple[Rational, Rational]] = []
    for x in grid:
        if not admits(symbol, x):
            continue
        value = _real_value(function, x)
        if value is None:
            previous = None
            continue
        if previous and previous[1] != 0 and value * previous[1] <= 0:
            found.append((previous[0], x))
        previous = (x, value)
    # A wave has a great many roots; those next to zero tell what the others do.
    for low, high in sorted(found, key=lambda ends: abs(ends[0]))[:MOST_ROOTS]:
        yield _bisect(function, low, high)


_MAGNITUDES = sorted(
    {Rational(m * 2**k, 2**20) for k in range(46) for m in (2, 3)}
    | {
        Rational(2) ** k
        for k in (*range(-100, -19, 5), *range(27, 120, 3), *range(120, 400, 20))
    }
)
_GRID = [*(-m for m in reversed(_MAGNITUDES)), S.Zero, *_MAGNITUDES]
_INTEGERS = [sp.Integer(k) for k in (*range(-64, 129), *(2**k for k in range(8, 40)))]


def _bisect(function: Numeric, low: Rational, high: Rational) -> Rational:
    sign = _real_value(function, low)
    for _ in range(40):
        middle = (low + high) / 2
        value = _real_value(function, middle)
        if value is None or value == 0:
            return middle
        low, high = (middle, high) if value * sign > 0 else (low, middle)
    return Rational(round(low * 10**12), 10**12)


def _real_value(function: Numeric, x: Rational) -> Number | None:
    with mpmath.workdps(DIGITS):
        value = number(lambda: function(mpmath.mpf(x.p) / x.q))
    return None if value is None or mpmath.im(value) != 0 else mpmath.re(value)
