"""Random matrices with properties, and powers of matrices."""

import itertools
from random import Random

import pytest
from sympy import Integer, Matrix, Rational, Symbol, eye

from lib.proof.errors import Undecidable
from lib.proof.matrices import Singular, has_property, power, random_matrix

HOLDS = {
    "positive_definite": lambda a: a == a.T and a.is_positive_definite,
    "symmetric": lambda a: a == a.T,
    "diagonal": lambda a: a.is_diagonal(),
    "orthogonal": lambda a: a * a.T == eye(a.rows),
    "invertible": lambda a: a.det() != 0,
}


def drawn(*properties: str, size: int = 3, piece: int = 0) -> Matrix:
    return random_matrix(size, size, properties, Random(piece), piece)


@pytest.mark.parametrize("count", range(1, len(HOLDS) + 1))
def test_it_has_every_property_in_any_order(count: int) -> None:
    for names in itertools.permutations(HOLDS, count):
        for piece, size in itertools.product(range(2), (1, 3)):
            value = drawn(*names, size=size, piece=piece)
            assert all(HOLDS[name](value) for name in names)


def spectra(*properties: str) -> list[list[Rational]]:
    matrices = (drawn(*properties, size=2, piece=piece) for piece in range(12))
    return [
        sorted(r for r, k in m.eigenvals().items() for _ in range(k)) for m in matrices
    ]


def test_eigenvalues_of_a_positive_definite_one_lie_everywhere_above_zero() -> None:
    found = spectra("positive_definite")
    assert any(high < 1 for _, high in found)
    assert any(low > 1 for low, _ in found)
    assert any(low < 1 < high for low, high in found)
    assert any(low == high for low, high in found)


def test_eigenvalues_of_a_symmetric_one_have_any_sign_and_may_be_zero() -> None:
    found = spectra("symmetric")
    assert any(high < 0 for _, high in found)
    assert any(low < 0 < high for low, high in found)
    assert any(low > 0 for low, _ in found)
    assert any(0 in values for values in found)
    assert not any(0 in values for values in spectra("symmetric", "invertible"))


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_an_orthogonal_one_turns_or_reflects(size: int) -> None:
    found = {drawn("orthogonal", size=size, piece=piece).det() for piece in range(4)}
    assert found == {1, -1}


def test_entries_have_no_denominator_in_common_and_every_scale() -> None:
    entries = [entry for piece in range(6) for entry in drawn(piece=piece)]
    assert max(entry.q for entry in entries) > 10**4
    sizes = [abs(entry) for entry in entries if entry]
    assert min(sizes) < Rational(1, 100)
    assert max(sizes) > 100


def test_other_properties_are_refused_by_name() -> None:
    with pytest.raises(Undecidable, match="known to be unitary"):
        drawn("unitary", "symmetric")


def test_powers_need_a_number_and_an_inverse() -> None:
    square = Matrix([[1, 2], [3, 4]])
    assert power(square, Integer(2)) == square * square
    assert power(square, Integer(-1)) * square == eye(2)
    with pytest.raises(Singular):
        power(Matrix([[1, 2], [2, 4]]), Integer(-1))
    with pytest.raises(Undecidable, match="to the power k"):
        power(square, Symbol("k"))


@pytest.mark.parametrize("name", HOLDS)
def test_a_property_is_seen_where_it_is_and_not_elsewhere(name: str) -> None:
    assert has_property(name, drawn(name))
    assert not has_property(name, Matrix([[0, 1], [0, 0]]))
    assert not has_property(name, Matrix([[1, 0]]))


def test_a_property_that_cannot_be_seen_is_refused() -> None:
    with pytest.raises(Undecidable, match="how to see that a matrix is unitary"):
        has_property("unitary", eye(2))


class Zeros(Random):
    """It draws a zero wherever a zero may be drawn."""

    def randint(self, a: int, b: int) -> int:
        return min(max(a, 0), b)


def test_a_search_for_an_invertible_one_ends() -> None:
    with pytest.raises(Undecidable, match="no invertible matrix was found"):
        random_matrix(2, 2, ["invertible"], Zeros(), 1)
