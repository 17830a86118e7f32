"""Sizes and indices: which symbols stand for one, and what is tried for them."""

import pytest
from sympy import (
    Derivative,
    Heaviside,
    IndexedBase,
    MatrixSymbol,
    Sum,
    Trace,
    symbols,
)

from lib.proof.calculus import Map
from lib.proof.errors import Undecidable
from lib.proof.sizes import choose_sizes, sizes_to_try, structural_integers

rows, columns, i, j, k = symbols("M D i j k", integer=True, positive=True)
A = MatrixSymbol("A", rows, columns)
mu = IndexedBase("mu", real=True)
total = Sum(mu[i], (i, 1, columns))


def test_sizes_stand_in_shapes_limits_and_indices_and_are_not_bound() -> None:
    assert structural_integers([A, total + mu[j]]) == {rows, columns, j}
    assert structural_integers([k + 1]) == set()


def test_sizes_of_matrices_differ_where_they_can() -> None:
    for seed in range(20):
        chosen = choose_sizes([A], [], seed)
        assert chosen[rows] != chosen[columns]


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
    turning = total * Heaviside(columns - 17)
    assert {17, 18} <= set(sizes_to_try([turning]))
    assert 17 not in sizes_to_try([total])
    assert 0 in sizes_to_try([total])
    assert max(sizes_to_try([Trace(A * A.T)])) == 5
    assert max(sizes_to_try([Map("f", rows, A)])) == 4
