"""Every claim of the registry is decided by its own statement and by nothing else."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lib.report.claims import VERDICTS, Claim
from lib.report.concordance import Concordance, Summary, all_claims, answer, equation
from lib.report.entries import SIGNS
from tests.shared import book_rules, scopes
from tests.shared.effort import DEEP, sampled
from tests.shared.numeric import near
from tests.shared.statements import (
    SHIFTS,
    differ,
    overstated,
    survives,
    values,
    variants,
)
from tools.notebooks import BOOK, read

CLAIMS = {claim.number: claim for claim in all_claims()}
STATEMENTS = {
    f"{number}.{i}": statement
    for number, claim in CLAIMS.items()
    for i, statement in enumerate(claim.statements)
}
SLOPPY = [number for number, claim in CLAIMS.items() if claim.verdict == "sloppy"]


def objections(claim: Claim) -> list[str]:
    """What is wrong with a claim's verdict or scope."""
    found = scopes.objections(claim)
    if claim.verdict == "correct":
        if claim.printed is None or claim.printed != claim.corrected:
            found.append("what is printed is not what is true")
        return found
    if not claim.correction:
        found.append("there is no correction")
    printed = claim.check_printed()
    if claim.verdict == "wrong" and printed is not None and printed.holds:
        found.append("what is printed holds")
    if claim.verdict == "sloppy":
        if not claim.holds_if.decide().holds:
            found.append("the reading in which it holds does not")
        if claim.fails_if.decide().holds:
            found.append("the reading in which it fails does not")
    return found


def test_registry_holds_every_equation_and_answer_once() -> None:
    assert list(CLAIMS) == [
        *(str(n) for n in range(1, 40)),
        *(f"Q{n}" for n in range(1, 21)),
    ]


def test_one_formula_has_one_verdict() -> None:
    verdicts: dict[str, set[str]] = {}
    for claim in CLAIMS.values():
        if claim.printed is not None:
            verdicts.setdefault(claim.printed.latex, set()).add(claim.verdict)
    assert [latex for latex, found in verdicts.items() if len(found) > 1] == []


@pytest.mark.parametrize("number", [n for n, c in CLAIMS.items() if c.repeats])
def test_slip_that_counts_twice_is_one_of_an_equation(number: str) -> None:
    claim = CLAIMS[number]
    equation_too = CLAIMS[claim.repeats]
    assert number.startswith("Q")
    assert not claim.repeats.startswith("Q")
    assert claim.verdict == equation_too.verdict != "correct"
    assert claim.chapter.split("/")[0] == equation_too.chapter.split("/")[0]


# The concordance itself checks all of them, wherever its notebook is compared.
@pytest.mark.parametrize("number", sampled(list(CLAIMS), 20))
def test_correction_holds(number: str) -> None:
    decision = CLAIMS[number].check()
    assert decision.holds, decision.counterexample
    assert ("numeric" in CLAIMS[number].scope) == (decision.how == "numerically")
    for statement in CLAIMS[number].statements:
        assert "\n" not in repr(statement)


@pytest.mark.parametrize("number", CLAIMS)
def test_verdict_and_scope_are_what_the_checks_say(number: str) -> None:
    claim = CLAIMS[number]
    assert objections(claim) == []
    if not number.startswith("Q"):
        assert claim.printed is not None


@pytest.mark.parametrize("number", CLAIMS)
def test_what_fails_has_a_counterexample(number: str) -> None:
    claim = CLAIMS[number]
    for statement in (claim.printed, claim.fails_if):
        if statement is not None and not (decision := statement.decide()).holds:
            assert decision.counterexample


@pytest.mark.parametrize("number", CLAIMS)
def test_no_other_verdict_is_borne_out(number: str) -> None:
    claim = CLAIMS[number]
    for verdict in set(VERDICTS) - {claim.verdict}:
        try:
            other = replace(claim, verdict=verdict)
        except ValueError:  # it has readings, and should not, or the reverse
            continue
        assert objections(other), verdict


@pytest.mark.parametrize("number", SLOPPY)
def test_readings_of_a_sloppy_claim_are_not_exchanged(number: str) -> None:
    claim = CLAIMS[number]
    exchanged = replace(claim, holds_if=claim.fails_if, fails_if=claim.holds_if)
    assert len(objections(exchanged)) == 2


def other_scopes(scope: str) -> Iterator[str]:
    """The scope renamed, a part of it dropped, a number or a tolerance changed."""
    kind, _, said = scope.partition(": ")
    if kind == "general":
        yield "instance: something"
    else:
        yield "general"
        yield f"{'numeric' if kind == 'instance' else 'instance'}: {said}"
    yield from scope.split("; ") if scope.startswith("general;") else ()
    for word, other in (("one", "two"), ("two", "three"), ("three", "four")):
        if re.search(rf"\b{word}\b", scope):
            yield re.sub(rf"\b{word}\b", other, scope, count=1)
    for tolerance in re.findall(r"\d+e-\d+", scope):
        yield scope.replace(tolerance, "1e-15")


@pytest.mark.parametrize("number", CLAIMS)
def test_no_other_scope_is_borne_out(number: str) -> None:
    claim = CLAIMS[number]
    others = [other for other in other_scopes(claim.scope) if other != claim.scope]
    assert others
    for scope in others:
        assert scopes.objections(replace(claim, scope=scope)), scope


MUTANTS = 3  # of a statement, in a sample


@pytest.mark.parametrize("name", sampled(list(STATEMENTS), 50))
def test_no_wrong_variant_passes(name: str) -> None:
    """A check that would pass whatever its statement says is no check."""
    statement = STATEMENTS[name]
    made = list(variants(statement, None if DEEP else MUTANTS, name))
    wrong = 0
    for change, mutant in sampled(made, MUTANTS, name):
        if differ(statement, mutant):
            wrong += 1
            assert not survives(mutant), change
    assert wrong >= 1


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_contrary_or_closer_statement_passes(name: str) -> None:
    for change, mutant in overstated(STATEMENTS[name]):
        assert not survives(mutant), change


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


def test_concordance_has_a_heading_and_an_entry_for_each_claim() -> None:
    page = Concordance()._repr_markdown_()
    entries = re.split(r"(?=^\(claim-)", page, flags=re.MULTILINE)[1:]
    assert re.findall("^## (.+)", page, re.MULTILINE) == ["Equations", "Answers"]
    for claim, entry in zip(CLAIMS.values(), entries, strict=True):
        heading = f"### {claim.title}: {claim.verdict}"
        assert entry.startswith(f"(claim-{claim.number.lower()})=\n{heading}\n\n")
        for said in (
            f"{{section}}`{claim.chapter}: {claim.label}",
            claim.claim,
            claim.printed.block if claim.printed else "",
            claim.corrected.block,
            claim.correction or "**Why:** Its sides",
            f"**Checked** {claim.check().how} ({claim.scope}).",
        ):
            assert said in entry
        fails = claim.printed is not None and not claim.check_printed().holds
        assert ("It fails: `" in entry) == fails
        assert ("**Corrected:**" in entry) == (claim.printed != claim.corrected)


def test_summary_counts_equations_and_answers_apart_and_marks_each() -> None:
    equations, marks, answers, more = Summary()._repr_markdown_().split("\n\n")
    for said, strip, letter in ((equations, marks, ""), (answers, more, "Q")):
        some = [c for n, c in CLAIMS.items() if n.startswith("Q") == bool(letter)]
        found = re.findall(r'data-verdict="(\w+)"', strip)
        assert found == [claim.verdict for claim in some]
        counted, *twice = said.split(". ")
        total, *counts = map(int, re.findall(r"\d+", counted))
        assert total == sum(counts) == len(some)
        assert counts == [found.count(verdict) for verdict in VERDICTS]
        pairs = re.findall(r"(\d+) that of (\d+)", "".join(twice))
        assert pairs == [(c.number[1:], c.repeats) for c in some if c.repeats]
        for claim in some:
            assert f'href="#claim-{claim.number.lower()}"' in strip
            assert f'aria-label="{claim.title}: {claim.verdict}"' in strip


def test_signs_tell_verdicts_apart_without_a_colour() -> None:
    assert len(set(SIGNS.values())) == len(SIGNS) == len(VERDICTS)
    for claim in (equation(1), equation(7), equation(11)):
        assert f">{SIGNS[claim.verdict]}<" in Summary((claim,))._repr_markdown_()


def test_summary_of_some_claims_counts_these() -> None:
    some = Summary((equation(1), equation(2)))._repr_markdown_()
    assert some.startswith("2 equations: 1 correct, 1 sloppy, 0 wrong.\n")
    assert "answer" not in some
    assert Summary((answer(1),))._repr_markdown_().startswith("1 answer: 0 correct,")


def test_claim_that_is_not_there_is_refused() -> None:
    with pytest.raises(LookupError, match="no equation 99"):
        equation(99)
    with pytest.raises(LookupError, match="no answer 0"):
        answer(0)
