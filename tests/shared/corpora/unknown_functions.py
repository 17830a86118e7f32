"""Functions of which only the name is known, of one argument and of several.

Hard because any family from which they are drawn obeys identities of its own: a sum of
few sines in its even derivatives, whatever grows slowly in a bound on its growth.
"""

from collections.abc import Sequence
from itertools import permutations

import sympy as sp
from sympy import (
    Abs,
    Derivative,
    Expr,
    Function,
    MatrixSymbol,
    Max,
    Min,
    Piecewise,
    Rational,
    S,
    Subs,
    Trace,
    binomial,
    conjugate,
    cos,
    exp,
    im,
    re,
    sign,
    sin,
    sqrt,
    symbols,
)
from sympy.combinatorics import Permutation

from lib.proof.calculus import Map
from tests.shared.corpora import Twin

KIND = "unknown_functions"

x, y, h = symbols("x y h", real=True)
s, t = symbols("s t", positive=True)
places = symbols("x_1:5", real=True)
f, g = Function("f"), Function("g")
real = Function("r", real=True)
positive = Function("p", positive=True)

Entries = Sequence[Sequence[Expr]]


def leibniz(rows: Entries) -> Expr:
    """The determinant as a sum over all orders."""
    return sp.Add(
        *(
            Permutation(order).signature()
            * sp.Mul(*(rows[i][k] for i, k in enumerate(order)))
            for order in permutations(range(len(rows)))
        )
    )


def laplace(rows: Entries) -> Expr:
    """The determinant by minors of the first column."""
    if len(rows) == 1:
        return rows[0][0]
    minors = (
        [list(row[1:]) for k, row in enumerate(rows) if k != i]
        for i in range(len(rows))
    )
    return sp.Add(
        *((-1) ** i * rows[i][0] * laplace(minor) for i, minor in enumerate(minors))
    )


def hankel(first: int, step: int = 2, size: int = 4) -> Entries:
    """Derivatives; those of a sum of three sines have rank three."""
    return [
        [Derivative(real(x), (x, first + step * (i + k))) for k in range(size)]
        for i in range(size)
    ]


of_two = real(x, y)
catalecticant = [
    [Derivative(of_two, *([x] * (6 - i - k) + [y] * (i + k))) for k in range(4)]
    for i in range(4)
]
of_four = real(*places)
thirds = [[Derivative(of_four, a, b, b) for b in places] for a in places]
of_three = real(*places[:3])
pairs = [(places[i], places[k]) for i, k in ((0, 0), (1, 1), (2, 2), (0, 1))]
fourths = [[Derivative(of_three, *a, *b) for b in pairs] for a in pairs]


def around(k: int) -> Expr:
    return real(x + k) + real(x - k)


# cos(r(i+k)) + cos(r(i-k)) = 2 cos(ri) cos(rk): three sines and a constant have rank 4.
symmetric = [[around(i + k) + around(abs(i - k)) for k in range(5)] for i in range(5)]


def at(of: Expr, where: Expr) -> Expr:
    """The derivative of a function of y, where y is something else."""
    return Subs(Derivative(of, y), y, where)


def schwarzian(of: Expr) -> Expr:
    first, second, third = (of.diff((x, k)) for k in (1, 2, 3))
    return third / first - Rational(3, 2) * (second / first) ** 2


wave = f(x + s * t) + g(x - s * t)
fourth = sum(
    binomial(4, k) * Derivative(f(x), (x, k)) * Derivative(g(x), (x, 4 - k))
    for k in range(5)
)
column = MatrixSymbol("u", 1, 1)

TWINS = [
    Twin("even derivatives", KIND, leibniz(hankel(2)), laplace(hankel(2)), S.Zero),
    Twin("odd derivatives", KIND, leibniz(hankel(3)), laplace(hankel(3)), S.Zero),
    Twin(
        "three of them",
        KIND,
        leibniz(hankel(2, size=3)),
        laplace(hankel(2, size=3)),
        S.Zero,
    ),
    Twin(
        "sixth derivatives in two arguments",
        KIND,
        leibniz(catalecticant),
        laplace(catalecticant),
        S.Zero,
    ),
    Twin(
        "third derivatives in four arguments",
        KIND,
        leibniz(thirds),
        laplace(thirds),
        S.Zero,
    ),
    Twin(
        "fourth derivatives in three arguments",
        KIND,
        leibniz(fourths),
        laplace(fourths),
        S.Zero,
    ),
    Twin(
        "values at equal distances",
        KIND,
        leibniz(symmetric),
        laplace(symmetric),
        S.Zero,
    ),
    Twin(
        "growth",
        KIND,
        real(x),
        Min(real(x), Abs(real(x))),
        Min(real(x), x**2 + 10**9),
    ),
    Twin(
        "growth of a positive function",
        KIND,
        positive(x),
        Max(positive(x), 0),
        Min(positive(x), exp(2 * Abs(x) + 100)),
    ),
    Twin(
        "steepness",
        KIND,
        Derivative(real(x), x) ** 2,
        Max(Derivative(real(x), x) ** 2, 0),
        Min(Derivative(real(x), x) ** 2, 10**9),
    ),
    Twin(
        "second derivative of a composition",
        KIND,
        Derivative(f(g(x)), x, 2),
        Subs(Derivative(f(y), y, 2), y, g(x)) * Derivative(g(x), x) ** 2
        + at(f(y), g(x)) * Derivative(g(x), x, 2),
        Subs(Derivative(f(y), y, 2), y, g(x)) * Derivative(g(x), x) ** 2,
    ),
    Twin(
        "order of a composition",
        KIND,
        Derivative(f(g(x)), x),
        at(f(y), g(x)) * at(g(y), x),
        at(g(y), f(x)) * at(f(y), x),
    ),
    Twin(
        "iterated three times",
        KIND,
        Derivative(f(f(f(x))), x),
        at(f(y), f(f(x))) * at(f(y), f(x)) * at(f(y), x),
        at(f(y), f(f(x))) * at(f(y), x) ** 2,
    ),
    Twin(
        "fourth derivative of a product",
        KIND,
        Derivative(f(x) * g(x), x, 4),
        fourth,
        fourth - 2 * Derivative(f(x), x, 2) * Derivative(g(x), x, 2),
    ),
    Twin(
        "total derivative",
        KIND,
        Derivative(f(x, x**2), x),
        Subs(Derivative(f(h, y), h), (h, y), (x, x**2))
        + 2 * x * Subs(Derivative(f(h, y), y), (h, y), (x, x**2)),
        Subs(Derivative(f(h, y), h), (h, y), (x, x**2))
        + Subs(Derivative(f(h, y), y), (h, y), (x, x**2)),
    ),
    Twin(
        "on the diagonal",
        KIND,
        Derivative(f(x, x), x),
        Subs(Derivative(f(y, x), y), y, x) + Subs(Derivative(f(x, y), y), y, x),
        2 * Subs(Derivative(f(y, x), y), y, x),
    ),
    Twin(
        "arguments exchanged",
        KIND,
        Derivative(f(x, y) + f(y, x), x, y),
        Derivative(f(x, y), y, x) + Derivative(f(y, x), y, x),
        2 * Derivative(f(x, y), x, y),
    ),
    Twin(
        "wave equation",
        KIND,
        Derivative(wave, t, 2),
        s**2 * Derivative(wave, x, 2),
        s * Derivative(wave, x, 2),
    ),
    Twin(
        "transport in one direction",
        KIND,
        Derivative(f(x - s * t), t),
        -s * Derivative(f(x - s * t), x),
        s * Derivative(f(x - s * t), x),
    ),
    Twin(
        "Schwarzian derivative",
        KIND,
        schwarzian(f(x)),
        schwarzian(1 / f(x)),
        schwarzian(f(x) ** 2),
    ),
    Twin(
        "derivative of the Wronskian",
        KIND,
        Derivative(f(x) * Derivative(g(x), x) - g(x) * Derivative(f(x), x), x),
        f(x) * Derivative(g(x), x, 2) - g(x) * Derivative(f(x), x, 2),
        f(x) * Derivative(g(x), x, 2) + g(x) * Derivative(f(x), x, 2),
    ),
    Twin(
        "third derivative of an exponential",
        KIND,
        Derivative(exp(f(x)), x, 3),
        exp(f(x))
        * (
            Derivative(f(x), x, 3)
            + 3 * Derivative(f(x), x) * Derivative(f(x), x, 2)
            + Derivative(f(x), x) ** 3
        ),
        exp(f(x))
        * (
            Derivative(f(x), x, 3)
            + Derivative(f(x), x) * Derivative(f(x), x, 2)
            + Derivative(f(x), x) ** 3
        ),
    ),
    Twin(
        "third difference",
        KIND,
        f(x + 3) - 3 * f(x + 2) + 3 * f(x + 1) - f(x),
        (f(x + 3) - 2 * f(x + 2) + f(x + 1)) - (f(x + 2) - 2 * f(x + 1) + f(x)),
        S.Zero,
    ),
    Twin("even part", KIND, f(x) + f(-x), f(Abs(x)) + f(-Abs(x)), 2 * f(Abs(x))),
    Twin(
        "at the absolute value",
        KIND,
        f(Abs(x)),
        Piecewise((f(x), x >= 0), (f(-x), True)),
        f(x),
    ),
    Twin("root of a square", KIND, sqrt(real(x) ** 2), Abs(real(x)), real(x)),
    Twin("modulus", KIND, Abs(f(x)) ** 2, f(x) * conjugate(f(x)), f(x) ** 2),
    Twin(
        "real part of a product",
        KIND,
        re(f(x) * g(x)),
        re(f(x)) * re(g(x)) - im(f(x)) * im(g(x)),
        re(f(x)) * re(g(x)),
    ),
    Twin("argument that is constant", KIND, f(sin(x) ** 2 + cos(x) ** 2), f(1), f(x)),
    Twin(
        "another number of arguments",
        KIND,
        f(x, sin(y) ** 2 + cos(y) ** 2),
        f(x, 1),
        f(x),
    ),
    Twin(
        "two functions of one name",
        KIND,
        Function("q", real=True)(x),
        re(Function("q", real=True)(x)),
        re(Function("q")(x)),
    ),
    Twin(
        "a function named as a map's entry",
        KIND,
        Trace(Map("m", 1, column)),
        Trace(Map("m", 1, column).T),
        Function("m_0", real=True)(column[0, 0]),
    ),
    Twin(
        "sign of a positive function",
        KIND,
        sign(positive(x) * real(x)),
        sign(real(x)),
        positive(x) * sign(real(x)),
    ),
]
