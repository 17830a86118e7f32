"""What conditions fix: a symbol that an equation is solved for, or of few values."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import sympy as sp
from sympy import Basic, Expr, Symbol
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.matrices.expressions.matexpr import MatrixExpr

from .bounded import terms_within
from .definite_integrals import MOST_TERMS, affine_root
from .evaluation import Point
from .kinks import admits, satisfies
from .sizes import structural_integers

MOST_VALUES = 12  # of an integer, each of which is a case
MOST_ALONE = 200  # where nothing else stays open

Solution = tuple[Expr, tuple[Basic, ...]]
Case = tuple[Point, tuple[Basic, ...]]
_SIGNS = {
    "positive": sp.Gt,
    "nonnegative": sp.Ge,
    "negative": sp.Lt,
    "nonpositive": sp.Le,
    "nonzero": sp.Ne,
}
_BY_CONDITION = {prefix + sign for sign in _SIGNS for prefix in ("", "extended_")}
_REAL = {"commutative", "complex", "extended_real", "finite", "hermitian", "real"}


def cases(sides: Sequence[Basic], given: Sequence[Basic]) -> list[Case] | None:
    """What to put in for one symbol, and the conditions left, in every case there is.

    None where no condition fixes a symbol.
    """
    if any(condition.has(MatrixExpr, AppliedUndef) for condition in given):
        return None
    matrices = [side for side in sides if side.has(MatrixExpr)]
    sized = structural_integers(matrices)  # which are chosen otherwise
    for used, equation in _equations(given):
        rest = tuple(g for g in given if g not in used)
        free = sorted(equation.free_symbols - sized, key=str)
        for solve, symbol in itertools.product((_by_line, _by_roots), free):
            if (found := solve(equation, symbol)) is not None:
                return [
                    ({symbol: root}, (*_put(rest, {symbol: root}), *needs))
                    for root, needs in found
                    if all(need != False for need in needs)  # noqa: E712
                ]
    for symbol in sorted(set().union(*(g.free_symbols for g in given)), key=str):
        if symbol.is_integer and symbol not in sized:
            alone = not set().union(*(s.free_symbols for s in sides)) - {symbol}
            values = _values(symbol, given, MOST_ALONE if alone else MOST_VALUES)
            if values is not None:
                return [({symbol: v}, _put(given, {symbol: v})) for v in values]
    return None


def _put(given: Sequence[Basic], point: Point) -> tuple[Basic, ...]:
    put = (condition.subs(point) for condition in given)
    return tuple(condition for condition in put if condition != True)  # noqa: E712


def _equations(
    given: Sequence[Basic],
) -> Iterator[tuple[tuple[Basic, ...], Expr]]:
    """What is zero: of an equation, or of two bounds that meet, with these."""
    bounds: dict[Expr, Basic] = {}
    for condition in given:
        if isinstance(condition, sp.Eq):
            yield (condition,), condition.lhs - condition.rhs
        if isinstance(condition, (sp.Ge, sp.Le)):
            gap = sp.expand(condition.gts - condition.lts)
            if (other := bounds.get(sp.expand(-gap))) is not None:
                yield (condition, other), gap
            bounds[gap] = condition


def _by_line(equation: Expr, symbol: Symbol) -> list[Solution] | None:
    """The root of what is affine in the symbol."""
    if (root := affine_root(equation, symbol)) is None:
        return None
    return _admitted(symbol, [(root, ())])


def _by_roots(equation: Expr, symbol: Symbol) -> list[Solution] | None:
    """The real roots of a quadratic polynomial, or of several factors of one symbol."""
    if not symbol.is_extended_real or not equation.is_polynomial(symbol):
        return None
    if terms_within(equation) > MOST_TERMS:
        return None
    polynomial = sp.Poly(equation, symbol)
    if polynomial.degree() > 2 and equation.free_symbols == {symbol}:
        factors = [factor for factor, _ in polynomial.factor_list()[1]]
    else:
        factors = [polynomial]
    found: list[Solution] = []
    for factor in factors:
        if (roots := _of_quadratic(factor)) is None:
            return None
        found += roots
    return _admitted(symbol, found)


def _of_quadratic(polynomial: sp.Poly) -> list[Solution] | None:
    if polynomial.degree() == 1:
        slope, rest = polynomial.all_coeffs()
        return [(-rest / slope, ())] if slope.is_nonzero else None
    if polynomial.degree() != 2:
        return None
    square, slope, rest = polynomial.all_coeffs()
    inside = sp.expand(slope**2 - 4 * square * rest)
    if not square.is_nonzero or inside.is_extended_real is None:
        return None
    signs = (1, -1) if inside != 0 else (1,)
    roots = [(sign * sp.sqrt(inside) - slope) / (2 * square) for sign in signs]
    return [(root, (inside >= 0,)) for root in roots]


def _admitted(symbol: Symbol, found: list[Solution]) -> list[Solution] | None:
    """The solutions with the symbol's sign as a condition; None if more is unknown."""
    admitted: list[Solution] = []
    for root, needs in found:
        if not root.free_symbols:
            admitted += [(root, needs)] if admits(symbol, root) else []
            continue
        facts = {fact for fact, truth in symbol.assumptions0.items() if truth}
        asked = facts - _BY_CONDITION
        if any(getattr(root, f"is_{fact}") is not True for fact in asked - _REAL):
            return None
        if symbol.is_extended_real and root.is_extended_real is None and not needs:
            return None  # a root of a quadratic is real where its condition holds
        signs = [fact for fact in _SIGNS if fact in facts]
        admitted.append((root, (*needs, *(_SIGNS[sign](root, 0) for sign in signs))))
    return admitted


def _values(symbol: Symbol, given: Sequence[Basic], most: int) -> list[Expr] | None:
    """All values of an integer between its bounds, unless these are far apart."""
    own = [g for g in given if g.free_symbols == {symbol} and g.is_Relational]
    ends = [end for g in own if (end := _end(g, symbol)) is not None]
    low = [sp.ceiling(end) for end, is_low in ends if is_low]
    high = [sp.floor(end) for end, is_low in ends if not is_low]
    if symbol.is_nonnegative:
        low.append(sp.S.Zero)
    if symbol.is_nonpositive:
        high.append(sp.S.Zero)
    if not low or not high or min(high) - max(low) > most + 1:
        return None
    between = map(sp.Integer, range(int(max(low)), int(min(high)) + 1))
    values = [v for v in between if admits(symbol, v)]
    values = [v for v in values if satisfies({symbol: v}, own)]
    return values if 0 < len(values) <= most else None


def _end(relation: Relational, symbol: Symbol) -> tuple[Expr, bool] | None:
    """The end that a bound sets, and whether it is the lower one."""
    if not isinstance(relation, (sp.Gt, sp.Ge, sp.Lt, sp.Le)):
        return None
    gap = relation.gts - relation.lts
    end = affine_root(gap, symbol)
    if end is None or not end.is_extended_real:
        return None
    return end, bool(sp.expand(gap).coeff(symbol, 1).is_positive)
