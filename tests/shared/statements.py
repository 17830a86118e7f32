"""Wrong variants of a registry's statement, and a judge who tells them from true ones.

The judge works in floating point and shares no code with the check.
"""

from collections.abc import Iterator
from dataclasses import replace

from sympy import Rational, Symbol

from lib.proof.errors import DerivationError, Undecidable
from lib.proof.expectation import E
from lib.report.claims import Statement
from tests.shared import mutants
from tests.shared.numeric import near, order, small, value, value_at

SHIFTS = (0.0, 0.37)  # two points, at which the judge looks

# What a true relation is not. An approximation that is an equality would be one with
# its remainder, or its tolerance, gone.
CONTRARY = {
    "=": ("!=",),
    "!=": ("=",),
    "<=": (">=", "="),
    ">=": ("<=", "="),
    "~": ("=",),
    "O": ("=",),
}


def values(statement: Statement, **at: float) -> list[complex]:
    """The members' values, and of each open variable the mean and the mean square."""
    moments = [E(law.args[0] ** n, law) for law in statement.under for n in (1, 2)]
    members = [statement.meaning(e) for e in (*statement.members, *moments)]
    if at.keys() == {"shift"}:
        return [value_at(member, at["shift"]) for member in members]
    return [value(member, at) for member in members]


def differ(statement: Statement, mutant: Statement) -> bool:
    """Whether the judge, who shares no code with the check, sees another statement."""
    if statement.order:
        return remainder_order(statement, mutant) < statement.order - 0.5
    for shift in SHIFTS:
        try:
            found = values(mutant, shift=shift)
        except ValueError:  # a law without its variable, say: no statement at all
            return True
        if mutant.where != statement.where and set(statement.relations) == {"="}:
            # Another meaning of a name can leave an identity true of all meanings.
            members = found[: len(mutant.members)]
            if not all(near(members[0], other) for other in members):
                return True
        elif not all(map(near, values(statement, shift=shift), found)):
            return True
    return False


def remainder_order(statement: Statement, mutant: Statement) -> float:
    """The power of t with which the mutant's error shrinks, as ``about`` does."""

    def error(t: float) -> float:
        at = {"shift": 0.37, **small(statement.about, t)}
        pairs = zip(values(statement, **at), values(mutant, **at), strict=True)
        return max(abs(a - b) for a, b in pairs)

    return order(error)


def variants(
    statement: Statement, most: int | None, name: str
) -> Iterator[tuple[str, Statement]]:
    """The statement with one error: in a member, a law, an abbreviation's meaning.

    A sample has at most so many in each of these.
    """
    names = {
        s
        for member in statement.members
        for s in statement.meaning(member).free_symbols
        if isinstance(s, Symbol)
    }
    ordered = sorted(names, key=str)
    for i, member in enumerate(statement.members):
        for mutant, change in mutants.mutants(member, ordered, most, name).items():
            changed = (*statement.members[:i], mutant, *statement.members[i + 1 :])
            yield f"member {i}, {change}", replace(statement, members=changed)
    for i, law in enumerate(statement.under):
        for mutant, change in mutants.mutants(law, ordered, most, name).items():
            under = (*statement.under[:i], mutant, *statement.under[i + 1 :])
            yield f"law {i}, {change}", replace(statement, under=under)
    for shown, meaning in statement.where.items():
        for mutant, change in mutants.mutants(meaning, ordered, most, name).items():
            where = {**statement.where, shown: mutant}
            yield f"meaning of {shown}, {change}", replace(statement, where=where)


def overstated(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """The statement with a contrary relation, a smaller remainder or tolerance."""
    for i, relation in enumerate(statement.relations):
        for other in CONTRARY[relation]:
            relations = (*statement.relations[:i], other, *statement.relations[i + 1 :])
            change = f"relation {i}, {relation} to {other}"
            yield change, replace(statement, relations=relations)
    if "O" in statement.relations:
        yield "smaller remainder", replace(statement, order=statement.order + 1)
    if statement.within is not None:
        closer = statement.within * Rational(1, 10)
        yield "smaller tolerance", replace(statement, within=closer)


def survives(mutant: Statement) -> bool:
    """Whether the check lets a mutant pass; what it cannot decide, it refuses."""
    try:
        return mutant.decide().holds
    except (Undecidable, DerivationError, ValueError):
        return False
