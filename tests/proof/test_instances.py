"""Instances of two expressions: how many, and what each leaves open."""

import math

import pytest
from sympy import (
    Abs,
    Basic,
    Determinant,
    Function,
    Identity,
    MatrixSymbol,
    Max,
    Q,
    S,
    Sum,
    Symbol,
    Trace,
    log,
    sqrt,
    symbols,
)

from lib.proof.equality import decide_equal
from lib.proof.expectation import E
from lib.proof.instances import EXTREMES, STRUCTURES, has_structure, instances
from lib.proof.laws import Normal

x, y = symbols("x y", real=True)
z = symbols("z", integer=True)
f = Function("f")


def test_numbers_alone_make_one_instance() -> None:
    [only] = instances(x + y, y + x, [x < y])
    assert only.pairs == ((x + y, x + y),)
    assert only.given == (x < y,)
    assert only.symbols == [x, y]
    assert only.choices == ()


def test_unknown_functions_make_several_each_with_its_numbers() -> None:
    found = [one for one in instances(f(x), f(y), []) if not one.extreme]
    assert len(found) >= STRUCTURES
    assert all(one.choices == ("f at random",) for one in found)
    assert len({tuple(one.functions) for one in found}) == len(found)


def test_extreme_ones_come_last_and_are_constant_at_first() -> None:
    found = list(instances(f(x), f(y), []))
    first = next(i for i, one in enumerate(found) if one.extreme)
    assert all(one.extreme for one in found[first:])
    assert found[first].pairs == ((0, 0),)
    assert len(found) - first == EXTREMES


def test_more_come_until_they_are_enough() -> None:
    asked = []

    def are_enough() -> bool:
        asked.append(None)
        return len(asked) > 2

    usual = [one for one in instances(f(x), f(y), []) if not one.extreme]
    more = [o for o in instances(f(x), f(y), [], are_enough) if not o.extreme]
    assert len(more) == len(usual) + 2


def test_far_sizes_are_tried_on_both_sides_of_where_something_turns() -> None:
    size = symbols("n", integer=True, positive=True)
    a = MatrixSymbol("A", size, size)
    left = Max(size - 100, 0) * Trace(a)
    found = [one for one in instances(left, S.Zero, []) if one.extreme]
    assert any("n = 101" in one.choices for one in found)


def test_conditions_may_be_joined_and_denied() -> None:
    size = symbols("n", integer=True, positive=True)
    a = MatrixSymbol("A", size, size)
    either = [Q.diagonal(a) | Q.symmetric(a)]
    for one in instances(a, a.T, either):
        assert all(left == right for left, right in one.pairs)
    denied = [~Q.invertible(a)]
    assert {
        left
        for one in instances(Determinant(a), S.Zero, denied)
        for left, _ in one.pairs
    } == {0}


def test_conditions_stay_where_numbers_are_still_to_be_chosen() -> None:
    size = symbols("n", integer=True, positive=True)
    found = list(instances(f(x) * Sum(y, (z, 1, size)), f(x), [x < y, size > 1]))
    assert found
    assert all(one.given == (x < y,) for one in found)


def test_a_matrix_makes_one_pair_for_each_entry() -> None:
    size = symbols("n", integer=True, positive=True)
    a = MatrixSymbol("A", size, size)
    for one in instances(a, a.T, []):
        assert math.isqrt(len(one.pairs)) ** 2 == len(one.pairs)
        assert one.symbols == []


def test_roots_of_unknown_functions_are_no_kinks() -> None:
    known, unknown = Abs(x - 1), Abs(Function("g", real=True)(x))
    one = next(instances(known + unknown, unknown, []))
    assert one.kinks == [x - 1]


@pytest.mark.parametrize(
    ("expression", "structured"),
    [
        (x**2, False),
        (f(x), True),
        (E(x, Normal(x, 0, 1)), True),
        (Trace(MatrixSymbol("A", 2, 2)), True),
        (Symbol("a", commutative=False), True),
        (Sum(x, (Symbol("i", integer=True), 1, Symbol("n", integer=True))), True),
    ],
)
def test_structure_is_what_numbers_do_not_settle(expression, structured) -> None:
    assert has_structure([expression]) is structured


def test_scalar_beside_matrices_takes_values_of_its_own() -> None:
    latents, pixels = symbols("D M", integer=True, positive=True)
    s = symbols("s", positive=True)
    w = MatrixSymbol("W", pixels, latents)
    a = w.T * w + s**2 * Identity(latents)
    c = w * w.T + s**2 * Identity(pixels)
    inverse = (Identity(pixels) - w * a.I * w.T) / s**2
    log_det = log(Determinant(a)) + (pixels - latents) * log(s**2)
    assert decide_equal(c.I, inverse).holds
    assert not decide_equal(c.I, s * inverse).holds
    assert decide_equal(log(Determinant(c)), log_det).holds
    assert not decide_equal(log(Determinant(c)), log_det + log(s)).holds


def test_scalar_beside_matrices_respects_the_conditions() -> None:
    size = symbols("n", integer=True, positive=True)
    trace = Trace(MatrixSymbol("A", size, size))
    left, right = sqrt((1 - x) ** 2) * trace, (1 - x) * trace
    assert decide_equal(left, right, [x < 1]).holds
    assert not decide_equal(left, right).holds


def test_a_relation_about_matrices_is_put_to_each_instance() -> None:
    size = symbols("n", integer=True, positive=True)
    a = MatrixSymbol("A", size, size)
    positive = [Trace(a) > 0]
    for one in instances(a, a.T, positive):
        if one.symbols:
            continue  # a matrix times a number, which the relation is about
        assert one.given == ()
        entries = [left for left, _ in one.pairs]
        width = math.isqrt(len(entries))
        assert sum(entries[:: width + 1]) > 0


def test_a_property_of_a_product_is_looked_for() -> None:
    size = symbols("n", integer=True, positive=True)
    a, b = MatrixSymbol("A", size, size), MatrixSymbol("B", size, size)
    found: list[Basic] = list(instances(a * b, b, [Q.invertible(a * b)]))
    assert found
    assert decide_equal((a * b).I * (a * b), Identity(size)).holds
    assert list(instances(a * a.T, b, [Q.diagonal(a), Q.symmetric(b)]))


def test_a_matrix_is_scaled_where_a_relation_or_a_kink_is_about_it() -> None:
    a = MatrixSymbol("A", 2, 2)
    definite = Q.positive_definite(a)
    trace = Trace(a) - 100
    scaled = [one for one in instances(Abs(trace), trace, [definite]) if one.symbols]
    assert scaled
    for one in scaled:
        [symbol] = one.symbols
        assert symbol.is_positive
        assert one.extreme
    for given in ([definite, Trace(a) > 99], [Trace(a) > 99]):
        assert not decide_equal(Abs(trace), trace, given).holds
        assert decide_equal(Abs(trace), trace, [*given, Trace(a) > 100]).holds


def test_a_matrix_is_not_scaled_where_that_changes_what_is_known() -> None:
    a = MatrixSymbol("A", 2, 2)
    trace = Trace(a) - 1
    for given in (Q.orthogonal(a), Q.positive_definite(a - Identity(2))):
        found = instances(Abs(trace), trace, [given])
        assert all(not one.symbols for one in found)
