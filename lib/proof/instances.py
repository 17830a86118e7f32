"""Instances of two expressions: all that they leave open is chosen, but numbers."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sympy as sp
from sympy import Basic, Derivative, Expr, S, Symbol
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr, MatrixSymbol

from .calculus import Jacobian, MatrixGradient
from .errors import NoValues, Undecidable
from .evaluation import Numeric, Point
from .expectation import Operator, resolve
from .grounding import ground
from .interpretation import Interpretation
from .kinks import admits, kinks_of, satisfies
from .matrices import NEARLY_SINGULAR, Singular, has_property
from .points import points
from .sizes import far_sizes, sizes_to_try, structural_integers

ENOUGH = 12  # instances without which an unproved equality stays undecided
STRUCTURES = 6  # choices of sizes, functions and laws, each with a few points
EXTREMES = 18  # more of them, at the edges of what is assumed
MOST_SCALED = 4  # entries of a matrix whose size stays open
A_FEW_EXTREMES = 4  # where an instance takes long


@dataclass(frozen=True)
class Instance:
    """Both sides with all but numbers chosen, entry by entry in ``columns``.

    ``choices`` names what was chosen: "n = 2", "A = [[1, 0], [2, 3]]", "f at random".
    An ``extreme`` one can refute, but what holds there may hold nowhere else.
    """

    choices: tuple[str, ...]
    pairs: tuple[tuple[Expr, Expr], ...]
    given: tuple[Basic, ...]
    functions: Mapping[str, Numeric] = field(default_factory=dict)
    enclosures: Mapping[str, Numeric] = field(default_factory=dict)
    columns: int = 1
    extreme: bool = False

    @property
    def symbols(self) -> list[Symbol]:
        free = set().union(*(s.free_symbols for pair in self.pairs for s in pair))
        free = free.union(*(g.free_symbols for g in self.given))
        return sorted(free, key=lambda s: (str(s), s.class_key()))

    @property
    def kinks(self) -> list[Expr]:
        found = (kinks_of(side) for pair in self.pairs for side in pair)
        unique = dict.fromkeys(itertools.chain(*found))
        return [k for k in unique if not self._is_unknown(k)]

    def _is_unknown(self, kink: Expr) -> bool:
        """Whether it contains an unknown function: its roots are hit by chance."""
        return any(f.func.__name__ in self.functions for f in kink.atoms(sp.Function))


def instances(
    left: Basic,
    right: Basic,
    given: Sequence[Basic],
    are_enough: Callable[[], bool] = lambda: True,
) -> Iterator[Instance]:
    """Both sides under several interpretations; one where numbers alone stay open.

    Once all have come that are wanted, more do until they ``are_enough``, and then
    extreme ones: of far sizes, with singular matrices, functions that are constant.
    """
    sides = [left, right]
    if not has_structure([resolve(left), resolve(right)]):
        pairs, columns = _pairs(resolve(left), resolve(right))
        relations = (g for g in given if not g.has(AppliedPredicate))
        yield Instance((), pairs, tuple(relations), columns=columns)
        return
    beside = _beside_matrices(sides, [g for g in given if not g.has(AppliedPredicate)])
    sized = structural_integers(sides)
    sizes = sizes_to_try(sides) if sized else []
    wanted, found = max(STRUCTURES, len(sizes), len(beside)), 0
    for seed in range(24 * wanted):
        chosen = Interpretation(sides, given, seed, beside[seed % len(beside)])
        instance = _instance(left, right, given, chosen)
        if instance is None:
            continue
        if found == 0 and not instance.symbols:
            wanted = max(wanted, ENOUGH)  # one point each
        yield instance
        found += 1
        if found >= wanted and (are_enough() or found >= 2 * wanted):
            break
    yield from _scaled_instances(left, right, given, beside)
    yield from _extreme_instances(left, right, given, beside)


def _scaled_instances(
    left: Basic, right: Basic, given: Sequence[Basic], beside: Sequence[Point]
) -> Iterator[Instance]:
    """With a small matrix times a number that stays open.

    So the ends of conditions on matrices are met, and the kinks that lie among them.
    """
    turns = [*kinks_of(left), *kinks_of(right)]
    turns += [g for g in given if not g.has(AppliedPredicate)]
    names = {s.name for turn in turns for s in turn.atoms(MatrixSymbol)}
    for seed, name in itertools.product(range(2 * STRUCTURES), sorted(names)):
        chosen = Interpretation((left, right), given, seed, beside[seed % len(beside)])
        if any(len(value) > MOST_SCALED for value in chosen.matrices.values()):
            continue
        if name not in chosen.matrices or not chosen.scale(name):
            continue
        instance = _instance(left, right, given, chosen)
        with contextlib.suppress(NoValues):
            if instance and any(points(instance.symbols, (), instance.given, 1)):
                yield replace(instance, extreme=True)


def _extreme_instances(
    left: Basic, right: Basic, given: Sequence[Basic], beside: Sequence[Point]
) -> Iterator[Instance]:
    sides = [left, right]
    if not any(e.has(MatrixExpr, AppliedUndef, Operator) for e in sides):
        return  # what is left open are numbers, and points are far already
    sizes = far_sizes(sides, given)
    if structural_integers(sides) and not sizes:
        return
    dear = any(e.has(Operator, Derivative, Jacobian, MatrixGradient) for e in sides)
    wanted, found = A_FEW_EXTREMES if dear else max(EXTREMES, 2 * len(sizes)), 0
    for seed in range(4 * wanted):
        there = sizes[(seed + seed // len(sizes)) % len(sizes)] if sizes else {}
        try:
            chosen = Interpretation(
                sides, given, seed, beside[seed % len(beside)], there
            )
            instance = _instance(left, right, given, chosen)
        except Undecidable:  # of which the others say enough
            continue
        if instance is not None:
            yield replace(instance, extreme=True)
            found += 1
        if found == wanted:
            return


def _instance(
    left: Basic, right: Basic, given: Sequence[Basic], chosen: Interpretation
) -> Instance | None:
    """Both sides under an interpretation, or None if that does not suit."""
    predicates = [g for g in given if g.has(AppliedPredicate)]
    relations = [g for g in given if g not in predicates]
    try:
        kept = _still_open(relations, chosen)
        met = all(_is_met(predicate, chosen) for predicate in predicates)
        if not met or S.false in kept:
            return None
        pairs, columns = _pairs(ground(left, chosen), ground(right, chosen))
    except Singular:
        return None
    return Instance(
        chosen.described(),
        pairs,
        kept,
        chosen.functions,
        chosen.enclosures,
        columns,
    )


def _still_open(
    relations: Sequence[Basic], chosen: Interpretation
) -> tuple[Basic, ...]:
    """The relations with all that is chosen put in, but those that now hold."""
    found = []
    for relation in relations:
        put = relation.xreplace({**chosen.sizes, **chosen.scalars})
        if put.has(MatrixExpr, sp.Trace, sp.Determinant):
            put = put.func(*(ground(side, chosen) for side in relation.args))
        found.append(put)
    return tuple(c for c in found if c != True)  # noqa: E712


def _is_met(condition: Basic, chosen: Interpretation) -> bool:
    """Whether an instance has properties, if no matrix was drawn to have them."""
    about = {symbol.name for symbol in condition.atoms(MatrixSymbol)}
    if condition in chosen.drawn_facts or not about <= chosen.matrices.keys():
        return True
    facts = {
        fact: sp.sympify(
            has_property(
                fact.function.name, sp.Matrix(ground(fact.arguments[0], chosen))
            )
        )
        for fact in condition.atoms(AppliedPredicate)
    }
    return condition.xreplace(facts) == True  # noqa: E712


def _beside_matrices(sides: Sequence[Basic], given: Sequence[Basic]) -> list[Point]:
    """Numbers for the scalars beside matrices: a symbolic inverse takes minutes."""
    if not any(side.has(MatrixExpr) for side in sides):
        return [{}]
    free = set().union(*(side.free_symbols for side in sides)) - structural_integers(
        sides
    )
    scalars = {s for s in free if isinstance(s, Symbol) and s.is_commutative}
    scalars -= {base.label for side in sides for base in side.atoms(sp.IndexedBase)}
    if not scalars:
        return [{}]
    kinks = [k for side in sides for k in kinks_of(side) if k.free_symbols <= scalars]
    given = [g for g in given if g.free_symbols <= scalars and not g.has(MatrixExpr)]
    found = list(points(scalars, kinks, given, ENOUGH))
    # Beside a matrix that is nearly singular its inverse has far values in the plane.
    turned = {s: sp.I / 7 for s in scalars if admits(s, sp.I / 7)}
    if turned and satisfies(near := {**found[0], **turned}, given):
        found.insert(NEARLY_SINGULAR, near)
    return found


def _pairs(left: Basic, right: Basic) -> tuple[tuple[tuple[Expr, Expr], ...], int]:
    """Both sides entry by entry, and how many columns they have."""
    shaped = next((s for s in (left, right) if isinstance(s, sp.MatrixBase)), None)
    if shaped is None:
        return ((left, right),), 1
    # Beside matrices for symbols that do not commute a number is c I.
    sides = (
        s if isinstance(s, sp.MatrixBase) else s * sp.eye(shaped.rows)
        for s in (left, right)
    )
    return tuple(zip(*map(list, sides), strict=True)), shaped.cols


def has_structure(expressions: Sequence[Basic]) -> bool:
    """Whether an instance must choose more than the values of scalar symbols."""
    return any(
        e.has(MatrixExpr, AppliedUndef, Operator, sp.Indexed, MatrixElement)
        or structural_integers([e])
        or any(not s.is_commutative for s in e.atoms(Symbol))
        for e in expressions
    )
