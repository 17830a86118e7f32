"""Limits of quotients that are analytic above and below, by their Taylor series."""

from __future__ import annotations

import math

import sympy as sp
from sympy import Basic, Expr, S

from .bounded import terms_within
from .definite_integrals import MOST_TERMS
from .expectation import resolve
from .series import NotAnalytic, Taylor
from .terms import TooLarge

MOST_ORDER = 8  # of the zero above and below


def without_limits(expression: Basic) -> Basic:
    """The expression with the limits that can be taken put in; others stay."""
    if not expression.has(sp.Limit):
        return expression
    arguments = [without_limits(argument) for argument in expression.args]
    if arguments != list(expression.args):
        expression = expression.func(*arguments)
    if isinstance(expression, sp.Limit) and (value := limit(expression)) is not None:
        return value
    return expression


def limit(node: sp.Limit) -> Expr | None:
    """The value where numerator and denominator have zeros of known order.

    None where one is not analytic, where the quotient has a pole, or a sign is unknown.
    """
    body, variable, place, _ = node.args  # from both sides the same, if there is one
    step = sp.Dummy("t", real=True)
    near = place + step
    if place in (S.Infinity, S.NegativeInfinity):
        near = 1 / step if place is S.Infinity else -1 / step
    quotient = resolve(body).xreplace({variable: near})
    if terms_within(quotient) > MOST_TERMS or quotient.has(sp.Limit):
        return None
    above, below = sp.fraction(sp.together(quotient))
    try:
        order = _order_of_zero(below, step)
        if order is None or not _vanishes_below(above, step, order):
            return None
        lowest = _coefficient(below, step, order)
        if not lowest.is_nonzero:
            return None
        return _coefficient(above, step, order) / lowest
    except (NotAnalytic, TooLarge):
        return None


def _order_of_zero(expression: Expr, step: sp.Symbol) -> int | None:
    taylor = Taylor([step], MOST_ORDER)
    orders = enumerate(taylor.of(expression))
    return next((k for k, c in orders if not taylor.form.is_zero(c)), None)


def _vanishes_below(expression: Expr, step: sp.Symbol, order: int) -> bool:
    taylor = Taylor([step], MOST_ORDER)
    return all(taylor.form.is_zero(c) for c in taylor.of(expression)[:order])


def _coefficient(expression: Expr, step: sp.Symbol, order: int) -> Expr:
    return expression.diff(step, order).xreplace({step: S.Zero}) / math.factorial(order)
