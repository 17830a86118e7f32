"""What conditions fix: each equation solved, few values one by one."""

# ruff: noqa: E501

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from sympy import Abs, Eq, Expr, Max, Ne, Q, Rational, Symbol, exp, log, sqrt, symbols

from lib.proof.cases import MOST_ALONE, MOST_VALUES, cases
from lib.proof.equality import decide_at_most, decide_equal
from lib.proof.errors import NoValues, Undecidable

x, y, v = symbols("x y v", real=True)
s, t = symbols("s t", positive=True)
n, k = symbols("n k", integer=True)
D = Symbol("D", integer=True, positive=True)
p = Symbol("p", prime=True)
thin = Rational(1, 10**20)

TWINS = {
    "one value": (n, 1, 2, (n > 0, n < 2), None),
    "a real number": (x**2, 4, 5, (Eq(x, 2),), None),
    "two bounds that meet": (x**2, 4, 5, (x >= 2, x <= 2), None),
    "two values": (n**2 - 3 * n + 2, 0, 0, (n > 0, n < 3), (n > 0, n < 4)),
    "one prime": (p, 97, 89, (p > 90, p < 100), None),
    "a line": (x + y, 1, x - y, (Eq(x + y, 1),), None),
    "a curve": (y, x**2, x, (Eq(y, x**2),), None),
    "a circle": (x**4 + y**4, 1 - 2 * x**2 * y**2, 1 - x**2, (Eq(x**2 + y**2, 1),), None),
    "positive numbers that add to one": (Abs(s - 1), t, Max(t, Rational(1, 2)), (Eq(s + t, 1),), None),
    "a product": (log(s) + log(t), 0, log(s), (Eq(s * t, 1),), None),
    "a sum of zero": (x * y + y * v + v * x, -(x**2 + y**2 + v**2) / 2, 0, (Eq(x + y + v, 0),), None),
    "two equations": (x**2 + y**2, 13 * v**2, 14 * v**2, (Eq(x + y, 5 * v), Eq(x - y, -v)), None),
    "a square": (x**2, 4, 8, (Eq(x**2, 4),), None),
    "three roots": (x**3, x, x**2, (Eq(x**3 - x, 0),), None),
    "even": ((-1) ** n, 1, -1, (Eq(n, 2 * k),), None),
    "whole numbers": ((n - k) * (n + k), 4 * k + 4, 4 * k, (Eq(n, k + 2),), None),
    "a thin window": (Max(x, sqrt(2)), x, x, (x >= sqrt(2), x < sqrt(2) + thin), (x >= sqrt(2) - thin, x < sqrt(2) + thin)),
}  # fmt: skip


@pytest.mark.parametrize("name", TWINS)
def test_the_true_one_holds_and_the_false_one_does_not(name: str) -> None:
    left, true, false, given_, false_given = TWINS[name]
    assert decide_equal(left, sp.S(true), given_).holds
    verdict = decide_equal(left, sp.S(false), false_given or given_)
    assert not verdict.holds
    assert verdict.counterexample


@pytest.mark.parametrize(
    ("small", "large", "less", "given_"),
    [
        (x + y, sqrt(2), Rational(1414, 1000), (Eq(x**2 + y**2, 1),)),
        (s * t, Rational(1, 4), Rational(2499, 10**4), (Eq(s + t, 1),)),
        (-s * log(s) - t * log(t), log(2), Rational(693, 1000), (Eq(s + t, 1),)),
        (n**2, sp.S(9), sp.S(8), (n >= -2, n <= 3)),
    ],
)
def test_bounds_on_a_curve(small, large, less, given_) -> None:
    assert decide_at_most(small, large, given_).holds
    assert not decide_at_most(small, less, given_).holds


@given(a=st.integers(-9, 9).filter(bool), b=st.integers(-9, 9), c=st.integers(-9, 9))
def test_solutions_solve_the_equation(a: int, b: int, c: int) -> None:
    equation: Expr = a * x**2 + b * x * y + c
    if (condition := Eq(equation, 0)) == False:  # noqa: E712
        return
    found = cases((x, y), (condition,))
    assert found is not None
    for point, needs in found:
        [(symbol, root)] = point.items()
        assert sp.expand(equation.subs(symbol, root)) == 0
        assert all(need.free_symbols <= {x, y} - {symbol} for need in needs)


def test_a_counterexample_names_what_was_put_in() -> None:
    said = decide_equal(x * y, x, (Eq(x + y, 1),)).counterexample
    assert said.startswith("where x = 1 - y, at y = ")
    assert decide_equal(n, 3 * n, (n > 1, n < 3)).counterexample == (
        "where n = 2: left 2.0, right 6.0"
    )
    A = sp.MatrixSymbol("A", 2, 2)
    said = decide_equal(x * A, 3 * A, (Eq(x, 2),)).counterexample
    assert said.startswith("where x = 2, with A = ")


@pytest.mark.parametrize("given_", [(Eq(s, -1),), (Eq(x, 1), Eq(x, 2)), (n > 2, n < 3)])
def test_conditions_that_nothing_satisfies_decide_nothing(given_) -> None:
    with pytest.raises(Undecidable):
        decide_equal(x * s * n, x * s * n + 1, given_)


def test_one_case_without_values_leaves_the_others() -> None:
    assert decide_equal(Abs(x), -x, (Eq(x**2, 4), x < 0)).holds
    with pytest.raises(NoValues):
        decide_equal(x, x + 1, (Eq(x**2, 4), x > 3, x < 4))


@pytest.mark.parametrize(
    "given_",
    [
        (Ne(x, 0),),
        (x > 0, x < 1),
        (Eq(exp(x) + x, y * exp(y)),),
        (Eq(x * y, y),),  # either factor may be zero
        (n >= 0, n < MOST_VALUES + 1),
        (Eq(D, 2),),  # a size, which is chosen otherwise
    ],
)
def test_what_no_condition_fixes_is_no_case(given_) -> None:
    trace = sp.Trace(sp.MatrixSymbol("A", D, D))
    assert cases((x + y + n + trace, x), given_) is None


def test_a_sum_of_known_length_is_written_out() -> None:
    total = sp.Sum(sp.IndexedBase("u")[k], (k, 1, D))
    two = sp.IndexedBase("u")[1] + sp.IndexedBase("u")[2]
    assert decide_equal(total, two, (Eq(D, 2),)).holds
    assert not decide_equal(total, two, (Eq(D, 3),)).holds
    assert decide_equal(sp.Sum(k, (k, 1, D)), sp.S(3), (Eq(D, 2),)).proof


def test_more_values_where_nothing_else_is_open() -> None:
    given_ = (n >= 0, n < MOST_ALONE)
    found = cases((n, n), given_)
    assert found is not None
    assert [point[n] for point, _ in found] == list(range(MOST_ALONE))


def test_conditions_on_matrices_fix_nothing() -> None:
    A = sp.MatrixSymbol("A", 2, 2)
    assert cases((A, A), (Q.invertible(A), Eq(x, 1))) is None
