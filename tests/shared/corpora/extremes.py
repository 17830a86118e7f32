"""What holds wherever one usually looks, and fails at an edge of what is assumed.

Hard, because zero and singular matrices, functions that are naught somewhere, far
values, far sizes and densities above one are met by no usual choice.
"""

# ruff: noqa: E501

from sympy import (
    Abs,
    Derivative,
    Determinant,
    Function,
    Identity,
    Inverse,
    KroneckerDelta,
    MatrixSymbol,
    Max,
    Min,
    Q,
    Rational,
    Symbol,
    Trace,
    binomial,
    floor,
    log,
    prod,
    sign,
    symbols,
)

from lib.proof import Abstract, E, Int, Var, density

from .making import maker

twin = maker("extremes")
n, m = symbols("n m", integer=True, positive=True)
A, B, C = (MatrixSymbol(name, n, n) for name in "ABC")
plane, space = MatrixSymbol("P", 2, 2), MatrixSymbol("S", 3, 3)
W = MatrixSymbol("W", n, m)
u = MatrixSymbol("u", n, 1)
x, y = symbols("x y", real=True)
real, positive = Function("r", real=True), Function("p_", positive=True)
nonnegative = Function("w", nonnegative=True)
z = symbols("z", real=True)
k = Symbol("k", integer=True, nonnegative=True)
f, h = Function("f", real=True), Function("h", positive=True)
p_z, p_k = Abstract(z, density("p", z), "p"), Abstract(k, density("p", k), "p")
q_z = Abstract(z, density("q", z), "q")

definite, in_the_plane = (Q.positive_definite(A),), (Q.positive_definite(plane),)
spread = Trace(A) * Trace(Inverse(A))
slope = Derivative(real(x), x)
form, volume = Trace(u.T * A * u), Determinant(space)
shared = Abs(10**5 * plane[0, 0] - plane[1, 1])
entropy = -E(log(p_z.density), p_z)

TWINS = [
    # Matrices: of every scale, singular, close to the ends.
    twin("a condition number", spread, Max(spread, n), Min(spread, 10**6 * n**2), definite),
    twin("a large trace", Trace(A), Abs(Trace(A)), Min(Trace(A), 10**12), definite),
    twin("a small trace", Trace(A), Abs(Trace(A)), Max(Trace(A), Rational(1, 10**12)), definite),
    twin("a large determinant", volume, Abs(volume), Min(volume, 10**60), (Q.positive_definite(space),)),
    twin("a number of size one, below one", Max(Determinant(A), 1) * KroneckerDelta(n, 1), Max(Trace(A), 1) * KroneckerDelta(n, 1), Trace(A) * KroneckerDelta(n, 1), definite),
    twin("a form where the column is zero", form, Abs(form), Max(form, Rational(1, 10**10)), definite),
    twin("the length of a column", sign(Trace(u.T * u)) ** 2, sign(Trace(u.T * u)), 1),
    twin("singular", sign(Determinant(A)) ** 2, Abs(sign(Determinant(A))), 1),
    twin("symmetric and singular", sign(Determinant(A)) ** 2, Abs(sign(Determinant(A))), 1, (Q.symmetric(A),)),
    twin("an entry that is zero", sign(plane[0, 1]) ** 2, Abs(sign(plane[1, 0])), 1, (Q.symmetric(plane),)),
    twin("a turn by half of the circle", Trace(A), Max(Min(Trace(A), n), -n), Max(Min(Trace(A), n), 2 - n), (Q.orthogonal(A),)),
    twin("hardly any turn", Min(Abs(plane[0, 0]), 1), Abs(plane[0, 0]), Min(Abs(plane[0, 0]), 1 - Rational(1, 10**5)), (Q.orthogonal(plane),)),
    twin("nearly dependent", Determinant(plane), plane[0, 0] * plane[1, 1] - plane[0, 1] ** 2, Max(Determinant(plane), plane[0, 0] * plane[1, 1] / 10**6), in_the_plane),
    twin("a product of three definite ones", Trace(A * B * C), Trace(C * B * A), Abs(Trace(A * B * C)), (*definite, Q.positive_definite(B), Q.positive_definite(C))),
    twin("a ratio of eigenvalues", Max(10**5 * plane[0, 0] - plane[1, 1], 0), (10**5 * plane[0, 0] - plane[1, 1] + shared) / 2, 10**5 * plane[0, 0] - plane[1, 1], (Q.diagonal(plane), *in_the_plane)),
    # Between an end of a condition and a kink, which no drawn matrix meets by chance.
    twin("the window of a trace", Abs(Trace(A) - 10**6), Trace(A) - 10**6, Trace(A) - 10**6, (Trace(A) > 10**6,), (Trace(A) > 10**6 - 1,)),
    twin("the window of a determinant", Max(Determinant(plane), 10), Determinant(plane), Determinant(plane), (*in_the_plane, Determinant(plane) > 10), (*in_the_plane, Determinant(plane) > 9)),
    twin("the window of a length", Max(Trace(u.T * u), 100), Trace(u.T * u), Trace(u.T * u), (Trace(u.T * u) > 100,), (Trace(u.T * u) > 99,)),
    twin("far from the diagonal", Abs(plane[0, 1]), Abs(plane[1, 0]), Min(Abs(plane[0, 1]), 10**12), in_the_plane),
    twin("undefined where the column is zero", u * u.T * u / Trace(u.T * u), u, 2 * u),
    twin("an inverse that is definite", Determinant(A), Abs(Determinant(A)), 1, (Q.positive_definite(Inverse(A)),)),
    twin("two conditions joined", A * A, Identity(n), Identity(n), (Q.symmetric(A) & Q.orthogonal(A),), (Q.symmetric(A) | Q.orthogonal(A),)),
    twin("a condition of a far trace", Abs(Trace(A) - 10**6), Trace(A) - 10**6, Trace(A) - 10**6, (Trace(A) > 10**6,), (Trace(A) > 1000,)),
    # Sizes of matrices.
    twin("a fortieth of the size", floor(n / 40) * Trace(A), floor(n / 40) * Trace(A.T), 0),
    twin("beyond a hundred rows", Max(n - 100, 0) * Trace(A), (Max(n, 100) - 100) * Trace(A.T), 0),
    twin("a binomial coefficient of the size", binomial(n, 40) * Determinant(A), binomial(n, 40) * Determinant(A.T), 0),
    twin("a power of the size", Max(2**n - 10**9, 0) * Trace(A), (Max(2**n, 10**9) - 10**9) * Trace(A.T), 0),
    twin("up to twelve rows", prod(n - j for j in range(1, 13)) * Trace(A), prod(n - j for j in range(1, 13)) * Trace(A.T), 0),
    twin("up to eight rows and columns", prod((n - j) * (m - j) for j in range(1, 9)) * Trace(W * W.T), prod((n - j) * (m - j) for j in range(1, 9)) * Trace(W.T * W), 0),
    twin("many more rows than columns", Max(n - 5 * m, 0) * Trace(W * W.T), (Max(n, 5 * m) - 5 * m) * Trace(W.T * W), 0),
    twin("three more rows than columns", KroneckerDelta(n, m + 3) * Trace(W * W.T), KroneckerDelta(m + 3, n) * Trace(W.T * W), 0),
    twin("many definite rows", Max(n - 30, 0) * Determinant(A), (Max(n, 30) - 30) * Determinant(A.T), 0, definite),
    twin("many orthogonal rows", floor(n / 25) * A * A.T, floor(n / 25) * Identity(n), 0 * A, (Q.orthogonal(A),)),
    # Functions.
    twin("a function that is naught", sign(real(x)) ** 2, Abs(sign(real(x))), 1),
    twin("a nonnegative function that is naught", sign(nonnegative(x)), Abs(sign(nonnegative(x))), 1),
    twin("a function of any height", real(x), Min(real(x), Abs(real(x))), Min(real(x), 10**400)),
    twin("a positive function close to zero", positive(x), Max(positive(x), 0), Max(positive(x), Rational(1, 10**60))),
    twin("a ratio of a positive function's values", positive(x) / positive(y), Abs(positive(x) / positive(y)), Min(positive(x) / positive(y), 10**80)),
    twin("a slope close to zero", slope**2, Abs(slope**2), Max(slope**2, Rational(1, 10**40))),
    twin("two values that are equal", sign(real(x) - real(y)) ** 2, Abs(sign(real(x) - real(y))), 1 - KroneckerDelta(x, y)),
    # Laws.
    twin("an entropy below zero", entropy, E(log(1 / p_z.density), p_z), Max(entropy, 0)),
    twin("a density above one", E(p_z.density, p_z), Int(p_z.density**2, z), Min(E(p_z.density, p_z), 1)),
    twin("a cut density", E(Min(p_z.density, 1), p_z), E(p_z.density - Max(p_z.density - 1, 0), p_z), E(p_z.density, p_z)),
    twin("a mass is not above one", Min(E(p_k.density, p_k), 1), E(p_k.density, p_k), 1),
    twin("mass at seventeen", E(KroneckerDelta(k, 17), p_k), E(KroneckerDelta(17, k), p_k), 0),
    twin("mass at a thousand", E(KroneckerDelta(k, 1000), p_k), 1 - E(1 - KroneckerDelta(k, 1000), p_k), 0),
    twin("mass at zero", E(sign(z) ** 2, p_z), E(Abs(sign(z)), p_z), 1),
    twin("a large variance", Var(f(z), p_z), Abs(Var(f(z), p_z)), Min(Var(f(z), p_z), 10**60)),
    twin("no variance", sign(Var(f(z), p_z)), Abs(sign(Var(f(z), p_z))), 1),
    twin("Cauchy and Schwarz", E(f(z) ** 2, p_z) * E(h(z) ** 2, p_z), Max(E(f(z) ** 2, p_z) * E(h(z) ** 2, p_z), E(f(z) * h(z), p_z) ** 2), E(f(z) * h(z), p_z) ** 2),
    twin("Jensen's gap has a sign", Max(log(E(h(z), p_z)), E(log(h(z)), p_z)), log(E(h(z), p_z)), E(log(h(z)), p_z)),
]  # fmt: skip
