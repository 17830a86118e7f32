"""Every claim of the registry is decided by its own statement and by nothing else."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sympy as sp
from sympy import Rational, Symbol, symbols

from lib.proof.errors import Undecidable
from lib.proof.expectation import E
from lib.report.claims import Claim, Part, Statement, state
from lib.report.concordance import answer, claims, concordance, equation
from tests.shared import book_rules, mutants
from tests.shared.effort import MUTANTS_EVERY
from tests.shared.numeric import near, order, small, value
from tools.notebooks import BOOK, read

CLAIMS = {claim.number: claim for claim in claims()}
STATEMENTS = {
    f"{number}.{i}": statement
    for number, claim in CLAIMS.items()
    for i, statement in enumerate(claim.statements)
}
SHIFTS = (0.0, 0.37)  # two points, at which the judge looks


def values(statement: Statement, **at: float) -> list[complex]:
    """The members' values, and of each open variable the mean and the mean square."""
    moments = [E(law.args[0] ** n, law) for law in statement.under for n in (1, 2)]
    return [value(statement.meaning(e), at) for e in (*statement.members, *moments)]


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


def variants(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """The statement with one error: in a member, a law, an abbreviation's meaning."""
    names = {
        s
        for member in statement.members
        for s in statement.meaning(member).free_symbols
        if isinstance(s, Symbol)
    }
    ordered = sorted(names, key=str)
    for i, member in enumerate(statement.members):
        for mutant, change in mutants.mutants(member, ordered).items():
            changed = (*statement.members[:i], mutant, *statement.members[i + 1 :])
            yield f"member {i}, {change}", replace(statement, members=changed)
    for i, law in enumerate(statement.under):
        for mutant, change in mutants.mutants(law, ordered).items():
            under = (*statement.under[:i], mutant, *statement.under[i + 1 :])
            yield f"law {i}, {change}", replace(statement, under=under)
    for shown, meaning in statement.where.items():
        for mutant, change in mutants.mutants(meaning, ordered).items():
            where = {**statement.where, shown: mutant}
            yield f"meaning of {shown}, {change}", replace(statement, where=where)


def survives(mutant: Statement) -> bool:
    """Whether the check lets a mutant pass; what it cannot decide, it refuses."""
    try:
        return mutant.decide().holds
    except (Undecidable, ValueError):
        return False


def test_registry_holds_every_equation_and_answer_once() -> None:
    assert list(CLAIMS) == [
        *(str(n) for n in range(1, 40)),
        *(f"Q{n}" for n in range(1, 21)),
    ]


@pytest.mark.parametrize("number", CLAIMS)
def test_correction_holds(number: str) -> None:
    decision = CLAIMS[number].check()
    assert decision.holds, decision.counterexample
    assert ("numeric" in CLAIMS[number].scope) == (decision.how == "numerically")


@pytest.mark.parametrize("number", CLAIMS)
def test_verdict_is_what_the_check_of_the_printed_form_says(number: str) -> None:
    claim = CLAIMS[number]
    printed = claim.check_printed()
    if claim.verdict == "correct":
        assert claim.printed == claim.corrected
    elif claim.verdict == "wrong" and printed is not None:
        assert not printed.holds
        assert printed.counterexample
    if not number.startswith("Q"):
        assert printed is not None
    if claim.verdict != "correct":
        assert claim.correction


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_wrong_variant_passes(name: str) -> None:
    """A check that would pass whatever its statement says is no check."""
    statement = STATEMENTS[name]
    made = list(variants(statement))
    wrong = 0
    for change, mutant in made[:: MUTANTS_EVERY if len(made) > 40 else 1]:
        if differ(statement, mutant):
            wrong += 1
            assert not survives(mutant), change
    assert wrong >= 1


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_reversed_bound_and_no_smaller_remainder_passes(name: str) -> None:
    statement = STATEMENTS[name]
    for i, relation in enumerate(statement.relations):
        if relation in ("<=", ">="):
            other = {"<=": ">=", ">=": "<="}[relation]
            relations = (*statement.relations[:i], other, *statement.relations[i + 1 :])
            assert not survives(replace(statement, relations=relations))
    if "O" in statement.relations:
        assert not survives(replace(statement, order=statement.order + 1))


@pytest.mark.parametrize("name", STATEMENTS)
def test_judge_agrees_with_what_is_decided_as_it_stands(name: str) -> None:
    """The floating-point values bear out every equality that is its own test."""
    statement = STATEMENTS[name]
    if any(test.members != statement.members for _, test in statement.tests(statement)):
        return
    for shift in SHIFTS:
        found = values(statement, shift=shift)
        for relation, a, b in zip(statement.relations, found, found[1:], strict=False):
            if relation == "=":
                assert near(a, b)


def test_labels_are_distinct_and_well_formed() -> None:
    labels = [c.label for n, c in CLAIMS.items() if not n.startswith("Q")]
    assert len(set(labels)) == len(labels)
    assert all(label.startswith("eq-") for label in labels)


def test_every_equation_is_derived_where_the_registry_says() -> None:
    pages = {claim.chapter for claim in CLAIMS.values()}
    defined = {
        page: book_rules.notebook_labels(read(BOOK / f"{page}.ipynb")) for page in pages
    }
    missing = [
        claim
        for claim in CLAIMS.values()
        if claim.label and claim.label not in defined[claim.chapter]
    ]
    assert missing == []


def test_page_of_a_wrong_claim_shows_where_it_fails() -> None:
    shown = equation(11)._repr_markdown_()
    assert "wrong" in shown
    assert equation(11).check_printed().counterexample in shown
    assert equation(11).corrected.block in shown


def test_concordance_has_a_row_and_an_entry_for_each_claim() -> None:
    head, *entries = concordance()._repr_markdown_().split("\n\n---\n\n")
    count, table = head.split("\n\n")
    rows = table.splitlines()[2:]
    assert sum(map(int, re.findall(r"\d+", count))) == 2 * len(CLAIMS)
    assert len(rows) == len(entries) == len(CLAIMS)
    assert {row.count("|") for row in rows} == {5}
    for claim, row, entry in zip(CLAIMS.values(), rows, entries, strict=True):
        anchor = f"claim-{claim.number.lower()}"
        assert row.startswith(f"| [{claim.title}](#{anchor}) | {claim.verdict} |")
        assert entry.startswith(f"({anchor})=\n")
        assert claim.corrected.block in entry


# ------------------------------------------------------------------- the machinery

a, t = symbols("a t", real=True)
s = symbols("s", positive=True)


@pytest.mark.parametrize(
    ("statement", "holds"),
    [
        (state((a + 1) ** 2, "=", a**2 + 2 * a + 1), True),
        (state((a + 1) ** 2, "=", a**2 + 2 * a + 2), False),
        (state(a, "<=", a + s), True),
        (state(a, "<=", a * s), False),
        (state(a + s, ">=", a), True),
        (state(a - s, ">=", a), False),
        (state(a, "!=", a + s), True),
        (state((a + s) ** 2, "!=", a**2 + 2 * a * s + s**2), False),
        (state(sp.exp(t), "O", 1 + t, about=(t,), order=2), True),
        (state(sp.exp(t), "O", 1 + t, about=(t,), order=3), False),
        (state(sp.sqrt(2), "~", sp.Float("1.41", 3), within=Rational(1, 200)), True),
        (state(sp.sqrt(2), "~", sp.Float("1.41", 3), within=Rational(1, 2000)), False),
        (state(sp.Integral(t, (t, 0, s)), "=", s**2 / 2), True),
        (state(sp.Integral(t, (t, 0, s)), "=", s**2 / 3), False),
        (state(sp.Integral(1 / t, (t, 0, s)), "=", s), False),
        (state(a, "=", a + 0, "=", 2 * a / 2, "=", a + s - s), True),
        (state(a, "=", 2 * a / 2, "=", a + s), False),
    ],
)
def test_statement_is_decided(statement: Statement, holds: bool) -> None:
    decision = statement.decide()
    assert decision.holds == holds
    assert bool(decision.counterexample) != holds


def test_decimals_are_exact() -> None:
    assert state(sp.Float("0.1", 3), "=", Rational(1, 10)).decide().holds


def test_member_given_as_text_is_printed_as_written() -> None:
    stated = state(a, "=", "(a + 100*a)/2 - 99*a/2", names={"a": a})
    assert stated.latex == r"a = \frac{a + 100 a}{2} - \frac{99 a}{2}"


def test_bad_input_is_refused_with_its_remedy() -> None:
    with pytest.raises(ValueError, match="alternate"):
        state(a, "=")
    with pytest.raises(ValueError, match="no relation '=='"):
        state(a, "==", a)
    with pytest.raises(ValueError, match="needs an order"):
        state(a, "~", a).decide()
    with pytest.raises(LookupError, match="no equation 99"):
        equation(99)
    with pytest.raises(LookupError, match="no answer 0"):
        answer(0)
    good = equation(7)
    with pytest.raises(ValueError, match="verdict 'right'"):
        replace(good, verdict="right")
    with pytest.raises(ValueError, match="scope 'always'"):
        replace(good, scope="always")


def test_claim_is_built_once_and_under_its_own_number() -> None:
    part = Part()

    @part.claim("8")
    def misfiled() -> Claim:
        return equation(7)

    with pytest.raises(ValueError, match="claim 7 is registered as 8"):
        part["8"]
    assert equation(7) is equation(7)
