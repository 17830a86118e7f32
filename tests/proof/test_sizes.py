"""Sizes and indices: which symbols stand for one, and what is tried for them."""

import pytest
from sympy import (
    Derivative,
    Heaviside,
    IndexedBase,
    KroneckerDelta,
    MatrixSymbol,
    Max,
    Sum,
    Trace,
    binomial,
    floor,
    log,
    sqrt,
    symbols,
)

from lib.proof.calculus import Map
from lib.proof.errors import Undecidable
from lib.proof.sizes import (
    LARGEST_MATRIX,
    choose_sizes,
    sizes_to_try,
    structural_integers,
    unseen_turn,
)

rows, columns, i, j, k = symbols("M D i j k", integer=True, positive=True)
A = MatrixSymbol("A", rows, columns)
mu = IndexedBase("mu", real=True)
total = Sum(mu[i], (i, 1, columns))


def test_sizes_stand_in_shapes_limits_and_indices_and_are_not_bound() -> None:
    assert structural_integers([A, total + mu[j]]) == {rows, columns, j}
    assert structural_integers([k + 1]) == set()


def test_sizes_of_matrices_differ_but_for_every_fourth_time() -> None:
    for seed in range(20):
        chosen = choose_sizes([A], [], seed)
        assert (chosen[rows] == chosen[columns]) is (seed % 4 == 3)


def test_every_size_of_the_ladder_comes_up() -> None:
    tried = {choose_sizes([total], [], seed)[columns] for seed in range(12)}
    assert {1, 2, 3, 4, 7} <= tried


def test_sizes_respect_conditions_and_assumptions() -> None:
    for seed in range(12):
        chosen = choose_sizes([A], [rows > columns], seed)
        assert chosen[rows] > chosen[columns] > 0


def test_conditions_that_no_sizes_satisfy_are_named() -> None:
    with pytest.raises(Undecidable, match="no sizes were found for D, M"):
        choose_sizes([A], [rows > columns, columns > rows], 0)


def test_a_free_index_runs_where_the_sum_does() -> None:
    slope = Derivative(total, mu[j])
    for seed in range(12):
        chosen = choose_sizes([slope], [], seed)
        assert 1 <= chosen[j] <= chosen[columns]


def test_an_entry_lies_within_its_matrix() -> None:
    for seed in range(12):
        chosen = choose_sizes([A[i, j]], [], seed)
        assert chosen[i] < chosen[rows]
        assert chosen[j] < chosen[columns]


def test_sums_are_tried_where_something_turns() -> None:
    turning = total * Heaviside(sqrt(columns) - sqrt(17))
    assert {17, 18} <= set(sizes_to_try([turning]))
    assert 0 in sizes_to_try([total])


def test_some_sizes_are_large() -> None:
    assert max(sizes_to_try([total])) > 30
    assert 9 <= max(sizes_to_try([Trace(A * A.T)])) <= LARGEST_MATRIX
    assert max(sizes_to_try([Map("f", rows, A)])) == 4


def test_sizes_beside_written_numbers_are_tried() -> None:
    assert {40, 41} <= set(sizes_to_try([total + binomial(columns, 41)]))
    assert {17, 18} <= set(sizes_to_try([Trace(A * A.T) + binomial(columns, 18)]))


@pytest.mark.parametrize(
    ("beyond", "within"),
    [
        (floor(j / 10**4), floor(j / 5)),
        (Max(log(j), 9), Max(log(j), 3)),
        (KroneckerDelta(j, 5000), KroneckerDelta(j, 900)),
        (KroneckerDelta(j, k + 5000), KroneckerDelta(j, k + 5)),
        (KroneckerDelta(j, rows + 700), KroneckerDelta(j, rows + 7)),
        (binomial(j, 2000), binomial(j, 500)),
    ],
)
def test_a_turn_beyond_the_sizes_that_are_tried_is_told(beyond, within) -> None:
    sums = Sum(mu[i], (i, 1, j)) + Sum(mu[i], (i, 1, k))
    assert "a formula turns" in unseen_turn([sums, sums + beyond])
    assert unseen_turn([sums, sums + within]) is None
    assert unseen_turn([rows, beyond]) is None  # a number like any other
