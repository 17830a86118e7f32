"""Integrals between ends and over the line: of unknown functions, and of broken lines.

Hard, because an unknown function has no antiderivative with a name, and because where
a broken line is cut again its kinks lie within one another.
"""

# ruff: noqa: E501

from sympy import (
    Abs,
    Derivative,
    Function,
    Integral,
    Matrix,
    Max,
    Min,
    Ne,
    Piecewise,
    Rational,
    cos,
    erf,
    exp,
    pi,
    sqrt,
    symbols,
    tanh,
)

from lib.proof import E, Int, MultivariateNormal, Normal, sigmoid

from .making import maker

twin = maker("integrals")
x, y, t, a = symbols("x y t a", real=True)
s, r = symbols("s r", positive=True)
f, g = Function("f", real=True), Function("g", real=True)


def over(body, low=0, high=x):
    return Integral(body, (t, low, high))


centred, p = Normal(y, 0, s), Normal(y, a, s)
slope, curve = Derivative(f(y), y), Derivative(f(y), y, 2)
pair = MultivariateNormal([x, y], [0, 0], Matrix([[s**2, a], [a, r**2]]))

TWINS = [
    # Of an unknown function.
    twin("the slope's", over(Derivative(f(t), t)), f(x) - f(0), f(x)),
    twin("of a sum", over(f(t) + 2 * t), over(f(t)) + x**2, over(f(t)) + x),
    twin("shifted", over(f(t + 1)), over(f(t), 1, x + 1), over(f(t))),
    twin("stretched", over(f(2 * t)), over(f(t), 0, 2 * x) / 2, over(f(t), 0, 2 * x)),
    twin("by parts", over(t * Derivative(f(t), t)), x * f(x) - over(f(t)), x * f(x) + over(f(t))),
    twin("split", over(f(t), 0, x + y), over(f(t)) + over(f(t), x, x + y), over(f(t)) + over(f(t), 0, y)),
    twin("backwards", over(f(t), x, 0), -over(f(t)), over(f(t))),
    twin("under another name", over(f(t)), Integral(f(y), (y, 0, x)), Integral(f(x), (y, 0, x))),
    twin("its derivative", Derivative(over(f(t, x)), x), f(x, x) + over(Derivative(f(t, x), x)), over(Derivative(f(t, x), x))),
    twin("from x to the double", Derivative(over(f(t), x, 2 * x), x), 2 * f(2 * x) - f(x), f(2 * x) - f(x)),
    twin("of two functions", over(f(t) - g(t)), over(f(t)) - over(g(t)), over(f(t)) + over(g(t))),
    # Of broken lines.
    twin("a clipped mean about 0", E(Min(Max(y, -1), 1), centred), 0, Rational(1, 10**6)),
    twin("a clip as two ReLUs", E(Min(Max(y, 0), 1), centred), E(Max(y, 0), centred) - E(Max(y - 1, 0), centred), E(Max(y, 0), centred)),
    twin("a kink within a kink", Integral(Abs(Abs(t) - 1), (t, -2, 2)), 2, 4),
    twin("Laplace's law", Int(exp(-Abs(y)), y), 2, 1),
    twin("Laplace's second moment", Int(y**2 * exp(-Abs(y)), y), 4, 2),
    twin("an exponential of Abs", E(exp(Abs(y)), centred), exp(s**2 / 2) * (1 + erf(s / sqrt(2))), 2 * exp(s**2 / 2)),
    # Where only numbers say which of the formulas holds.
    twin("an exponential, falling or growing", Integral(exp(-x * t), (t, 0, 1)) * x, 1 - exp(-x), 1 - exp(x), (Ne(x, 0),)),
    twin("a positive part, to either side", Integral(Max(t, 0), (t, -1, x)), Max(x, 0) ** 2 / 2, x**2 / 2),
    twin("a kink anywhere", Integral(Abs(t - x), (t, 0, 1)), Piecewise((Rational(1, 2) - x, x < 0), (x - Rational(1, 2), x > 1), (x**2 - x + Rational(1, 2), True)), x**2 - x + Rational(1, 2)),
    # Under a Gaussian, of an unknown function's slopes.
    twin("Bonnet", Derivative(E(f(y), p), a), E(slope, p), E(f(y), p) / s),
    twin("Price", Derivative(E(f(y), p), s), s * E(curve, p), E(curve, p) / 2),
    twin("Stein", E((y - a) * f(y), p), s**2 * E(slope, p), s * E(slope, p)),
    twin("the heat equation", Derivative(E(f(y), p), s), s * Derivative(E(f(y), p), a, 2), Derivative(E(f(y), p), a, 2)),
    # Under a Gaussian of two variables.
    twin("exponential of a difference", E(exp(x - y), pair), exp((s**2 + r**2) / 2 - a), exp((s**2 + r**2) / 2 + a)),
    twin("an exponential beside a power", E(x * exp(y), pair), a * exp(r**2 / 2), s**2 * exp(r**2 / 2)),
    twin("one of two, cut", E(Max(x, 0), pair), s / sqrt(2 * pi), r / sqrt(2 * pi)),
    twin("one of two, by symmetry", E(tanh(x), pair), 0, a / 10**9),
    twin("one of two, in a wave", E(cos(x), pair), exp(-(s**2) / 2), exp(-(r**2) / 2)),
    twin("one of two, in a sigmoid", E(sigmoid(y), pair), Rational(1, 2), Rational(1, 2) + a / 10**9),
]  # fmt: skip
