"""The book's own derivations are the corpus: no wrong variant of a step is accepted.

Every step is mutated at the nodes of its expression. What counts as wrong is decided
by ``numeric``, which shares no code with the checks.
"""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from sympy import Basic, Rel, Symbol

from lib.proof.chain import Step
from lib.proof.derivation import Derivation
from lib.proof.errors import DerivationError
from lib.report.concordance import all_claims
from tests.shared import mutants
from tests.shared.effort import DEEP, sampled
from tests.shared.numeric import near, order, small, value, value_at
from tools.derivations import derivations
from tools.notebooks import BOOK, read

DERIVATIONS = {
    f"{chapter}: {derived.chain.name}": derived.chain
    for chapter, found in derivations().items()
    for derived in found
}
MUTANTS = 2  # of a derivation, in a sample
SHIFTS = (0.0, 0.37, 1.6)  # points at which the judge looks

Point = dict[str, float]


def variants(chain: Derivation) -> Iterator[tuple[Step, Basic, str]]:
    """Every step of a chain with one error in its new line, or a sample of them."""
    most = None if DEEP else MUTANTS
    for step in chain.steps:
        names = {s for line in chain.lines for s in line.expression.free_symbols}
        ordered = sorted((s for s in names if isinstance(s, Symbol)), key=str)
        line, drawn = step.after.expression, f"{chain.name}: {step.because}"
        for mutant, change in mutants.mutants(line, ordered, most, drawn).items():
            yield step, mutant, change


def points(chain: Derivation) -> list[Point]:
    """Where the judge looks: the conditions hold there."""
    allowed = []
    for shift in SHIFTS:
        at = {"shift": shift}
        conditions = [c for c in chain.given if isinstance(c, Rel)]
        ends = [[value(side, at).real for side in c.args] for c in conditions]
        if all(c.func(*e) for c, e in zip(conditions, ends, strict=True)):
            allowed.append(at)
    return allowed


def differ(chain: Derivation, step: Step, mutant: Basic) -> bool:
    """Whether the judge sees another value than the step's."""
    lines = (step.before.expression, step.after.expression, mutant)
    before, after, other = map(chain.meaning, lines)
    if step.order:
        about, power = step.order

        def error(t: float) -> float:
            at = {"shift": 0.37, **small(about, t)}
            return np.max(np.abs(value(after, at) - value(other, at)))

        return order(error) < power - 0.5
    reference = before if step.relation == "=" else after
    for at in points(chain):
        try:
            found = value(other, at)
        except ValueError:  # sizes that do not fit: no value at all
            return True
        if not near(value_at(reference, at["shift"]), found):
            return True
    return False


def retried(chain: Derivation, step: Step, after: Basic, before: Basic) -> bool:
    """Whether a chain of this one step accepts ``after``."""
    known = [s for line in chain.lines for s in line.expression.free_symbols]
    again = Derivation(
        before, name="again", given=chain.given, where=chain.where, symbols=known
    )
    try:
        if step.order:
            about, power = step.order
            again.approx(after, about=about, order=power, because="so")
        elif step.relation == "=":
            again.step(after, because="so")
        elif step.relation == "<=":
            again.le(after, because="so", by=step.bound)
        else:
            again.ge(after, because="so", by=step.bound)
    except DerivationError:
        return False
    except ValueError:  # a law without its variable, say: no statement at all
        return False
    return True


def test_names_of_derivations_are_distinct() -> None:
    assert len(DERIVATIONS) == sum(map(len, derivations().values()))


LABELLED = {chain.label: chain for chain in DERIVATIONS.values() if chain.label}
REGISTERED = {claim.label: claim for claim in all_claims() if claim.label}


@pytest.mark.parametrize("label", REGISTERED)
def test_derivation_ends_with_what_the_registry_states(label: str) -> None:
    """A registered equation is derived in its chapter, or the chapter defines it."""
    claim = REGISTERED[label]
    chain = LABELLED.get(label)
    if chain is None:
        page = read(BOOK / f"{claim.chapter}.ipynb")
        text = "".join(c.source for c in page.cells if c.cell_type == "markdown")
        assert re.search(rf"\\coloneqq[^$]*\$\$ \({label}\)", text)
        return
    stated = claim.corrected
    for at in points(chain):
        end, right = (
            value(e, at) for e in (chain.result, stated.meaning(stated.right))
        )
        assert near(end, right)


@pytest.mark.parametrize("name", DERIVATIONS)
def test_judge_sees_that_the_book_is_right(name: str) -> None:
    """The floating-point values bear out every equality of the book."""
    chain = DERIVATIONS[name]
    assert points(chain)
    for step in chain.steps:
        if step.relation == "=":
            assert not differ(chain, step, step.after.expression), step.because


@pytest.mark.parametrize("name", sampled(list(DERIVATIONS), 40))
def test_equality_holds_reversed(name: str) -> None:
    chain = DERIVATIONS[name]
    for step in chain.steps:
        if step.relation == "=":
            before, after = step.before.expression, step.after.expression
            assert retried(chain, step, after=before, before=after)


@pytest.mark.parametrize("name", sampled(list(DERIVATIONS), 60, "variants"))
def test_no_wrong_variant_of_a_step_is_accepted(name: str) -> None:
    chain = DERIVATIONS[name]
    made = list(variants(chain))
    for step, mutant, change in sampled(made, MUTANTS, name):
        if differ(chain, step, mutant):
            before = step.before.expression
            assert not retried(chain, step, mutant, before), change
