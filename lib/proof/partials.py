"""Partial derivatives of many expressions by many symbols at once: ``partials``.

SymPy's ``diff`` gives the same, but works through a part again wherever it occurs, and
asks of each result whether it is zero, which takes most of its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy as sp
from sympy import Expr, S, Symbol

Partials = dict[Symbol, Expr]  # those that are not zero


def partials(expressions: Iterable[Expr], by: Sequence[Symbol]) -> list[Partials]:
    """The partial derivatives of each expression, every common part derived once."""
    known: dict[Expr, Partials] = {x: {x: S.One} for x in by}

    def of(node: Expr) -> Partials:
        if node not in known:
            known[node] = through(node)
        return known[node]

    def through(node: Expr) -> Partials:
        if not any(of(argument) for argument in node.args):
            return {}
        if (outer := _outer(node, constant_exponent=not of(node.args[-1]))) is None:
            return {x: slope for x in by if (slope := node.diff(x)) != 0}
        terms: dict[Symbol, list[Expr]] = {}
        for slope, argument in zip(outer, node.args, strict=True):
            for x, inner in of(argument).items():
                terms.setdefault(x, []).append(slope * inner)
        return {x: sp.Add(*parts) for x, parts in terms.items()}

    return [of(expression) for expression in expressions]


def _outer(node: Expr, constant_exponent: bool) -> list[Expr] | None:
    """The derivatives of a node by its arguments, where the chain rule is its rule."""
    places = range(len(node.args))
    if isinstance(node, sp.Add):
        return [S.One for _ in places]
    if isinstance(node, sp.Mul):
        return [sp.Mul(*node.args[:i], *node.args[i + 1 :]) for i in places]
    if isinstance(node, sp.Pow) and constant_exponent:
        return [node.exp * node.base ** (node.exp - 1), S.Zero]
    if type(node)._eval_derivative is sp.Function._eval_derivative:
        return [node.fdiff(i + 1) for i in places]
    return None
