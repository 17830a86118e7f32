"""The lemmas' proofs run, and fail where their statement is spoilt."""

from copy import copy

import pytest
import sympy as sp
from sympy import Symbol, exp

from lib.proof import lemmas
from lib.proof.derivation import Derivation
from lib.proof.errors import DerivationError
from lib.proof.expectation import KL
from lib.proof.laws import Abstract, Law, Normal, density
from lib.proof.lemmas import (
    ConditionError,
    expected,
    gibbs,
    prove_gibbs,
    prove_jensen,
    prove_log_bound,
    times,
)
from tests.shared.corpora.inequalities import CITED, Cited

NORMAL = Normal(Symbol("x", real=True), 0, 1)


def test_lemmas_are_proved() -> None:
    prove_log_bound()
    prove_jensen()
    prove_gibbs()


def test_a_spoilt_log_bound_spoils_what_rests_on_it(monkeypatch) -> None:
    true_bound = lemmas.log_bound

    def spoilt(r):
        bound = true_bound(r)
        return lemmas._bound(bound.smaller, bound.larger + 1, bound.name)

    monkeypatch.setattr(lemmas, "log_bound", spoilt)
    with pytest.raises(ConditionError):
        prove_jensen()
    with pytest.raises(ConditionError):
        prove_gibbs()


def test_a_negative_factor_turns_no_bound() -> None:
    with pytest.raises(ConditionError, match="factor >= 0"):
        times(lemmas.log_bound(Symbol("r", positive=True)), -1)


def test_lemma_is_refused_where_its_condition_is_not_known() -> None:
    with pytest.raises(ConditionError, match="positive argument"):
        lemmas.log_bound(Symbol("x", real=True))
    with pytest.raises(ConditionError, match="nonnegative"):
        lemmas.nonnegative(Symbol("x", real=True))


@pytest.mark.parametrize("case", CITED, ids=lambda case: case.name)
def test_a_step_passes_by_a_lemma_that_holds_and_by_no_other(case: Cited) -> None:
    def step() -> None:
        named = case.right.free_symbols | case.right.atoms(Law)
        chain = Derivation(case.left, name="n", where=case.where, symbols=named)
        chain.le(case.right, because="the lemma", by=case.lemma())

    if case.holds:
        step()
    else:
        with pytest.raises((ConditionError, DerivationError)):
            step()


def test_a_bound_that_was_changed_makes_no_other() -> None:
    bound = lemmas.nonnegative(Symbol("r", positive=True))
    object.__setattr__(bound, "larger", -bound.larger)
    with pytest.raises(ConditionError, match="not as a lemma made it"):
        times(bound, 2)
    with pytest.raises(ConditionError, match="made by the lemma"):
        expected(copy(lemmas.nonnegative(Symbol("r", positive=True))), NORMAL)


def test_what_a_law_lacks_is_named() -> None:
    w = Symbol("w", real=True)
    half = Abstract(w, density("p", w) / 2, "h")
    loose = Normal(w, 0, Symbol("d", real=True))
    with pytest.raises(ConditionError, match="mass 1, and that of h comes to 1/2"):
        lemmas.jensen(exp(w), half)
    with pytest.raises(ConditionError, match="nowhere negative"):
        expected(lemmas.nonnegative(w**2), loose)
    with pytest.raises(ConditionError, match=r"needs a law, e\.g\. Normal"):
        lemmas.jensen(exp(w))


def test_a_nonnegative_factor_and_a_divergence_make_bounds() -> None:
    r = Symbol("r", positive=True)
    one = times(lemmas.log_bound(r), r)
    assert (one.smaller, one.larger) == (r * sp.log(r), r * (r - 1))
    x = Symbol("x", real=True)
    p, q = Normal(x, 0, 1), Normal(x, 1, 1)
    bound = gibbs(p, q)
    assert (bound.smaller, bound.larger) == (0, KL(p, q))


@pytest.mark.parametrize(
    ("factor", "message"),
    [(0, "does not fall to 0"), (2, "does not rise beyond"), (-1, "does not fall")],
)
def test_the_proof_of_the_log_bound_can_fail(monkeypatch, factor, message) -> None:
    true_log = sp.log
    monkeypatch.setattr(lemmas.sp, "log", lambda r: factor * true_log(r))
    with pytest.raises(ConditionError, match=message):
        prove_log_bound()
