"""Identities that computer algebra has got wrong, from SymPy's public issues.

Hard, because the false side is what some release of SymPy returned for the left one;
numbers in comments are those of https://github.com/sympy/sympy/issues.
"""

# ruff: noqa: E501

from sympy import (
    Abs,
    Derivative,
    E,
    Eq,
    I,
    Integral,
    KroneckerDelta,
    Limit,
    Mod,
    Piecewise,
    Rational,
    RisingFactorial,
    Sum,
    Symbol,
    acos,
    acosh,
    arg,
    asin,
    atan,
    atan2,
    binomial,
    ceiling,
    cos,
    cosh,
    exp,
    factorial,
    ff,
    floor,
    log,
    oo,
    pi,
    sign,
    sin,
    sqrt,
    symbols,
    tan,
)

from .making import maker

twin = maker("cas_bugs")
x, y, c, u = symbols("x y c u", real=True)
s, t = symbols("s t", positive=True)
z = Symbol("z")
n, m = symbols("n m", integer=True, positive=True)
N = Symbol("N", integer=True, nonnegative=True)
i, whole, k = symbols("i j k", integer=True)
odd = Symbol("o", odd=True)
large, small = (5 + sqrt(33)) / 2, (5 - sqrt(33)) / 2
grown = exp(large * s) + exp(small * s)


def primitive(v: Symbol) -> Piecewise:
    """A continuous primitive of exp(abs(v - 2))."""
    return sign(v - 2) * (exp(Abs(v - 2)) - 1)


TWINS = [
    # Roots, powers and logarithms.
    # 23653, 7638: the root of (x + i)^2 turned into x + i. At x = 0 it is i.
    twin("7638, root of a complex square", sqrt((x + I) ** 2), Piecewise((x + I, x >= 0), (-x - I, True)), x + I),
    twin("7638, at a number", sqrt((-1 + I) ** 2), 1 - I, -1 + I),
    # 26101: both arguments lie between 0 and pi/2 if c >= 0; else at s = t = 1, c = -1 they add up beyond pi.
    twin("26101, root of a product", sqrt((I * s + c) * (I * t + c)), sqrt(I * s + c) * sqrt(I * t + c), sqrt(I * s + c) * sqrt(I * t + c), (c >= 0,), ()),
    # 14018: (-2)^(-10/3) took another branch. Here (-2)^x = 2^x exp(i pi x).
    twin("14018, a negative base", (-2) ** x * 2 ** (-x), exp(I * pi * x), cos(pi * x)),
    twin("14018, the number itself", (-2) ** Rational(-10, 3), exp(-10 * I * pi / 3) * 2 ** Rational(-10, 3), exp(-I * pi / 3) * 2 ** Rational(-10, 3)),
    # 19821: x^n/(-y)^n was combined. (-t)^x = t^x exp(i pi x).
    twin("19821, a quotient of powers", s**x / (-t) ** x, (s / t) ** x * exp(-I * pi * x), (-s / t) ** x),
    # 19627: powdenest with force.
    twin("19627, root of a squared sine", sqrt(sin(x) ** 2), Abs(sin(x)), sin(x)),
    # 15861: log(x^2)/log(x) is 2 for positive x only.
    twin("15861, a quotient of logs", log(x**2) / log(x), 2, 2, (x > 1,), (x < -1,)),
    # 11835: log(x) + log(1/x) is 2 pi i left of 0.
    twin("11835, log of the inverse", log(x) + log(1 / x), Piecewise((0, x > 0), (2 * pi * I, True)), 0),
    # 10195 and its neighbours: (-1)^(odd/2) was i.
    twin("10195, half of an odd number", (-1) ** (odd / 2), I * (-1) ** ((odd - 1) / 2), I),
    # log(exp(i x)) has its imaginary part in (-pi, pi], pi included.
    twin("log(exp(i x))", log(exp(I * x)), I * (x - 2 * pi * ceiling((x - pi) / (2 * pi))), I * (x - 2 * pi * floor((x + pi) / (2 * pi)))),
    # Inverse functions.
    # 14320, 12140, 9638: asin(sin(2)) became 2.
    twin("14320, asin(sin(2))", asin(sin(2)), pi - 2, 2),
    twin("12140, acos(cos(x))", acos(cos(x)), x, x, (x >= 0, x <= pi), (x >= -Rational(1, 10**6), x <= pi)),
    twin("9638, atan(tan(x))", atan(tan(x)), x - pi * floor(x / pi + Rational(1, 2)), x, (x < 20, x > -20)),
    twin("9638, asin(sin(x)) beyond", asin(sin(x)), pi - x, pi - x, (x >= pi / 2, x <= 3 * pi / 2), (x >= pi / 2, x <= 3 * pi / 2 + Rational(1, 1000))),
    # 17421: acosh(cosh(c + i)), real part positive, imaginary part within pi.
    twin("17421, acosh(cosh)", acosh(cosh(cosh(1) + I)), cosh(1) + I, cosh(1) - I),
    # 11988: atan(y/x) is the argument right of 0 only.
    twin("11988, an argument", arg(x + I * y), atan2(y, x), atan(y / x), (x < 0,)),
    # 20430: TRmorrie lost the power of cos(y).
    twin("20430, a product of sines", cos(x / 2) * sin(x / 2) * cos(x) * cos(y) ** 2 * sin(y), cos(y) * (cos(2 * x - 2 * y) - cos(2 * x + 2 * y)) / 16, (cos(2 * x - 2 * y) - cos(2 * x + 2 * y)) / 16),
    # Sums.
    # 8016: the coefficient of X^(2N) in (1 - X^2)^m.
    twin("8016, a signed product of binomials", Sum(binomial(m, i) * binomial(m, 2 * N - i) * (-1) ** i, (i, 0, 2 * N)), (-1) ** N * binomial(m, N), 0),
    # 13902: 2 at n = 1, then 2 + 4.
    twin("13902, a row of two", Sum(binomial(2, i) * i**2, (i, 0, n)), Piecewise((2, Eq(n, 1)), (6, True)), -((n + 1) ** 2) * binomial(2, n + 1)),
    # 15943: the sum of n!/i! up to n is not yet e n!.
    twin("15943, partial permutations", Sum(binomial(n, i) * factorial(n - i), (i, 0, n)), factorial(n) * Sum(1 / factorial(i), (i, 0, n)), E * factorial(n)),
    # 14129: at x = 1 the closed form has a hole; beside it both hold.
    twin("14129, a geometric sum times its index", Sum(i * s**i, (i, 0, n - 1)) * (s - 1) ** 2, n * s**n * (s - 1) - s * (s**n - 1), n * s**n * (s - 1) - s**n + 1),
    # 14528: binomial(1, n) became 0.
    twin("14528, a row of one", binomial(1, n), KroneckerDelta(n, 1), 0),
    # 14612: binomial(n, k) = binomial(n, n - k) fails at n = -1, k = 0: 1 against 0.
    twin("14612, symmetry", binomial(whole, k), binomial(whole, whole - k), binomial(whole, whole - k), (whole >= 0,), (whole < 0,)),
    # 6878: not 0 as long as N <= 10.
    twin("6878, a rising factorial", RisingFactorial(-10, N), (-1) ** N * ff(10, N), 0),
    # 236 of diofant: partial fractions telescope to 4/35.
    twin("diofant 236, an infinite sum", Sum(i / ((i + 2) * (i + 4) * (i + 8)), (i, 1, oo)), Rational(4, 35), Rational(521, 25200)),
    # Integrals.
    twin("29072, Abs of a sine and a cosine", Integral(Abs(sin(u) * cos(u)), (u, 0, 2 * pi)), 2, 1),
    twin("18384, the same over half a period", Integral(Abs(sin(u) * cos(u)), (u, pi, 2 * pi)), 1, 0),
    twin("25052, Abs of a cosine", Integral(Abs(cos(u)), (u, -pi / 2, 0)), 1, -1),
    twin("25066, Abs of a sine", Integral(Abs(sin(u)), (u, -2 * pi, 0)), 4, 0),
    twin("30319, Abs of sin(3 u)", Integral(Abs(sin(3 * u)), (u, 0, 3 * pi)), 6, Rational(2, 3)),
    twin("21387, an odd integrand", Integral(Abs(cos(u)) * sin(u), (u, -pi, pi)), 0, 1),
    twin("21166, an odd integrand with a root", Integral(sin(u / sqrt(Abs(u))), (u, -1, 1)), 0, 4 * sin(1) - 4 * cos(1)),
    # int sqrt(1 - u^2) = pi/2 and int u^2 sqrt(1 - u^2) = pi/8 from -1 to 1.
    twin("13816, a half disc", Integral(2 * sqrt(1 - u**2) * (4 * sqrt(2) * u**2 - sqrt(3)), (u, -1, 1)), (sqrt(2) - sqrt(3)) * pi, 0),
    twin("15457, exp of Abs", Integral(exp(Abs(u - 2)), (u, s, t)), primitive(t) - primitive(s), exp(t - 2) - exp(s - 2)),
    # Limits.
    # 20365, 21724: (1 + u)^(1/u) = e (1 - u/2 + ...).
    twin("20365, the next term of e", Limit(((1 + u) ** (1 / u) - E) / u, u, 0), -E / 2, 0),
    # 25885: u^2 log(1 + 1/u) - u goes to -1/2.
    twin("25885, a limit at infinity", Limit((1 + 1 / u) ** (u**2) / exp(u), u, oo), exp(-Rational(1, 2)), 1),
    # 9075
    twin("9075, a quotient of exponentials", Limit((6 ** (u + 1) + u + 1) / (6**u + u), u, oo), 6, 1),
    # Squares leave the remainders 0 and 1.
    twin("Mod of a square", Mod(whole**2, 3), 1 - KroneckerDelta(Mod(whole, 3), 0), Mod(whole, 3)),
    # 13890: (-4/5)^(9/5) lost its minus sign. The base is negative and x positive.
    twin("13890, a negative base with the variable", (-s / 4 - Rational(1, 12)) ** s, ((3 * s + 1) / 12) ** s * exp(I * pi * s), ((3 * s + 1) / 12) ** s * cos(pi * s)),
    # 14290
    twin("14290, root of an expanded square", sqrt(x**2 + 2 * x * y + y**2), Abs(x + y), x + y),
    # 24676: arcsine and arccosine written as logs; the arctangent is acos(x) right of 0 only.
    twin("24676, arcsine and arccosine", -I * log(I * x + sqrt(1 - x**2)) - I * log(x + I * sqrt(1 - x**2)), pi / 2, asin(x) + atan(sqrt(1 - x**2) / x), (x > -1, x < 0)),
    # 27224: d/dx of the area under a circle; asin(x/c) falls if c is negative.
    twin("27224, the area under a circle", Derivative(x * sqrt(c**2 - x**2) + c**2 * asin(x / c), x), 2 * sqrt(c**2 - x**2), 2 * sqrt(c**2 - x**2), (c > 0, x < c, x > -c), (c < 0, x > c, x < -c)),
    # 29781: the larger eigenvalue of exp(s M), M = [[1, 2], [3, 4]], from its trace and determinant.
    twin("29781, an eigenvalue of exp(M)", (grown + sqrt(grown**2 - 4 * exp(5 * s))) / 2, exp(large * s), exp(small * s)),
]  # fmt: skip
