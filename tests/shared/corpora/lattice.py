"""Values: without a common denominator, of every scale, at the ends of what is given.

Hard because what is drawn from a grid, or from a few scales, obeys identities of it.
"""

from sympy import (
    Abs,
    Max,
    Min,
    Ne,
    Piecewise,
    Rational,
    S,
    cos,
    exp,
    floor,
    frac,
    log,
    pi,
    prod,
    sign,
    sin,
    sqrt,
    symbols,
)

from tests.shared.corpora import Twin

KIND = "lattice"

x, y = symbols("x y", real=True)
s, t = symbols("s t", positive=True)
n = symbols("n", integer=True)
even = symbols("e", even=True)
z = symbols("z")

near = Rational(1, 10**9)
million = 10**6

TWINS = [
    Twin(
        "thousandths", KIND, cos(2000 * pi * x), 2 * cos(1000 * pi * x) ** 2 - 1, S.One
    ),
    Twin(
        "a highly divisible frequency",
        KIND,
        sin(720720000 * pi * x) ** 2,
        1 - cos(720720000 * pi * x) ** 2,
        S.Zero,
    ),
    Twin(
        "fractional part of a multiple",
        KIND,
        frac(10**6 * s),
        10**6 * s - floor(10**6 * s),
        S.Zero,
    ),
    Twin(
        "values in a millionth's multiples",
        KIND,
        floor(million * x) / million,
        x - frac(million * x) / million,
        x,
    ),
    Twin(
        "products of two lattices",
        KIND,
        cos(10**7 * pi * x * y),
        1 - 2 * sin(10**7 * pi * x * y / 2) ** 2,
        S.One,
    ),
    # A window of width 2/10^9 about an irrational number, and no kink elsewhere.
    Twin(
        "a window about pi",
        KIND,
        Max(1 - 10**9 * Abs(x - pi), 0),
        (1 - 10**9 * Abs(x - pi) + Abs(1 - 10**9 * Abs(x - pi))) / 2,
        S.Zero,
    ),
    Twin(
        "a window about the circle",
        KIND,
        Max(1 - million * Abs(x**2 + y**2 - 2), 0),
        Max(0, Min(1, 1 - million * Abs(2 - x**2 - y**2))),
        S.Zero,
    ),
    Twin(
        "a window where an exponential meets",
        KIND,
        Max(near - Abs(exp(x) - 3 * x**2), 0),
        near - Min(near, Abs(3 * x**2 - exp(x))),
        S.Zero,
    ),
    Twin("far away", KIND, Max(s, 10**30), 10**30 + Max(s - 10**30, 0), S(10) ** 30),
    Twin(
        "very near zero",
        KIND,
        Min(s, Rational(1, 10**30)),
        (s + Rational(1, 10**30) - Abs(s - Rational(1, 10**30))) / 2,
        Rational(1, 10**30),
    ),
    Twin(
        "far in the logarithm",
        KIND,
        Max(log(s), 200),
        log(Max(s, exp(200))),
        S(200),
    ),
    Twin(
        "at the end of the condition",
        KIND,
        sign(x - 3),
        S.One,
        S.One,
        (x > 3,),
        (x >= 3,),
    ),
    Twin(
        "at an irrational end",
        KIND,
        sign(x**2 - 2),
        S.One,
        S.One,
        (x > sqrt(2),),
        (x >= sqrt(2),),
    ),
    Twin(
        "at the end of a condition in two symbols",
        KIND,
        sign(x - y) ** 2,
        S.One,
        S.One,
        (x > y,),
        (x >= y,),
    ),
    Twin(
        "at the end of a narrow window",
        KIND,
        Piecewise((0, x < 5), (1, True)),
        S.Zero,
        S.Zero,
        (x > 5 - near, x < 5),
        (x > 5 - near, x <= 5),
    ),
    Twin(
        "just beyond the end",
        KIND,
        Max(x, 5),
        S(5),
        S(5),
        (x < 5,),
        (x < 5 + near,),
    ),
    Twin(
        "one point left out",
        KIND,
        Piecewise((0, Ne(x, Rational(355, 113))), (1, True)),
        S.Zero,
        S.Zero,
        (x < 3,),
        (x < 4,),
    ),
    Twin(
        "only far values are given",
        KIND,
        Max(x, 10**12 + 1),
        x,
        x,
        (x > 10**12 + 1,),
        (x > 10**12,),
    ),
    Twin(
        "only tiny values are given",
        KIND,
        Min(s, Rational(1, 10**13)),
        s,
        s,
        (s < Rational(1, 10**13),),
        (s < Rational(1, 10**12),),
    ),
    Twin(
        "a curve is given",
        KIND,
        x**2 - y,
        Abs(y - x**2),
        Abs(y - x**2),
        (y < x**2, y > x**2 - near),
        (y < x**2 + near, y > x**2 - near),
    ),
    Twin(
        "vanishes at whole numbers up to 200",
        KIND,
        sin(2 * pi * n / 3) * prod(n - j for j in range(-40, 200)) ** 2,
        prod((n - j) ** 2 for j in range(-40, 200)) * sin(2 * pi * n / 3),
        S.Zero,
    ),
    Twin(
        "one residue of 1009",
        KIND,
        floor((n - 555) / 1009) - floor((n - 556) / 1009),
        Piecewise((1, cos(2 * pi * (n - 555) / 1009) >= 1), (0, True)),
        S.Zero,
    ),
    Twin(
        "large whole numbers",
        KIND,
        Max(n, 10**7),
        10**7 + Max(n - 10**7, 0),
        S(10) ** 7,
    ),
    Twin(
        "squares of even numbers",
        KIND,
        cos(pi * even**2 / 2),
        S.One,
        cos(pi * even / 2),
    ),
    Twin(
        "complex root of a shifted square",
        KIND,
        sqrt(z**2 - 2 * z + 1),
        sqrt((1 - z) ** 2),
        z - 1,
    ),
    Twin(
        "vanishes at simple values",
        KIND,
        prod((2 * x - j) * (x - Rational(j, 3)) for j in range(-20, 21)),
        prod((2 * x + j) * (3 * x + j) / 3 for j in range(-20, 21)),
        S.Zero,
    ),
    Twin(
        "two scales that add up",
        KIND,
        Max(x + 10**20 * y, 10**25),
        10**25 + Max(x + 10**20 * y - 10**25, 0),
        S(10) ** 25,
    ),
    Twin(
        "a ratio of scales",
        KIND,
        Max(s / t, 10**24),
        Max(s, 10**24 * t) / t,
        S(10) ** 24,
    ),
]
