"""Integrals of x^n exp(a x^2 + b x + d): over the line, and under a Gaussian."""

from __future__ import annotations

import sympy as sp
from sympy import Add, Expr, Mul, S, Symbol
from sympy.functions.elementary.hyperbolic import HyperbolicFunction
from sympy.functions.elementary.trigonometric import TrigonometricFunction

MOST_POWER = 200  # of the variable


def expand_for_gaussian(g: Expr) -> Expr:
    """``g`` as a sum of terms, many of which the functions below know."""
    if g.has(TrigonometricFunction, HyperbolicFunction):
        g = g.rewrite(sp.exp)
    return sp.expand(sp.expand_log(sp.expand(g)))


def is_expandable(g: Expr, x: Symbol) -> bool:
    """Whether ``g`` can be such a sum: nothing divides by a sum, or takes its root."""
    if not g.has(x):
        return True
    of_sum = isinstance(g, sp.Pow) and isinstance(g.base, Add) and g.base.has(x)
    if of_sum and not (g.exp.is_Integer and 0 <= g.exp <= MOST_POWER):
        return False
    if isinstance(g, sp.log) and isinstance(g.args[0], Add):
        return False
    return all(is_expandable(argument, x) for argument in g.args)


def gaussian_mean(term: Expr, x: Symbol, mean: Expr, std: Expr) -> Expr | None:
    """E of c x^n exp(a x^2 + b x + d) under N(mean, std^2), or None for other terms.

    The exponential tilts the law: it stays Gaussian, with the precision lowered by 2a.
    """
    constant, rest = term.as_independent(x, as_Add=False)
    if (form := power_and_exponent(rest, x)) is None:
        return None
    power, a, b, d = form
    narrowing = 1 - 2 * a * std**2
    if not narrowing.is_positive:
        return None
    tilt = sp.exp(d + (a * mean**2 + b * mean + b**2 * std**2 / 2) / narrowing)
    centre = (mean + b * std**2) / narrowing
    moment = _gaussian_moment(power, centre, std**2 / narrowing)
    return constant * tilt * moment / sp.sqrt(narrowing)


def gaussian_integral(term: Expr, x: Symbol) -> Expr | None:
    """The integral of x^n exp(a x^2 + b x + d) over the line, or None for others."""
    form = power_and_exponent(term, x)
    if form is None or not form[1].is_negative:
        return None
    power, a, b, d = form
    variance = -1 / (2 * a)
    mass = sp.sqrt(2 * sp.pi * variance) * sp.exp(d + b**2 * variance / 2)
    return mass * _gaussian_moment(power, b * variance, variance)


def power_and_exponent(rest: Expr, x: Symbol) -> tuple[int, Expr, Expr, Expr] | None:
    """(n, a, b, d) of a term x^n exp(a x^2 + b x + d), or None for other terms."""
    power, exponent = S.Zero, S.Zero
    for factor in Mul.make_args(rest):
        if isinstance(factor, sp.exp):
            exponent += factor.args[0]
        elif factor.as_base_exp()[0] == x and factor.as_base_exp()[1].is_Integer:
            power += factor.as_base_exp()[1]
        elif factor != 1:
            return None
    if not 0 <= power <= MOST_POWER or not exponent.is_polynomial(x):
        return None
    if sp.degree(exponent, x) > 2:
        return None
    a, b, d = (exponent.expand().coeff(x, n) for n in (2, 1, 0))
    return int(power), a, b, d


def _gaussian_moment(power: int, mean: Expr, variance: Expr) -> Expr:
    return Add(
        *(
            sp.binomial(power, k)
            * mean ** (power - k)
            * variance ** (k // 2)
            * sp.factorial2(k - 1)
            for k in range(0, power + 1, 2)
        )
    )
