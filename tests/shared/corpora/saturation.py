"""What is wrong by 10^-400 beside what cancels and is true.

Hard because at moderate precision both look alike: tails of the sigmoid, of tanh and
of the error function, terms that a large number swallows, almost whole numbers.
"""

from sympy import (
    Abs,
    Expr,
    Integer,
    Max,
    Rational,
    S,
    Symbol,
    acosh,
    asinh,
    atan,
    atanh,
    cos,
    cosh,
    coth,
    erf,
    erfc,
    exp,
    floor,
    gamma,
    log,
    pi,
    sin,
    sinh,
    sqrt,
    symbols,
    tanh,
)

from lib.proof import sigmoid
from tests.shared.corpora import Twin

KIND = "saturation"

x, y = symbols("x y", real=True)
s, t = symbols("s t", positive=True)
n = Symbol("n", integer=True, positive=True)

above = (x > 1000,)


def softplus(u: Expr) -> Expr:
    return log(1 + exp(u))


TWINS = [
    Twin("sigmoid far out", KIND, sigmoid(x), 1 - sigmoid(-x), S.One, above),
    Twin(
        "sigmoid far down",
        KIND,
        sigmoid(-x),
        exp(-x) / (1 + exp(-x)),
        exp(-x),
        above,
    ),
    Twin(
        "sigmoid to the second order",
        KIND,
        sigmoid(x),
        1 - exp(-x) + exp(-2 * x) / (1 + exp(-x)),
        1 - exp(-x),
        above,
    ),
    Twin("tanh far out", KIND, tanh(x), 1 - 2 / (exp(2 * x) + 1), S.One, above),
    Twin(
        "tanh squared",
        KIND,
        1 - tanh(x) ** 2,
        4 / (exp(x) + exp(-x)) ** 2,
        4 * exp(-2 * x),
        above,
    ),
    Twin("coth far out", KIND, coth(x), 2 * coth(2 * x) - tanh(x), tanh(x), above),
    Twin("error function far out", KIND, erf(x), 1 - erfc(x), S.One, (x > 20,)),
    Twin(
        "tail of the error function",
        KIND,
        erfc(x),
        1 + erf(-x),
        S.Zero,
        (x > 30,),
    ),
    Twin(
        "error function of a large constant",
        KIND,
        erf(Integer(40)),
        1 - erfc(Integer(40)),
        S.One,
    ),
    Twin(
        "softplus far out",
        KIND,
        softplus(x),
        x + softplus(-x),
        x,
        above,
    ),
    Twin(
        "softplus to the first order",
        KIND,
        softplus(x),
        x + log(1 + exp(-2 * x)) + log((1 + exp(-x)) / (1 + exp(-2 * x))),
        x + exp(-x),
        above,
    ),
    Twin(
        "hyperbolic cosine far out",
        KIND,
        log(2 * cosh(x)),
        x + log(1 + exp(-2 * x)),
        x,
        above,
    ),
    Twin("sinh and cosh", KIND, cosh(x) - sinh(x), exp(-x), S.Zero, above),
    Twin(
        "squares of sinh and cosh",
        KIND,
        cosh(x) ** 2,
        1 + sinh(x) ** 2,
        sinh(x) ** 2,
        above,
    ),
    Twin(
        "doubly exponential",
        KIND,
        exp(-exp(x)) + 1,
        (1 - exp(-2 * exp(x))) / (1 - exp(-exp(x))),
        S.One,
        (x > 6,),
    ),
    Twin(
        "area functions far out",
        KIND,
        asinh(s) - acosh(s),
        log((s + sqrt(s**2 + 1)) / (s + sqrt(s**2 - 1))),
        S.Zero,
        (s > 10**100,),
    ),
    Twin(
        "angle far out",
        KIND,
        atan(s),
        pi / 2 - atan(1 / s),
        pi / 2,
        (s > S(10) ** 120,),
    ),
    Twin(
        "root of a large square",
        KIND,
        sqrt(s**2 + 1) - s,
        1 / (sqrt(s**2 + 1) + s),
        1 / (2 * s),
        (s > S(10) ** 100,),
    ),
    Twin(
        "logarithm beside one",
        KIND,
        log(1 + s),
        -log(1 - s / (1 + s)),
        s,
        (s < Rational(1, 10**200),),
    ),
    Twin(
        "sine beside zero",
        KIND,
        sin(s),
        2 * sin(s / 2) * cos(s / 2),
        s - s**3 / 6,
        (s < Rational(1, 10**90),),
    ),
    Twin(
        "exponential beside one",
        KIND,
        (exp(s) - 1) / s,
        exp(s / 2) * 2 * sinh(s / 2) / s,
        1 + s / 2 + s**2 / 6,
        (s < Rational(1, 10**100),),
    ),
    Twin(
        "swallowed by a large number",
        KIND,
        (x + S(10) ** 200) ** 3 - (S(10) ** 200) ** 3,
        3 * S(10) ** 400 * x + 3 * S(10) ** 200 * x**2 + x**3,
        3 * S(10) ** 400 * x + 3 * S(10) ** 200 * x**2,
    ),
    Twin(
        "logarithm of a sum of exponentials",
        KIND,
        log(exp(x) + exp(y)),
        Max(x, y) + log(1 + exp(-Abs(x - y))),
        Max(x, y),
        (Abs(x - y) > 900,),
    ),
    # e^(pi sqrt 163) is whole to 12 digits, and not whole.
    Twin(
        "almost a whole number",
        KIND,
        exp(pi * sqrt(163)),
        exp(pi * sqrt(163) / 2) ** 2,
        S(640320) ** 3 + 744,
    ),
    # cosh(2 k log(2 + sqrt 3)) is whole; one power of 2 - sqrt 3 alone makes it so.
    Twin(
        "powers of a unit",
        KIND,
        (2 + sqrt(3)) ** 400 + (2 - sqrt(3)) ** 400,
        floor((2 + sqrt(3)) ** 400) + S.One,
        (2 + sqrt(3)) ** 400,
    ),
    # 1 + 10^-400 under a root.
    Twin(
        "nested roots",
        KIND,
        sqrt(1 + 2 * S(10) ** -400 + S(10) ** -800),
        1 + S(10) ** -400,
        S.One,
    ),
    Twin(
        "Stirling's formula",
        KIND,
        log(gamma(s + 1)),
        log(gamma(s)) + log(s),
        s * log(s) - s + log(2 * pi * s) / 2 + 1 / (12 * s),
        (s > S(10) ** 20, s < S(10) ** 22),
    ),
    Twin(
        "difference of two sigmoids",
        KIND,
        sigmoid(x + 1) - sigmoid(x),
        (exp(1) - 1) * exp(-x) / ((1 + exp(-x)) * (exp(1) + exp(-x))),
        S.Zero,
        (x > 800,),
    ),
    Twin(
        "logit of a sigmoid",
        KIND,
        log(sigmoid(x) / (1 - sigmoid(x))),
        x,
        x + exp(-x),
        (x > 500,),
    ),
    Twin(
        "area of the hyperbolic tangent",
        KIND,
        atanh(tanh(x)),
        x,
        x + exp(-x),
        (x > 500,),
    ),
    Twin(
        "a power that tends to e",
        KIND,
        (1 + 1 / s) ** s,
        exp(s * log((s + 1) / s)),
        exp(1),
        (s > S(10) ** 150,),
    ),
    Twin(
        "product of saturated gates",
        KIND,
        sigmoid(x) * sigmoid(-x),
        1 / (2 + 2 * cosh(x)),
        exp(-x),
        (x > 700,),
    ),
    Twin(
        "geometric tail",
        KIND,
        (1 - t**n) / (1 - t),
        1 + t * (1 - t ** (n - 1)) / (1 - t),
        1 / (1 - t),
        (t < Rational(1, 1000), n > 200),
    ),
]
