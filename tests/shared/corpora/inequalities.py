"""Inequalities, true ones beside false ones that fail in a narrow place; and lemmas.

Hard, because the violation sits at an extremum, at an end of the conditions, far out
or at a kink; and because a lemma may be forged, cited under a law that is no law, or
turned round by an abbreviation.
"""

# ruff: noqa: E501

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sympy import (
    Abs,
    Basic,
    Determinant,
    E,
    Eq,
    Expr,
    Function,
    Heaviside,
    IndexedBase,
    LambertW,
    MatrixSymbol,
    Max,
    Min,
    Q,
    Rational,
    S,
    Sum,
    Symbol,
    Trace,
    atan,
    ceiling,
    cos,
    digamma,
    exp,
    floor,
    log,
    loggamma,
    pi,
    sin,
    sqrt,
    symbols,
    tanh,
)

from lib.proof.expectation import KL, Var
from lib.proof.expectation import E as Mean
from lib.proof.laws import Abstract, Normal, density
from lib.proof.lemmas import (
    Bound,
    expected,
    gibbs,
    jensen,
    log_bound,
    nonnegative,
    times,
)

KIND = "inequalities"


@dataclass(frozen=True)
class Inequality:
    """``left <= true`` holds under ``given``; ``left <= false`` does not.

    Where the condition is what differs, ``false_given`` stands in place of ``given``.
    """

    name: str
    left: Expr
    true: Expr
    false: Expr
    given: tuple[Basic, ...] = ()
    false_given: tuple[Basic, ...] | None = None


@dataclass(frozen=True)
class Cited:
    """A step ``left <= right`` by a lemma; it ``holds``, or the lemma must not pass."""

    name: str
    left: Expr
    right: Expr
    lemma: Callable[[], Bound]
    holds: bool
    where: Mapping[Basic, Basic] = field(default_factory=dict)


def row(
    name: str,
    left: Expr | int,
    true: Expr | int,
    false: Expr | int,
    given: tuple[Basic, ...] = (),
    false_given: tuple[Basic, ...] | None = None,
) -> Inequality:
    name = f"{KIND}: {name}"
    return Inequality(name, S(left), S(true), S(false), given, false_given)


def ppm(parts: int) -> Rational:
    """One less so many millionths."""
    return 1 - Rational(parts, 10**6)


x, y, z = symbols("x y z", real=True)
s, t = symbols("s t", positive=True)
n = Symbol("n", integer=True, nonnegative=True)
D = Symbol("D", integer=True, positive=True)
i = Symbol("i", integer=True)
mu = IndexedBase("mu", real=True)
P = MatrixSymbol("P", 2, 2)
definite = (Q.positive_definite(P),)

INEQUALITIES = [
    # At an extremum.
    row("the top of a sine", sin(x), 1, Rational(999, 1000)),
    row("the top of a sine and a cosine", sin(x) + cos(x), sqrt(2), Rational(141421, 10**5)),
    row("x exp(-x)", x * exp(-x), exp(-1), Rational(367879, 10**6)),
    row("a parabola", x * (1 - x), Rational(1, 4), Rational(1, 4) - Rational(1, 10**9)),
    row("entropy of one place", -s * log(s), exp(-1), Rational(36787, 10**5)),
    row("entropy of a coin", -s * log(s) - (1 - s) * log(1 - s), log(2), Rational(693147, 10**6), (s < 1,)),
    row("a double root at sqrt(2)", -((x**2 - 2) ** 2), 0, -Rational(1, 10**20)),
    row("the log bound", log(s), s - 1, (s - 1) * ppm(1)),
    row("s^e against exp(s)", s**E, exp(s), exp(s) * ppm(1)),
    row("a needle at pi", 1 / (1 + 10**8 * (x - pi) ** 2), 1, Rational(1, 2)),
    row("a root of two means", sqrt(s * t), (s + t) / 2, (s + t) / 2 * ppm(1)),
    row("Young's", x * y, (x**2 + y**2) / 2, (x**2 + y**2) / 2 * ppm(1)),
    # Motzkin's polynomial is 0 at (1, 1) and no sum of squares.
    row("Motzkin's polynomial", 3 * x**2 * y**2, x**4 * y**2 + x**2 * y**4 + 1, x**4 * y**2 + x**2 * y**4 + ppm(1)),
    row("a needle across both axes", exp(-(10**8) * (x - y - 3) ** 2 - 10**8 * (x + y - 7) ** 2), 1, Rational(1, 2)),
    # Both sines come near 1 together, but seldom: in about 2 of 10^5 places.
    row("two sines out of step", sin(x) + sin(sqrt(2) * x), 2, 2 - Rational(1, 10**4)),
    # Tight along s = t, and false next to a part of that line.
    row("Pinsker's for two coins", 2 * (s - t) ** 2, s * log(s / t) + (1 - s) * log((1 - s) / (1 - t)), (s * log(s / t) + (1 - s) * log((1 - s) / (1 - t))) * ppm(1000), (s < 1, t < 1)),
    row("the logarithmic mean", sqrt(s * t) * log(s / t) ** 2, (s - t) * log(s / t), (s - t) * log(s / t) * ppm(1000)),
    # On a curve.
    row("the farthest point of a circle", x + y, sqrt(2), Rational(1414, 1000), (Eq(x**2 + y**2, 1),)),
    row("entropy of two places", -s * log(s) - t * log(t), log(2), log(2) * ppm(10), (Eq(s + t, 1),)),
    # Gamma and its relatives. The lowest value of log gamma is -0.12148629.
    row("digamma below a logarithm", digamma(s), log(s) - 1 / (2 * s), log(s) - 1 / (2 * s) - 1 / (12 * s**2)),
    row("the log of gamma from below", -loggamma(s), Rational(1214863, 10**7), Rational(121486, 10**6)),
    row("Lambert's W below a logarithm", LambertW(s), log(1 + s), Rational(7, 10) * log(1 + s)),
    # Only next to a point, or on one side of it.
    row("exp above its tangent", 1 + x, exp(x), exp(x) - x**2 / 2, (), (x > -Rational(1, 10**9),)),
    # tanh(x) - (x - x^3/3) is 2 x^5/15 - ...: positive right of 0. With that term the slope of
    # the right side is above 1 - (x - x^3/3)^2 >= 1 - tanh(x)^2 up to sqrt(3), beyond the side is > 1.
    row("tanh below its series", tanh(x), x - x**3 / 3 + 2 * x**5 / 15, x - x**3 / 3, (x >= 0,), (x >= 0, x < Rational(1, 100))),
    row("cos above its series", 1 - x**2 / 2, cos(x), cos(x) - x**4 / 24, (x > -1, x < 1)),
    # At an end of the conditions.
    row("a square up to 2", x**2, 4, 4, (x >= 0, x <= 2), (x >= 0, x <= 2 + Rational(1, 10**6))),
    row("a cubic at its left end", -(x**3), 8, 8, (x >= -2,), (x >= -2 - Rational(1, 10**9),)),
    row("a sine at its right end", sin(x), sin(1), sin(1), (x >= 0, x <= 1), (x >= 0, x <= 1 + Rational(1, 10**6))),
    # Bernoulli's: (1 + x)^3 is below 1 + 3 x for x < -3.
    row("Bernoulli's", 1 + n * x, (1 + x) ** n, (1 + x) ** n, (x >= -1,), (x >= -4,)),
    row("the right branch", sqrt(x**2), x, x, (x >= 0,), (x >= -Rational(1, 10**12),)),
    # Far out. log(s)/s^(1/10) is largest at exp(10), with 10/e = 3.6788.
    row("log against a small power", log(s), 10 / E * s ** Rational(1, 10), Rational(3678, 1000) * s ** Rational(1, 10)),
    # 100 log(s) = s at s = 647.27...
    row("a high power against exp", s**100, exp(s), exp(s), (s >= 648,), (s >= 647,)),
    row("a line against a far parabola", x, x**2 + Rational(1, 4), x**2 / 10**12 + 10**11, (x > 0,)),
    row("a constant far out", Max(x, 10**15), Max(x, 0) + 10**15, Max(x, 10**15) * ppm(1) + 10**15),
    row("log of a log", log(log(s + 3)), log(s + 3), 10),
    row("an angle far out", atan(x), pi / 2, pi / 2 - Rational(1, 10**40)),
    row("a saturated tanh", tanh(x), 1, 1 - Rational(1, 10**3000)),
    row("a bounded exponential", exp(x), exp(x) + 1, exp(10**7)),
    row("a swallowed exponential", Max(x, y), log(exp(x) + exp(y)), log(exp(x) + exp(y)) - exp(-1000)),
    # On a ridge, at a corner, on a curved boundary.
    row("a curved valley", -(100 * (y - x**2) ** 2 + (x - Rational(13, 10)) ** 2), 0, -Rational(1, 10**6)),
    row("a steep curved valley", -(10**6 * (y - x**2) ** 2 + (x - pi) ** 2), 0, -Rational(1, 10**6)),
    row("a ridge along a wave", exp(-(10**6) * (y - sin(x)) ** 2 - (x - 20) ** 2), 1, Rational(9, 10)),
    row("a product of two fractions", (x - floor(x)) * (y - floor(y)), 1, Rational(999, 1000)),
    row("three sines", sin(x) * sin(y) * sin(x + y), 3 * sqrt(3) / 8, Rational(6495, 10**4)),
    row("a product on a simplex", x * y * (1 - x - y), Rational(1, 27), Rational(1, 27) - Rational(1, 10**7), (x >= 0, y >= 0, x + y <= 1)),
    row("a line on a disc", x + y, sqrt(2), Rational(14142, 10**4), (x**2 + y**2 <= 1,)),
    row("a line at a corner", x + 2 * y, 3, 3 - Rational(1, 10**8), (x <= 1, y <= 1)),
    row("a square up to an open end", x**2, 1, 1 - Rational(1, 10**15), (x > -1, x < 1)),
    # At kinks.
    row("an upturned Abs", -Abs(x - pi), 0, -Rational(1, 10**12)),
    row("a step and its square, at 0", Heaviside(x), sqrt(Heaviside(x)), Heaviside(x) ** 2),
    row("just below the next integer", x, floor(x) + 1, floor(x) + ppm(1)),
    row("ceiling at integers", ceiling(x), floor(x) + 1, x + ppm(1)),
    row("Max and Min", Min(x, y), (x + y) / 2, (x + y) / 2 - Rational(1, 10**9)),
    row("the triangle", Abs(x + y), Abs(x) + Abs(y), (Abs(x) + Abs(y)) * ppm(1)),
    # Matrices and sums: equality at multiples of one matrix, and at equal terms.
    row("a determinant and a trace", Determinant(P), (Trace(P) / 2) ** 2, (Trace(P) / 2) ** 2 * ppm(1), definite),
    row("a log-determinant", log(Determinant(P)), Trace(P) - 2, Trace(P) - 2 - Rational(1, 10**6), definite),
    row("the square of a sum", Sum(mu[i], (i, 1, D)) ** 2, D * Sum(mu[i] ** 2, (i, 1, D)), (D - Rational(1, 1000)) * Sum(mu[i] ** 2, (i, 1, D))),
]  # fmt: skip

w = Symbol("w", real=True)
f = Function("f", real=True)  # of either sign
q = Abstract(w, density("q", w), "q")
p = Abstract(w, density("p", w), "p")
doubled = Abstract(w, 2 * density("p", w), "p2")  # its mass is 2
halved = Abstract(w, density("p", w) / 2, "p1")  # its mass is 1/2
signed = Abstract(w, f(w), "f")  # its mass may be negative
unit = Normal(w, 0, 1)
positive = Function("g", positive=True)(w)


def fake() -> Bound:
    return Bound(x, x + sin(500 * pi * x), "fake")


def fake_by_copy() -> Bound:
    return replace(nonnegative(s), larger=-s)


def fake_by_force() -> Bound:
    bound = nonnegative(s)
    object.__setattr__(bound, "larger", -s)
    return bound


def fake_by_birth() -> Bound:
    class Own(Bound):
        pass

    return Own(S.Zero, -(x**2), "own")


def fake_by_new() -> Bound:
    bound = object.__new__(Bound)
    for key, value in {"smaller": S.Zero, "larger": -s, "name": "new"}.items():
        object.__setattr__(bound, key, value)
    return bound


def cited(
    name: str,
    left: Expr | int,
    right: Expr | int,
    lemma: Callable[[], Bound],
    holds: bool,
    where: Mapping[Basic, Basic] | None = None,
) -> Cited:
    return Cited(f"{KIND}: {name}", S(left), S(right), lemma, holds, where or {})


CITED = [
    cited("a square added", x, x + (y - 1) ** 2, lambda: nonnegative((y - 1) ** 2), True),
    cited("a square taken away", x, x - (y - 1) ** 2, lambda: nonnegative((y - 1) ** 2), False),
    cited("a real added", x, x + y, lambda: nonnegative(y), False),
    cited("the log bound", log(s), s - 1, lambda: log_bound(s), True),
    cited("the log bound of a real", log(x), x - 1, lambda: log_bound(x), False),
    cited("the log bound turned", s - 1, log(s), lambda: log_bound(s), False),
    cited("made by hand", x, x + sin(500 * pi * x), fake, False),
    cited("made by copying", 0, -s, fake_by_copy, False),
    cited("made by force", 0, -s, fake_by_force, False),
    cited("made as another kind", 0, -(x**2), fake_by_birth, False),
    cited("made without its making", 0, -s, fake_by_new, False),
    cited("times a positive", 0, s * t, lambda: times(nonnegative(s), t), True),
    cited("times a negative", 0, -s * t, lambda: times(nonnegative(s), -t), False),
    cited("times a real", 0, s * x, lambda: times(nonnegative(s), x), False),
    # The symbol is positive, what it stands for is not.
    cited("an abbreviation of the other sign", 0, s, lambda: nonnegative(s), False, {s: -1 - x**2}),
    cited("an abbreviation of the same sign", 0, s, lambda: nonnegative(s), True, {s: 1 + x**2}),
    cited("a log bound of an abbreviation", log(s), s - 1, lambda: log_bound(s), False, {s: -1 - x**2}),
    cited("Jensen", Mean(log(positive), q), log(Mean(positive, q)), lambda: jensen(positive, q), True),
    # With mass 2 and g = exp(5) the left side is 10, the right one log(2) + 5.
    cited("Jensen with mass 2", Mean(log(positive), doubled), log(Mean(positive, doubled)), lambda: jensen(positive, doubled), False),
    cited("Jensen turned", log(Mean(positive, q)), Mean(log(positive), q), lambda: jensen(positive, q), False),
    cited("Gibbs", 0, KL(p, q), lambda: gibbs(p, q), True),
    # The divergence from twice itself is -log 2.
    cited("Gibbs with mass 2", 0, KL(p, doubled), lambda: gibbs(p, doubled), False),
    cited("Gibbs with a mass of either sign", 0, KL(signed, q), lambda: gibbs(signed, q), False),
    cited("an expectation", 0, Mean(w**2, q), lambda: expected(nonnegative(w**2), q), True),
    cited("an expectation with mass 2", 0, Mean(w**2, doubled), lambda: expected(nonnegative(w**2), doubled), True),
    cited("an expectation under either sign", 0, Mean(w**2, signed), lambda: expected(nonnegative(w**2), signed), False),
    cited("a variance", 0, Var(w, q), lambda: nonnegative(Var(w, q)), True),
    # With mass 2 it is 2 E[w^2] - 4 E[w]^2 under p.
    cited("a variance with mass 2", 0, Var(w, doubled), lambda: nonnegative(Var(w, doubled)), False),
    cited("expected, then times", 0, t * Mean(w**2, unit), lambda: times(expected(nonnegative(w**2), unit), t), True),
    cited("log bound under an expectation", Mean(log(positive), unit), Mean(positive, unit) - 1, lambda: expected(log_bound(positive), unit), True),
    # With g = 1 the left side is 0 and the right one 1/2 - 1.
    cited("log bound with mass 1/2", Mean(log(positive), halved), Mean(positive, halved) - 1, lambda: expected(log_bound(positive), halved), False),
]  # fmt: skip
