"""SymPy's ``expand``, and its question for a sign, of what stays small.

Neither can be stopped from inside.
"""

from __future__ import annotations

import math

import sympy as sp
from sympy import Expr
from sympy.core import exprtools

from .terms import TooLarge

MOST_TERMS = 5000  # of a sum that is multiplied out
MOST_EXPANDED = 200  # the degree of a sum that is multiplied out
MOST_DEGREE = 12  # of a sum whose sign SymPy looks for by the roots of its derivative


def expand(expression: Expr) -> Expr:
    """``sympy.expand``; raises ``TooLarge`` where it might give too many terms."""
    if terms_within(expression) > MOST_TERMS:
        raise TooLarge(f"more than {MOST_TERMS} terms, multiplied out")
    if degree_within(expression) > MOST_EXPANDED:
        raise TooLarge(f"a degree above {MOST_EXPANDED}, multiplied out")
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


def degree_within(node: sp.Basic) -> int:
    """At most the degree of a polynomial, in all of its symbols together."""
    if not node.args:
        return int(bool(node.free_symbols))
    parts = [degree_within(argument) for argument in node.args]
    if isinstance(node, sp.Mul):
        return sum(parts)
    if isinstance(node, sp.Pow) and node.exp.is_Integer:
        return parts[0] * abs(int(node.exp))
    return max(parts)


def _bound_the_search_for_a_sign() -> None:
    """SymPy isolates a derivative's roots to tell whether a sum is positive.

    It does so whenever anything asks, as ``log`` does of its argument, and for minutes
    where the degree is some hundred. Beyond a small one its answer here is "unknown".
    """
    unbounded = exprtools._monotonic_sign

    def monotonic_sign(self: Expr) -> Expr | None:
        return None if degree_within(self) > MOST_DEGREE else unbounded(self)

    exprtools._monotonic_sign = monotonic_sign


_bound_the_search_for_a_sign()
