"""Words in matrices: identities of every size, and their false neighbours."""

import contextlib

import pytest
import sympy as sp
from sympy import (
    Basic,
    Determinant,
    HadamardProduct,
    Identity,
    Inverse,
    MatrixSymbol,
    OneMatrix,
    Q,
    Trace,
    ZeroMatrix,
    log,
    sqrt,
    symbols,
)
from sympy.matrices.expressions.diagonal import DiagMatrix

from lib.proof.calculus import Elementwise, Jacobian, LayerNorm, Map, MatrixGradient
from lib.proof.matrix_normal_form import is_matrix_identity
from lib.proof.terms import TooLarge

n, m, k = symbols("n m k", integer=True, positive=True)
r = symbols("r", positive=True)
A, B = MatrixSymbol("A", n, m), MatrixSymbol("B", m, k)
S, T = MatrixSymbol("S", n, n), MatrixSymbol("T", n, n)
x, y, v = (MatrixSymbol(name, n, 1) for name in "xyv")
w = MatrixSymbol("w", m, 1)
W = MatrixSymbol("W", n, m)
c, d = symbols("c d", commutative=False)
ones = OneMatrix(n, 1)
centre = Identity(n) - ones * ones.T / n
small, large = r * Identity(m) + W.T * W, r * Identity(n) + W * W.T
loss = Map("l", 1, A * w + x)
row = Jacobian(Map("l", 1, v), v, A * w + x)
hidden = Elementwise("h", x)
slope = Elementwise("h", x, 1)

TRUE = [
    ((A * B).T, B.T * A.T),
    (Trace(S * T), Trace(T * S)),
    (Trace(S * T), Trace(T.T * S.T)),
    (x.T * S * y, y.T * S.T * x),
    (x * y.T * x, Trace(y.T * x) * x),
    ((S + T) ** 2, S**2 + S * T + T * S + T**2),
    (S * Inverse(S), Identity(n)),
    (Inverse(S * T), Inverse(T) * Inverse(S)),
    (Inverse(Inverse(S)), S),
    (Inverse(2 * S), Inverse(S) / 2),
    (Determinant(S * T), Determinant(T) * Determinant(S)),
    (Determinant(2 * S), 2**n * Determinant(S)),
    (Determinant(Inverse(S)), 1 / Determinant(S)),
    (centre * centre, centre),
    (centre * ones, ZeroMatrix(n, 1)),
    (Trace(centre), n - 1),
    (small * Inverse(small), Identity(m)),
    (Inverse(small) * W.T, W.T * Inverse(large)),  # push through
    (Inverse(large), (Identity(n) - W * Inverse(small) * W.T) / r),  # Woodbury
    (log(Determinant(large)), (n - m) * log(r) + log(Determinant(small))),  # Sylvester
    (DiagMatrix(x) * y, HadamardProduct(x, y)),
    (HadamardProduct(x, y), HadamardProduct(y, x)),
    (HadamardProduct(x + y, v), HadamardProduct(x, v) + HadamardProduct(y, v)),
    (Jacobian(A * w, w), A),
    (Jacobian(hidden, x), DiagMatrix(slope)),
    (Jacobian(S * hidden + y, x), S * DiagMatrix(slope)),
    (Jacobian(loss, x), row),
    (Jacobian(loss, w), row * A),
    (
        Jacobian(Map("f", n, Map("g", n, x)), x),
        Jacobian(Map("f", n, v), v, Map("g", n, x)) * Jacobian(Map("g", n, x), x),
    ),
    (Jacobian(x + Map("f", n, x), x), Identity(n) + Jacobian(Map("f", n, x), x)),
    (Jacobian(Map("f", n, x, y), x), Jacobian(Map("f", n, v, y), v, x)),
    (MatrixGradient(Map("l", 1, x, y), x), Jacobian(Map("l", 1, v, y), v, x).T),
    (MatrixGradient(Trace(y.T * hidden), x), HadamardProduct(y, slope)),
    (
        MatrixGradient(Trace(y.T * HadamardProduct(x, v)), x),
        HadamardProduct(y, v),
    ),
    (
        Trace(Inverse(S + Identity(n)) * T * S),  # turned round
        Trace(T) - Trace(Inverse(S + Identity(n)) * T),
    ),
    (
        Determinant(r * MatrixSymbol("P", 2, 2)),
        r**2 * Determinant(MatrixSymbol("P", 2, 2)),
    ),
    (
        Trace(Inverse(S + Identity(n)) * S),
        n - Trace(Inverse(S + Identity(n))),
    ),
    (MatrixGradient(loss, A), row.T * w.T),
    (MatrixGradient(Trace(x.T * S * x), x), S * x + S.T * x),
    (MatrixGradient(Trace(S * T), T), S.T),
    (MatrixGradient(sqrt(Trace(x.T * x)), x), x / sqrt(Trace(x.T * x))),
    (LayerNorm(2 * x), LayerNorm(x)),
    (LayerNorm(x + 3 * ones), LayerNorm(x)),
    (Jacobian(LayerNorm(x), x) * ones, ZeroMatrix(n, 1)),
    (Jacobian(LayerNorm(x), x) * x, ZeroMatrix(n, 1)),
    ((1 + c) * (1 + d), 1 + c + d + c * d),
    (c**-1 * c, sp.Integer(1)),
    ((c * d) ** -1, d**-1 * c**-1),
    (sp.Matrix([[1, r], [0, 1]]) * sp.Matrix([2, 3]), sp.Matrix([2 + 3 * r, 3])),
    (Determinant(sp.Matrix([[1 - r, 2], [3, r]])), r - r**2 - 6),
]
FALSE = [
    ((A * B).T, 2 * B.T * A.T),
    (Trace(S * T), Trace(S * T.T)),
    (Trace(S * T * S.T), Trace(T * S * S)),
    ((S + T) ** 2, S**2 + 2 * S * T + T**2),
    (Inverse(S * T), Inverse(S) * Inverse(T)),
    (Inverse(2 * S), 2 * Inverse(S)),
    (Inverse(S + T), Inverse(S) + Inverse(T)),
    (Determinant(2 * S), 2 * Determinant(S)),
    (Determinant(S + T), Determinant(S) + Determinant(T)),
    (S, S.T),
    (centre * x, x),
    (Trace(centre), n),
    (Inverse(large), (Identity(n) + W * Inverse(small) * W.T) / r),
    (log(Determinant(large)), log(Determinant(small))),
    (DiagMatrix(x) * y, x + y),
    (HadamardProduct(x, x), x),
    (Jacobian(A * w, w), 2 * A),
    (Jacobian(hidden, x), DiagMatrix(hidden)),
    (Jacobian(loss, w), row * A / 2),
    (
        Jacobian(Map("f", n, Map("g", n, x)), x),
        Jacobian(Map("f", n, v), v, x) * Jacobian(Map("g", n, x), x),
    ),
    (Jacobian(x + Map("f", n, x), x), Jacobian(Map("f", n, x), x)),
    (MatrixGradient(Trace(x.T * S * x), x), 2 * S * x),
    (MatrixGradient(Trace(S * T), T), S),
    (Jacobian(Map("f", n, x, y), x), Jacobian(Map("f", n, y, v), v, x)),
    (MatrixGradient(Trace(y.T * hidden), x), HadamardProduct(y, hidden)),
    (
        MatrixGradient(Trace(y.T * HadamardProduct(x, v)), x),
        HadamardProduct(x, y),
    ),
    (
        Trace(Inverse(S + Identity(n)) * S),
        n + Trace(Inverse(S + Identity(n))),
    ),
    (LayerNorm(2 * x, 1), LayerNorm(x, 1)),
    (LayerNorm(x), x),
    (Jacobian(LayerNorm(x, 1), x) * x, ZeroMatrix(n, 1)),
    (Map("f", n, x), Map("g", n, x)),
    (Map("f", n, x), Map("f", n, 2 * x)),
    ((1 + c) * (1 + d), 1 + c + d + d * c),
    ((c * d) ** -1, c**-1 * d**-1),
    (Determinant(sp.Matrix([[1 - r, 2], [3, r]])), r - r**2 + 6),
]


@pytest.mark.parametrize(("left", "right"), TRUE, ids=str)
def test_true_equality_is_proved(left: Basic, right: Basic) -> None:
    assert is_matrix_identity(left, right)


@pytest.mark.parametrize(("left", "right"), FALSE, ids=str)
def test_false_equality_is_not_proved(left: Basic, right: Basic) -> None:
    with contextlib.suppress(TooLarge):
        assert not is_matrix_identity(left, right)


def test_facts_about_a_matrix_are_used_and_needed() -> None:
    assert is_matrix_identity(S, S.T, [Q.symmetric(S)])
    assert is_matrix_identity(S.T * S, Identity(n), [Q.orthogonal(S)])
    assert is_matrix_identity(S * S.T, Identity(n), [Q.orthogonal(S)])
    assert not is_matrix_identity(S.T * S, Identity(n))
    assert is_matrix_identity(
        log(Determinant(S)) / 2, log(sqrt(Determinant(S))), [Q.positive_definite(S)]
    )


def test_sizes_that_do_not_fit_prove_nothing() -> None:
    tall = OneMatrix(2 * n, 1)
    total = sp.MatAdd(x, tall, check=False)
    with pytest.raises(TooLarge, match="a sum of matrices of the sizes"):
        is_matrix_identity(Jacobian(total, x), Identity(n))
    wrong = sp.MatMul(S, tall, check=False)
    with pytest.raises(TooLarge, match="a product of matrices of the sizes"):
        is_matrix_identity(2 * wrong, wrong)


def test_bounds_are_kept() -> None:
    with pytest.raises(TooLarge):
        is_matrix_identity((S + T + Identity(n)) ** 12, S)


large_matrix = sp.Matrix(7, 7, lambda i, j: sp.Symbol(f"e{i}{j}"))


@pytest.mark.parametrize(
    ("derived", "message"),
    [
        (
            Jacobian(MatrixGradient(Trace(x.T * S * x), x), x),
            "a derivative of a derivative",
        ),
        (Jacobian(HadamardProduct(x, x), x), "the derivative of HadamardProduct"),
        (Jacobian(Map("f", n, x * x.T), x), "a Jacobian by a matrix"),
        (Jacobian(S * x * x.T * x, x), "a product of two matrices that both vary"),
        (
            MatrixGradient(sqrt(Trace(sp.Symbol("z") * x.T * x)), x),
            "the gradient of a function of a trace that may be complex",
        ),
        (MatrixGradient(log(Determinant(S)), S), "otherwise than by traces"),
        (MatrixGradient(Trace(y.T * LayerNorm(x)), x), "through LayerNorm"),
        (
            MatrixGradient(Trace(y.T * sp.MatMul(Trace(x.T * x), x)), x),
            "a product with a number that varies",
        ),
        (MatrixGradient(Trace(y.T * Map("f", n, W)), W), "a map of a matrix to a"),
        (MatrixGradient(Trace(Inverse(S)), S), "to go back through Inverse"),
    ],
    ids=str,
)
def test_derivatives_without_a_rule_are_named(derived: Basic, message: str) -> None:
    with pytest.raises(TooLarge, match=message):
        is_matrix_identity(derived, 2 * derived)


def test_a_large_determinant_is_not_written_out() -> None:
    assert is_matrix_identity(Determinant(large_matrix), Determinant(large_matrix))
    turned = Determinant(large_matrix.T)
    assert not is_matrix_identity(Determinant(large_matrix), turned)
