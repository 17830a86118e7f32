"""Sizes: values for the whole numbers that stand in shapes, limits and indices."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from random import Random

import sympy as sp
from sympy import Basic, Integer, Symbol
from sympy.assumptions.assume import AppliedPredicate
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr

from .calculus import Map
from .errors import Undecidable
from .points import admits, kinks_of, roots, satisfies


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
    conditions = [
        g
        for g in given
        if not isinstance(g, AppliedPredicate) and g.free_symbols <= set(names)
    ]
    conditions += _index_ranges(expressions)
    matrices = any(e.has(MatrixExpr) for e in expressions)
    ladder = sizes_to_try(expressions)
    random = Random(seed)
    for attempt in range(600):
        values = [ladder[(seed + attempt) % len(ladder)]]
        values += [random.choice(ladder) for _ in names[1:]]
        chosen = {n: Integer(v) for n, v in zip(names, values, strict=True)}
        equal = len(set(values)) < len(values) and attempt < 200 and matrices
        if (
            not equal
            and all(admits(n, v) for n, v in chosen.items())
            and satisfies(chosen, conditions)
        ):
            return chosen
    raise Undecidable(f"no sizes were found for {', '.join(map(str, names))}")


def sizes_to_try(expressions: Sequence[Basic]) -> list[int]:
    """Small sizes; where no matrix must be filled, also 0 and where something turns."""
    names = structural_integers(expressions)
    if any(e.has(Map) for e in expressions):
        return [2, 3, 1, 4]  # each entry of a map is a function of all the others
    if any(e.has(MatrixExpr) for e in expressions):
        return [2, 3, 1, 5, 4]
    turns = [
        int(root) + k
        for kink in itertools.chain(*map(kinks_of, expressions))
        if len(kink.free_symbols) == 1 and kink.free_symbols <= names
        for root in roots(kink, *kink.free_symbols)
        for k in (0, 1)
        if 4 <= root <= 40
    ]
    return [2, 3, 1, 7, 4, 0, *sorted(set(turns))]


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
