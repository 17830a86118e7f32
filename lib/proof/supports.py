"""Supports: the few values at which an unknown law has its mass."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from random import Random

import sympy as sp
from sympy import Basic, Rational, S, Symbol
from sympy.core.function import AppliedUndef

from .errors import Undecidable
from .expectation import Operator
from .kinks import admits, kinks_of, roots
from .reach import far_number

Kind = tuple[tuple[str, bool], ...]  # what is assumed of a variable


class Supports:
    """Where the bound variables of ``expressions`` have their mass.

    Variables of like assumptions have like supports, drawn when one is asked for.
    """

    def __init__(
        self,
        expressions: Sequence[Basic],
        seed: int,
        random: Random,
        reach: int = 0,
    ) -> None:
        operators = sp.Tuple(*expressions).atoms(Operator)
        self._bound = {v for node in operators for v in node.bound_symbols}
        self._roots, self._turns = _turns_of_bound(operators)
        self._seed, self._random, self._reach = seed, random, reach
        self._drawn: dict[Kind, dict[Rational, Rational]] = {}

    def of(self, variable: Symbol) -> dict[Rational, Rational]:
        """Its values; among them both sides of where an integrand turns.

        Beside each stands how much of the space is there: of a whole variable one, of
        another any number where values are extreme. So a density may be above one.
        """
        kind = _kind(variable)
        if kind not in self._drawn:
            drawn = self._extreme if self._reach else self._draw
            values = drawn(variable, kind)
            counted = not self._reach or variable.is_integer
            self._drawn[kind] = {v: S.One if counted else self._mass() for v in values}
        return self._drawn[kind]

    def _mass(self) -> Rational:
        """Of every other seed little, so that densities are far above one."""
        scale = Rational(10) ** (4 if self._seed % 2 else -4)
        return scale * Rational(self._random.randint(11, 99), 10)

    def _extreme(self, variable: Symbol, kind: Kind) -> list[Rational]:
        """Where an integrand turns, and of every scale."""
        at, beside = self._roots.get(kind, []), self._turns.get(kind, [])
        wanted = min(self._extent(kind), 3)
        support = list(dict.fromkeys([*at[-2:], *beside[:1]]))
        for _ in range(400):
            if len(support) >= wanted:
                return support
            value = self._random.choice((1, -1)) * far_number(self._random, self._reach)
            value = sp.floor(value) if variable.is_integer else value
            if admits(variable, value) and value not in support:
                support.append(value)
        raise Undecidable(f"no values suit the assumptions on {variable}")

    def _draw(self, variable: Symbol, kind: Kind) -> list[Rational]:
        turns = self._turns.get(kind, [])
        start = self._seed % len(turns) if turns else 0
        support = list(dict.fromkeys((turns[start:] + turns[:start])[:2]))
        wanted = self._extent(kind)
        scale = Rational(10) ** (0, 1, -2, 0, 3, -7, 6, 2)[self._seed % 8]
        for attempt in range(402):
            value = Rational(self._random.randint(-40, 40), 13 if attempt % 3 else 3)
            if attempt % 3 == 1:  # without a denominator in common
                value = Rational(
                    self._random.randint(-(10**6), 10**6),
                    self._random.randint(10**5, 10**6),
                )
            value *= scale if len(support) == 1 and attempt < 90 else 1
            value = value if attempt % 3 else sp.floor(value)
            if admits(variable, value) and value not in support:
                support.append(value)
            if len(support) >= wanted:
                return support
        raise Undecidable(f"no values suit the assumptions on {variable}")

    def _extent(self, kind: Kind) -> int:
        """How many values a variable has: fewer where the sums are over many."""
        alike = sum(_kind(v) == kind for v in self._bound)
        if alike == 1:
            return (2, 3, 4, 6)[self._seed % 4]
        return 2 + (self._seed % 3) // (2 if alike > 2 else 1)


def _turns_of_bound(
    operators: AbstractSet[Operator],
) -> tuple[dict[Kind, list[Rational]], dict[Kind, list[Rational]]]:
    """Where an integrand turns, and beside it, by kind of variable."""
    at: dict[Kind, list[Rational]] = {}
    found: dict[Kind, list[Rational]] = {}
    for node in sorted(operators, key=sp.default_sort_key):
        for kink in kinks_of(node.args[0]):
            for variable in node.bound_symbols:
                if variable not in kink.free_symbols or kink.has(
                    AppliedUndef, Operator
                ):
                    continue
                others = kink.free_symbols - {variable}
                alone = kink.xreplace(dict.fromkeys(others, Rational(1, 2)))
                for root in roots(alone, variable):
                    sides = [root + k for k in (1, -1, Rational(1, 7))]
                    sides = [root / 2, 2 * root] if 0 < abs(root) < 1 else sides
                    known = found.setdefault(_kind(variable), [])
                    known += [v for v in sides if v.is_Rational and admits(variable, v)]
                    if root.is_Rational and admits(variable, root):
                        at.setdefault(_kind(variable), []).append(root)
    return at, found


def _kind(variable: Symbol) -> Kind:
    return tuple(sorted(variable.assumptions0.items()))
