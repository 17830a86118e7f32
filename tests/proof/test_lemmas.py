"""The lemmas' proofs run, and fail where their statement is spoilt."""

import pytest
from sympy import Symbol

from lib.proof import lemmas
from lib.proof.lemmas import (
    Bound,
    ConditionError,
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
