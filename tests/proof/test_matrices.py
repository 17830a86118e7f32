"""Random matrices with properties, and powers of matrices."""

from random import Random

import pytest
from sympy import Integer, Matrix, Rational, Symbol, eye

from lib.proof.errors import Undecidable
from lib.proof.matrices import Singular, power, random_matrix

HOLDS = {
    "positive_definite": lambda a: a == a.T and a.is_positive_definite,
    "symmetric": lambda a: a == a.T,
    "diagonal": lambda a: a.is_diagonal(),
    "orthogonal": lambda a: a * a.T == eye(3),
    "invertible": lambda a: a.det() != 0,
}


def drawn(*properties: str, seed: int = 0) -> Matrix:
    random = Random(seed)
    return random_matrix(
        3, 3, properties, lambda: Rational(random.randint(-7, 7), random.randint(1, 3))
    )


@pytest.mark.parametrize("name", HOLDS)
def test_it_has_the_property(name: str) -> None:
    for seed in range(5):
        assert HOLDS[name](drawn(name, seed=seed))


def test_it_has_two_properties_or_is_refused() -> None:
    both = drawn("symmetric", "diagonal")
    assert HOLDS["symmetric"](both)
    assert HOLDS["diagonal"](both)
    with pytest.raises(Undecidable, match="no random matrix is orthogonal and symm"):
        drawn("orthogonal", "symmetric")


def test_other_properties_are_refused_by_name() -> None:
    with pytest.raises(Undecidable, match="known to be unitary"):
        drawn("unitary")


def test_powers_need_a_number_and_an_inverse() -> None:
    square = Matrix([[1, 2], [3, 4]])
    assert power(square, Integer(2)) == square * square
    assert power(square, Integer(-1)) * square == eye(2)
    with pytest.raises(Singular):
        power(Matrix([[1, 2], [2, 4]]), Integer(-1))
    with pytest.raises(Undecidable, match="to the power k"):
        power(square, Symbol("k"))
