"""Sums and products over finite ranges of any length, and a few endless ones.

Hard, because they hold by induction or by an exchange, and a false one may agree at
every length that is tried. A range that ends just before it starts is empty.
"""

# ruff: noqa: E501

from sympy import (
    Abs,
    Basic,
    Eq,
    IndexedBase,
    KroneckerDelta,
    Max,
    Ne,
    Product,
    Rational,
    Sum,
    Symbol,
    binomial,
    exp,
    factorial,
    floor,
    gamma,
    log,
    oo,
    pi,
    symbols,
)

from .making import maker

twin = maker("finite_sums")
D = Symbol("D", integer=True, positive=True)
n, m, k = symbols("n m k", integer=True, nonnegative=True)
i, j, l = symbols("i j l", integer=True)  # noqa: E741
x = Symbol("x", real=True)
r = Symbol("r", positive=True)
mu, v = IndexedBase("mu", real=True), IndexedBase("v", positive=True)


def total(term: Basic | int, first: Basic | int = 1, last: Basic | int = D) -> Sum:
    return Sum(term, (i, first, last))


mean = total(mu[i]) / D

TWINS = [
    # Dependent limits.
    twin("a triangle exchanged", Sum(Sum(mu[i] * v[j], (j, 1, i)), (i, 1, D)), Sum(Sum(mu[i] * v[j], (i, j, D)), (j, 1, D)), Sum(Sum(mu[i] * v[j], (i, j + 1, D)), (j, 1, D))),
    twin("a square by its triangle", total(mu[i]) ** 2, total(mu[i] ** 2) + 2 * Sum(Sum(mu[i] * mu[j], (j, i + 1, D)), (i, 1, D)), total(mu[i] ** 2) + 2 * Sum(Sum(mu[i] * mu[j], (j, i, D)), (i, 1, D))),
    twin("harmonic numbers added", Sum(Sum(1 / j, (j, 1, i)), (i, 1, D)), (D + 1) * Sum(1 / j, (j, 1, D)) - D, D * Sum(1 / j, (j, 1, D)) - D + 1),
    twin("three nested", Sum(Sum(Sum(1, (l, 1, j)), (j, 1, i)), (i, 1, D)), binomial(D + 2, 3), binomial(D + 2, 3) + binomial(D, 13)),
    twin("limits in one Sum", Sum(mu[i], (j, 1, i), (i, 1, D)), total(i * mu[i]), total((i + 1) * mu[i])),
    twin("differences of all pairs", Sum((mu[i] - mu[j]) ** 2, (i, 1, D), (j, 1, D)), 2 * D * total(mu[i] ** 2) - 2 * total(mu[i]) ** 2, 2 * D * total(mu[i] ** 2) - total(mu[i]) ** 2),
    # Telescopes.
    twin("telescoping fractions", total(1 / (i * (i + 1))), D / (D + 1), D / (D + 1) + binomial(D, 13) / 10**20),
    twin("telescoping terms", total(mu[i + 1] - mu[i]), mu[D + 1] - mu[1], mu[D] - mu[1]),
    twin("telescoping logs", total(log(1 + 1 / i)), log(D + 1), log(D + 1) + binomial(D, 30)),
    twin("telescoping factorials", total(i * factorial(i)), factorial(D + 1) - 1, factorial(D + 1) - D),
    twin("Abel's summation", total(mu[i] * (v[i + 1] - v[i])), mu[D + 1] * v[D + 1] - mu[1] * v[1] - total(v[i + 1] * (mu[i + 1] - mu[i])), mu[D + 1] * v[D + 1] - mu[1] * v[1] - total(v[i] * (mu[i + 1] - mu[i]))),
    twin("a telescoping product", Product((i + 1) / i, (i, 1, D)), D + 1, D + 1 + binomial(D, 9)),
    twin("a product of 1 - 1/i^2", Product(1 - 1 / i**2, (i, 2, D)), (D + 1) / (2 * D), (D + 2) / (2 * D + 1), (D >= 2,)),
    # Kronecker's delta.
    twin("delta within the range", total(KroneckerDelta(i, k) * mu[i]), mu[k], mu[k], (k >= 1, k <= D), (k >= 1, k <= D + 1)),
    twin("delta over two indices", Sum(KroneckerDelta(i, j) * mu[i] * v[j], (i, 1, D), (j, 1, D)), total(mu[i] * v[i]), total(mu[i] * v[1])),
    twin("delta of a shift", Sum(KroneckerDelta(i, j + 1), (i, 1, D), (j, 1, D)), D - 1, D),
    twin("the trace of a delta", total(KroneckerDelta(i, i)), D, 1),
    twin("one less a delta", Sum((1 - KroneckerDelta(i, j)) * mu[i] * mu[j], (i, 1, D), (j, 1, D)), total(mu[i]) ** 2 - total(mu[i] ** 2), total(mu[i]) ** 2 - total(mu[i]) * mu[1]),
    # Binomial coefficients.
    twin("all subsets", Sum(binomial(n, i), (i, 0, n)), 2**n, 2**n - binomial(n, 40)),
    twin("signed subsets", Sum((-1) ** i * binomial(n, i), (i, 0, n)), KroneckerDelta(n, 0), 0),
    twin("Vandermonde", Sum(binomial(n, i) * binomial(m, k - i), (i, 0, k)), binomial(n + m, k), binomial(n + m, k) + binomial(k, 9)),
    twin("hockey stick", Sum(binomial(i, k), (i, k, k + n)), binomial(k + n + 1, k + 1), binomial(k + n + 1, k + 1) + binomial(n, 12)),
    twin("the mean of a binomial law", Sum(i * binomial(n, i), (i, 0, n)), n * 2**n / 2, (n - 1) * 2**n / 2 + Rational(1, 2) * 0**n),
    twin("the binomial theorem", Sum(binomial(n, i) * x**i, (i, 0, n)), (1 + x) ** n, (1 + x) ** n + x * binomial(n, 11), (Ne(x, 0), Ne(x, -1))),
    twin("squares of a row", Sum(binomial(n, i) ** 2, (i, 0, n)), binomial(2 * n, n), 2**n + binomial(n, 2) * 2),
    # Powers of the index, geometric sums.
    twin("cubes", total(i**3), total(i) ** 2, total(i) ** 2 + binomial(D, 20)),
    twin("a geometric sum with its index", total(i * r**i) * (1 - r) ** 2, r * (1 - (D + 1) * r**D + D * r ** (D + 1)), r * (1 - D * r**D + (D - 1) * r ** (D + 1)) + r ** (D + 1)),
    twin("alternating", total((-1) ** i), ((-1) ** D - 1) / 2, ((-1) ** D - 1) / 2 + binomial(D, 25)),
    twin("from -D to D", Sum(i**2, (i, -D, D)), D * (D + 1) * (2 * D + 1) / 3, D * (D + 1) * (2 * D + 1) / 6),
    # D^2/4 rounded down: at odd D it is a quarter less.
    twin("halves rounded", Sum(floor(i / 2), (i, 0, D)), floor(D**2 / 4), D**2 / 4),
    # Endless, where a condition lets them end.
    twin("a geometric series", Sum(x**i, (i, 0, oo)), 1 / (1 - x), 1 / (1 + x), (x > -1, x < 1)),
    twin("of the reciprocal", Sum(r ** (-i - 1), (i, 0, oo)), 1 / (r - 1), 1 / (r + 1), (r > 1,)),
    twin("Euler's series", Sum(i**-2, (i, 1, oo)), pi**2 / 6, pi**2 / 6 + Rational(1, 10**30)),
    twin("of half a place", Sum((i + Rational(1, 2)) ** -2, (i, 0, oo)), pi**2 / 2, pi**2 / 6),
    twin("with signs by turns", Sum((-1) ** (i + 1) / i, (i, 1, oo)), log(2), -log(2)),
    # Empty ranges, order, names.
    twin("an empty sum", Sum(mu[i], (i, D + 1, D)), 0, mu[D]),
    twin("an empty product", Product(v[i], (i, D + 1, D)), 1, 0),
    twin("a constant term", total(x), D * x, x),
    twin("backwards", total(mu[i]), total(mu[D + 1 - i]), total(mu[D - i])),
    twin("the index free and bound", i * total(i), i * D * (D + 1) / 2, total(i**2)),
    twin("even and odd places", Sum(mu[i], (i, 1, 2 * D)), total(mu[2 * i] + mu[2 * i - 1]), total(mu[2 * i] + mu[2 * i + 1])),
    twin("one place left out", total(mu[i] * (1 - KroneckerDelta(i, 1))), Sum(mu[i], (i, 2, D)), Sum(mu[i], (i, 2, D + 1)), (D >= 2,)),
    # Products, means, kinks.
    twin("factorial", Product(i, (i, 1, D)), factorial(D), gamma(D)),
    twin("a product of exponentials", Product(exp(mu[i]), (i, 1, D)), exp(total(mu[i])), exp(total(mu[i])) * (1 + binomial(D, 17))),
    twin("a product of constants", Product(r, (i, 1, D)), r**D, r * D),
    twin("a product of products", Product(Product(v[i], (j, 1, D)), (i, 1, D)), Product(v[i], (i, 1, D)) ** D, Product(v[i], (i, 1, D))),
    twin("the variance of a sample", total((mu[i] - mean) ** 2), total(mu[i] ** 2) - D * mean**2, total(mu[i] ** 2) - mean**2),
    twin("covariance of a sample", total((mu[i] - mean) * v[i]), total(mu[i] * v[i]) - mean * total(v[i]), total(mu[i] * v[i]) - mean * v[1]),
    twin("positive parts", total(Max(mu[i], 0)), (total(mu[i]) + total(Abs(mu[i]))) / 2, (total(mu[i]) + Abs(total(mu[i]))) / 2),
    twin("Max of a sum", Max(total(mu[i]), 0), (total(mu[i]) + Abs(total(mu[i]))) / 2, total(Max(mu[i], 0))),
    twin("Abs of a sum", Abs(total(mu[i])), Max(total(mu[i]), -total(mu[i])), total(Abs(mu[i]))),
    twin("Lagrange's identity", total(mu[i] ** 2) * total(v[i] ** 2) - total(mu[i] * v[i]) ** 2, Sum((mu[i] * v[j] - mu[j] * v[i]) ** 2, (i, 1, D), (j, 1, D)) / 2, Sum((mu[i] * v[j] - mu[j] * v[i]) ** 2, (i, 1, D), (j, 1, D))),
    twin("log-sum-exp shifted", log(total(exp(mu[i] + x))), x + log(total(exp(mu[i]))), D * x + log(total(exp(mu[i])))),
    twin("a large size only", total(mu[i]), total(mu[i]), total(mu[i]) + KroneckerDelta(D, 1009)),
    twin("a condition on the size", total(mu[i]), mu[1] + mu[2], mu[1] + mu[2], (Eq(D, 2),), (D <= 2,)),
]  # fmt: skip
