"""Where expressions change: their kinks, and the roots of these.

A kink is an expression at whose roots another changes its formula.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import lru_cache

import mpmath
import sympy as sp
from sympy import Basic, Expr, Rational, S, Symbol
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from .bounded import terms_within
from .definite_integrals import affine_root
from .evaluation import Number, Numeric, Point, compiled, number

MOST_TERMS = 200  # of a kink, multiplied out, whose roots are looked for exactly
DIGITS = 50  # with which changes of sign are looked for
MOST_LEVEL = 10**15  # of a floor
MOST_ROOTS = 16  # that are looked for by changes of sign


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


def levels_at(expression: Basic, point: Point) -> list[Expr]:
    """The kinks of floors and their like that lie next to their values at a point."""
    found: list[Expr] = []
    for node in expression.atoms(sp.floor, sp.ceiling, sp.frac, sp.Mod):
        unit = node.args[1] if isinstance(node, sp.Mod) else S.One
        value = sp.N((node.args[0] / unit).xreplace(point), DIGITS)
        if value.is_Float and abs(value) < MOST_LEVEL:
            below = sp.floor(value)
            found += [node.args[0] - k * unit for k in (below, below + 1)]
    return sorted(set(found), key=sp.default_sort_key)


def _may_vanish(kink: Expr) -> bool:
    """Whether it may have a root, so that a search for one is worth its time."""
    one_sign = kink.is_positive or kink.is_negative
    return not one_sign and kink.is_extended_real is not False


def rational_near(root: Expr, digits: int = 20) -> Rational:
    return root if root.is_Rational else Rational(str(sp.N(root, digits)))


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
