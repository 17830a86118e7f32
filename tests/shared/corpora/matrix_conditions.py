"""Matrices of which something is given: definite, orthogonal, symmetric, diagonal.

Hard because a condition must be drawn whole: determinants of both signs, eigenvalues
that are small or repeated, combinations in any order, conditions on products.
"""

from sympy import (
    Abs,
    Determinant,
    Eq,
    HadamardProduct,
    Identity,
    Inverse,
    MatrixSymbol,
    Max,
    Min,
    Mod,
    Q,
    Rational,
    S,
    Trace,
    log,
    symbols,
)

from tests.shared.corpora import Twin

KIND = "matrix_conditions"

n = symbols("n", integer=True, positive=True)
A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)
one = Identity(n)
tiny = Rational(1, 10**6)

definite = (Q.positive_definite(A),)
orthogonal = (Q.orthogonal(A),)
symmetric = (Q.symmetric(A),)
diagonal = (Q.diagonal(A),)
invertible = (Q.invertible(A),)
det_a = Determinant(A)
squares = Trace(A * A.T)
means = Trace(A) * Trace(Inverse(A))
on_diagonal = HadamardProduct(A, one)

TWINS = [
    Twin("small determinant", KIND, det_a, Max(det_a, 0), Max(det_a, tiny), definite),
    Twin(
        "small trace",
        KIND,
        Trace(A),
        Max(Trace(A), 0),
        Max(Trace(A), Rational(1, 100)),
        definite,
    ),
    # A = I/2 of size 1 has det(A - I) = -1/2.
    Twin(
        "eigenvalues below one",
        KIND,
        Determinant(A - one),
        det_a * Determinant(one - Inverse(A)),
        Max(Determinant(A - one), 0),
        definite,
    ),
    # The arithmetic mean is at least the harmonic one; both are equal where A = c I.
    Twin(
        "repeated eigenvalues",
        KIND,
        means,
        Max(means, n**2),
        Max(means, n**2 + tiny * (n - 1)),
        definite,
    ),
    # Hadamard's inequality; equality where A is diagonal.
    Twin(
        "definite and by chance diagonal",
        KIND,
        det_a,
        Min(det_a, Determinant(on_diagonal)),
        Min(det_a, Determinant(on_diagonal) - tiny * (n - 1)),
        definite,
    ),
    Twin("both determinants", KIND, det_a**2, S.One, det_a, orthogonal),
    # A reflection has the eigenvalue -1; -1 of size 1 has not the eigenvalue 1.
    Twin(
        "eigenvalue of a reflection",
        KIND,
        Determinant(one + A) * (1 - det_a),
        S.Zero,
        Determinant(one - A) * (1 - det_a),
        orthogonal,
    ),
    # Rotations of the plane commute, reflections do not: diag(1, -1), [[0, 1], [1, 0]].
    Twin(
        "rotations and reflections of the plane",
        KIND,
        A * B,
        Inverse(B.T * A.T),
        B * A,
        (Q.orthogonal(A), Q.orthogonal(B), Eq(n, 2)),
    ),
    # The trace of a rotation of the plane determines it up to its sense; in general
    # A^2 - tr(A) A + det(A) I = 0, and det(A) = -1 for reflections.
    Twin(
        "characteristic polynomial in the plane",
        KIND,
        A * A,
        Trace(A) * A - det_a * one,
        Trace(A) * A - one,
        (Q.orthogonal(A), Eq(n, 2)),
    ),
    Twin("symmetric and orthogonal", KIND, A * A, one, A, (*symmetric, *orthogonal)),
    Twin("orthogonal and symmetric", KIND, A * A, one, A, (*orthogonal, *symmetric)),
    Twin("diagonal and orthogonal", KIND, A * A, one, A, (*diagonal, *orthogonal)),
    Twin("orthogonal and diagonal", KIND, A * A, one, A, (*orthogonal, *diagonal)),
    # Eigenvalues of both kinds at once, 1 and -1: the identity alone has none below 0.
    Twin(
        "definite and orthogonal",
        KIND,
        A,
        one,
        one,
        (*definite, *orthogonal),
        (*symmetric, *orthogonal),
    ),
    Twin(
        "orthogonal and definite",
        KIND,
        A,
        one,
        one,
        (*orthogonal, *definite),
        (*orthogonal, *diagonal),
    ),
    Twin(
        "diagonal and definite",
        KIND,
        det_a,
        Determinant(on_diagonal),
        Max(det_a, 1),
        (*diagonal, *definite),
    ),
    Twin(
        "definite and diagonal",
        KIND,
        det_a,
        Determinant(on_diagonal),
        Max(det_a, 1),
        (*definite, *diagonal),
    ),
    Twin(
        "invertible and symmetric",
        KIND,
        Inverse(A).T,
        Inverse(A),
        A,
        (*invertible, *symmetric),
    ),
    Twin(
        "nearly singular",
        KIND,
        Abs(det_a),
        Max(Abs(det_a), 0),
        Max(Abs(det_a), Rational(1, 10**9)),
        invertible,
    ),
    Twin(
        "large entries", KIND, squares, Max(squares, 0), Min(squares, 10**9), invertible
    ),
    Twin(
        "transposed product of symmetric ones",
        KIND,
        (A * B).T,
        B * A,
        A * B,
        (Q.symmetric(A), Q.symmetric(B)),
    ),
    Twin(
        "diagonal matrices commute",
        KIND,
        A * B,
        B * A,
        B * A,
        (Q.diagonal(A), Q.diagonal(B)),
        (Q.diagonal(A), Q.symmetric(B)),
    ),
    # Symmetric matrices commute if, and only if, their product is symmetric.
    Twin(
        "a symmetric product",
        KIND,
        A * B,
        B * A,
        B * A,
        (Q.symmetric(A), Q.symmetric(B), Q.symmetric(A * B)),
        (Q.symmetric(A), Q.symmetric(B)),
    ),
    Twin(
        "an orthogonal product",
        KIND,
        A * B * B.T * A.T,
        one,
        one,
        (Q.orthogonal(A * B),),
        (Q.orthogonal(A), Q.invertible(B)),
    ),
    Twin(
        "definite up to a sign",
        KIND,
        log(Determinant(-A)),
        n * log(2) + log(Determinant(-A / 2)),
        log(det_a),
        (Q.positive_definite(-A),),
    ),
    # Two negative determinants have logarithms of which the sum is off by 2 pi i.
    Twin(
        "determinants of one sign",
        KIND,
        log(Determinant(A * B)),
        log(det_a) + log(Determinant(B)),
        log(det_a) + log(Determinant(B)),
        (det_a > 0, Determinant(B) > 0),
        (),
    ),
    Twin("of size one", KIND, A.T, A, A, (Eq(n, 1),), (n <= 2,)),
    # det(A - A') = det(A' - A) = (-1)^n det(A - A').
    Twin(
        "skew of odd size",
        KIND,
        Determinant(A - A.T),
        S.Zero,
        S.Zero,
        (Eq(Mod(n, 2), 1),),
        (Eq(Mod(n, 2), 0),),
    ),
    Twin(
        "skew of odd size, squared",
        KIND,
        Determinant(A - A.T) ** 2,
        Determinant(A * A - A * A.T - A.T * A + A.T * A.T),
        S.Zero,
    ),
]
