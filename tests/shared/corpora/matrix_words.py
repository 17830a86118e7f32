"""Products, traces, determinants and inverses of matrices, and derivatives by them.

Hard because most neighbours differ by one transpose, one order or one size, and some
hold for small sizes, for square or for full rank only.
"""

from sympy import (
    Abs,
    Determinant,
    DiagMatrix,
    HadamardProduct,
    Heaviside,
    Identity,
    Inverse,
    MatrixSymbol,
    Max,
    OneMatrix,
    Q,
    Rational,
    S,
    Trace,
    exp,
    log,
    sign,
    sqrt,
    symbols,
)

from lib.proof import Elementwise, Jacobian, LayerNorm, MatrixGradient
from lib.proof.calculus import EXP, Map
from tests.shared.corpora import Twin

KIND = "matrix_words"

n, m = symbols("n m", integer=True, positive=True)
s = symbols("s", positive=True)
c = symbols("c", real=True)
z = symbols("z")
A, B, C = (MatrixSymbol(name, n, n) for name in "ABC")
U, V = MatrixSymbol("U", n, m), MatrixSymbol("V", m, n)
M = MatrixSymbol("M", m, m)
u, v, w = (MatrixSymbol(name, n, 1) for name in "uvw")
X = MatrixSymbol("X", n, m)
one, small = Identity(n), Identity(m)
ones = OneMatrix(n, 1)

both = (Q.invertible(A), Q.invertible(B))
definite = (Q.positive_definite(A), Q.positive_definite(M))

# Cayley and Hamilton in the plane and in space; sums of principal minors.
second = (Trace(A) ** 2 - Trace(A * A)) / 2
square = A * A - Trace(A) * A + second * one
third = (Trace(A) ** 3 - 3 * Trace(A) * Trace(A * A) + 2 * Trace(A * A * A)) / 6
five = MatrixSymbol("F", 5, 5)
six = MatrixSymbol("G", 6, 6)
exps = Elementwise(EXP, u)
total = Trace(ones.T * exps)

TWINS = [
    Twin(
        "Woodbury with a middle",
        KIND,
        Inverse(A + U * M * U.T),
        Inverse(A)
        - Inverse(A)
        * U
        * Inverse(Inverse(M) + U.T * Inverse(A) * U)
        * U.T
        * Inverse(A),
        Inverse(A)
        - Inverse(A) * U * Inverse(M + U.T * Inverse(A) * U) * U.T * Inverse(A),
        definite,
    ),
    Twin(
        "Sherman and Morrison",
        KIND,
        Inverse(A + u * u.T),
        Inverse(A)
        - Inverse(A) * u * u.T * Inverse(A) / (1 + Trace(u.T * Inverse(A) * u)),
        Inverse(A) - Inverse(A) * u * u.T * Inverse(A) / (1 + Trace(u.T * A * u)),
        (Q.positive_definite(A),),
    ),
    Twin(
        "inverse of a sum by parts",
        KIND,
        Inverse(A + B),
        Inverse(A) * Inverse(Inverse(A) + Inverse(B)) * Inverse(B),
        Inverse(A) * Inverse(Inverse(A) + Inverse(B)) * Inverse(A),
        (Q.positive_definite(A), Q.positive_definite(B)),
    ),
    Twin(
        "difference of inverses",
        KIND,
        Inverse(A) - Inverse(B),
        Inverse(A) * (B - A) * Inverse(B),
        Inverse(A) * (A - B) * Inverse(B),
        both,
    ),
    # det(A + U M U') = det A det M det(M^-1 + U' A^-1 U).
    Twin(
        "determinant lemma",
        KIND,
        Determinant(A + U * M * U.T),
        Determinant(A)
        * Determinant(M)
        * Determinant(Inverse(M) + U.T * Inverse(A) * U),
        Determinant(A) * Determinant(M) * Determinant(M + U.T * Inverse(A) * U),
        definite,
    ),
    Twin(
        "Sylvester with a number",
        KIND,
        Determinant(s * one + U * V),
        s ** (n - m) * Determinant(s * small + V * U),
        s ** (m - n) * Determinant(s * small + V * U),
    ),
    Twin(
        "Sylvester without a number",
        KIND,
        Trace(U * V * U * V),
        Trace(V * U * V * U),
        Trace(V * U) ** 2,
    ),
    # det(U V) = 0 where n > m, and det(V U) need not be.
    Twin(
        "product of rectangles",
        KIND,
        Determinant(U * V) * Determinant(V * U),
        Determinant((U * V).T) * Determinant(U.T * V.T),
        Determinant(U * V) ** 2,
    ),
    Twin(
        "determinant of minus a matrix",
        KIND,
        Determinant(-A),
        (-1) ** n * Determinant(A),
        -Determinant(A),
    ),
    Twin(
        "determinant of a multiple of a power",
        KIND,
        Determinant(c * A * A),
        c**n * Determinant(A) ** 2,
        c ** (2 * n) * Determinant(A) ** 2,
    ),
    Twin(
        "log-determinant of an outer product",
        KIND,
        log(Determinant(one + s * u * u.T)),
        log(1 + s * Trace(u.T * u)),
        log(1 + s**2 * Trace(u.T * u)),
    ),
    Twin(
        "inverse of a transpose",
        KIND,
        Inverse(A.T * B),
        Inverse(B) * Inverse(A).T,
        Inverse(B) * Inverse(A),
        both,
    ),
    Twin(
        "push a rectangle through",
        KIND,
        U * Inverse(small + V * U),
        Inverse(one + U * V) * U,
        Inverse(one + V.T * U.T) * U,
    ),
    # In the plane A^2 - tr(A) A + (tr(A)^2 - tr(A^2))/2 I = 0, and only there and in 1.
    Twin(
        "Cayley and Hamilton in the plane",
        KIND,
        Trace(square),
        Trace(A * A) - Trace(A) ** 2 + n * second,
        S.Zero,
    ),
    # Newton's formula; the third symmetric function is the determinant in space.
    Twin(
        "third symmetric function",
        KIND,
        n * third,
        n * (second * Trace(A) - Trace(A) * Trace(A * A) + Trace(A**3)) / 3,
        n * Determinant(A),
    ),
    Twin(
        "trace of a commutator's power",
        KIND,
        Trace((A * B - B * A) * A),
        S.Zero,
        Trace((A * B - B * A) * A * B),
    ),
    Twin(
        "trace of three symmetric matrices",
        KIND,
        Trace(A * B * C),
        Trace(C * B * A),
        Trace(C * B * A),
        (Q.symmetric(A), Q.symmetric(B), Q.symmetric(C)),
        (Q.symmetric(A), Q.symmetric(B)),
    ),
    Twin(
        "trace of a word and its mirror",
        KIND,
        Trace(A * A * B * A * B * B),
        Trace(B * B * A * B * A * A),
        Trace(A * B * A * B * A * B),
        (Q.symmetric(A), Q.symmetric(B)),
    ),
    Twin(
        "mirrored word without symmetry",
        KIND,
        Trace(A * A * B * A * B * B),
        Trace(A.T * A.T * B.T * B.T * A.T * B.T),
        Trace(A * A * B * B * A * B),
    ),
    Twin(
        "quadratic form of a skew matrix",
        KIND,
        u.T * (A - A.T) * v,
        v.T * (A.T - A) * u,
        v.T * (A - A.T) * u,
    ),
    Twin(
        "trace of a Hadamard product",
        KIND,
        Trace(A.T * HadamardProduct(B, C)),
        Trace(HadamardProduct(A, B).T * C),
        Trace(HadamardProduct(A, B) * C),
    ),
    Twin(
        "diagonals on both sides",
        KIND,
        DiagMatrix(u) * A * DiagMatrix(v),
        HadamardProduct(A, u * v.T),
        HadamardProduct(A, v * u.T),
    ),
    Twin(
        "a matrix of ones, entry by entry",
        KIND,
        HadamardProduct(X, OneMatrix(n, m)),
        X,
        HadamardProduct(X, 2 * OneMatrix(n, m)),
    ),
    Twin(
        "the identity is no matrix of ones",
        KIND,
        HadamardProduct(A, one) * ones,
        HadamardProduct(A, one).T * ones,
        A * ones,
    ),
    Twin(
        "diagonal quadratic form",
        KIND,
        u.T * DiagMatrix(v) * w,
        ones.T * HadamardProduct(u, v, w),
        ones.T * HadamardProduct(u, v),
    ),
    Twin(
        "centring is a projection",
        KIND,
        (one - ones * ones.T / n) * (one - ones * ones.T / n),
        one - ones * ones.T / n,
        one - 2 * ones * ones.T / n + ones * ones.T / n**2,
    ),
    Twin(
        "sum of all entries",
        KIND,
        ones.T * A * ones,
        Trace(A * ones * ones.T) * Identity(1),
        Trace(A) * Identity(1),
    ),
    Twin(
        "gradient of a quadratic form",
        KIND,
        MatrixGradient(u.T * A * u, u),
        A * u + A.T * u,
        2 * A * u,
    ),
    Twin(
        "gradient by the matrix of the form",
        KIND,
        MatrixGradient(u.T * A.T * A * u, A),
        2 * A * u * u.T,
        2 * u * u.T * A,
    ),
    Twin(
        "gradient of a trace by a rectangle",
        KIND,
        MatrixGradient(Trace(X.T * A * X * M), X),
        A * X * M + A.T * X * M.T,
        2 * A * X * M,
    ),
    Twin(
        "gradient of a log-determinant",
        KIND,
        MatrixGradient(log(Determinant(A)), A),
        Inverse(A).T,
        Inverse(A),
        (Q.invertible(A),),
    ),
    Twin(
        "gradient of the trace of an inverse",
        KIND,
        MatrixGradient(Trace(Inverse(A) * B), A),
        -(Inverse(A) * B * Inverse(A)).T,
        -Inverse(A) * B * Inverse(A),
        (Q.invertible(A),),
    ),
    Twin(
        "Jacobian of a chain",
        KIND,
        Jacobian(Elementwise("f", V * u), u),
        DiagMatrix(Elementwise("f", V * u, 1)) * V,
        DiagMatrix(Elementwise("f", V * u)) * V,
    ),
    Twin(
        "Jacobian of a normalised column",
        KIND,
        Jacobian(LayerNorm(u, s), u) * ones,
        0 * ones,
        LayerNorm(u, s),
    ),
    Twin(
        "Jacobian of a softmax",
        KIND,
        Jacobian(exps / total, u),
        DiagMatrix(exps) / total - exps * exps.T / total**2,
        DiagMatrix(exps) / total - exps * exps.T / total,
    ),
    Twin(
        "a softmax and a number added to all scores",
        KIND,
        Elementwise(EXP, u + c * ones) / Trace(ones.T * Elementwise(EXP, u + c * ones)),
        exps / total,
        Elementwise(EXP, u + c * v) / Trace(ones.T * Elementwise(EXP, u + c * v)),
    ),
    # LayerNorm twice is LayerNorm without epsilon only; it is undefined for n = 1.
    Twin(
        "LayerNorm twice",
        KIND,
        LayerNorm(LayerNorm(u)),
        LayerNorm(u),
        LayerNorm(LayerNorm(u), s),
        (n >= 2,),
    ),
    Twin(
        "LayerNorm of a shifted multiple",
        KIND,
        LayerNorm(s * u + c * ones),
        LayerNorm(u),
        LayerNorm(u + c * v),
        (n >= 2,),
    ),
    Twin(
        "Jacobian in a direction",
        KIND,
        Jacobian(Map("F", n, A * u), u) * v,
        Jacobian(Map("F", n, w), w, A * u) * A * v,
        A * Jacobian(Map("F", n, w), w, A * u) * v,
    ),
    Twin(
        "Jacobian where the column is zero",
        KIND,
        Jacobian(Map("F", n, A * u), u, 0 * u),
        Jacobian(Map("F", n, w), w, 0 * u) * A,
        Jacobian(Map("F", n, A * u), u),
    ),
    Twin(
        "gradient where the column is zero",
        KIND,
        MatrixGradient(u.T * A * u + v.T * u, u, 0 * u),
        v,
        MatrixGradient(u.T * A * u + v.T * u, u),
    ),
    Twin(
        "trace of a power that is written out",
        KIND,
        Trace((five + five.T) ** 2),
        2 * Trace(five * five) + 2 * Trace(five * five.T),
        4 * Trace(five * five),
    ),
    Twin(
        "sizes that differ by one",
        KIND,
        Trace(Identity(5)) + 0 * Trace(five) + Trace(six),
        5 + Trace(six.T),
        6 + Trace(six.T),
    ),
    # PPCA: C = W W' + s I, M = W' W + s I.
    Twin(
        "inverse covariance of PPCA",
        KIND,
        Inverse(X * X.T + s * one),
        (one - X * Inverse(X.T * X + s * small) * X.T) / s,
        (one - X * Inverse(X.T * X + small) * X.T) / s,
    ),
    Twin(
        "posterior mean of PPCA",
        KIND,
        X.T * Inverse(X * X.T + s * one) * u,
        Inverse(X.T * X + s * small) * X.T * u,
        Inverse(X.T * X + s * small) * X.T * u / s,
    ),
    Twin(
        "shrinking a nearly singular ridge",
        KIND,
        Trace(X * Inverse(X.T * X + s * small) * X.T),
        m - s * Trace(Inverse(X.T * X + s * small)),
        n - s * Trace(Inverse(X.T * X + s * small)),
    ),
    Twin(
        "trace of a projection",
        KIND,
        Trace(X * Inverse(X.T * X) * X.T),
        m + S.Zero,
        n + S.Zero,
        (n > m,),
    ),
    Twin(
        "half of a symmetric part",
        KIND,
        Rational(1, 2) * (u.T * (A + A.T) * u),
        u.T * A * u,
        2 * u.T * A * u,
    ),
    # z is any complex number, so the determinant need not be real.
    Twin(
        "determinant that is not real",
        KIND,
        Determinant(A + z * one),
        Determinant(A.T + z * one),
        log(exp(Determinant(A + z * one))),
    ),
    Twin(
        "trace that is not real",
        KIND,
        exp(Trace(Inverse(A.T * A + z * one)) / 2),
        exp(Trace(Inverse(A.T * A + z * one).T) / 2),
        sqrt(exp(Trace(Inverse(A.T * A + z * one)))),
    ),
    Twin(
        "gradient of a trace's absolute value",
        KIND,
        MatrixGradient(Abs(Trace(A)), A),
        sign(Trace(A)) * one,
        one,
    ),
    Twin(
        "gradient of a root of a square",
        KIND,
        MatrixGradient(sqrt(Trace(u.T * A * u) ** 2), u),
        sign(Trace(u.T * A * u)) * (A + A.T) * u,
        (A + A.T) * u,
    ),
    Twin(
        "gradient of a rectified trace",
        KIND,
        MatrixGradient(Max(Trace(A * B), 0), A),
        Heaviside(Trace(A * B)) * B.T,
        B.T,
    ),
]
