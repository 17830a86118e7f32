"""Points at which two expressions are compared.

The points respect the symbols' assumptions and the conditions, mix scales and signs,
and stand on both sides of every place where an expression changes its formula.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from random import Random

import mpmath
import sympy as sp
from sympy import Basic, Expr, Rational, S, Symbol
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from .errors import Undecidable
from .evaluation import MODULES, Number, Numeric, Point, number


def points(
    symbols: Iterable[Symbol],
    kinks: Sequence[Expr] = (),
    given: Sequence[Basic] = (),
    count: int = 24,
    seed: int = 0,
) -> Iterator[Point]:
    """Values for ``symbols`` that respect their assumptions and the conditions.

    Simple values first, then every scale and values without a denominator in common,
    then the ends of the conditions and both sides of every root of every expression
    in ``kinks`` (and the root itself), alone and several at a time. Raises
    ``Undecidable`` if nothing satisfies the conditions.
    """
    conditions = [g for g in given if not isinstance(g, AppliedPredicate)]
    involved = set(symbols).union(*(c.free_symbols for c in conditions))
    ordered = sorted(involved, key=lambda s: (str(s), s.class_key()))
    if not ordered:
        yield {}
        return
    random = Random(seed)
    edges = [r.lhs - r.rhs for c in conditions for r in c.atoms(Relational)]
    pools = {s: _pool(s, random) for s in ordered}
    for symbol, pool in pools.items():
        pool += _between(edges, symbol, 8) + _ends(edges, symbol)
    base = list(_drawn(pools, conditions, random, count))
    if not base:
        shown = ", ".join(map(str, conditions))
        raise Undecidable(f"no values were found that satisfy {shown}")
    yield from base
    for kink in (*(e for e in edges if len(e.free_symbols) > 1), *kinks):
        for point in _around_roots(kink, base[:3] + base[-3:]):
            if satisfies(point, conditions):
                yield point
    special = {s: _between(kinks, s, 3) for s in ordered}
    for symbol, values in special.items():
        for value in values:
            if satisfies(point := {**base[-1], symbol: value}, conditions):
                yield point
    if sum(map(bool, special.values())) > 1:
        mixed = {s: special[s] or pools[s] for s in ordered}
        yield from itertools.islice(_drawn(mixed, conditions, random, count), 8, None)


def _drawn(
    pools: dict[Symbol, list[Expr]],
    conditions: Sequence[Basic],
    random: Random,
    count: int,
) -> Iterator[Point]:
    """From the simple values at first, so that a counterexample reads well."""
    decks = {s: _deck(pool, random) for s, pool in pools.items()}
    found = 0
    for attempt in range(60 * count):
        simple = attempt < 8
        point = {
            s: random.choice(pools[s][:12]) if simple else next(decks[s]) for s in pools
        }
        if satisfies(point, conditions):
            yield point
            found += 1
        if found == count:
            return


def _deck(pool: list[Expr], random: Random) -> Iterator[Expr]:
    """Every value once before any comes again."""
    while True:
        yield from random.sample(pool, len(pool))


def _pool(symbol: Symbol, random: Random) -> list[Expr]:
    """Candidate values of a symbol, the simple ones in front."""
    simple = [Rational(k, 2) for k in (1, 3, 5, 1, 4, 7, 2, 6, 10)]
    scales = [
        Rational(random.randint(11, 99), 10) * Rational(10) ** e
        for e in (-3, -2, -1, -1, 0, 0, 0, 1, 1, 2)
        for _ in range(2)
    ]
    generic = [
        Rational(random.randint(10**8, 10**9), random.randint(10**8, 10**9))
        for _ in range(4)
    ]
    far = [
        Rational(random.randint(11, 99), 7) * Rational(10) ** e
        for e in (-20, -9, -5, 4, 6, 12)
    ]
    numbers = [n for v in simple for n in (v, -v)] + [0, 1, -1]
    numbers += [n for v in (*scales, *generic, *far) for n in (v, -v)]
    if symbol.is_integer:
        numbers = [*range(-4, 15), -7, 20, 37, 101, 350, 1001, -36, -101]
        numbers += [random.randint(10**4, 10**5), -random.randint(10**3, 10**4)]
    values = [sp.sympify(n) for n in numbers]
    if symbol.is_imaginary:
        values = [value * sp.I for value in values]
    elif symbol.is_extended_real is None and not symbol.is_integer:
        values += [a + b * sp.I for a, b in zip(values, values[5:], strict=False)]
        values = values[-len(values) // 2 :] + values
    admitted = [v for v in values if admits(symbol, v)]
    if not admitted:
        raise Undecidable(f"no value is known that suits the assumptions on {symbol}")
    return admitted


def admits(symbol: Symbol, value: Expr | complex) -> bool:
    """Whether no assumption on the symbol excludes the value."""
    value = sp.sympify(value)
    return all(
        getattr(value, f"is_{fact}", None) is truth
        for fact, truth in symbol.assumptions0.items()
    )


def satisfies(point: Point, conditions: Sequence[Basic]) -> bool:
    return all(c.xreplace(point) == True for c in conditions)  # noqa: E712


# ------------------------------------------- where an expression changes its formula


def kinks_of(expression: Basic) -> list[Expr]:
    """Expressions at whose roots ``expression`` changes its formula."""
    found: list[Expr] = []
    for node in sp.preorder_traversal(expression):
        if isinstance(node, (sp.Abs, sp.sign, sp.Heaviside, sp.log, sp.arg)):
            found.append(node.args[0])
        elif isinstance(node, (sp.Max, sp.Min, sp.KroneckerDelta)):
            found += [a - b for a, b in itertools.combinations(node.args, 2)]
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
        elif isinstance(node, sp.Pow) and not node.exp.is_integer:
            found.append(node.base)
    unique = sorted(set(found), key=sp.default_sort_key)
    return [k for k in unique if k.free_symbols and _may_vanish(k)]


def _may_vanish(kink: Expr) -> bool:
    """Whether it may have a root, so that a search for one is worth its time."""
    one_sign = kink.is_positive or kink.is_negative
    return not one_sign and kink.is_extended_real is not False


def _around_roots(kink: Expr, base: Sequence[Point]) -> Iterator[Point]:
    for symbol in sorted(kink.free_symbols, key=str):
        found: set[Expr] = set()
        for point in base:
            others = {s: v for s, v in point.items() if s != symbol}
            for root in roots(kink.xreplace(others), symbol):
                if root in found:
                    continue
                found.add(root)
                for value in _both_sides(root, symbol):
                    if admits(symbol, value):
                        yield {**point, symbol: value}


def _both_sides(root: Expr, symbol: Symbol) -> list[Expr]:
    near = _rational_near(root)
    if symbol.is_integer:
        return [sp.floor(near) + k for k in range(-1, 3)]
    width = max(S.One, abs(near))
    steps = [width * Rational(1, 10**k) for k in (1, 6)]
    return [root, *(near + s for s in steps), *(near - s for s in steps)]


def _between(kinks: Sequence[Expr], symbol: Symbol, count: int) -> list[Expr]:
    """Values between and beyond the roots of those ``kinks`` that hold one symbol."""
    found = {
        _rational_near(root)
        for kink in kinks
        if kink.free_symbols == {symbol}
        for root in roots(kink, symbol)
    }
    if not found:
        return []
    ends = sorted(found)
    reach = max(S.One, *(abs(end) for end in ends))
    values = [ends[0] - reach * k for k in (1, 3)] + [
        ends[-1] + reach * k for k in (1, 3)
    ]
    for low, high in itertools.pairwise(ends):
        values += [low + (high - low) * k / (count + 1) for k in range(1, count + 1)]
    if len(ends) == 1:
        values += [ends[0] + s * reach / k for k in range(2, count) for s in (1, -1)]
    if symbol.is_integer:
        values = [sp.floor(v) for v in values]
    return [v for v in dict.fromkeys(values) if admits(symbol, v)]


def _ends(edges: Sequence[Expr], symbol: Symbol) -> list[Expr]:
    """The ends of what conditions allow one symbol, and what is close to them."""
    found = [
        end
        for edge in edges
        if edge.free_symbols == {symbol}
        for end in roots(edge, symbol)
    ]
    near = [Rational(s, 10**k) for k in (3, 12) for s in (1, -1)]
    values = [
        v for end in found for v in (end, *(_rational_near(end) + n for n in near))
    ]
    return [v for v in dict.fromkeys(values) if admits(symbol, v)]


def _rational_near(root: Expr) -> Rational:
    return root if root.is_Rational else Rational(str(sp.N(root, 20)))


@lru_cache(4096)
def roots(kink: Expr, symbol: Symbol) -> tuple[Expr, ...]:
    """Real roots of an expression in one symbol, and where it becomes infinite.

    Those of a rational function are all found, to 1e-9 if they are not simple roots.
    """
    if kink.free_symbols != {symbol} or kink.has(AppliedUndef):
        return ()
    parts = sp.fraction(sp.together(kink))
    if all(_is_rational_polynomial(part, symbol) for part in parts):
        found = itertools.chain(*(_polynomial_roots(part, symbol) for part in parts))
        return tuple(dict.fromkeys(found))
    return tuple(dict.fromkeys(_sign_changes(kink, symbol)))


def _is_rational_polynomial(part: Expr, symbol: Symbol) -> bool:
    if not part.is_polynomial(symbol):
        return False
    polynomial = sp.Poly(part, symbol)
    return polynomial.degree() <= 40 and all(c.is_Rational for c in polynomial.coeffs())


def _polynomial_roots(part: Expr, symbol: Symbol) -> list[Expr]:
    polynomial = sp.Poly(part, symbol)
    if polynomial.degree() <= 2:
        found = sp.roots(polynomial, multiple=True)
        return [root for root in found if root.is_extended_real]
    isolated = polynomial.intervals(eps=Rational(1, 10**9))
    return [(low + high) / 2 for (low, high), _ in isolated]


def _sign_changes(kink: Expr, symbol: Symbol) -> Iterator[Rational]:
    function = sp.lambdify(symbol, kink, modules=MODULES, docstring_limit=0)
    grid = _INTEGERS if symbol.is_integer else _GRID
    previous: tuple[Rational, Number] | None = None
    for x in grid:
        if not admits(symbol, x):
            continue
        value = _real_value(function, x)
        if value is None:
            previous = None
            continue
        if previous and previous[1] != 0 and value * previous[1] <= 0:
            yield _bisect(function, previous[0], x)
        previous = (x, value)


_MAGNITUDES = sorted({Rational(m * 2**k, 2**20) for k in range(46) for m in (2, 3)})
_GRID = [*(-m for m in reversed(_MAGNITUDES)), S.Zero, *_MAGNITUDES]
_INTEGERS = [sp.Integer(k) for k in (*range(-64, 129), *(2**k for k in range(8, 40)))]


def _bisect(function: Numeric, low: Rational, high: Rational) -> Rational:
    sign = _real_value(function, low) or mpmath.mpf(0)
    if sign == 0:
        return low
    for _ in range(40):
        middle = (low + high) / 2
        value = _real_value(function, middle)
        if value is None or value == 0:
            return middle
        low, high = (middle, high) if value * sign > 0 else (low, middle)
    return Rational(round(low * 10**12), 10**12)


def _real_value(function: Numeric, x: Rational) -> Number | None:
    value = number(lambda: function(mpmath.mpf(x.p) / x.q))
    return None if value is None or mpmath.im(value) != 0 else mpmath.re(value)
