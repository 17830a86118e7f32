"""Expectations under Gaussian laws, by symmetry, by parts and in closed form.

Hard, because the integrands are no polynomials times exponentials: they have kinks, or
their means have no formula while relations between them hold.
"""

# ruff: noqa: E501

from sympy import (
    Abs,
    Heaviside,
    Matrix,
    Max,
    Min,
    Rational,
    cos,
    cosh,
    erf,
    exp,
    log,
    pi,
    sign,
    sin,
    sqrt,
    symbols,
    tanh,
)

from lib.proof.calculus import sigmoid
from lib.proof.expectation import KL, E, Var
from lib.proof.laws import MultivariateNormal, Normal

from .making import maker

twin = maker("expectations")
x, y, m, m_2, a, k = symbols("x y m m_2 a k", real=True)
s, t, r = symbols("s t r", positive=True)
c_11, c_12, c_22 = symbols("c_11 c_12 c_22", real=True)
centred, p, mirrored = Normal(x, 0, s), Normal(x, m, s), Normal(x, -m, s)
p_y, centred_y = Normal(y, m_2, t, "p_y"), Normal(y, 0, t, "p_y")
y_given_x = Normal(y, k * x, t, "p_y")
pair = MultivariateNormal([x, y], [0, 0], Matrix([[c_11, c_12], [c_12, c_22]]))
half_density = exp(-(m**2) / (2 * s**2)) / sqrt(2 * pi)
mass = (1 + erf(m / (s * sqrt(2)))) / 2  # above 0

TWINS = [
    # By symmetry.
    twin("sigmoid about 0", E(sigmoid(x), centred), Rational(1, 2), Rational(1, 2) + Rational(1, 10**25)),
    twin("tanh about 0", E(tanh(x), centred), 0, exp(-1 / s) / 10**9),
    twin("an odd product", E(x**2 * tanh(x) ** 3, centred), 0, s**2 / 10**12),
    twin("sigmoid mirrored", E(sigmoid(x), p), 1 - E(sigmoid(x), mirrored), E(sigmoid(x), mirrored)),
    twin("tanh mirrored", E(tanh(x), p), -E(tanh(x), mirrored), E(tanh(x), mirrored)),
    # MacKay's approximation, off by a few thousandths.
    twin("sigmoid is no probit", E(sigmoid(x), p), 1 - E(sigmoid(-x), p), sigmoid(m / sqrt(1 + pi * s**2 / 8))),
    twin("softplus about 0", E(log(1 + exp(x)), centred), E(log(2 * cosh(x / 2)), centred), E(log(cosh(x / 2)), centred)),
    twin("x times sigmoid about 0", E(x * sigmoid(x), centred), E(x * tanh(x / 2), centred) / 2, E(x * tanh(x / 2), centred)),
    twin("the square of a sigmoid", E(sigmoid(x) * (1 - sigmoid(x)), centred), Rational(1, 2) - E(sigmoid(x) ** 2, centred), Rational(1, 4) - E(sigmoid(x) ** 2, centred) / 2),
    # By parts (Stein).
    twin("Stein for tanh", E((x - m) * tanh(x), p), s**2 * E(1 - tanh(x) ** 2, p), s * E(1 - tanh(x) ** 2, p)),
    twin("Stein for sigmoid", E(x * sigmoid(x), centred), s**2 * E(sigmoid(x) * (1 - sigmoid(x)), centred), s**2 * E(sigmoid(x), centred)),
    # Scales and shifts of the variable.
    twin("standardised", E(tanh(x), p), E(tanh(m + s * x), Normal(x, 0, 1)), E(tanh(m + s**2 * x), Normal(x, 0, 1))),
    twin("sigmoid by tanh", E(sigmoid(x), p), (1 + E(tanh(x / 2), p)) / 2, (1 + E(tanh(x), p)) / 2),
    # Kinks in closed form.
    twin("ReLU", E(Max(x, 0), p), m * mass + s * half_density, m * mass + s * half_density * sqrt(2)),
    twin("ReLU squared", E(Max(x, 0) ** 2, p), (m**2 + s**2) * mass + m * s * half_density, (m**2 + s**2) * mass + s**2 * half_density),
    twin("ReLU about 0", E(Max(x, 0), centred), s / sqrt(2 * pi), s / 2),
    twin("Abs about 0", E(Abs(x), centred), s * sqrt(2 / pi), s / sqrt(pi)),
    twin("Abs", E(Abs(x), p), 2 * s * half_density + m * erf(m / (s * sqrt(2))), 2 * s * half_density + Abs(m) * erf(m / (s * sqrt(2)))),
    twin("Abs cubed", E(Abs(x) ** 3, centred), 2 * sqrt(2 / pi) * s**3, 2 * s**3 / sqrt(pi)),
    twin("a step", E(Heaviside(x - a), p), (1 + erf((m - a) / (s * sqrt(2)))) / 2, (1 + erf((a - m) / (s * sqrt(2)))) / 2),
    twin("a sign", E(sign(x), p), erf(m / (s * sqrt(2))), erf(m / s)),
    twin("a step times x", E(x * Heaviside(x), centred), s / sqrt(2 * pi), s / sqrt(pi)),
    twin("Max of two", E(Max(x, y), centred, centred_y), sqrt((s**2 + t**2) / (2 * pi)), sqrt((s**2 + t**2) / pi)),
    twin("distance of two", E(Abs(x - y), centred, centred_y), sqrt(2 * (s**2 + t**2) / pi), sqrt(2 * s * t / pi)),
    twin("Max and Min", E(Max(x, a), p) + E(Min(x, a), p), m + a, m + Abs(a)),
    twin("positive and negative part", E(Max(x, 0), p) - E(Max(-x, 0), p), m, Abs(m)),
    twin("a clipped mean", E(Max(x, a), p), a + E(Max(x - a, 0), p), a + E(Max(x, 0), p)),
    twin("error function", E(erf(x), p), erf(m / sqrt(1 + 2 * s**2)), erf(m / sqrt(1 + s**2))),
    # Polynomials times exponentials.
    twin("third moment", E(x**3, p), m**3 + 3 * m * s**2, m**3 + m * s**2),
    twin("tenth moment", E(x**10, centred), 945 * s**10, 954 * s**10),
    twin("x times an exponential", E(x * exp(k * x), p), (m + k * s**2) * exp(k * m + k**2 * s**2 / 2), m * exp(k * m + k**2 * s**2 / 2)),
    twin("x^2 times an exponential", E(x**2 * exp(x), centred), (s**2 + s**4) * exp(s**2 / 2), (s + s**4) * exp(s**2 / 2)),
    twin("a Gaussian factor", E(exp(-r * x**2), p), exp(-r * m**2 / (1 + 2 * r * s**2)) / sqrt(1 + 2 * r * s**2), exp(-r * m**2 / (1 + r * s**2)) / sqrt(1 + 2 * r * s**2)),
    twin("cosine squared", E(cos(x) ** 2, p), (1 + exp(-2 * s**2) * cos(2 * m)) / 2, (1 + exp(-(s**2)) * cos(2 * m)) / 2),
    twin("x times a sine", E(x * sin(x), centred), s**2 * exp(-(s**2) / 2), s * exp(-(s**2) / 2)),
    twin("cosh", E(cosh(x), p), exp(s**2 / 2) * cosh(m), exp(s**2 / 2) * cosh(m) + exp(-(m**2)) / 10**8),
    # Variances and divergences.
    twin("variance of a square", Var(x**2, p), 2 * s**4 + 4 * m**2 * s**2, 3 * s**4 + 4 * m**2 * s**2),
    twin("variance of an exponential", Var(exp(x), p), (exp(s**2) - 1) * exp(2 * m + s**2), (exp(s**2) - 1) * exp(2 * m + s**2 / 2)),
    twin("variance of Abs", Var(Abs(x), centred), s**2 * (1 - 2 / pi), s**2 * (1 - 1 / pi)),
    twin("variance of a product", Var(x * y, p, p_y), m**2 * t**2 + m_2**2 * s**2 + s**2 * t**2, m**2 * t**2 + m_2**2 * s**2),
    twin("divergence from the unit Gaussian", KL(p, Normal(x, 0, 1, "q")), (s**2 + m**2 - 1) / 2 - log(s), (s**2 + m**2 - 1) / 2 - log(s) / 2),
    twin("divergence of scales", KL(p, Normal(x, m, t, "q")), log(t / s) + s**2 / (2 * t**2) - Rational(1, 2), log(s / t) + t**2 / (2 * s**2) - Rational(1, 2)),
    twin("symmetric divergence", KL(p, Normal(x, m_2, s, "q")), KL(Normal(x, m_2, s, "q"), p), KL(Normal(x, m_2, s, "q"), p) * (1 + Rational(1, 10**15))),
    twin("cross-entropy and entropy", -E(p_y.log_density(), p_y), log(t) + (1 + log(2 * pi)) / 2, log(t) + log(2 * pi) / 2),
    # Nested and independent laws, joint laws.
    twin("nested second moment", E(E(y**2, y_given_x), p), k**2 * (m**2 + s**2) + t**2, k**2 * s**2 + t**2),
    twin("total variance", E(Var(y, y_given_x), p) + Var(E(y, y_given_x), p), t**2 + k**2 * s**2, t**2 + k * s**2),
    twin("nested exponential", E(E(exp(y), y_given_x), p), exp(k * m + (k**2 * s**2 + t**2) / 2), exp(k * m + (k * s**2 + t**2) / 2)),
    twin("independent factors", E(x * y**2, p, p_y), m * (m_2**2 + t**2), m * t**2),
    twin("independent tanh", E(tanh(x) * tanh(y), p, p_y), E(tanh(x), p) * E(tanh(y), p_y), E(tanh(x), p) * tanh(m_2)),
    twin("product of squares", E(x**2 * y**2, pair), c_11 * c_22 + 2 * c_12**2, c_11 * c_22 + c_12**2),
    twin("under another name", E(tanh(x) * x, p), E(tanh(y) * y, Normal(y, m, s)), E(tanh(y) * y, Normal(y, m, t))),
]  # fmt: skip
