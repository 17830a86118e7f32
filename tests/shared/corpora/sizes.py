"""Sums and products over symbolic ranges, indexed terms, and sizes of every kind.

Hard because ends may depend on other indices, names may be met twice, ranges may be
empty, and a statement may hold for every size that is tried.
"""

from sympy import (
    Abs,
    Eq,
    Expr,
    Identity,
    IndexedBase,
    Inverse,
    KroneckerDelta,
    MatrixSymbol,
    Max,
    Min,
    Mod,
    Piecewise,
    Product,
    Rational,
    S,
    Sum,
    Symbol,
    Trace,
    binomial,
    cos,
    exp,
    factorial,
    floor,
    log,
    pi,
    prod,
    sqrt,
    symbols,
)

from lib.proof.calculus import Map
from tests.shared.corpora import Twin

KIND = "sizes"

D, K = symbols("D K", integer=True, positive=True)
N = Symbol("N", integer=True, nonnegative=True)
i, j, k = symbols("i j k", integer=True)
q = Symbol("q", positive=True)
x = Symbol("x", real=True)
mu, nu, xi = (IndexedBase(name, real=True) for name in ("mu", "nu", "xi"))
w = IndexedBase("w", positive=True)
A = MatrixSymbol("A", D, K)
B, C = MatrixSymbol("B", D, D), MatrixSymbol("C", K, K)
clash = Symbol("@0", integer=True)


def total(term: Expr, first: Expr = S.One, last: Expr = D, index: Symbol = i) -> Sum:
    """The sum over an index, from 1 to D where nothing else is said."""
    return Sum(term, (index, first, last))


up_to_j = total(mu[i], last=j)
other_up_to_j = total(nu[i], last=j)

column = MatrixSymbol("u", K, 1)
resolvent = Trace(Inverse(w[i] * Identity(K) + C * C.T))
mapped = Trace(Map("F", 1, w[i] * column))

TWINS = [
    # mu = (1, 1): the partial sums are 1 and 2, and (1 + 4)^2 is not 2 (1 + 16).
    Twin(
        "squares of partial sums",
        KIND,
        total(up_to_j**2, index=j) ** 2,
        total(up_to_j**2, index=j) * total(total(mu[k], last=j, index=k) ** 2, index=j),
        D * total(up_to_j**4, index=j),
    ),
    # x = (1, 0), y = (0, 1): mu_1 (nu_1 + nu_2) on the left, nu_1 (mu_1 + mu_2) right.
    Twin(
        "partial sums exchanged",
        KIND,
        total(xi[j] * up_to_j, index=j) * total(w[j] * other_up_to_j, index=j),
        total(w[j] * other_up_to_j, index=j) * total(xi[j] * up_to_j, index=j),
        total(xi[j] * other_up_to_j, index=j) * total(w[j] * up_to_j, index=j),
    ),
    Twin(
        "summation by parts",
        KIND,
        total(xi[j] * up_to_j, index=j),
        total(mu[i] * total(xi[j], first=i, index=j)),
        total(mu[i] * total(xi[j], first=i + 1, index=j)),
    ),
    Twin(
        "limit that is the outer index",
        KIND,
        total(exp(up_to_j), index=j),
        total(exp(total(mu[k], last=i, index=k))),
        total(exp(total(mu[k], last=D, index=k))),
    ),
    # The index does not occur on the left, whatever the symbol is called.
    Twin(
        "name of a bound variable",
        KIND,
        total(exp(clash * mu[i])),
        total(exp(clash * mu[j]), index=j),
        total(exp(i * mu[i])),
    ),
    Twin(
        "index that is also free",
        KIND,
        i * total(exp(i * mu[i])),
        i * total(exp(j * mu[j]), index=j),
        total(i * exp(i * mu[i])),
        (i >= 1, i <= D),
    ),
    Twin(
        "symbol named as a term",
        KIND,
        total(mu[i], last=D + 1),
        mu[1] + total(mu[i], first=2, last=D + 1),
        Symbol("mu[1]", real=True) + total(mu[i], first=2, last=D + 1),
    ),
    Twin(
        "the ninth binomial coefficient",
        KIND,
        total(mu[i]),
        mu[1] + total(mu[i], first=2),
        total(mu[i]) + binomial(D, 9) * mu[1],
    ),
    Twin(
        "beyond fifty",
        KIND,
        total(mu[i]),
        total(mu[i], last=Min(D, 50)) + total(mu[i], first=51, last=Max(D, 50)),
        total(mu[i], last=Min(D, 50)),
    ),
    Twin(
        "divisible by eleven",
        KIND,
        Piecewise((1, Eq(Mod(D, 11), 0)), (0, True)) * mu[1],
        (floor(D / 11) - floor((D - 1) / 11)) * mu[1],
        0 * mu[1],
    ),
    Twin(
        "vanishes up to size eight",
        KIND,
        prod(D - j for j in range(1, 9)) * Trace(B),
        prod(D - j for j in range(1, 9)) * Trace(B.T),
        0 * Trace(B),
    ),
    Twin(
        "vanishes beyond size eight",
        KIND,
        Max(9 - D, 0) * Trace(B),
        (9 - Min(D, 9)) * Trace(B.T),
        (9 - D) * Trace(B),
    ),
    Twin(
        "two sizes that may be equal",
        KIND,
        KroneckerDelta(D, K) * Trace(A * A.T),
        KroneckerDelta(K, D) * Trace(A.T * A),
        0 * Trace(A * A.T),
    ),
    Twin(
        "two sizes of which either may be larger",
        KIND,
        Max(D, K) * Trace(A * A.T),
        (D + K - Min(D, K)) * Trace(A.T * A),
        D * Trace(A * A.T),
        (),
    ),
    Twin(
        "empty range",
        KIND,
        total(mu[i], last=N) + 1,
        1 + total(mu[i + 1], first=0, last=N - 1),
        1 + total(mu[i], last=Max(N, 1)),
    ),
    Twin(
        "empty product",
        KIND,
        Product(w[i], (i, 1, N)),
        exp(total(log(w[i]), last=N)),
        Product(w[i], (i, 1, Max(N, 1))),
    ),
    Twin(
        "zero to the power of a size",
        KIND,
        S(0) ** N * w[1],
        Piecewise((1, Eq(N, 0)), (0, True)) * w[1],
        0 * w[1],
    ),
    Twin(
        "alternating",
        KIND,
        Sum((-1) ** i, (i, 0, N)),
        (1 + (-1) ** N) / 2,
        (1 - (-1) ** N) / 2,
    ),
    Twin(
        "geometric with a weight",
        KIND,
        Sum(i * q**i, (i, 0, N)) * (1 - q) ** 2,
        q * (1 - (N + 1) * q**N + N * q ** (N + 1)),
        q * (1 - (N + 1) * q**N + N * q**N),
    ),
    Twin(
        "telescope",
        KIND,
        total(mu[i + 1] - mu[i]),
        mu[D + 1] - mu[1],
        mu[D] - mu[1],
    ),
    Twin(
        "telescope of fractions",
        KIND,
        total(1 / (i * (i + 1))),
        D / (D + 1),
        (D - 1) / (D + 1),
    ),
    Twin(
        "sum of cubes",
        KIND,
        total(i**3),
        total(i) ** 2,
        total(i) ** 2 + prod(D - j for j in (0, 1, 2, 3, 4, 7)),
    ),
    Twin(
        "row of Pascal's triangle",
        KIND,
        Sum(binomial(N, i), (i, 0, N)),
        S(2) ** N,
        S(2) ** N + binomial(N, 9),
    ),
    Twin(
        "factorials",
        KIND,
        total(i * factorial(i)),
        factorial(D + 1) - 1,
        factorial(D + 1) - D,
    ),
    Twin(
        "absolute values of an index",
        KIND,
        Sum(Abs(i), (i, -D, D)),
        D * (D + 1),
        D**2,
    ),
    Twin(
        "mean of squares",
        KIND,
        total((mu[i] - total(mu[j], index=j) / D) ** 2),
        total(mu[i] ** 2) - total(mu[i]) ** 2 / D,
        total(mu[i] ** 2) - total(mu[i]) ** 2 / D**2,
    ),
    Twin(
        "all pairs",
        KIND,
        Sum((mu[i] - mu[j]) ** 2, (i, 1, D), (j, 1, D)),
        2 * D * total(mu[i] ** 2) - 2 * total(mu[i]) ** 2,
        D * total(mu[i] ** 2) - total(mu[i]) ** 2,
    ),
    Twin(
        "Lagrange",
        KIND,
        total(mu[i] ** 2) * total(nu[i] ** 2) - total(mu[i] * nu[i]) ** 2,
        Sum((mu[i] * nu[j] - mu[j] * nu[i]) ** 2, (i, 1, D), (j, 1, D)) / 2,
        Sum((mu[i] * nu[j] + mu[j] * nu[i]) ** 2, (i, 1, D), (j, 1, D)) / 2,
    ),
    Twin(
        "product of sums",
        KIND,
        total(mu[i]) * Sum(nu[i], (i, 1, K)),
        Sum(mu[i] * nu[j], (i, 1, D), (j, 1, K)),
        Sum(mu[i] * nu[i], (i, 1, D)) * Min(D, K),
    ),
    Twin(
        "lower triangle",
        KIND,
        Sum(mu[i] * nu[j], (j, 1, i), (i, 1, D)),
        Sum(mu[i] * nu[j], (i, j, D), (j, 1, D)),
        Sum(mu[i] * nu[j], (i, 1, j), (j, 1, D)),
    ),
    Twin(
        "softmax that is shifted",
        KIND,
        exp(mu[1] + x) / total(exp(mu[i] + x)),
        exp(mu[1]) / total(exp(mu[i])),
        exp(mu[1]) / total(exp(mu[i] + x)),
    ),
    Twin(
        "entropy of a softmax",
        KIND,
        log(total(exp(mu[i]))) - total(mu[i] * exp(mu[i])) / total(exp(mu[i])),
        -total(exp(mu[i]) * (mu[i] - log(total(exp(mu[j]), index=j))))
        / total(exp(mu[i])),
        -total(exp(mu[i]) * (mu[i] - log(total(exp(mu[j]), index=j)))),
    ),
    Twin(
        "entries of a matrix",
        KIND,
        Sum(B[i, i], (i, 0, D - 1)),
        Trace(B),
        Trace(B) + prod(D - j for j in range(1, 6)),
    ),
    Twin(
        "norm of a matrix",
        KIND,
        Sum(A[i, j] ** 2, (i, 0, D - 1), (j, 0, K - 1)),
        Trace(A.T * A),
        Trace(A.T * A) + Trace(Identity(D)) - K,
    ),
    Twin(
        "roots of unity",
        KIND,
        Sum(cos(2 * pi * i / D), (i, 1, D)),
        Piecewise((1, Eq(D, 1)), (0, True)),
        S.Zero,
    ),
    Twin(
        "of size thirty",
        KIND,
        Sum(mu[i] ** 2, (i, 1, 30)),
        Sum(mu[31 - i] ** 2, (i, 1, 30)),
        Sum(mu[30 - i] ** 2, (i, 1, 30)),
    ),
    Twin(
        "absolute value of a sum",
        KIND,
        sqrt(total(mu[i]) ** 2),
        Abs(total(mu[i])),
        total(Abs(mu[i])),
    ),
    Twin(
        "halves of a size",
        KIND,
        total(1 + (-1) ** i),
        2 * floor(D / 2),
        D + Rational(1, 2) * ((-1) ** D + 1),
    ),
    # What depends on the index only through a number within an inverse, or a map.
    Twin(
        "an index within an inverse",
        KIND,
        total(resolvent) ** 2,
        total(resolvent) * total(resolvent.subs(i, j), index=j),
        D * total(resolvent**2),
    ),
    Twin(
        "an index within a map",
        KIND,
        total(Trace(Map("F", 1, w[i] * column)) ** 2) * 2,
        total(2 * Trace(Map("F", 1, w[j] * column)) ** 2, index=j),
        2 * D * Trace(Map("F", 1, w[1] * column)) ** 2,
    ),
    Twin(
        "maps of two columns exchanged",
        KIND,
        total(mapped) * total(mapped * mu[i]),
        total(mapped * mu[i]) * total(mapped),
        total(mapped**2) * total(mu[i]),
    ),
    Twin(
        "length of the range is lost",
        KIND,
        total(up_to_j**2, index=j) - total(up_to_j**2, first=2, index=j),
        mu[1] ** 2,
        total(up_to_j**2, index=j) / D,
    ),
    # Sizes at which a formula turns, beyond all that can be tried.
    Twin(
        "a step at 10^4",
        KIND,
        total(mu[i]),
        total(mu[j], index=j),
        total(mu[i]) + floor(D / 10**4),
    ),
    Twin(
        "a binomial that begins at 2000",
        KIND,
        total(mu[i]),
        total(mu[j], index=j),
        total(mu[i]) + binomial(D, 2000),
    ),
    Twin(
        "a size of 5000",
        KIND,
        total(mu[i]),
        total(mu[j], index=j),
        total(mu[i]) + KroneckerDelta(D, 5000),
    ),
    Twin(
        "a root beyond 80",
        KIND,
        total(mu[i]),
        total(mu[j], index=j),
        total(mu[i]) + floor(sqrt(D) / 9),
    ),
    Twin(
        "two sizes 700 apart",
        KIND,
        total(mu[i]) * K,
        K * total(mu[j], index=j),
        total(mu[i]) * K + KroneckerDelta(D, K + 700),
    ),
]
