"""Matrices at the edges of what conditions allow."""

import itertools
from random import Random

import pytest
from sympy import Matrix, eye, zeros

from lib.proof.errors import Undecidable
from lib.proof.extreme_matrices import (
    LARGEST_FILLED,
    extreme_matrix,
    simplest_matrix,
)
from lib.proof.matrices import KNOWN, has_property

REACH = 9
COMBINATIONS = [
    names
    for count in range(3)
    for names in itertools.combinations(sorted(KNOWN), count)
]


def drawn(*properties: str, size: int = 2, piece: int = 1) -> Matrix:
    return extreme_matrix(size, size, properties, Random(piece), piece, REACH)


@pytest.mark.parametrize("names", COMBINATIONS, ids="-".join)
def test_it_has_every_property(names: tuple[str, ...]) -> None:
    for piece, size in itertools.product(range(8), (1, 2, 3, LARGEST_FILLED + 2)):
        value = drawn(*names, size=size, piece=piece)
        assert value.shape == (size, size)
        assert all(has_property(name, value) for name in names)


@pytest.mark.parametrize("names", COMBINATIONS, ids="-".join)
def test_the_simplest_one_is_naught_if_it_may_be(names: tuple[str, ...]) -> None:
    value = simplest_matrix(3, 3, names)
    assert all(has_property(name, value) for name in names)
    excluded = {"positive_definite", "orthogonal", "invertible"} & set(names)
    assert value == (eye(3) if excluded else zeros(3, 3))


def test_eigenvalues_lie_far_apart_on_axes_of_their_own() -> None:
    found = [drawn("positive_definite", piece=piece) for piece in range(12)]
    dependent = [m for m in found if m.det() < m[0, 0] * m[1, 1] / 10**6]
    assert dependent
    assert any(m.is_diagonal() for m in found)
    assert any(m[0, 0] / m[1, 1] > 10**6 for m in found)


def test_a_symmetric_one_may_be_singular_and_an_invertible_one_may_not() -> None:
    assert any(drawn("symmetric", piece=p).det() == 0 for p in range(12))
    assert all(drawn("symmetric", "invertible", piece=p).det() for p in range(12))
    assert any(drawn(piece=p).det() == 0 for p in range(12))


def test_an_orthogonal_one_turns_hardly_by_half_a_circle_and_exchanges_axes() -> None:
    traces = {drawn("orthogonal", piece=piece).trace() for piece in range(60)}
    assert {-2, 0, 2} <= traces
    assert any(0 < 2 - abs(trace) < 10**-9 for trace in traces)


def test_a_large_one_has_few_entries() -> None:
    value = extreme_matrix(40, 90, (), Random(3), 1, REACH)
    assert value.shape == (40, 90)
    assert 30 < sum(entry != 0 for entry in value) < 60


def test_other_properties_are_refused_by_name() -> None:
    with pytest.raises(Undecidable, match="known to be unitary"):
        drawn("unitary")
