"""Sizes: values for the whole numbers that stand in shapes, limits and indices."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from random import Random

import sympy as sp
from sympy import Basic, Expr, Integer, Symbol
from sympy.assumptions.assume import AppliedPredicate
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr

from .calculus import Jacobian, Map, MatrixGradient
from .errors import Undecidable
from .extreme_matrices import LARGEST_FILLED
from .kinks import admits, kinks_of, roots, satisfies

LARGEST_MATRIX = LARGEST_FILLED
LARGEST_SPARSE = 200  # of matrices with few entries that are not zero
LARGEST = 60  # of the sizes that no matrix has
LARGEST_WRITTEN = 1200  # of those that stand in the expression
LARGEST_NESTED = 20  # where a sum stands in a sum
MOST_CELLS = 150  # of several sizes, multiplied
MOST_SPARSE_CELLS = 4000
MOST_APART = 12  # of two sizes that both are drawn
MOST_FAR = 18  # choices of sizes of which each tells something new


def structural_integers(expressions: Sequence[Basic]) -> set[Symbol]:
    """Symbols that stand for a size (of a matrix, of a sum) or for an index."""
    found: set[Symbol] = set()
    for node in sp.Tuple(*expressions).atoms(Basic):
        if isinstance(node, (sp.Sum, sp.Product)):
            for limits in node.limits:
                found |= sp.Tuple(*limits[1:]).free_symbols
        elif isinstance(node, MatrixExpr):
            found |= sp.Tuple(*node.shape).free_symbols
        elif isinstance(node, sp.Indexed):
            found |= sp.Tuple(*node.indices).free_symbols
        elif isinstance(node, MatrixElement):
            found |= sp.Tuple(*node.args[1:]).free_symbols
    bound = {
        s
        for node in sp.Tuple(*expressions).atoms(sp.Sum, sp.Product)
        for s in node.bound_symbols
    }
    return {s for s in found if isinstance(s, Symbol) and s.is_integer} - bound


def choose_sizes(
    expressions: Sequence[Basic], given: Sequence[Basic], seed: int
) -> dict[Symbol, Integer]:
    """Values for the sizes and indices: small ones, unequal ones if they can be."""
    names = sorted(structural_integers(expressions), key=str)
    if not names:
        return {}
    conditions = _conditions_on(names, expressions, given)
    matrices = any(e.has(MatrixExpr) for e in expressions)
    ladder = sizes_to_try(expressions)
    random = Random(seed)
    for attempt in range(600):
        first = ladder[(seed + attempt) % len(ladder)]
        alike = matrices and seed % 4 == 3 and attempt < 100
        values = [first] + [
            first if alike else random.choice(ladder) for _ in names[1:]
        ]
        chosen = {n: Integer(v) for n, v in zip(names, values, strict=True)}
        equal = len(set(values)) < len(values) and attempt < 200 and matrices
        large = len(names) > 1 and math.prod(values) > MOST_CELLS
        if (
            not ((equal and not alike) or large)
            and all(admits(n, v) for n, v in chosen.items())
            and satisfies(chosen, conditions)
        ):
            return chosen
    raise Undecidable(f"no sizes were found for {', '.join(map(str, names))}")


def _conditions_on(
    names: Sequence[Symbol], expressions: Sequence[Basic], given: Sequence[Basic]
) -> list[Basic]:
    conditions = [
        g for g in given if not g.has(AppliedPredicate) and g.free_symbols <= set(names)
    ]
    return conditions + [
        r for r in _index_ranges(expressions) if not _is_bounded(r.lhs, conditions)
    ]


def far_sizes(
    expressions: Sequence[Basic], given: Sequence[Basic]
) -> list[dict[Symbol, Integer]]:
    """Choices of sizes on all sides of where something turns, far ones among them.

    One each for every combination of signs that the kinks in sizes alone take, and for
    each place beside which something turns.
    """
    names = sorted(structural_integers(expressions), key=str)
    if not names or any(e.has(Map, Jacobian, MatrixGradient) for e in expressions):
        return []
    if not any(e.has(MatrixExpr) for e in expressions):  # the usual ones are far
        return [choose_sizes(expressions, given, seed) for seed in range(4)]
    conditions = _conditions_on(names, expressions, given)
    kinks = [
        kink
        for kink in itertools.chain(*map(kinks_of, expressions))
        if kink.free_symbols <= set(names)
    ]
    places = _far_places(expressions, kinks, LARGEST_SPARSE)
    random = Random(str(names))
    large = [random.randint(13, 30), random.randint(31, 60)]
    ladder = list(dict.fromkeys([1, 2, *places, *large, 3, 4, 5, 7]))
    found: dict[tuple[tuple[int, ...], tuple[Expr, ...]], dict[Symbol, Integer]] = {}
    for attempt in range(40 * len(ladder)):
        values = [ladder[attempt % len(ladder)], *random.choices(ladder, k=len(names))]
        chosen = {n: Integer(v) for n, v in zip(names, values, strict=False)}
        few = math.prod(values[: len(names)]) <= MOST_SPARSE_CELLS
        if (
            (few or len(names) == 1)
            and all(admits(n, v) for n, v in chosen.items())
            and satisfies(chosen, conditions)
        ):
            signs = tuple(sp.sign(kink.xreplace(chosen)) for kink in kinks)
            told = tuple(
                v if v in places else v > LARGEST_MATRIX for v in values[: len(names)]
            )
            found.setdefault((told, signs), chosen)
        if len(found) == MOST_FAR:
            break
    return list(found.values())


def _far_places(
    expressions: Sequence[Basic], kinks: Sequence[Expr], most: int
) -> list[int]:
    """Both sides of where something turns, and numbers that are written."""
    turns = [
        int(root) + k
        for kink in kinks
        if len(kink.free_symbols) == 1
        for root in roots(kink, *kink.free_symbols)
        if 0 <= root < most
        for k in (0, 1)
    ]
    return [*turns[:12], *_beside_numbers(expressions, most)[-6:]]


def sizes_to_try(expressions: Sequence[Basic]) -> list[int]:
    """Small sizes, some large ones, and both sides of where something turns.

    Large are some chosen at random, and those beside numbers in the expressions: what
    holds below nine may stop there. Where no matrix must be filled, 0 is one too.
    """
    names = structural_integers(expressions)
    random = Random(str(sorted(map(str, names))))
    if any(e.has(Map) for e in expressions):
        return [2, 3, 1, 4]  # each entry of a map is a function of all the others
    if any(e.has(Jacobian, MatrixGradient) for e in expressions):
        if any(e.has(sp.Inverse, sp.Determinant, sp.MatPow) for e in expressions):
            return [2, 3, 1]  # its entries are symbols, which no inverse bears long
        return [2, 3, 1, 5, 4, random.randint(6, 8)]
    if any(e.has(MatrixExpr) for e in expressions):
        written = _beside_numbers(expressions, 2 * LARGEST_MATRIX)[-3:]
        return [2, 3, 1, 5, 4, random.randint(9, LARGEST_MATRIX), *written]
    nested = max(map(_depth, expressions), default=0) > 1
    most = LARGEST_NESTED if nested else LARGEST
    large = [random.randint(9, most // 2), random.randint(most // 2 + 1, most)]
    turns = [
        int(root) + k
        for kink in itertools.chain(*map(kinks_of, expressions))
        if len(kink.free_symbols) == 1 and kink.free_symbols <= names
        for root in roots(kink, *kink.free_symbols)
        for k in (0, 1)
        if 4 <= root <= 40
    ]
    others = sorted({*turns, *_beside_numbers(expressions, LARGEST_WRITTEN)[-6:]})
    if nested:
        others = [size for size in others if size <= 2 * LARGEST_NESTED]
    return list(dict.fromkeys([2, 3, 1, 7, 4, 0, *large, *others, 5, 6, 8, 10]))


def unseen_turn(expressions: Sequence[Basic]) -> str | None:
    """Say where the sides turn at a size beyond all that are tried, or None."""
    names = structural_integers(expressions)
    if not names:
        return None
    most = max(sizes_to_try(expressions))
    if any(e.has(MatrixExpr) for e in expressions):
        most = max(most, LARGEST_SPARSE)
    for kink in dict.fromkeys(itertools.chain(*map(kinks_of, expressions))):
        whole = all(symbol.is_integer for symbol in kink.free_symbols)
        if not (whole and kink.free_symbols & names):
            continue
        if len(kink.free_symbols) == 1:
            [name] = kink.free_symbols
            for root in map(sp.ceiling, roots(kink, name)):
                if root > most and admits(name, root):
                    return f"a formula turns at {name} = {root}"
        elif far := [k for k in kink.atoms(Integer) if abs(k) > MOST_APART]:
            return f"a formula turns where {kink} is zero, with {far[0]} in it"
    for node in sp.Tuple(*expressions).atoms(sp.binomial):
        far = [k for k in node.args if k.is_Integer and k > most]
        if far and node.free_symbols & names:
            return f"a formula turns at {far[0]}"
    return None


def _depth(node: Basic) -> int:
    """How many sums lie within one another."""
    inner = max(map(_depth, node.args), default=0)
    limits = node.limits if isinstance(node, (sp.Sum, sp.Product)) else ()
    return inner + len(limits)


def _beside_numbers(expressions: Sequence[Basic], most: int) -> list[int]:
    """The whole numbers that are written in expressions, and their neighbours."""
    numbers = {abs(int(n)) for e in expressions for n in e.atoms(Integer)}
    written = {n for n in numbers if 5 < n < most}
    return sorted({n + k for n in written for k in (-1, 0, 1)})


def _is_bounded(index: Basic, conditions: Sequence[Basic]) -> bool:
    """Whether the conditions themselves say from where to where an index runs."""
    ends = [c for c in conditions if isinstance(c, (sp.Lt, sp.Le, sp.Gt, sp.Ge))]
    return sum(index in c.free_symbols for c in ends) >= 2


def _index_ranges(expressions: Sequence[Basic]) -> list[Basic]:
    """An index that is free runs where the sums over its kind of terms run."""
    ranges: list[Basic] = []
    free = set().union(*(e.atoms(sp.Indexed) for e in expressions))
    for node in sp.Tuple(*expressions).atoms(sp.Sum, sp.Product):
        for index, first, last in node.limits:
            for term in node.function.atoms(sp.Indexed):
                if index not in term.free_symbols:
                    continue
                for other in free:
                    place = other.indices[0]
                    if (
                        other.base == term.base
                        and isinstance(place, Symbol)
                        and place != index
                    ):
                        ranges += [place >= term.indices[0].subs(index, first)]
                        ranges += [place <= term.indices[0].subs(index, last)]
    for element in sp.Tuple(*expressions).atoms(MatrixElement):
        for place, size in zip(element.args[1:], element.parent.shape, strict=True):
            ranges += [place >= 0, place < size]
    names = structural_integers(expressions)
    return [r for r in ranges if r.free_symbols and r.free_symbols <= names]
