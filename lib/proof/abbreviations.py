"""Abbreviations: may a name stand for this meaning?

A name keeps what is assumed of it, and SymPy has used that before the meaning is put
in: sqrt(s**2) is s of a positive s. So the meaning must have each of these properties.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp
from sympy import Basic, Expr, MatrixExpr, S
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.matexpr import MatrixElement

from .arguments import shown
from .chain import spelt_out
from .counterexamples import place
from .equality import decide_at_most
from .errors import DerivationError, Undecidable
from .expectation import Int, Operator, resolve
from .instances import has_structure
from .laws import normalised_over
from .parsing import exact
from .points import points

_FACTS = (
    *("positive", "negative", "nonnegative", "nonpositive", "nonzero", "zero"),
    *("real", "imaginary", "finite", "rational", "integer", "even", "odd", "prime"),
    "commutative",
)
_AT_LEAST_ZERO = {"positive", "nonnegative"}
_SIGNS = _AT_LEAST_ZERO | {"negative", "nonpositive"}


def abbreviations(where: Any, given: Sequence[Basic]) -> dict[Basic, Basic]:
    """``where`` as a dictionary, if each name in it may stand for its meaning.

    Raises ``DerivationError`` if it is none, if names go round in a circle, or if a
    meaning lacks its name's shape or an assumption that is made of the name.
    """
    if where is None:
        return {}
    if not isinstance(where, Mapping):
        raise DerivationError(
            f"where={shown(where)}: where takes a dictionary, {{name: meaning}}"
        )
    found = {}
    for name, value in where.items():
        if not isinstance(name, Expr) or name.is_number:
            raise DerivationError(
                f"where abbreviates {shown(name)}: the name must be a symbol or an "
                "expression that holds one"
            )
        found[name] = exact(value, f"where: the meaning of {shown(name)}")
    _refuse_circles(found)
    for name, meaning in found.items():
        _refuse_unlike(name, meaning, spelt_out(meaning, found), tuple(given))
    return found


def _refuse_circles(where: Mapping[Basic, Basic]) -> None:
    for name, meaning in where.items():
        if spelt_out(meaning, where).has(*where):
            raise DerivationError(
                f"where: the meaning of {shown(name)} leads back to what is "
                "abbreviated: write it without"
            )


@functools.lru_cache(1024)
def _refuse_unlike(
    name: Expr, meaning: Basic, spelt: Basic, given: tuple[Basic, ...]
) -> None:
    """Refuse a meaning of another shape, or one that lacks what the name has.

    ``spelt``: the meaning with all other names put in, where they must be.
    """
    shapes = [tuple(getattr(side, "shape", ())) for side in (name, meaning)]
    if shapes[0] != shapes[1]:
        raise DerivationError(
            f"where: {shown(name)} has the shape {shapes[0]}, its meaning {shapes[1]}"
        )
    if isinstance(name, MatrixExpr):
        return
    _refuse_another_mass(name, meaning)
    assumed = {f: getattr(name, f"is_{f}") for f in _FACTS}
    known = {f: getattr(_with_real_traces(meaning), f"is_{f}", None) for f in _FACTS}
    open_facts = set()
    for fact, truth in assumed.items():
        if truth is None or known[fact] is truth:
            continue
        if known[fact] is not None:
            kind = fact if truth else f"not {fact}"
            raise DerivationError(_lacking(name, kind, f"and {shown(meaning)} is not"))
        open_facts.add(fact)
    if open_facts:
        _refuse_at_points(name, spelt, open_facts, given)


def _with_real_traces(meaning: Basic) -> Basic:
    """Numbers that matrices give are real here; SymPy takes them for complex ones."""
    numbers = meaning.atoms(sp.Trace, sp.Determinant, MatrixElement)
    return meaning.xreplace({n: sp.Dummy(real=True) for n in numbers})


def _refuse_another_mass(name: Expr, meaning: Basic) -> None:
    """A declared density integrates to one: refuse what has another mass."""
    mass = meaning
    for variable in normalised_over(name):
        mass = resolve(Int(mass, variable))
    known = not mass.has(Operator, AppliedUndef)
    if normalised_over(name) and known and mass != 1:
        raise DerivationError(
            f"where: {shown(name)} is a density, and its meaning has the mass {mass}"
        )


def _refuse_at_points(
    name: Expr, meaning: Basic, facts: set[str], given: Sequence[Basic]
) -> None:
    """Look for a place at which the meaning lacks what SymPy cannot see that it has.

    Where there are too few places to tell, the meaning stands.
    """
    with contextlib.suppress(Undecidable):
        if has_structure([meaning]):
            _refuse_other_sign(name, meaning, facts, given)
            return
        for point in points(meaning.free_symbols, [meaning], given):
            value = meaning.xreplace(point)
            if value.has(S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity):
                continue  # it has no value here
            for fact in sorted(facts):
                truth, found = (getattr(v, f"is_{fact}") for v in (name, value))
                if found is not None and found is not truth:
                    kind = fact if truth else f"not {fact}"
                    seen = f"but {place(point)} it means {value}"
                    raise DerivationError(_lacking(name, kind, seen))


def _refuse_other_sign(
    name: Expr, meaning: Basic, facts: set[str], given: Sequence[Basic]
) -> None:
    signs = {f for f in facts & _SIGNS if getattr(name, f"is_{f}")}
    if not signs:
        return
    fact = min(signs)
    sides = (S.Zero, meaning) if fact in _AT_LEAST_ZERO else (meaning, S.Zero)
    verdict = decide_at_most(*sides, given)
    if not verdict.holds:
        seen = f"but {verdict.counterexample}"
        raise DerivationError(_lacking(name, fact, seen))


def _lacking(name: Expr, kind: str, seen: str) -> str:
    return (
        f"where: {shown(name)} is declared {kind}, {seen}. Declare the name without "
        "that, or more about the meaning (given=[...])"
    )
