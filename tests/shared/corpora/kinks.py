"""Formulas that change at transcendental places, at points, far out, in tiny windows.

Hard, because no sample hits such a place by chance: it must be solved for, or the two
sides brought to one form.
"""

# ruff: noqa: E501

from sympy import (
    Abs,
    And,
    Basic,
    Derivative,
    E,
    Eq,
    Function,
    Heaviside,
    IndexedBase,
    Integral,
    Max,
    Min,
    Piecewise,
    Rational,
    Sum,
    Symbol,
    ceiling,
    cos,
    exp,
    floor,
    log,
    pi,
    sign,
    sin,
    sqrt,
    symbols,
)

from lib.proof.expectation import E as Mean
from lib.proof.laws import Abstract, Normal, density

from .making import maker

twin = maker("kinks")
x, y, k = symbols("x y k", real=True)
s = Symbol("s", positive=True)
D = Symbol("D", integer=True, positive=True)
i = Symbol("i", integer=True)
mu = IndexedBase("mu", real=True)
f = Function("f", real=True)
unit, q = Normal(x, 0, 1), Abstract(x, density("q", x), "q")
TINY = Rational(1, 10**30)
ROOT2 = Rational(1414213562, 10**9)  # below the root of two by 4e-10


def total(term: Basic) -> Sum:
    return Sum(term, (i, 1, D))


def either(condition: Basic, there: Basic | int, elsewhere: Basic | int) -> Piecewise:
    return Piecewise((there, condition), (elsewhere, True))


TWINS = [
    # At a transcendental place.
    twin("Abs of exp(x) - 3", Abs(exp(x) - 3), either(x < log(3), 3 - exp(x), exp(x) - 3), either(x < Rational(109861, 10**5), 3 - exp(x), exp(x) - 3)),
    twin("sign at pi", sign(x - pi) ** 2, either(Eq(x, pi), 0, 1), 1),
    twin("sign at log 2, through exp", sign(exp(x) - 2) ** 2, either(Eq(x, log(2)), 0, 1), 1),
    twin("Max with a root", Max(x, sqrt(2)), (x + sqrt(2) + Abs(x - sqrt(2))) / 2, (x + sqrt(2) + (x - sqrt(2)) * sign(x - ROOT2)) / 2),
    twin("Min with e", Min(x, E), (x + E - Abs(x - E)) / 2, Min(x, Rational(271828, 10**5))),
    twin("sine against cosine", Max(sin(x), cos(x)), (sin(x) + cos(x) + Abs(sin(x) - cos(x))) / 2, (sin(x) + cos(x) + (sin(x) - cos(x)) * sign(sin(x - Rational(785398, 10**6)))) / 2),
    # sin - cos = sqrt(2) sin(x - pi/4); off the zeros of sin the sign decides alike.
    twin("sine against cosine, by a phase", Max(sin(x), cos(x)), (sin(x) + cos(x) + (sin(x) - cos(x)) * sign(sin(x - pi / 4))) / 2, (sin(x) + cos(x) + (sin(x) - cos(x)) * sign(sin(x - 5 * pi / 4))) / 2),
    twin("sign at the fixed point of cos", sign(cos(x) - x) ** 2, either(Eq(cos(x), x), 0, 1), 1),
    twin("touching: exp(x) - x - 1", sign(exp(x) - x - 1), either(Eq(x, 0), 0, 1), 1),
    twin("touching: a double root at sqrt(2)", sign(x**2 - 2 * sqrt(2) * x + 2), sign(Abs(x - sqrt(2))), 1),
    # sin(x) < 1 fails where x = pi/2 + 2 k pi and nowhere else.
    twin("sin(x) < 1", Piecewise((x, sin(x) < 1), (0, True)), x - x * either(sin(x) < 1, 0, 1), x),
    twin("floor of multiples of pi", floor(x / pi), -ceiling(-x / pi), ceiling(x / pi) - 1),
    twin("integers among exp(x)", floor(exp(x)) + floor(-exp(x)), either(Eq(exp(x), floor(exp(x))), 0, -1), -1),
    # Up to a condition that is a little too weak: log 2 = 0.69314..., 2^(1/3) = 1.25992...
    twin("Max with log 2 beyond 0.7", Max(x, log(2)), x, x, (x > Rational(7, 10),), (x > Rational(69, 100),)),
    twin("a cube root's neighbourhood", Abs(x**3 - 2), x**3 - 2, x**3 - 2, (x > Rational(63, 50),), (x > Rational(12599, 10000),)),
    twin("sine up to pi", Abs(sin(x)), sin(x), sin(x), (x >= 0, x <= pi), (x >= 0, x <= Rational(31416, 10000))),
    # At isolated points of the plane and of space.
    twin("sign of x^2 + y^2", sign(x**2 + y**2), either(And(Eq(x, 0), Eq(y, 0)), 0, 1), 1),
    twin("a point at (pi, e)", sign((x - pi) ** 2 + (y - E) ** 2), either(And(Eq(x, pi), Eq(y, E)), 0, 1), 1),
    twin("a point at (7, 11), hidden in a norm", sign(Abs(x - 7) + Abs(y - 11)), Max(sign(Abs(x - 7)), sign(Abs(y - 11))), 1),
    twin("a point of space", sign(Abs(x - 1) + Abs(y - x**2) + Abs(k - x**3)), 1 - (1 - sign(x - 1) ** 2) * (1 - sign(y - 1) ** 2) * (1 - sign(k - 1) ** 2), 1),
    twin("x^2 = 2 y^2 at rational points only at 0", sign(x**2 - 2 * y**2) ** 2, either(Eq(Abs(x), sqrt(2) * Abs(y)), 0, 1), either(And(Eq(x, 0), Eq(y, 0)), 0, 1)),
    twin("a bump at (7, 11)", Abs(x - y) + Abs(x + y), 2 * Max(Abs(x), Abs(y)), 2 * Max(Abs(x), Abs(y)) + Max(0, 1 - 10**6 * ((x - 7) ** 2 + (y - 11) ** 2))),
    # Far out, and in tiny windows.
    twin("beyond exp(100)", Heaviside(x - exp(100)), 1 - Heaviside(exp(100) - x), 0),
    twin("beyond 10**40", Max(x, 10**40), (x + 10**40 + Abs(x - 10**40)) / 2, 10**40),
    twin("a window about pi", Heaviside(TINY - Abs(x - pi)), Heaviside(x - pi + TINY) * Heaviside(pi + TINY - x), 0),
    twin("a disc about 0", Heaviside(x**2 + y**2 - TINY), 1 - Heaviside(TINY - x**2 - y**2), 1),
    twin("a window far out", Max(0, 1 - Abs(x - exp(20))), Max(Min(1 - x + exp(20), 1 + x - exp(20)), 0), 0),
    twin("a spike at every integer", Max(0, 1 - 10**9 * (x - floor(x))), 1 - Min(1, 10**9 * (x - floor(x))), 0),
    # Beyond what has a value in few digits.
    twin("beyond exp(10^6)", Max(exp(x), exp(10**6)), (exp(x) + exp(10**6) + Abs(exp(x) - exp(10**6))) / 2, exp(10**6)),
    twin("a step of an exponential", Heaviside(exp(x) - exp(10**5)), Heaviside(x - 10**5), 0),
    twin("a step of a tower", Heaviside(exp(exp(x)) - exp(exp(30))), Heaviside(x - 30), 0),
    twin("a tower's maximum", Max(exp(exp(x)), 1), exp(exp(x)), exp(exp(Max(x, -(10**9)))) + Heaviside(x - 10**9)),
    twin("the zeros of a wave of exp", sign(cos(exp(x))) ** 2, either(Eq(cos(exp(x)), 0), 0, 1), 1),
    # A term that is seen nowhere: exp(-x) beyond 10^13.
    twin("a tail far out", x * Heaviside(x), Max(x, 0), Max(x, 0) + Heaviside(x - 10**13) * exp(-x)),
    twin("another factor from 10^7 on", (x - floor(x)) * (ceiling(x) - x), (x - floor(x)) * (1 - x + floor(x)), (x - floor(x)) * (ceiling(x) - x) * either(x < 10**7, 1, 2)),
    twin("a window that the condition leaves", Max(-1, Min(1, x)), (Abs(x + 1) - Abs(x - 1)) / 2, x, (), (x < 1 + Rational(1, 10**20), x > -1)),
    twin("a window between two symbols", Abs(x - y), y - x, y - x, (x < y,), (x < y + Rational(1, 10**12),)),
    twin("a bump on a curve", Max(0, 1 - 10**10 * (y - exp(x)) ** 2 - 10**10 * (x - 1) ** 2), Max(1 - 10**10 * (y - exp(x)) ** 2 - 10**10 * (x - 1) ** 2, 0), 0),
    twin("a sign at whole numbers", sign(sin(pi * x)) ** 2, either(Eq(x, floor(x)), 0, 1), 1),
    # Carries.
    twin("the carry of two fractions", floor(x + y) - floor(x) - floor(y), either(x - floor(x) + y - floor(y) >= 1, 1, 0), either(x - floor(x) + y - floor(y) > 1, 1, 0)),
    twin("Hermite's identity", floor(2 * x), floor(x) + floor(x + Rational(1, 2)), floor(x) + ceiling(x - Rational(1, 2))),
    twin("nested roundings", floor(floor(x) / 3), floor(x / 3), ceiling((x - 2) / 3)),
    # Floors jump at every level, also where they are far from zero.
    twin("levels of exp", floor(exp(s)), floor(exp(s) + 3) - 3, ceiling(exp(s)) - 1, (s > 7, s < 8)),
    twin("levels of a root", floor(sqrt(s)), floor(sqrt(s) + 2) - 2, ceiling(sqrt(s)) - 1, (s > 20,)),
    twin("levels of a product", floor(x * y), floor(x * y + 1) - 1, ceiling(x * y) - 1, (x > 3, y > 3)),
    # The larger of two exponentials.
    twin("towers", Max(exp(exp(x)), exp(exp(20))), exp(Max(exp(x), exp(20))), exp(exp(20))),
    twin("three exponentials", Min(exp(x), exp(y), exp(-x)), exp(Min(x, y, -x)), exp(Min(x, y))),
    # Bound variables between bars: they take both signs at once.
    twin("bound: squares of positive parts", D * total(Max(mu[i], 0) ** 2), D * total(Max(mu[i], 0) * mu[i]), total(Max(mu[i], 0)) ** 2),
    twin("bound: a positive and a negative part", total(Max(mu[i], 0)) * total(Min(mu[i], 0)), (total(mu[i]) ** 2 - total(Abs(mu[i])) ** 2) / 4, 0),
    twin("bound: an index on both sides of 0", Sum(Abs(i), (i, -D, D)), D * (D + 1), 0),
    twin("bound: an index that is also free", Abs(i) * Sum(Abs(i), (i, -D, D)), Abs(i) * D * (D + 1), Abs(i) ** 2 * (2 * D + 1)),
    twin("bound: parts under a Gaussian", Mean(Max(x, 0), unit) * Mean(Min(x, 0), unit), -1 / (2 * pi), 0),
    twin("bound: parts under any law", Mean(Max(x, 0), q) * Mean(Min(x, 0), q), (Mean(x, q) ** 2 - Mean(Abs(x), q) ** 2) / 4, 0),
    twin("bound: a mean under any law", Mean(Max(x, 0), q) - Mean(Max(-x, 0), q), Mean(x, q), Abs(Mean(x, q))),
    twin("bound: parts over an interval", Integral(Max(x, 0), (x, -1, 1)) * Integral(Max(-x, 0), (x, -1, 1)), Rational(1, 4), 0),
    twin("bound: a derivative", Derivative(f(x) * Abs(x), x), f(x) + x * Derivative(f(x), x), Abs(x) * Derivative(f(x), x), (x > 0,)),
]  # fmt: skip
