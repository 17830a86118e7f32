"""Jumps at places without an exact form, such as that at which cos(x) = x.

Points tell what lies on both sides of such a place. On it the jumping parts have known
values, a sign is zero, and the other parts nearly those that they have beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import mpmath
import sympy as sp
from sympy import Basic, Expr, Symbol
from sympy.core.relational import Relational

from .evaluation import Number, Point, at_precision, compiled, number
from .kinks import levels_at, roots

JUMPS = (sp.sign, sp.Heaviside, sp.KroneckerDelta, sp.floor, sp.ceiling, Relational)
DIGITS = 30
CLOSE = mpmath.mpf(10) ** -6  # to zero, near a root that is known to some 1e-9
MOST = 10**4  # of a value: a larger one may be infinite on the jump


def unseen_jump(sides: Sequence[Expr], start: Point) -> str | None:
    """Say where the sides may differ, at a jump without an exact form, or None.

    It is looked for along one symbol after another, with ``start`` for the others.
    """
    jumping = sp.Tuple(*sides).atoms(*JUMPS)
    symbols = set().union(*(node.free_symbols for node in jumping))
    for symbol in (s for s in start if s in symbols and not s.is_integer):
        others = {s: value for s, value in start.items() if s != symbol}
        here = [side.xreplace(others) for side in sides]
        for kink, root in _inexact_roots(here, symbol, start[symbol]):
            left, right = (_value_on(side, symbol, root) for side in here)
            if left is None or right is None:
                continue
            if mpmath.im(left) or mpmath.im(right):
                continue  # in the plane logarithms and roots jump, too
            gap, size = abs(left - right), max(abs(left), abs(right))
            if size < MOST and gap > CLOSE * (1 + size):
                near = sp.N(root, 8)
                return f"the sides may differ where {kink} is zero, near {near}"
    return None


def _inexact_roots(
    sides: Sequence[Expr], symbol: Symbol, near: Expr
) -> Iterator[tuple[Expr, Expr]]:
    for node in sorted(sp.Tuple(*sides).atoms(*JUMPS), key=sp.default_sort_key):
        for kink in _levels(node, {symbol: near}):
            if kink.has(*JUMPS, sp.Mod, sp.frac):
                continue  # it may change its sign without a root
            for root in roots(kink, symbol):
                if root.is_Rational and kink.xreplace({symbol: root}) != 0:
                    yield kink, root


def _levels(node: Basic, near: Point) -> list[Expr]:
    """What is zero where the node jumps; of a floor the levels next to a point."""
    if isinstance(node, (sp.floor, sp.ceiling)):
        return [*(node.args[0] - k for k in (-1, 0, 1)), *levels_at(node, near)]
    if isinstance(node, (Relational, sp.KroneckerDelta)):
        return [node.args[0] - node.args[1]]
    return [node.args[0]]


def _value_on(side: Expr, symbol: Symbol, root: Expr) -> Number | None:
    """The value at the root near ``root`` of all that has one close to it."""
    on = {}
    for node in side.atoms(*JUMPS):
        if (value := _on_jump(node, symbol, root)) is not None:
            on[node] = value
    function = compiled(side.xreplace(on), [symbol], {})
    with mpmath.workdps(DIGITS):
        return number(partial(function, at_precision(root)))


def _on_jump(node: Basic, symbol: Symbol, root: Expr) -> Basic | None:
    """The value on its jump of what jumps close to ``root``."""
    if not any(_is_close(kink, symbol, root) for kink in _levels(node, {symbol: root})):
        return None
    if isinstance(node, (sp.floor, sp.ceiling)):
        return sp.Integer(round(sp.N(node.args[0].xreplace({symbol: root}), DIGITS)))
    if isinstance(node, sp.Heaviside):
        return node.args[1]
    if isinstance(node, Relational):
        return sp.sympify(isinstance(node, (sp.Eq, sp.Le, sp.Ge)))
    return sp.Integer(isinstance(node, sp.KroneckerDelta))


def _is_close(kink: Expr, symbol: Symbol, root: Expr) -> bool:
    return bool(abs(sp.N(kink.xreplace({symbol: root}), DIGITS)) < CLOSE)
