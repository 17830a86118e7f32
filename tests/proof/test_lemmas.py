"""The lemmas' proofs run, and fail where their statement is spoilt."""

import pytest
import sympy as sp
from sympy import Symbol

from lib.proof import lemmas
from lib.proof.expectation import KL
from lib.proof.laws import Normal
from lib.proof.lemmas import (
    Bound,
    ConditionError,
    gibbs,
    prove_gibbs,
    prove_jensen,
    prove_log_bound,
    times,
)


def test_lemmas_are_proved() -> None:
    prove_log_bound()
    prove_jensen()
    prove_gibbs()


def test_a_spoilt_log_bound_spoils_what_rests_on_it(monkeypatch) -> None:
    true_bound = lemmas.log_bound

    def spoilt(r):
        bound = true_bound(r)
        return Bound(bound.smaller, bound.larger + 1, bound.name)

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


def test_a_nonnegative_factor_and_a_divergence_make_bounds() -> None:
    r = Symbol("r", positive=True)
    one = times(lemmas.log_bound(r), r)
    assert (one.smaller, one.larger) == (r * sp.log(r), r * (r - 1))
    x = Symbol("x", real=True)
    p, q = Normal(x, 0, 1), Normal(x, 1, 1)
    assert gibbs(p, q) == Bound(sp.S.Zero, KL(p, q), "Gibbs")


@pytest.mark.parametrize(
    ("factor", "message"),
    [(0, "does not fall to 0"), (2, "does not rise beyond"), (-1, "does not fall")],
)
def test_the_proof_of_the_log_bound_can_fail(monkeypatch, factor, message) -> None:
    true_log = sp.log
    monkeypatch.setattr(lemmas.sp, "log", lambda r: factor * true_log(r))
    with pytest.raises(ConditionError, match=message):
        prove_log_bound()
