"""One choice for all that an expression leaves open but numbers."""

import pytest
from sympy import Function, MatrixSymbol, Q, Symbol, lambdify, symbols

from lib.proof.errors import Undecidable
from lib.proof.interpretation import Interpretation
from lib.proof.laws import density

x, y, z = symbols("x y z", real=True)
n, m = symbols("n m", integer=True, positive=True)
A = MatrixSymbol("A", n, m)


def test_a_seed_gives_the_same_choice() -> None:
    first, again, other = (Interpretation([A], [], seed, {}) for seed in (1, 1, 2))
    assert first.sizes == again.sizes
    assert first.matrices == again.matrices
    assert first.matrices != other.matrices


def test_matrices_fit_their_sizes_and_have_their_properties() -> None:
    square = MatrixSymbol("S", n, n)
    chosen = Interpretation([A, square], [Q.symmetric(square)], 0, {})
    assert chosen.matrices["A"].shape == (chosen.sizes[n], chosen.sizes[m])
    assert chosen.matrices["S"].is_symmetric()
    assert not chosen.matrices["S"].is_diagonal()


def test_two_matrices_of_one_name_are_refused() -> None:
    with pytest.raises(Undecidable, match="two matrices are called A"):
        Interpretation([A, MatrixSymbol("A", m, n)], [], 0, {})


def test_a_density_sums_to_one_over_its_support_for_every_condition() -> None:
    chosen = Interpretation([], [], 3, {})
    p, values = density("p", z, y, given=[x]), chosen.support(z)
    cells = [(first, second, x) for first in values for second in values]
    total = sum(chosen.apply(p, cell, explicit=True) for cell in cells)
    values = [lambdify(x, total)(at) for at in (-0.7, 0.2, 1.9)]
    assert values == pytest.approx([1, 1, 1])


def test_a_function_has_one_formula_for_each_number_of_arguments() -> None:
    chosen = Interpretation([], [], 0, {})
    f = Function("f")
    first = chosen.apply(f(x), [x], explicit=False)
    assert chosen.apply(f(z), [z], explicit=False).func == first.func
    assert chosen.apply(f(x, z), [x, z], explicit=False).func != first.func
    assert first.func.__name__ in chosen.functions


def test_symbols_that_do_not_commute_get_matrices_that_do_not() -> None:
    a, b = (Symbol(name, commutative=False) for name in "ab")
    for seed in (0, 1):
        chosen = Interpretation([a, b], [], seed, {})
        first, second = chosen.noncommuting(a), chosen.noncommuting(b)
        assert first.shape == (chosen.noncommuting_size,) * 2
        assert chosen.noncommuting(a) == first
        assert first * second != second * first
