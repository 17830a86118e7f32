"""Approximations up to O(t^k): of every order, uniform or along rays only, not smooth.

Hard, because a power is read off where t is small but not zero, derivatives at 0 say
nothing of what is not smooth there, and a bound along every ray is no bound of the
norm.
"""

# ruff: noqa: E501

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import (
    Abs,
    Basic,
    EulerGamma,
    Expr,
    Function,
    Max,
    Piecewise,
    Rational,
    S,
    Symbol,
    cos,
    diff,
    erf,
    exp,
    factorial,
    gamma,
    log,
    pi,
    sin,
    sqrt,
    symbols,
    tanh,
)

KIND = "approximations"


@dataclass(frozen=True)
class Approximation:
    """``left = right + O(t^k)``, t the norm of ``variables``, as they shrink to 0.

    It is true at the order ``holds`` and false at the order ``fails``; None where there
    is no such order from 1 to 50. Along rays alone it may hold at ``on_rays``.
    """

    name: str
    left: Expr
    right: Expr
    variables: tuple[Symbol, ...]
    holds: int | None
    fails: int | None
    given: tuple[Basic, ...] = ()
    on_rays: int | None = None


a, b, k = symbols("a b k", real=True)
s, c = symbols("s c", positive=True)
f = Function("f", real=True)


def row(
    name: str,
    left: Expr | int,
    right: Expr | int,
    holds: int | None,
    fails: int | None,
    about: Sequence[Symbol] = (a,),
    given: tuple[Basic, ...] = (),
    on_rays: int | None = None,
) -> Approximation:
    name = f"{KIND}: {name}"
    return Approximation(name, S(left), S(right), tuple(about), holds, fails, given, on_rays)  # fmt: skip


def taylor(degree: int, step: int, first: int) -> Expr:
    """The sum of a^j/j! with signs that alternate, for j = first, first + step, ..."""
    powers = range(first, degree + 1, step)
    return sum((-1) ** m * a**j / factorial(j) for m, j in enumerate(powers))


rising = sum(a**j / factorial(j) for j in range(5))

APPROXIMATIONS = [
    # Smooth, at orders from 1 to 50.
    row("exp to the first order", exp(a), 1, 1, 2),
    row("exp to the fifth order", exp(a), rising, 5, 6),
    row("exp to the tenth order", exp(a), sum(a**j / factorial(j) for j in range(10)), 10, 11),
    row("exp to the thirtieth order", exp(a), sum(a**j / factorial(j) for j in range(30)), 30, 31),
    row("sine to order 49", sin(a), taylor(47, 2, 1), 49, 50),
    row("cosine to order 50", cos(a), taylor(48, 2, 0), 50, None),
    row("one coefficient wrong", exp(a), rising + a**3 / 10**6, 3, 4),
    row("geometric series", 1 / (1 - a), sum(a**j for j in range(20)), 20, 21),
    row("a polynomial of order 50", a**50 + a**3, a**3, 50, None),
    row("a polynomial of order 49", a**49 + a**3, a**3, 49, 50),
    row("equal at every order", (1 + a) ** 2, 1 + 2 * a + a**2, 50, None),
    row("a square root", sqrt(1 + a), 1 + a / 2 - a**2 / 8, 3, 4),
    row("tanh", tanh(a), a - a**3 / 3, 5, 6),
    row("error function", erf(a), 2 * a / sqrt(pi), 3, 4),
    row("gamma at 1", gamma(1 + a), 1 - EulerGamma * a, 2, 3),
    row("an unknown function", f(k + a), f(k) + a * diff(f(k), k), 2, 3),
    # Not smooth: a power between the whole ones, a kink, a logarithm, a flat function.
    row("Abs to the power 3/2", Abs(a) ** Rational(3, 2), 0, 1, 2),
    row("Abs to the power 7/2 beside a^2", a**2 + Abs(a) ** Rational(7, 2), a**2, 3, 4),
    row("a root", sqrt(s), 0, None, 1, (s,)),
    # Just below the order.
    row("a power of 2 less 10^-7", s ** (2 - Rational(1, 10**7)), 0, 1, 2, (s,)),
    row("a power of 1 + 10^-3", s ** (1 + Rational(1, 1000)), 0, 1, 2, (s,)),
    row("a kink", Abs(a), a, 1, 2),
    row("a smoother kink", Max(a, 0) ** 2, 0, 2, 3),
    row("a flat function", exp(-1 / a**2), 0, 50, None),
    row("a flat function beside a power", exp(-1 / a**2) + a**7, 0, 7, 8),
    row("a flat function that hides", exp(-1 / Abs(a)) * 10**50 + a**9 / 10**50, 0, 9, 10),
    row("a log times a", s * log(s), 0, None, 1, (s,)),
    row("a log times a^2", s**2 * log(s), 0, 1, 2, (s,)),
    row("a squared log times a^3", a**3 * log(Abs(a)) ** 2, 0, 2, 3),
    row("the log of a log", s**2 * log(-log(s)), 0, 1, 2, (s,), (s < Rational(1, 3),)),
    row("an inverse log", s**2 / log(s), 0, 2, 3, (s,)),
    row("swinging", a * sin(1 / a), 0, 1, 2),
    row("swinging faster", a**2 * sin(1 / a**5), 0, 2, 3),
    row("swinging in the log", s**2 * (2 + sin(log(s))), 0, 2, 3, (s,)),
    # Only very near 0 does the formula that counts begin.
    row("another formula within 10^-60", Piecewise((a, a < Rational(1, 10**60)), (a**2, True)), 0, 1, 2),
    row("a better formula within 10^-60", Piecewise((a**2, a < Rational(1, 10**60)), (a, True)), 0, 2, 3),
    row("a term of 10^-400", a / 10**400 + a**2, 0, 1, 2),
    row("a term of 10^400", a**3 * 10**400, 0, 3, 4),
    row("a sine of 10^30 a", sin(10**30 * a), 10**30 * a, 3, 4),
    # Poles.
    row("the inverse of a", 1 / (1 + 1 / s), 0, 1, 2, (s,)),
    row("a removable pole", sin(a) / a, 1 - a**2 / 6, 4, 5),
    row("a pole", 1 / a, 0, None, 1),
    row("a pole that stays", (1 + a) / a, 1 / a, None, 1),
    # Parameters that do not shrink.
    row("with a parameter", exp(k * a), 1 + k * a, 2, 3),
    row("with a parameter below", 1 / (c + a), 1 / c - a / c**2, 2, 3),
    row("for large parameters only", Max(k - 10**6, 0) * a + a**2, 0, 1, 2),
    row("at one parameter only", Max(0, 1 - 10**6 * (k - pi) ** 2) * a + a**2, 0, 1, 2),
    # Several variables. A bound by the norm holds near 0 in every direction at once.
    row("a product", exp(a * b), 1 + a * b, 4, 5, (a, b)),
    row("a sine of a sum", sin(a + b), a + b, 3, 4, (a, b)),
    row("a homogeneous quotient", b**4 / (a**2 + b**2), 0, 2, 3, (a, b)),
    # Unbounded beside a = 0; on each ray of order 3.
    row("a quotient of rays", 1 + b**4 / a, 1, None, 2, (a, b), (), 3),
    row("a quotient of small order", b**2 / a, 0, None, 1, (a, b), (), 1),
    # On the parabola a = b^2 it is 1/2; on each ray of order 1.
    row("a parabola's ridge", a * b**2 / (a**2 + b**4), 0, None, 1, (a, b), (), 1),
    row("a ridge times the norm", a * b**2 * (a**2 + b**2) / (a**2 + b**4), 0, 2, 3, (a, b), (), 3),
    # Flat on every ray, but a^2/e on the parabola b = a^2, where it is largest.
    row("flat along rays", b * exp(-Abs(b) / a**2), 0, 2, 3, (a, b), (), 50),
    row("one of two shrinks", sin(a) * cos(k), a * cos(k), 3, 4),
]  # fmt: skip
