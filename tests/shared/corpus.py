"""Steps that are hard to judge, in two tables: ``TRUE`` and ``FALSE``.

Each row is a name, the two sides, and the conditions under which they are compared.
"""

# ruff: noqa: E501

from typing import NamedTuple

import sympy as sp
from sympy import (
    Abs,
    Basic,
    Derivative,
    Determinant,
    Eq,
    Function,
    HadamardProduct,
    Heaviside,
    I,
    Identity,
    IndexedBase,
    Integral,
    Inverse,
    Matrix,
    MatrixSymbol,
    Max,
    Min,
    Mod,
    Piecewise,
    Product,
    Q,
    Rational,
    Subs,
    Sum,
    Symbol,
    Trace,
    arg,
    asin,
    atan,
    binomial,
    ceiling,
    conjugate,
    cos,
    cosh,
    exp,
    expand_trig,
    factorial,
    floor,
    gamma,
    im,
    log,
    pi,
    re,
    sign,
    sin,
    sinh,
    sqrt,
    symbols,
    tan,
    tanh,
)

from lib.proof.expectation import KL, E, Int, Var
from lib.proof.laws import Abstract, Finite, MultivariateNormal, Normal, density
from lib.proof.parsing import as_written


class Case(NamedTuple):
    name: str
    left: Basic
    right: Basic
    given: tuple[Basic, ...] = ()


x, y, h, k, a, b = symbols("x y h k a b", real=True)
s, t, r = symbols("s t r", positive=True)
n, m = symbols("n m", integer=True)
nonnegative_n = Symbol("N", integer=True, nonnegative=True)
even = Symbol("e", even=True)
odd = Symbol("o", odd=True)
z, w = symbols("z w")
imaginary = Symbol("i", imaginary=True)
f, g = Function("f"), Function("g")
real_f = Function("f_r", real=True)
positive_f = Function("f_p", positive=True)

# Matrices: a rectangle each way, and squares.
rows, inner, columns = symbols("R K C", integer=True, positive=True)
A, B = MatrixSymbol("A", rows, inner), MatrixSymbol("B", inner, columns)
S, T, V = (MatrixSymbol(name, rows, rows) for name in "STV")
u, v = MatrixSymbol("u", rows, 1), MatrixSymbol("v", rows, 1)
positive_definite = (Q.positive_definite(S), Q.positive_definite(T))
invertible = (Q.invertible(S), Q.invertible(T))
c, d, e = symbols("c d e", commutative=False)

# Laws.
m_p, m_q, phi = symbols("m_p m_q phi", real=True)
p, q = Normal(x, m_p, s, "p"), Normal(x, m_q, t, "q")
p_y = Normal(y, m_q, t, "p_y")
c_11, c_12, c_22 = symbols("c_11 c_12 c_22", real=True)
joint = MultivariateNormal([x, y], [m_p, m_q], Matrix([[c_11, c_12], [c_12, c_22]]))
latent, other = symbols("zeta_1 zeta_2", real=True)
q_phi = Abstract(latent, density("q", latent, given=[phi]), "q")
prior = Abstract(latent, density("p", latent), "p")
prior_other = Abstract(other, density("p", other), "p")
F, G = f(latent), g(latent)
weight = positive_f(latent)
p_xz = density("p", x, latent)
p_x = Int(p_xz, latent)
posterior = Abstract(latent, p_xz / p_x, "p")
rate = Symbol("rho", positive=True)
coin = Finite(latent, {0: 1 - rate, 1: rate}, "coin")
below_one = (rate < 1,)

# Sums of symbolic length.
D = Symbol("D", integer=True, positive=True)
i, j = symbols("i j", integer=True)
mu, var = IndexedBase("mu", real=True), IndexedBase("v", positive=True)


def total(term: Basic, first: Basic = sp.S.One, last: Basic = D) -> Sum:
    return Sum(term, (i, first, last))


diagonal_kl = total(mu[i] ** 2 + var[i] - 1 - log(var[i])) / 2
mean_x = (x + y + k) / 3
spread = ((x - mean_x) ** 2 + (y - mean_x) ** 2 + (k - mean_x) ** 2) / 3


FALSE = [
    # True for positive symbols only, or on one side of a branch cut.
    Case("root of a square", sqrt(x**2), x),
    Case("log of a product", log(x * y), log(x) + log(y)),
    Case("root of a product", sqrt(x * y), sqrt(x) * sqrt(y)),
    Case("log of a square", log(x**2), 2 * log(x)),
    Case("log of exp", log(exp(z)), z),
    Case("complex root of a square", sqrt(z**2), z),
    Case("cube root of a product", (z * w) ** Rational(1, 3), z ** Rational(1, 3) * w ** Rational(1, 3)),
    Case("power of exp", exp(z) ** y, exp(z * y)),
    Case("log of the inverse, on the cut", log(1 / z), -log(z)),
    Case("root of the inverse, on the cut", sqrt(1 / z), 1 / sqrt(z)),
    Case("conjugate of log, on the cut", conjugate(log(z)), log(conjugate(z))),
    Case("product of roots", sqrt(z - 1) * sqrt(z + 1), sqrt(z**2 - 1)),
    Case("product of far roots", sqrt(z - 90) * sqrt(z - 70), sqrt((z - 90) * (z - 70))),
    Case("arg of a square", arg(z**2), 2 * arg(z)),
    Case("arcsine of sine", asin(sin(x)), x),
    Case("two arctangents", atan(x) + atan(1 / x), pi / 2),
    Case("arctangent sum", atan(x) + atan(y), atan((x + y) / (1 - x * y))),
    Case("real part of an unknown function", re(f(x)), f(x)),
    # False beyond 10 only, or in a place hard to find.
    Case("Max beyond 10", Max(x, 10), sp.Integer(10)),
    Case("Heaviside beyond 10", Heaviside(x - 10), sp.S.Zero),
    Case("Piecewise beyond 10", Piecewise((x, x <= 10), (x**2 / 10, True)), x),
    Case("vanishes at 0..10", sp.prod(n - j for j in range(11)), sp.S.Zero),
    Case("vanishes at -4..14", sp.prod(n - j for j in range(-4, 15)), sp.S.Zero),
    Case("Max far away", Max(x, 10**9), sp.Integer(10**9)),
    Case("Max of a cube", Max(x**3, 10**20), sp.Integer(10**20)),
    Case("Max of an exponential", Max(exp(x), 10**30), sp.Integer(10**30)),
    Case("a narrow window", Heaviside(1 - 100 * (x - 30) ** 2), sp.S.Zero),
    Case("a window in the small", Heaviside(x - 10**-7) * Heaviside(2 * 10**-7 - x) * x, sp.S.Zero),
    Case("both beyond 10", (Max(x, 10) - 10) * (Max(y, 10) - 10), sp.S.Zero),
    Case("three beyond 10", (Max(x, 10) - 10) * (Max(y, 10) - 10) * (Max(k, 10) - 10), sp.S.Zero),
    Case("floor of thousands", floor(Abs(x) / 1000), sp.S.Zero),
    Case("undefined beyond 10", Piecewise((x, x < 10)), x),
    Case("unit interval", Max(x, 0) - Max(x - 1, 0), x, (x > 0,)),
    # At a kink.
    Case("sign squared", sign(x) ** 2, sp.S.One),
    Case("sign squared at a third", sign(3 * x - 1) ** 2, sp.S.One),
    Case("sign squared at a seventeenth", sign(17 * x - 11) ** 2, sp.S.One),
    Case("sign squared at a root", sign(x**2 - 2) ** 2, sp.S.One),
    Case("sign of a difference", sign(x - y) ** 2, sp.S.One),
    Case("Heaviside squared", Heaviside(x) ** 2, Heaviside(x)),
    Case("nested Abs", Abs(Abs(x) - 2), Abs(x) - 2),
    Case("floor and ceiling", floor(x) + 1, ceiling(x)),
    Case("a hole", Piecewise((0, Eq(x, 7)), (1, True)), sp.S.One),
    Case("Max minus Min", Max(x, y) - Min(x, y), x - y),
    Case("ReLU derivative", Derivative(Max(x, 0), x), sp.S.One),
    # For one parity, or one integer.
    Case("alternating sign", (-1) ** n, sp.S.One),
    Case("cosine at integers", cos(pi * n), sp.S.One),
    Case("half of an integer", floor(n / 2), n / 2),
    Case("triangular sign", (-1) ** (n * (n + 1) / 2), (-1) ** n),
    Case("one residue in 17", Piecewise((0, Eq(Mod(n, 17), 5)), (1, True)), sp.S.One),
    Case("zero to the zero", sp.Pow(0, nonnegative_n), sp.S.Zero),
    Case("square of an odd number", Mod(odd**2, 16), sp.S.One),
    Case("factorial", factorial(nonnegative_n), gamma(nonnegative_n)),
    Case("Pascal", binomial(nonnegative_n + 2, 2), (nonnegative_n + 1) ** 2 / 2 + Rational(1, 2)),
    # Tiny differences.
    Case("10**-100 more", x, x + Rational(1, 10**100)),
    Case("10**-1000 more", x, x + Rational(1, 10**1000)),
    Case("Pythagoras and 10**-200", sin(x) ** 2 + cos(x) ** 2, 1 + Rational(1, 10**200)),
    Case("Pythagoras and 10**-700", sin(x) ** 2 + cos(x) ** 2, 1 + Rational(1, 10**700)),
    Case("exp(-10**4) more", x, x + exp(-(10**4))),
    Case("a relative 10**-90", cosh(x), (1 + Rational(1, 10**90)) * (exp(x) + exp(-x)) / 2),
    Case("small only far out", log(1 + exp(x)), x + log(1 + exp(-2 * x))),
    # Matrices and factors that do not commute.
    Case("transposed product", (S * T).T, S.T * T.T),
    Case("shapes", A.T * A, A * A.T),
    Case("trace of three", Trace(S * T * V), Trace(S * V * T)),
    Case("trace of a product", Trace(S * T), Trace(S) * Trace(T)),
    Case("determinant of a sum", Determinant(S + T), Determinant(S) + Determinant(T)),
    Case("determinant of a multiple", Determinant(2 * S), 2 * Determinant(S)),
    Case("log-determinant of a product", log(Determinant(S * T)), log(Determinant(S)) + log(Determinant(T))),
    Case("inverse of a product", Inverse(S * T), Inverse(S) * Inverse(T), invertible),
    Case("inverse of a sum", Inverse(S + T), Inverse(S) + Inverse(T), positive_definite),
    Case("Hadamard for matrix product", HadamardProduct(S, T), S * T),
    Case("diagonal to the other side", sp.DiagMatrix(u) * S, S * sp.DiagMatrix(u)),
    Case("square of a sum", (S + T) ** 2, S**2 + 2 * S * T + T**2),
    Case("not symmetric", S.T, S),
    Case("quadratic form", u.T * S * v, v.T * S * u),
    Case("trace of the identity", Trace(Identity(rows)), rows + 1),
    Case("outer product", u * v.T, v * u.T),
    Case("residual blocks", (1 + c) * (1 + d), 1 + c + d + d * c),
    Case("binomial square", (c + d) ** 2, c**2 + 2 * c * d + d**2),
    Case("true for 2x2 blocks", (c * d - d * c) ** 2 * e, e * (c * d - d * c) ** 2),
    Case("inverse of a product of symbols", (c * d) ** -1, c**-1 * d**-1),
    Case("explicit factors", Matrix([[1, x], [0, 1]]) * Matrix([[1, 0], [y, 1]]), Matrix([[1, 0], [y, 1]]) * Matrix([[1, x], [0, 1]])),
    # Expectations under laws with a formula.
    Case("wrong mean", E(x, p), m_q),
    Case("second moment", E(x**2, p), m_p**2),
    Case("std for variance", E((x - m_p) ** 2, p), s),
    Case("fourth moment", E((x - m_p) ** 4, p), 2 * s**4),
    Case("divergence reversed", KL(p, q), KL(q, p)),
    Case("divergence over the wrong std", KL(p, q), log(t / s) + (s**2 + (m_q - m_p) ** 2) / (2 * s**2) - Rational(1, 2)),
    Case("law swapped", E((x - m_p) ** 2, p), E((x - m_p) ** 2, q)),
    Case("dependent factors", E(x * y, joint), E(x, joint) * E(y, joint)),
    Case("variance without covariance", Var(x + y, joint), c_11 + c_22),
    Case("variance of a multiple", Var(3 * x, p), 3 * Var(x, p)),
    Case("cosine", E(cos(k * x), p), exp(-(k**2) * s**2) * cos(k * m_p)),
    Case("function of the mean", E(tanh(x), p), tanh(m_p)),
    Case("constant under a derivative", Derivative(E(tanh(x), p), m_p), sp.S.Zero),
    Case("Max under a Gaussian", E(Max(x, 10), p), sp.Integer(10)),
    Case("coin", Var(latent, coin), rate, below_one),
    Case("entropy of a coin", -E(latent * log(rate), coin), -rate * log(rate) - (1 - rate) * log(1 - rate), below_one),
    # Expectations under laws that are only a name.
    Case("derivative under a moving law", Derivative(E(F, q_phi), phi), E(Derivative(F, phi), q_phi)),
    Case("score without the function", Derivative(E(F, q_phi), phi), E(Derivative(log(q_phi.density), phi), q_phi)),
    Case("not normalised", Int(weight, latent), sp.S.One),
    Case("normalised over the other variable", Int(density("q", latent, given=[x]), x), sp.S.One),
    Case("product of expectations", E(F * G, prior), E(F, prior) * E(G, prior)),
    Case("log outside", E(log(weight), prior), log(E(weight, prior))),
    Case("Max under an unknown law", E(Max(latent, 10), prior), sp.Integer(10)),
    Case("vanishes at half-integers", E(sp.prod(2 * latent - j for j in range(-6, 7)), prior), sp.S.Zero),
    Case("two laws of one name", Int(density("p", x) * log(density("p", x)), x), E(log(prior.density), prior)),
    Case("posterior for prior", E(F, posterior), E(F, prior)),
    Case("gap without the evidence", log(p_x), E(log(p_xz / q_phi.density), q_phi) + E(log(q_phi.density / p_xz), q_phi)),
    Case("fourth derivative of a function", Derivative(f(x), x, 4), sp.S.Zero),
    Case("cubic Taylor polynomial", f(x + h), sum(h**j / factorial(j) * Derivative(f(x), (x, j)) for j in range(4))),
    Case("fifth derivative of a log", Derivative(log(positive_f(x)), x, 5), sp.S.Zero),
    Case("capture of a bound variable", Subs(E(latent * phi, prior), phi, latent), E(latent**2, prior)),
    Case("derivative in a function's place", Derivative(f(g(x)), g(x)), sp.S.Zero),
    # Sums, integrals, derivatives.
    Case("-D for -D/2", diagonal_kl, total(mu[i] ** 2 + var[i] - log(var[i])) / 2 - D),
    Case("-1/2 for -D/2", diagonal_kl, total(mu[i] ** 2 + var[i] - log(var[i])) / 2 - Rational(1, 2)),
    Case("one term less", total(mu[i]), total(mu[i], 2)),
    Case("square of a sum of terms", total(mu[i] ** 2), total(mu[i]) ** 2),
    Case("triangular number", total(i), D * (D - 1) / 2),
    Case("log of a sum", log(total(var[i])), total(log(var[i]))),
    Case("equal up to D = 5", total(mu[i]), total(mu[i]) + sp.prod(D - j for j in range(1, 6)) * mu[1]),
    Case("equal up to D = 30", total(mu[i]), total(mu[i]) + (Max(D, 30) - 30) * mu[1]),
    Case("Jensen's gap of a softmax", log(total(exp(mu[i])) / D), total(mu[i]) / D),
    Case("integral", Integral(x**2, (x, 0, 1)), Rational(1, 2)),
    Case("power rule", Derivative(x**3, x), 3 * x),
    Case("chain rule forgotten", Derivative(f(x**2), x), Subs(Derivative(f(y), y), y, x**2)),
    Case("product rule forgotten", Derivative(f(x) * g(x), x), Derivative(f(x), x) * Derivative(g(x), x)),
    Case("softplus", Derivative(log(1 + exp(x)), x), 1 / (1 + exp(x))),
    Case("layer norm without the mean", Derivative((x - mean_x) / sqrt(spread), x), (1 - (x - mean_x) ** 2 / (3 * spread)) / sqrt(spread)),
]  # fmt: skip


TRUE = [
    # Thanks to the assumptions.
    Case("positive root of a square", sqrt((s * t) ** 2 + 2 * s * t + 1), s * t + 1),
    Case("positive log of a product", log(s**2 * t / r), 2 * log(s) + log(t) - log(r)),
    Case("real root of a square", sqrt(x**2), Abs(x)),
    Case("log of exp of a real", log(exp(x) * s), x + log(s)),
    Case("square of a root", sqrt(z) ** 4, z**2),
    Case("complex square of a sum", (z + w) ** 2, z**2 + 2 * z * w + w**2),
    Case("modulus", Abs(z) ** 2, re(z) ** 2 + im(z) ** 2),
    Case("log of a complex number", log(z), log(Abs(z)) + I * arg(z)),
    Case("imaginary square", Abs(imaginary) ** 2, -(imaginary**2)),
    Case("even power", (-1) ** even, sp.S.One),
    Case("odd power", (-x) ** odd, -(x**odd)),
    Case("cosine of pi n", cos(pi * n), (-1) ** n),
    Case("sine of pi n", sin(pi * n + x), (-1) ** n * sin(x)),
    Case("halves of n", floor(n / 2) + ceiling(n / 2), n),
    Case("odd square mod 8", Mod(odd**2, 8), sp.S.One),
    Case("Pascal's rule", binomial(nonnegative_n + 1, 2), binomial(nonnegative_n, 2) + nonnegative_n),
    Case("two arctangents of a positive", atan(s) + atan(1 / s), pi / 2),
    # Thanks to the conditions.
    Case("Max below a bound", Max(x, 10), sp.Integer(10), (x < 10,)),
    Case("root on one side", sqrt((x - 3) ** 2), x - 3, (x > 3,)),
    Case("log(1 - x)", log((1 - x) ** 2), 2 * log(1 - x), (x < 1,)),
    Case("ordered", Max(x, y) - Min(x, y), x - y, (x > y,)),
    Case("a narrow condition", Abs(x - 5), x - 5, (x > 5, x < Rational(51, 10))),
    Case("a condition on another symbol", sin(x) ** 2, 1 - cos(x) ** 2, (y < 1,)),
    Case("a condition that links two symbols", Abs(x), -x, (x < y, y < 0)),
    # Equal, but not for simplify, or only after much work.
    Case("logistic", 1 / (1 + exp(-x)), (1 + tanh(x / 2)) / 2),
    Case("softplus reflected", log(1 + exp(x)), x + log(1 + exp(-x))),
    Case("log-cosh", log(cosh(x)), Abs(x) + log(1 + exp(-2 * Abs(x))) - log(2)),
    Case("nested radicals", sqrt(5 + 2 * sqrt(6)), sqrt(2) + sqrt(3)),
    Case("Cardano", (sqrt(5) + 2) ** Rational(1, 3) - (sqrt(5) - 2) ** Rational(1, 3), sp.S.One),
    Case("Machin", 4 * atan(Rational(1, 5)) - atan(Rational(1, 239)), pi / 4),
    Case("half angle", tan(x / 2), sin(x) / (1 + cos(x))),
    Case("Gudermann", atan(sinh(x)), 2 * atan(tanh(x / 2))),
    Case("seven-fold angle", cos(7 * x), expand_trig(cos(7 * x))),
    Case("area hyperbolic sine", sp.asinh(x), log(x + sqrt(x**2 + 1))),
    Case("degree 40", (x + 1) ** 40, sum(binomial(40, j) * x**j for j in range(41))),
    Case("removable", (x**2 - 1) / (x - 1), x + 1),
    Case("Abs as Piecewise", Abs(x), Piecewise((x, x > 0), (-x, True))),
    Case("Max by Abs", Max(x, y), (x + y + Abs(x - y)) / 2),
    Case("ReLU by Heaviside", Max(x, 0), x * Heaviside(x)),
    Case("clip", Min(Max(x, 0), 1), Max(x, 0) - Max(x - 1, 0)),
    Case("huge cancellation", (x + 10**60) ** 2 - 10**120 - 2 * 10**60 * x, x**2),
    # Matrices.
    Case("transposed rectangle", (A * B).T, B.T * A.T),
    Case("cyclic trace", Trace(A * B * B.T * A.T), Trace(B.T * A.T * A * B)),
    Case("determinant of a product of squares", Determinant(S * T), Determinant(S) * Determinant(T)),
    Case("log-determinant", log(Determinant(2 * S)), rows * log(2) + log(Determinant(S)), positive_definite),
    Case("log-determinant of two", log(Determinant(S * T)), log(Determinant(S)) + log(Determinant(T)), positive_definite),
    Case("inverse of a square product", Inverse(S * T), Inverse(T) * Inverse(S), invertible),
    Case("trace and Hadamard", Trace(A.T * A), Trace(Identity(inner) * A.T * A)),
    Case("quadratic form transposed", u.T * S * v, v.T * S.T * u),
    Case("quadratic form as a trace", Trace(u.T * S * u), Trace(S * u * u.T)),
    Case("diagonal product", sp.DiagMatrix(u) * v, HadamardProduct(u, v)),
    Case("Woodbury", Inverse(Identity(rows) + A * A.T), Identity(rows) - A * Inverse(Identity(inner) + A.T * A) * A.T),
    Case("Sylvester", Determinant(Identity(rows) + A * A.T), Determinant(Identity(inner) + A.T * A)),
    Case("residual blocks in order", (1 + d) * (1 + c), 1 + c + d + d * c),
    Case("telescope", (1 + e) * (1 + d) * (1 + c) - 1, c + d * (1 + c) + e * (1 + d) * (1 + c)),
    Case("inverse of a product of symbols in order", (c * d) ** -1, d**-1 * c**-1),
    Case("push-through", (1 + c * d) ** -1 * c, c * (1 + d * c) ** -1),
    Case("two-sided rotation", Matrix([[cos(x), -sin(x)], [sin(x), cos(x)]]) ** 2, Matrix([[cos(2 * x), -sin(2 * x)], [sin(2 * x), cos(2 * x)]])),
    Case("unevaluated product", sp.MatMul(Matrix([[1, x], [0, 1]]), Matrix([[1, y], [0, 1]]), evaluate=False), Matrix([[1, x + y], [0, 1]])),
    # Expectations.
    Case("univariate divergence", KL(p, q), log(t / s) + (s**2 + (m_q - m_p) ** 2) / (2 * t**2) - Rational(1, 2)),
    Case("second moment about another mean", E((x - m_q) ** 2, p), s**2 + (m_p - m_q) ** 2),
    Case("eighth moment", E((x - m_p) ** 8, p), 105 * s**8),
    Case("definition by an integral", E(x**2, p), Int(p.density() * x**2, x)),
    Case("mass of a Gaussian", Int(p.density(), x), sp.S.One),
    Case("variance of a sine", Var(sin(k * x), p), (1 - exp(-2 * k**2 * s**2) * cos(2 * k * m_p)) / 2 - exp(-(k**2) * s**2) * sin(k * m_p) ** 2),
    Case("moment generating function", E(exp(k * x), p), exp(k * m_p + k**2 * s**2 / 2)),
    Case("two laws", E(x * y, p, p_y), m_p * m_q),
    Case("nested laws", E(E(x * y, Normal(y, x, t)), p), m_p**2 + s**2),
    Case("bivariate", Var(x + y, joint), c_11 + 2 * c_12 + c_22),
    Case("linearity without a closed form", E(2 * tanh(x) + x, p), 2 * E(tanh(x), p) + m_p),
    Case("renamed without a closed form", E(tanh(x), p), E(tanh(y), Normal(y, m_p, s, "p"))),
    Case("coin's variance", Var(latent, coin), rate * (1 - rate), below_one),
    Case("coin's divergence", KL(coin, coin), sp.S.Zero, below_one),
    Case("score function", Derivative(E(F, q_phi), phi), E(F * Derivative(log(q_phi.density), phi), q_phi)),
    Case("score has mean zero", E(Derivative(log(q_phi.density), phi), q_phi), sp.S.Zero),
    Case("evidence and gap", log(p_x), E(log(p_xz / q_phi.density), q_phi) + KL(q_phi, posterior)),
    Case("posterior is normalised", E(sp.S.One, posterior), sp.S.One),
    Case("renamed law", E(f(latent), prior), E(f(other), prior_other)),
    Case("marginal", Int(p_x, x), sp.S.One),
    Case("cubic Taylor derivative", Derivative(f(x) * x, x, 2), x * Derivative(f(x), x, 2) + 2 * Derivative(f(x), x)),
    # Sums, integrals, derivatives.
    Case("-D/2", diagonal_kl, total(mu[i] ** 2 + var[i] - log(var[i])) / 2 - D / 2),
    Case("first term split off", total(mu[i]), mu[1] + total(mu[i], 2)),
    Case("index shifted", total(mu[i]), Sum(mu[i + 1], (i, 0, D - 1))),
    Case("index renamed", total(mu[i]) ** 2, Sum(mu[i] * mu[j], (i, 1, D), (j, 1, D))),
    Case("triangle of terms", Sum(Sum(mu[i], (j, 1, i)), (i, 1, D)), total(i * mu[i])),
    Case("squares", total(i**2), D * (D + 1) * (2 * D + 1) / 6),
    Case("log of a product of terms", log(Product(var[i], (i, 1, D))), total(log(var[i]))),
    Case("derivative of a sum", Derivative(total(mu[i] ** 2 * x), x), total(mu[i] ** 2)),
    Case("derivative by one term", Derivative(total(mu[i] ** 2), mu[j]), 2 * mu[j], (j >= 1, j <= D)),
    Case("definite integral", Integral(x**2, (x, 0, 1)), Rational(1, 3)),
    Case("Gaussian integral", Integral(exp(-(x**2)), (x, -sp.oo, sp.oo)), sqrt(pi)),
    Case("chain rule", Derivative(f(x**2), x), 2 * x * Subs(Derivative(f(y), y), y, x**2)),
    Case("derivative of softplus", Derivative(log(1 + exp(x)), x), 1 / (1 + exp(-x))),
    Case("layer norm", Derivative((x - mean_x) / sqrt(spread), x), (Rational(2, 3) - (x - mean_x) ** 2 / (3 * spread)) / sqrt(spread)),
    Case("geometric series", Sum(r**i, (i, 0, D)) * (1 - r), 1 - r ** (D + 1)),
    Case("bound name that is also free, beside a matrix", latent * E(f(latent), prior) * Trace(A * A.T), latent * E(f(other), prior_other) * Trace(A * A.T)),
    Case("powers that are not evaluated", as_written("exp(-(x - y)**2/(2*(s**2/2)))/(2*s*sqrt(pi)*sqrt(2*pi*(s**2/2)))", {"s": s, "x": x, "y": y}), exp(-((x - y) ** 2) / s**2) / (2 * pi * s**2)),
]  # fmt: skip
