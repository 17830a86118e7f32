"""A counterexample names all that it rests on, in simple values."""

import pytest
from sympy import (
    Abs,
    Determinant,
    Function,
    I,
    Integer,
    MatrixSymbol,
    Q,
    Rational,
    Sum,
    Symbol,
    Trace,
    symbols,
)

from lib.proof.counterexamples import place
from lib.proof.equality import decide_at_most, decide_equal

x, y = symbols("x y", real=True)
n = symbols("n", integer=True, positive=True)
A = MatrixSymbol("A", n, n)
B = MatrixSymbol("B", 5, 5)
C, D = (MatrixSymbol(name, 2, 2) for name in "CD")
f = Function("f", real=True)
i = Symbol("i", integer=True)
a, b = symbols("a b", commutative=False)


@pytest.mark.parametrize(
    ("left", "right", "given", "parts"),
    [
        (A, A.T, (), ["with n = ", "A = [[", "entry (1, 2), left", ", right"]),
        (C * D, D * C, [Q.symmetric(C)], ["with C = [[", ", D = [[", "entry (1, "]),
        (Trace(B), Determinant(B), (), ["with B = some 5 x 5 matrix: left"]),
        (f(x), f(y), (), ["at x = ", ", y = ", ", with f at random: left"]),
        (Sum(x**i, (i, 1, n)), x * n, (), ["at x = ", ", with n = 2: left"]),
        (x * Trace(A), Trace(A), (), ["with n = ", "x = ", "A = [["]),
        (a * b, b * a, (), ["a = [[", "b = [[", "entry (1, "]),
        (x + y, x - y, (), ["at x = ", ", y = ", ": left"]),
        (I + 1, I, (), ["always: left (1.0 + 1.0j), right (0.0 + 1.0j)"]),
    ],
)
def test_what_was_chosen_is_said(left, right, given, parts) -> None:
    said = decide_equal(left, right, given).counterexample
    start = 0
    for part in parts:  # in this order
        assert part in said[start:], said
        start = said.index(part, start) + len(part)


@pytest.mark.parametrize(
    ("left", "right", "given", "said"),
    [
        (Abs(x - 1000), x - 1000, [x > 5], "at x = 10:"),
        (Abs(x - 1000), 1000 - x, [x > 5], "at x = 5000:"),
    ],
)
def test_the_simplest_values_that_refute_are_named(left, right, given, said) -> None:
    verdict = decide_equal(left, right, given)
    assert not verdict.holds
    assert verdict.counterexample.startswith(said)


def test_a_bound_is_refuted_in_simple_values() -> None:
    verdict = decide_at_most(x**2, Integer(10**4), [x > 1])
    point = verdict.counterexample.partition(":")[0]
    assert len(point) <= len("at x = 1000")


def test_a_place_is_told_in_words() -> None:
    assert place({}) == "always:"
    assert place({x: Rational(1, 2), y: Rational(3)}) == "at x = 1/2, y = 3:"


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"\ell_{0}", "ell_0"),
        (r"\frac{\partial \ell}{\partial x_{0}}", "d ell/d x_0"),
        (r"\operatorname{LN} \circ A_{0}", "LN o A_0"),
    ],
)
def test_names_read_outside_of_mathematics(latex: str, plain: str) -> None:
    assert place({Symbol(latex): Rational(1, 2)}) == f"at {plain} = 1/2:"
