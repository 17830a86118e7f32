"""Laws of which only a density's name is known, finite laws, and expectations.

Hard because few values in a support obey identities among their moments, because a
density may be met at unusual places, and because names are bound.
"""

from collections.abc import Sequence
from itertools import permutations

import sympy as sp
from sympy import (
    Abs,
    Derivative,
    Expr,
    Function,
    Heaviside,
    KroneckerDelta,
    Matrix,
    Max,
    Min,
    Piecewise,
    Rational,
    S,
    Subs,
    Symbol,
    binomial,
    cos,
    exp,
    floor,
    log,
    pi,
    sin,
    sqrt,
    symbols,
    tanh,
)
from sympy.combinatorics import Permutation

from lib.proof import (
    KL,
    Abstract,
    E,
    Finite,
    Int,
    MultivariateNormal,
    Normal,
    Var,
    density,
    sigmoid,
)
from tests.shared.corpora import Twin

KIND = "laws"

z, w, x, y, a = symbols("z w x y a", real=True)
copy = Symbol("z_2", real=True)  # its densities are those of z, those of w are not
phi, m = symbols("phi m", real=True)
s, t = symbols("s t", positive=True)
q = Symbol("q", positive=True)
count = Symbol("k", integer=True, nonnegative=True)
whole = Symbol("n", integer=True)
plus = Symbol("r", positive=True)
f, g = Function("f", real=True), Function("g", real=True)
weight = Function("h", positive=True)

p_z = Abstract(z, density("p", z), "p")
p_w = Abstract(w, density("p", w), "p")
p_copy = Abstract(copy, density("p", copy), "p")
q_copy = Abstract(copy, density("q", copy), "q")
q_w = Abstract(w, density("q", w), "q")
q_z = Abstract(z, density("q", z), "q")
joint = density("p", z, w)
given_w = density("p", z, given=[w])
moving = Abstract(z, density("q", z, given=[phi]), "q")
p_count = Abstract(count, density("p", count), "p")
p_whole = Abstract(whole, density("p", whole), "p")
p_plus = Abstract(plus, density("p", plus), "p")
coin = Finite(z, {0: 1 - q, 1: q}, "b")
three = Finite(z, {-1: Rational(1, 4), 0: Rational(1, 2), 1: Rational(1, 4)}, "d")
other_coin = Finite(w, {0: 1 - t, 1: t}, "c")
gauss = Normal(z, m, s, "g")
centred = Normal(z, 0, s, "g")
second = Normal(w, m, t, "g_2")
below = (q < 1,)

score = Derivative(log(moving.density), phi)


def moments(size: int, law: Abstract) -> list[list[Expr]]:
    """Their determinant is zero if the law has fewer values than ``size``."""
    v = law.variables[0]
    return [[E(v ** (i + k), law) for k in range(size)] for i in range(size)]


def determinant(rows: Sequence[Sequence[Expr]], transposed: bool = False) -> Expr:
    places = range(len(rows))
    return sp.Add(
        *(
            Permutation(order).signature()
            * sp.Mul(*(rows[k][i] if transposed else rows[i][k] for i, k in pairs))
            for order in permutations(places)
            for pairs in [list(zip(places, order, strict=True))]
        )
    )


correlated = MultivariateNormal([x, y], [0, 0], Matrix([[1, a], [a, 1]]), "c")

around_z = E(tanh(w), Normal(w, z, t))

TWINS = [
    # A law on four values obeys the second, one on five values does not.
    Twin(
        "moments of few values",
        KIND,
        determinant(moments(5, p_z)),
        determinant(moments(5, p_z), transposed=True),
        S.Zero,
    ),
    Twin(
        "moments of whole values",
        KIND,
        determinant(moments(5, p_count)),
        determinant(moments(5, p_count), transposed=True),
        S.Zero,
    ),
    Twin(
        "values on thirteenths",
        KIND,
        E(sin(13 * pi * z) ** 2, p_z),
        1 - E(cos(13 * pi * z) ** 2, p_z),
        S.Zero,
    ),
    Twin(
        "values on a fine grid",
        KIND,
        E(cos(2 * pi * 360360 * z), p_z),
        1 - 2 * E(sin(pi * 360360 * z) ** 2, p_z),
        S.One,
    ),
    Twin(
        "large values",
        KIND,
        E(Min(z**2, 10**9), p_z),
        E(10**9 - Max(10**9 - z**2, 0), p_z),
        E(z**2, p_z),
    ),
    Twin(
        "large counts",
        KIND,
        E(binomial(count, 400), p_count),
        E(binomial(count, 400) + count - count, p_count),
        S.Zero,
    ),
    Twin(
        "parity of a whole variable",
        KIND,
        E((-1) ** whole, p_whole),
        E(cos(pi * whole), p_whole),
        E((-1) ** (whole + 2 * floor(whole / 50) + floor(whole / 700)), p_whole),
    ),
    Twin(
        "positive variable",
        KIND,
        E(Abs(plus), p_plus),
        E(plus, p_plus),
        E(Max(plus, Rational(1, 10**6)), p_plus),
    ),
    # p(z, z) is the joint density on the diagonal, which integrates to anything.
    Twin(
        "joint density on the diagonal",
        KIND,
        S.One,
        Int(Int(joint, z), w),
        Int(joint.subs(w, z), z),
    ),
    Twin(
        "conditional density on the diagonal",
        KIND,
        S.One,
        Int(given_w, z),
        Int(given_w.subs(w, z), z),
    ),
    Twin(
        "integrated over the condition",
        KIND,
        S.One,
        Int(Int(given_w * p_w.density, z), w),
        Int(Int(given_w * p_z.density, z), w),
    ),
    Twin(
        "independence",
        KIND,
        E(E(f(z) * g(w), p_z), q_w),
        E(f(z), p_z) * E(g(w), q_w),
        E(f(z) * g(z), p_z),
    ),
    Twin(
        "dependence",
        KIND,
        Int(Int(f(z) * g(w) * joint, z), w),
        Int(g(w) * Int(f(z) * joint, z), w),
        Int(Int(f(z) * joint, z), w) * Int(Int(g(w) * joint, z), w),
    ),
    Twin(
        "two independent copies",
        KIND,
        E(E((f(z) - f(copy)) ** 2, p_z), p_copy),
        2 * E(f(z) ** 2, p_z) - 2 * E(f(z), p_z) ** 2,
        E(f(z) ** 2, p_z) - E(f(z), p_z) ** 2,
    ),
    Twin(
        "importance weights",
        KIND,
        E(f(z) * p_z.density / q_z.density, q_z),
        E(f(z), p_z),
        E(f(z) * q_z.density / p_z.density, p_z),
    ),
    Twin(
        "square of the importance weights",
        KIND,
        E((p_z.density / q_z.density) ** 2, q_z),
        E(p_z.density / q_z.density, p_z),
        S.One,
    ),
    Twin(
        "information of a moving law",
        KIND,
        E(score**2, moving),
        -E(Derivative(log(moving.density), phi, 2), moving),
        E(Derivative(log(moving.density), phi, 2), moving),
    ),
    Twin(
        "third derivative of the mass",
        KIND,
        E(score**3, moving),
        -E(
            3 * score * Derivative(log(moving.density), phi, 2)
            + Derivative(log(moving.density), phi, 3),
            moving,
        ),
        S.Zero,
    ),
    Twin(
        "derivative of an entropy",
        KIND,
        Derivative(E(-log(moving.density), moving), phi),
        -E(score * log(moving.density), moving),
        -E(score, moving),
    ),
    Twin(
        "product of conditional scores",
        KIND,
        Derivative(E(f(z, phi), moving), phi),
        E(f(z, phi) * score + Derivative(f(z, phi), phi), moving),
        E(f(z, phi) * score, moving),
    ),
    Twin(
        "divergence by densities",
        KIND,
        KL(p_z, q_z) + KL(q_z, p_z),
        E(log(p_z.density / q_z.density), p_z) - E(log(p_z.density / q_z.density), q_z),
        2 * KL(p_z, q_z),
    ),
    Twin(
        "mixture's divergence",
        KIND,
        E(log(2 * p_z.density / (p_z.density + q_z.density)), p_z),
        log(2) - E(log(1 + q_z.density / p_z.density), p_z),
        log(2) - E(log(1 + p_z.density / q_z.density), p_z),
    ),
    Twin(
        "variance of a sum of dependent terms",
        KIND,
        Var(f(z) + g(z), p_z),
        Var(f(z), p_z)
        + Var(g(z), p_z)
        + 2 * E((f(z) - E(f(z), p_z)) * (g(z) - E(g(z), p_z)), p_z),
        Var(f(z), p_z) + Var(g(z), p_z),
    ),
    Twin(
        "bound variable in a parameter's place",
        KIND,
        E(z * E(copy, q_copy), p_z),
        E(z, p_z) * E(z, q_z),
        E(z * z, p_z),
    ),
    Twin(
        "capture by substitution",
        KIND,
        Subs(E(f(z, w), p_z), w, z),
        E(f(copy, z), p_copy),
        E(f(z, z), p_z),
    ),
    Twin(
        "third moment of a coin",
        KIND,
        E((z - q) ** 3, coin),
        q * (1 - q) * (1 - 2 * q),
        q * (1 - q) * (1 + 2 * q),
        below,
    ),
    Twin(
        "two coins",
        KIND,
        E(KroneckerDelta(z, w), coin, other_coin),
        q * t + (1 - q) * (1 - t),
        q * t,
        (q < 1, t < 1),
    ),
    Twin(
        "entropy of two independent coins",
        KIND,
        E(log(1 + z + w), coin, other_coin),
        (q * (1 - t) + (1 - q) * t) * log(2) + q * t * log(3),
        (q + t) * log(2) + q * t * log(3),
        (q < 1, t < 1),
    ),
    Twin(
        "odd moments of a symmetric law",
        KIND,
        E(z**2 * f(z) - z * f(-z), three),
        f(1) / 2,
        (f(1) + f(-1)) / 4,
    ),
    Twin(
        "sixth moment",
        KIND,
        E((z - m) ** 6, gauss),
        15 * s**6,
        15 * s**5,
    ),
    Twin(
        "Stein",
        KIND,
        E((z - m) * z**3, gauss),
        3 * s**2 * E(z**2, gauss),
        s * E(3 * z**2, gauss),
    ),
    Twin(
        "Isserlis",
        KIND,
        E(x**2 * y**2, correlated),
        1 + 2 * a**2,
        1 + a**2,
        (a < 1, a > -1),
    ),
    Twin(
        "odd function of a centred Gaussian",
        KIND,
        E(tanh(z), centred),
        S.Zero,
        E(tanh(z) ** 2, centred),
    ),
    Twin(
        "sigmoid of a centred Gaussian",
        KIND,
        E(sigmoid(z), centred),
        Rational(1, 2),
        E(sigmoid(2 * z) ** 2, centred) + Rational(1, 4),
    ),
    Twin(
        "sigmoid of a Gaussian, reflected",
        KIND,
        E(sigmoid(z), gauss),
        1 - E(sigmoid(-z), gauss),
        E(sigmoid(-z), gauss),
    ),
    Twin(
        "absolute value of a centred Gaussian",
        KIND,
        E(Abs(z), centred),
        s * sqrt(2 / pi),
        s * sqrt(2) / pi,
    ),
    Twin(
        "rectified Gaussian",
        KIND,
        E(Max(z, 0), centred),
        s / sqrt(2 * pi),
        s / (2 * sqrt(pi)),
    ),
    Twin(
        "absolute value under an unknown law",
        KIND,
        E(Abs(z), p_z),
        E(Max(z, 0), p_z) + E(Max(-z, 0), p_z),
        E(Max(z, 0), p_z) - E(Max(-z, 0), p_z),
    ),
    Twin(
        "one law above the other",
        KIND,
        E(E(Heaviside(z - w), p_z), p_w),
        1 - E(E(Heaviside(w - z), p_z), p_w),
        E(E(Heaviside(z - w), p_z), q_w),
    ),
    Twin(
        "one copy above the other",
        KIND,
        E(E(Piecewise((1, z > copy), (0, True)), p_z), p_copy),
        E(E(Piecewise((1, copy > z), (0, True)), p_z), p_copy),
        1 - E(E(Piecewise((1, copy >= z), (0, True)), q_z), p_copy),
    ),
    Twin(
        "two Gaussians",
        KIND,
        E((z - w) ** 2, gauss, second),
        s**2 + t**2,
        s**2 - t**2,
    ),
    Twin(
        "exponential of a difference",
        KIND,
        E(exp(z - w), gauss, second),
        exp((s**2 + t**2) / 2),
        exp((s**2 - t**2) / 2),
    ),
    Twin(
        "a law that depends on a Gaussian",
        KIND,
        Var(z, gauss) + E(Var(w, Normal(w, z, t)), gauss),
        s**2 + t**2,
        s**2 + t**2 + m**2,
    ),
    Twin(
        "free energy",
        KIND,
        log(Int(weight(z), z)),
        E(log(weight(z) / p_z.density), p_z)
        + E(log(p_z.density * Int(weight(z), z) / weight(z)), p_z),
        E(log(weight(z) / p_z.density), p_z),
    ),
    # tanh of a Gaussian about z: what is inside depends on z, and varies with it.
    Twin(
        "mean within a mean, squared",
        KIND,
        E(around_z**2, gauss),
        E(E(tanh(x), Normal(x, z, t)) ** 2, gauss),
        E(around_z, gauss) ** 2,
    ),
    Twin(
        "mean within a mean, under another law",
        KIND,
        E(around_z, gauss),
        E(E(tanh(x), Normal(x, z, t)), gauss),
        E(around_z, Normal(z, m + 1, s)),
    ),
    Twin(
        "mean within a mean, times its place",
        KIND,
        E(z * around_z, gauss),
        E((z - m) * around_z, gauss) + m * E(around_z, gauss),
        m * E(around_z, gauss),
    ),
    Twin(
        "sign within an integral",
        KIND,
        Int(Abs(z) * p_z.density, z),
        E(Max(z, -z), p_z),
        E(z, p_z),
    ),
]
