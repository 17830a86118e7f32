"""Functions that are elementary at some of their arguments, and what they are there.

Each form holds for all complex arguments, on the principal branches, wherever both it
and the function have a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp
from sympy import Expr, S

MOST_ORDER = 20  # of a Bessel function: its form has so many terms


def elementary(name: str, arguments: Sequence[Expr]) -> Expr | None:
    """A function of that name in exponentials, powers and logarithms, or None."""
    rule = _RULES.get(name)
    return None if rule is None else rule(*arguments)


# ------------------------------------------ Bessel's of half-integer order: DLMF 10.49


def _coefficients(n: int, z: Expr) -> list[Expr]:
    """(n + k)! / (k! (n - k)! (2 z)^k)."""
    return [
        sp.Integer(math.comb(n + k, k) * math.perm(n, k)) / (2 * z) ** k
        for k in range(n + 1)
    ]


def _wave(n: int, z: Expr, cosine: Expr, sine: Expr) -> Expr:
    parts = _coefficients(n, z)
    even = sp.Add(*((-1) ** k * part for k, part in enumerate(parts[::2])))
    odd = sp.Add(*((-1) ** k * part for k, part in enumerate(parts[1::2])))
    return sine * even + cosine * odd


def _first_spherical(n: Expr, z: Expr) -> Expr | None:
    """z j_n(z)."""
    if not (n.is_Integer and abs(n) <= MOST_ORDER):
        return None
    if n < 0:
        second = _second_spherical(-n - 1, z)
        return None if second is None else (-1) ** n * second
    turned = z - n * sp.pi / 2
    return _wave(int(n), z, sp.cos(turned), sp.sin(turned))


def _second_spherical(n: Expr, z: Expr) -> Expr | None:
    """z y_n(z)."""
    if not (n.is_Integer and abs(n) <= MOST_ORDER):
        return None
    if n < 0:
        first = _first_spherical(-n - 1, z)
        return None if first is None else (-1) ** (n + 1) * first
    turned = z - n * sp.pi / 2
    return _wave(int(n), z, sp.sin(turned), -sp.cos(turned))


def _over(spherical: Callable[[Expr, Expr], Expr | None], n: Expr, z: Expr) -> Any:
    found = spherical(n, z)
    return None if found is None else found / z


def _of_half(
    spherical: Callable[[Expr, Expr], Expr | None], order: Expr, z: Expr
) -> Any:
    found = spherical(order - S.Half, z)
    return None if found is None else sp.sqrt(2 / sp.pi) * z**-S.Half * found


def _hankel(sign: int, order: Expr, z: Expr) -> Expr | None:
    first = _of_half(_first_spherical, order, z)
    second = _of_half(_second_spherical, order, z)
    return None if first is None else first + sign * S.ImaginaryUnit * second


def _besselk(order: Expr, z: Expr) -> Expr | None:
    n = abs(order) - S.Half
    if not (n.is_Integer and n <= MOST_ORDER):
        return None
    front = sp.sqrt(sp.pi / 2) * z**-S.Half * sp.exp(-z)
    return front * sp.Add(*_coefficients(int(n), z))


def _besseli(order: Expr, z: Expr) -> Expr | None:
    n = abs(order) - S.Half
    if not (n.is_Integer and n <= MOST_ORDER):
        return None
    parts = _coefficients(int(n), z)
    rising = sp.Add(*((-1) ** k * part for k, part in enumerate(parts)))
    falling = (-1) ** n * sp.Add(*parts)
    falling = falling if order < 0 else -falling
    both = sp.exp(z) * rising + sp.exp(-z) * falling
    return both * z**-S.Half / sp.sqrt(2 * sp.pi)


# ---------------------------------------------------------------- hypergeometric series


def _hyper(above: sp.Tuple, below: sp.Tuple, z: Expr) -> Expr | None:
    if not (above or below):
        return sp.exp(z)
    if (1 - z).is_positive is not True:  # the others have a cut
        return None
    if len(above) == 1 and not below:
        return (1 - z) ** -above[0]
    if tuple(above) == (1, 1) and tuple(below) == (2,):
        return -sp.log(1 - z) / z
    return None


_RULES: dict[str, Callable[..., Expr | None]] = {
    "jn": lambda n, z: _over(_first_spherical, n, z),
    "yn": lambda n, z: _over(_second_spherical, n, z),
    "besselj": lambda order, z: _of_half(_first_spherical, order, z),
    "bessely": lambda order, z: _of_half(_second_spherical, order, z),
    "hankel1": lambda order, z: _hankel(1, order, z),
    "hankel2": lambda order, z: _hankel(-1, order, z),
    "besseli": _besseli,
    "besselk": _besselk,
    "hyper": _hyper,
}
