"""Integrals of x^n exp(a x^2 + b x + d): over the line, and under a Gaussian.

Under a Gaussian also with an erf(k x + l) beside it.
"""

from __future__ import annotations

import sympy as sp
from sympy import Add, Expr, Mul, S, Symbol
from sympy.functions.elementary.hyperbolic import HyperbolicFunction
from sympy.functions.elementary.trigonometric import TrigonometricFunction

from .bounded import expand

MOST_POWER = 200  # of the variable
MOST_POWER_BESIDE_ERROR = 12


def expand_for_gaussian(g: Expr) -> Expr:
    """``g`` as a sum of terms, many of which the functions below know."""
    if g.has(TrigonometricFunction, HyperbolicFunction):
        g = g.rewrite(sp.exp)
    g = expand(g)
    return expand(sp.expand_log(g)) if g.has(sp.log) else g


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
    One factor may be erf(k x + l).
    """
    constant, rest = term.as_independent(x, as_Add=False)
    error = next((f for f in Mul.make_args(rest) if isinstance(f, sp.erf)), None)
    if error is not None:
        rest = rest / error
    if (form := power_and_exponent(rest, x)) is None:
        return None
    power, a, b, d = form
    narrowing = 1 - 2 * a * std**2
    if not narrowing.is_positive:
        return None
    tilt = sp.exp(d + (a * mean**2 + b * mean + b**2 * std**2 / 2) / narrowing)
    centre = (mean + b * std**2) / narrowing
    variance = std**2 / narrowing
    if error is None:
        moment = _gaussian_moment(power, centre, variance)
    else:
        moment = _moment_with_error(power, error.args[0], x, centre, variance)
    return None if moment is None else constant * tilt * moment / sp.sqrt(narrowing)


def _moment_with_error(
    power: int, inner: Expr, x: Symbol, mean: Expr, variance: Expr
) -> Expr | None:
    """E of x^n erf(k x + l): by Stein's identity, E (x - m) g = v E g', from n = 0."""
    if power > MOST_POWER_BESIDE_ERROR or sp.degree(inner, x) != 1:
        return None
    k, rest = inner.expand().coeff(x, 1), inner.expand().coeff(x, 0)
    if not (k.is_extended_real and rest.is_extended_real):
        return None
    moments = [sp.erf((k * mean + rest) / sp.sqrt(1 + 2 * k**2 * variance))]
    std = sp.sqrt(variance)
    for n in range(1, power + 1):
        bell = gaussian_mean(x ** (n - 1) * sp.exp(-(inner**2)), x, mean, std)
        if bell is None:
            return None
        slope = 2 * k * bell / sp.sqrt(sp.pi)
        before = (n - 1) * moments[n - 2] if n > 1 else S.Zero
        moments.append(mean * moments[n - 1] + variance * (before + slope))
    return moments[power]


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


def stein(g: Expr, x: Symbol, mean: Expr, std: Expr) -> Expr | None:
    """What has the mean of g = x h under N(mean, std^2), a power of x lower, or None.

    E (x - m) h = s^2 E h', if ``h`` is smooth and grows no faster than exponentials.
    """
    powers = [f for f in Mul.make_args(g) if f.as_base_exp()[0] == x]
    if not powers or not powers[0].as_base_exp()[1].is_positive:
        return None
    h = g / x
    return mean * h + std**2 * h.diff(x) if _is_slow(h, x) else None


def _is_slow(g: Expr, x: Symbol) -> bool:
    """Whether ``g`` is seen to be smooth, and it and its slope below exp(c |x|)."""
    if not g.has(x) or g == x:
        return True
    if isinstance(g, (Add, Mul)):
        return all(_is_slow(argument, x) for argument in g.args)
    if isinstance(g, sp.Pow) and g.exp.is_Integer:
        return _is_slow(g.base, x) if g.exp > 0 else _is_sum_of_exponentials(g.base, x)
    if isinstance(g, sp.log):
        return _is_sum_of_exponentials(g.args[0], x)
    bounded = (sp.tanh, sp.sech, sp.erf, sp.sin, sp.cos)
    return isinstance(g, (sp.exp, *bounded)) and _is_affine(g.args[0], x)


def _is_sum_of_exponentials(g: Expr, x: Symbol) -> bool:
    """Of affine functions, with positive numbers in front: it is nowhere zero."""
    for term in Add.make_args(g):
        constant, rest = term.as_independent(x, as_Add=False)
        exponential = isinstance(rest, sp.exp) and _is_affine(rest.args[0], x)
        if not constant.is_positive or not (rest == 1 or exponential):
            return False
    return True


def _is_affine(u: Expr, x: Symbol) -> bool:
    slope = u.diff(x)
    return not slope.has(x) and u.is_extended_real is True
