"""How far values must go: beyond every number that is written, and beyond the usual."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import sympy as sp
from sympy import Basic, Rational

LEAST_REACH, MOST_REACH = 9, 5000  # powers of ten


def reach_of(expressions: Sequence[Basic]) -> int:
    """A power of ten beyond the numbers in expressions, and below what they divide by.

    What holds below ten to the fortieth may stop there.
    """
    found = LEAST_REACH
    for expression in expressions:
        for node in sp.preorder_traversal(expression):
            if isinstance(node, sp.Expr) and node.is_number and node.is_commutative:
                found = max(found, _power_of_ten(node) + 3)
    return min(found, MOST_REACH)


def _power_of_ten(number: sp.Expr) -> int:
    """The size of the exponent of a number, 0 of what has none."""
    if not isinstance(number, (sp.Rational, sp.Pow, sp.exp, sp.factorial)):
        return 0
    value = abs(sp.N(number, 15))
    if not (value.is_Float and value.is_finite) or value == 0:
        return 0
    return abs(int(sp.N(sp.log(value, 10), 15)))


def far_number(random: Random, reach: int) -> Rational:
    """A positive number of any scale within reach, often usual or the farthest."""
    usual = random.randint(-LEAST_REACH, LEAST_REACH)
    power = random.choice((random.randint(-reach, reach), usual, reach, -reach))
    return Rational(random.randint(11, 99), 10) * Rational(10) ** power
