"""Hard steps: every false one is refused, every true one accepted, both ways round."""

import pytest

from lib.proof.equality import decide_equal
from lib.proof.errors import Undecidable
from tests.shared.corpus import FALSE, TRUE, Case


def ids(cases: list[Case]) -> list[str]:
    return [case.name for case in cases]


def test_corpus_is_large_and_has_no_case_twice() -> None:
    assert len(FALSE) >= 60
    assert len(TRUE) >= 60
    assert len({case.name for case in FALSE + TRUE}) == len(FALSE + TRUE)


@pytest.mark.parametrize("case", FALSE, ids=ids(FALSE))
def test_false_step_is_refused(case: Case) -> None:
    for left, right in ((case.left, case.right), (case.right, case.left)):
        try:
            verdict = decide_equal(left, right, case.given)
        except Undecidable:
            continue
        assert not verdict.holds
        assert verdict.counterexample


@pytest.mark.parametrize("case", TRUE, ids=ids(TRUE))
def test_true_step_is_accepted(case: Case) -> None:
    for left, right in ((case.left, case.right), (case.right, case.left)):
        assert decide_equal(left, right, case.given).holds
