"""Points at which two expressions are compared.

The points respect the symbols' assumptions and the conditions, mix scales and signs,
and stand on both sides of every place where an expression changes its formula.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from random import Random

import sympy as sp
from sympy import Basic, Expr, Rational, S, Symbol
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.relational import Relational

from .errors import NoValues, Undecidable
from .evaluation import Point
from .extremes import extremes, wandered, where_all_vanish
from .kinks import admits, rational_near, roots, satisfies

MANY_SYMBOLS = 3  # of a kink; of more it is looked at less closely
MULTIPLES = 24  # at random, of the ends of conditions
MOST_CORNERS = 8  # points at which several kinks vanish


def points(
    symbols: Iterable[Symbol],
    kinks: Sequence[Expr] = (),
    given: Sequence[Basic] = (),
    count: int = 24,
    seed: int = 0,
) -> Iterator[Point]:
    """Values for ``symbols`` that respect their assumptions and the conditions.

    Each point comes once: simple values first, then every scale and values without a
    denominator in common, then the ends of the conditions and both sides of every root
    of every expression in ``kinks`` (and the root itself), alone and several at a time.
    Another ``seed`` than 0 draws others, also at random beyond the conditions' ends.
    Raises ``Undecidable`` if nothing satisfies the conditions.
    """
    met: set[tuple[Expr, ...]] = set()
    for point in _candidates(symbols, kinks, given, count, seed):
        if (key := tuple(point.values())) not in met:
            met.add(key)
            yield point


def _candidates(
    symbols: Iterable[Symbol],
    kinks: Sequence[Expr],
    given: Sequence[Basic],
    count: int,
    seed: int,
) -> Iterator[Point]:
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
        pool += _beyond(edges, symbol, random) if seed else []
    base = list(_drawn(pools, conditions, random, count))
    if not base:
        shown = ", ".join(map(str, conditions))
        raise NoValues(f"no values were found that satisfy {shown}")
    yield from base
    for kink in (*(e for e in edges if len(e.free_symbols) > 1), *kinks):
        for point in _around_roots(kink, base[:3] + base[-3:]):
            if satisfies(point, conditions):
                yield point
        for point in _at_extremes(kink, ordered, base[:2]):
            if satisfies(point, conditions):
                yield point
        for sign, start in itertools.product((1, -1), (base[0], base[-1])):
            found = wandered(sign * kink, ordered, start, conditions)
            if found and admitted(found) and satisfies(found, conditions):
                yield found
    for point in _between_roots(edges, kinks, base[:2]):
        if satisfies(point, conditions):
            yield point
    for point in itertools.islice(_corners(kinks), MOST_CORNERS):
        if satisfies(there := {**base[-1], **point}, conditions):
            yield there
    turns = [*kinks, *edges]
    special = {s: _between(turns, s, 3) + _ends(edges, s) for s in ordered}
    for symbol, values in special.items():
        for value in values:
            if satisfies(point := {**base[-1], symbol: value}, conditions):
                yield point
    if sum(map(bool, special.values())) > 1:
        mixed = {s: special[s] or pools[s] for s in ordered}
        yield from itertools.islice(_drawn(mixed, conditions, random, count), 8, None)


def admitted(point: Point) -> bool:
    return all(admits(symbol, value) for symbol, value in point.items())


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
        numbers += [17, 19, 23, 97, 211, 541]  # primes, of which few are by chance
        numbers += [random.randint(10**4, 10**5), -random.randint(10**3, 10**4)]
    values = [sp.sympify(n) for n in numbers]
    if symbol.is_imaginary:
        values = [value * sp.I for value in values]
    elif symbol.is_extended_real is None and not symbol.is_integer:
        values += [a + b * sp.I for a, b in zip(values, values[5:], strict=False)]
        values = values[-len(values) // 2 :] + values
    suited = [v for v in values if admits(symbol, v)]
    if not suited:
        raise Undecidable(f"no value is known that suits the assumptions on {symbol}")
    return suited


def _around_roots(kink: Expr, base: Sequence[Point]) -> Iterator[Point]:
    symbols = sorted(kink.free_symbols, key=str)
    if len(symbols) > MANY_SYMBOLS:  # the terms of a long sum: each is like the others
        symbols, base = symbols[:MANY_SYMBOLS], base[:2]
    for symbol in symbols:
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


def _between_roots(
    edges: Sequence[Expr], kinks: Sequence[Expr], base: Sequence[Point]
) -> Iterator[Point]:
    """Amid what conditions on several symbols leave between their ends and kinks."""
    joint = set().union(*(e.free_symbols for e in edges if len(e.free_symbols) > 1))
    for symbol, point in itertools.product(sorted(joint, key=str), base):
        others = {s: v for s, v in point.items() if s != symbol}
        here = (turn.xreplace(others) for turn in (*edges, *kinks))
        places = {rational_near(root) for turn in here for root in roots(turn, symbol)}
        for low, high in itertools.pairwise(sorted(places)):
            if admits(symbol, middle := (low + high) / 2):
                yield {**point, symbol: middle}


def _at_extremes(
    kink: Expr,
    symbols: Sequence[Symbol],
    base: Sequence[Point],
) -> Iterator[Point]:
    """Where a kink is extreme, and beside it: there it may be zero unseen elsewhere."""
    found: set[tuple[Expr, ...]] = set()
    if len(kink.free_symbols) > MANY_SYMBOLS:
        return
    for start in base:
        for point in extremes(kink, symbols, start):
            if (key := tuple(point.values())) in found:
                continue
            found.add(key)
            if not admitted(point):
                continue
            yield point
            for symbol in kink.free_symbols:
                value = point.get(symbol)
                if value is not None and value.is_extended_real:
                    for beside in _both_sides(value, symbol):
                        if admits(symbol, beside):
                            yield {**point, symbol: beside}


def _corners(kinks: Sequence[Expr], fixed: Point | None = None) -> Iterator[Point]:
    """Where several kinks vanish: each root is put into the kinks that are left.

    The symbols come in one order, and what is met on the way is a corner, too: so the
    search takes no more steps than it gives points, and no two orders of the same.
    """
    fixed = fixed or {}
    if len(fixed) > 1:
        yield fixed
    left = [k.xreplace(fixed) for k in kinks if k.free_symbols - set(fixed)]
    for point in _next_roots(left) or _crossings(left):
        yield from _corners(left, {**fixed, **point})


def _next_roots(kinks: Sequence[Expr]) -> list[Point]:
    """The roots of the first symbol that has some, in kinks of one symbol."""
    alone = [kink for kink in kinks if len(kink.free_symbols) == 1]
    for symbol in sorted({s for kink in alone for s in kink.free_symbols}, key=str):
        found = {root for kink in alone for root in roots(kink, symbol)}
        if suited := [root for root in found if admits(symbol, root)]:
            return [{symbol: r} for r in sorted(suited, key=sp.default_sort_key)]
    return []


def _crossings(kinks: Sequence[Expr]) -> Iterator[Point]:
    """Where two kinks of the same two symbols vanish, if both are straight."""
    for one, other in itertools.combinations(kinks, 2):
        symbols = sorted(one.free_symbols, key=str)
        if len(symbols) == 2 and other.free_symbols == one.free_symbols:
            point = where_all_vanish([one, other], symbols)
            if point and admitted(point):
                yield point


def _both_sides(root: Expr, symbol: Symbol) -> list[Expr]:
    near = rational_near(root)
    if symbol.is_integer:
        return [sp.floor(near) + k for k in range(-1, 3)]
    widths = {S.One, abs(near) or S.One}
    # No whole steps: beside a whole number a floor would see the number itself.
    steps = [width * Rational(3, 29**k) for width in sorted(widths) for k in (1, 4)]
    return [root, *(near + s for s in steps), *(near - s for s in steps)]


def _between(kinks: Sequence[Expr], symbol: Symbol, count: int) -> list[Expr]:
    """Values between and beyond the roots of those ``kinks`` that hold one symbol."""
    found = {
        root
        for kink in kinks
        if kink.free_symbols == {symbol}
        for root in roots(kink, symbol)
    }
    if not found:
        return []
    ends = _apart(found)
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


def _apart(found: Iterable[Expr]) -> list[Rational]:
    """Numbers in their order, to as many digits as tell close ones apart."""
    exact = list(found)
    for digits in (20, 60, 200):
        ends = sorted({rational_near(root, digits) for root in exact})
        finest = max(S.One, *map(abs, ends)) / sp.Integer(10) ** (digits - 8)
        gaps = [high - low for low, high in itertools.pairwise(ends)]
        if len(ends) == len(exact) and all(gap > finest for gap in gaps):
            return ends
    return sorted(set(map(rational_near, exact)))


def _beyond(edges: Sequence[Expr], symbol: Symbol, random: Random) -> list[Rational]:
    """Multiples at random of the ends of what conditions allow one symbol."""
    own = (edge for edge in edges if edge.free_symbols == {symbol})
    found = {rational_near(end) for edge in own for end in roots(edge, symbol)}
    times = [Rational(random.randint(1, 500), 100) for _ in range(MULTIPLES)]
    values = [end * factor for end in sorted(found) for factor in times]
    values = list(map(sp.floor, values)) if symbol.is_integer else values
    return [value for value in values if admits(symbol, value)]


def _ends(edges: Sequence[Expr], symbol: Symbol) -> list[Expr]:
    """The ends of what conditions allow one symbol, and what is close to them."""
    found = [
        end
        for edge in edges
        if edge.free_symbols == {symbol}
        for end in roots(edge, symbol)
        if end.is_extended_real
    ]
    near = [Rational(s, 10**k) for k in (1, 2, 3, 12) for s in (1, -1)]
    times = [1 + n for n in near] + [Rational(10) ** k for k in (-9, -3, -1, 1, 3, 9)]
    times += [Rational(2, 7), Rational(1, 3), Rational(5, 11), Rational(19, 6)]
    values = list(found)
    for end in map(rational_near, found):
        values += [end + n for n in near] + [end * k for k in times]
    return [v for v in dict.fromkeys(values) if admits(symbol, v)]
