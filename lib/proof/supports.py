"""Supports: the few values at which an unknown law has its mass."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from random import Random

import sympy as sp
from sympy import Basic, Rational, Symbol
from sympy.core.function import AppliedUndef

from .errors import Undecidable
from .expectation import Operator
from .kinks import admits, kinks_of, roots

Kind = tuple[tuple[str, bool], ...]  # what is assumed of a variable


class Supports:
    """Where the bound variables of ``expressions`` have their mass.

    Variables of like assumptions have like supports, drawn when one is asked for.
    """

    def __init__(self, expressions: Sequence[Basic], seed: int, random: Random) -> None:
        operators = sp.Tuple(*expressions).atoms(Operator)
        self._bound = {v for node in operators for v in node.bound_symbols}
        self._turns = _turns_of_bound(operators)
        self._seed, self._random = seed, random
        self._drawn: dict[Kind, list[Rational]] = {}

    def of(self, variable: Symbol) -> list[Rational]:
        """Its values; among them both sides of where an integrand turns."""
        kind = _kind(variable)
        if kind not in self._drawn:
            self._drawn[kind] = self._draw(variable, kind)
        return self._drawn[kind]

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


def _turns_of_bound(operators: AbstractSet[Operator]) -> dict[Kind, list[Rational]]:
    """Both sides of where what stands under an integral turns, by kind of variable."""
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
    return found


def _kind(variable: Symbol) -> Kind:
    return tuple(sorted(variable.assumptions0.items()))
