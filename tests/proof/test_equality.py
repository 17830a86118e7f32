"""Hard steps: every false one is refused, every true one accepted, both ways round.

The steps stand in ``tests.shared.corpus``; what needs no pair of them stands below.
"""

import pytest
import sympy as sp
from sympy import (
    Abs,
    Heaviside,
    IndexedBase,
    Integral,
    MatrixSymbol,
    Max,
    Ne,
    Q,
    S,
    Sum,
    UnevaluatedExpr,
    besselj,
    exp,
    log,
    oo,
    sign,
    symbols,
    tanh,
)

from lib.proof.equality import decide_at_most, decide_equal
from lib.proof.errors import Undecidable
from lib.proof.expectation import E
from lib.proof.laws import Normal
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


x, y, z = symbols("x y z", real=True)
size = symbols("n", integer=True, positive=True)
k = symbols("k", integer=True)


def test_shapes_that_differ_are_a_counterexample() -> None:
    row = MatrixSymbol("r", 1, size)
    verdict = decide_equal(row, row.T)
    assert not verdict.holds
    assert verdict.counterexample == "their shapes differ: (1, n) and (n, 1)"


def test_a_difference_far_below_the_sides_values_is_seen() -> None:
    verdict = decide_equal(1 + exp(-(10**4)) + x - x, S.One)
    assert not verdict.holds
    assert "they differ by" in verdict.counterexample


def test_a_side_that_has_no_value_where_the_other_has_is_a_difference() -> None:
    verdict = decide_equal(log(x**2), 2 * log(Abs(x) - 2))
    assert not verdict.holds
    assert not decide_equal(1 / Heaviside(x, 1), Abs(sign(x) + 1) / 2).holds


def test_bounds_are_refuted_or_borne_out_and_never_proved() -> None:
    assert decide_at_most(x, x**2 + 1).holds
    assert not decide_at_most(x, x**2 + 1).proved
    assert not decide_at_most(x**2 + 1, x).holds
    assert decide_at_most(x, x).holds
    assert not decide_at_most(x, x**2).holds
    assert decide_at_most(x, x**2, [x > 1]).holds


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (Q.positive(x), "is about no matrix"),
        (x + 1, "is no relation"),
        (S.false, "never true"),
        (IndexedBase("a")[1] > 0, "declare its base"),
    ],
)
def test_conditions_that_no_instance_could_respect_are_refused(
    condition, message: str
) -> None:
    with pytest.raises(Undecidable, match=message):
        decide_equal(x, x + y - y, [condition])
    with pytest.raises(Undecidable, match=message):
        decide_at_most(x, x + 1, [condition])


def test_what_neither_sympy_nor_instances_can_tell_is_undecided() -> None:
    unknown = E(tanh(x) ** 2, Normal(x, 0, 1))
    with pytest.raises(Undecidable, match="no closed form"):
        decide_equal(unknown, 1 - unknown)


def test_what_is_kept_apart_has_the_value_of_what_it_holds() -> None:
    value = exp(x) * besselj(0, x)
    assert decide_equal(UnevaluatedExpr(value), value).holds
    assert not decide_equal(UnevaluatedExpr(x) * y, x + y).holds


def test_a_side_of_a_kink_without_values_leaves_it_open() -> None:
    """Beyond 10^13 exp(-x) would take more digits than can be had."""
    tail = sp.Heaviside(x - 10**13) * sp.exp(-x)
    with pytest.raises(
        Undecidable, match="no values are known where x - 10000000000000"
    ):
        decide_equal(sp.Max(x, 0), sp.Max(x, 0) + tail)


def test_a_number_of_a_million_digits_is_refused() -> None:
    with pytest.raises(Undecidable, match="bits"):
        decide_at_most(sp.exp(x), sp.Integer(10) ** 10**6)


@pytest.mark.parametrize(
    ("left", "right", "given"),
    [
        (Integral(exp(-x * y), (y, 0, 1)) * x, 1 - exp(-x), ()),
        (Integral(Max(y, 0), (y, -1, x)), Max(x, 0) ** 2 / 2, ()),
        (Sum(x**k, (k, 0, oo)), 1 / (1 - x), (Abs(x) < 1,)),
    ],
)
def test_a_closed_form_may_need_the_numbers(left, right, given) -> None:
    assert decide_equal(left, right, given).holds
    assert not decide_equal(left, right + x**2, given).holds


def test_a_series_that_diverges_somewhere_is_not_decided() -> None:
    with pytest.raises(Undecidable, match="no closed form here"):
        decide_equal(Sum(x**k, (k, 0, oo)), 1 / (1 - x), (Ne(x, 1),))
