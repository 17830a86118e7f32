"""Normal forms of matrices and of numbers made of them; determinants by their rules."""

import pytest
import sympy as sp
from sympy import (
    Determinant,
    HadamardProduct,
    Identity,
    MatPow,
    MatrixSymbol,
    OneMatrix,
    Q,
    Symbol,
    Trace,
    ZeroMatrix,
    symbols,
)

from lib.proof.matrix_forms import MatrixForms
from lib.proof.matrix_normal_form import is_matrix_identity
from lib.proof.terms import TooLarge
from lib.proof.words import LONGEST_WORD

n, m = symbols("n m", integer=True, positive=True)
r, k = symbols("r k", positive=True)
S, T = MatrixSymbol("S", n, n), MatrixSymbol("T", n, n)
W = MatrixSymbol("W", n, m)
x, y = MatrixSymbol("x", n, 1), MatrixSymbol("y", n, 1)
c, d = symbols("c d", commutative=False)


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (S[0, 1] + S[1, 0], S[1, 0] + S[0, 1], True),
        (S[0, 1], S[1, 0], False),
        ((S + T)[0, 1], (T + S)[0, 1], True),
        (OneMatrix(n, m) * OneMatrix(m, n), m * OneMatrix(n, n), True),
        (OneMatrix(n, m) * OneMatrix(m, n), n * OneMatrix(n, n), False),
        (MatPow(S, k), MatPow(S, k), True),
        (MatPow(S, k), MatPow(S, 2 * k), False),
        (S * ZeroMatrix(n, n) + T, T, True),
        (
            HadamardProduct(x, y, x) + x,
            HadamardProduct(x, y, x) + HadamardProduct(x, y),
            False,
        ),
        (Determinant(3 * Identity(n)), 3**n, True),
        (Determinant(r * S * T), r**n * Determinant(T) * Determinant(S), True),
        (Determinant(r * S), r * Determinant(S), False),
        (
            Determinant(Identity(n) + W * W.T),
            Determinant(Identity(m) + W.T * W),
            True,
        ),
        (Determinant(W.T * W), Determinant(W * W.T), False),
        (Trace(MatPow(S, 0)), n, True),
    ],
    ids=str,
)
def test_what_is_equal_has_one_form(left, right, equal: bool) -> None:
    assert is_matrix_identity(left, right) is equal


@pytest.mark.parametrize(
    ("expression", "positive"),
    [
        (Identity(n) + W * W.T, True),
        (Identity(n) - W * W.T, False),
        (Identity(n) + S * T, False),
        (Identity(n) + S, False),
    ],
    ids=str,
)
def test_the_determinant_of_a_sum_of_squares_is_not_negative(
    expression, positive: bool
) -> None:
    """Then it is the root of its own square, which any number need not be."""
    det = Determinant(expression)
    assert is_matrix_identity(sp.sqrt(det**2), det) is positive


def test_facts_give_letters_their_properties() -> None:
    forms = MatrixForms([Q.diagonal(S), Q.orthogonal(T)])
    assert forms.matrix(S) == forms.matrix(S.T)
    assert forms.matrix(T * T.T) == forms.matrix(Identity(n))
    assert forms.matrix(T) != forms.matrix(T.T)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: f.of(S), "S where a number should stand"),
        (lambda f: f.matrix(MatPow(S, 41)), f"a power above {LONGEST_WORD}"),
        (lambda f: f.polynomial(sp.exp(c)), "exp of symbols that do not commute"),
        (lambda f: f.polynomial(c ** Symbol("k")), "Pow of symbols that do not"),
        (lambda f: f.polynomial(c**-45), "a word of more than"),
    ],
)
def test_what_has_no_form_is_refused(make, message: str) -> None:
    with pytest.raises(TooLarge, match=message):
        make(MatrixForms())


def test_symbols_in_any_order_are_matrices_of_any_size() -> None:
    forms = MatrixForms()
    assert forms.are_equal(
        forms.form((c + d) ** 2), forms.form(c**2 + c * d + d * c + d**2)
    )
    assert not forms.are_equal(forms.form(c * d), forms.form(d * c))
