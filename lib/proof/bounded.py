"""SymPy's ``expand`` of what stays small: it cannot be stopped from inside."""

from __future__ import annotations

import math

import sympy as sp
from sympy import Expr

from .terms import TooLarge

MOST_TERMS = 5000  # of a sum that is multiplied out


def expand(expression: Expr) -> Expr:
    """``sympy.expand``; raises ``TooLarge`` where it might give too many terms."""
    if terms_within(expression) > MOST_TERMS:
        raise TooLarge(f"more than {MOST_TERMS} terms, multiplied out")
    return sp.expand(expression)


def terms_within(node: sp.Basic) -> int:
    """At most how many terms the expression has, multiplied out, or a part of it."""
    if not node.args:
        return 1
    parts = [terms_within(argument) for argument in node.args]
    if isinstance(node, sp.Add):
        return sum(parts)
    if isinstance(node, sp.Mul):
        return math.prod(parts)
    if isinstance(node, sp.Pow) and node.exp.is_Integer:
        power = min(abs(int(node.exp)), MOST_TERMS)
        return math.comb(parts[0] + power - 1, power)
    return max(parts)
