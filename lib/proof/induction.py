"""Sums and products over a symbolic range, by induction on its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import sympy as sp
from sympy import Expr, S, Symbol

from .expectation import resolve, with_value
from .normal_form import is_identity
from .terms import TooLarge


class Claim(NamedTuple):
    """That a sum or a product up to ``n`` + c is ``value``, c being free of ``n``."""

    node: sp.Sum | sp.Product
    value: Expr
    n: Symbol


def by_induction(left: Expr, right: Expr) -> bool:
    """Whether one side holds a sum or a product that grows as the other side says.

    From nothing, 0 or 1, by a term or a factor at a time. So it is for ranges of every
    length, and by Karr's convention for negative ones, too.
    """
    claims = [*_claims(left, right), *_claims(resolve(left), resolve(right))]
    return any(map(_grows_alike, claims))


def _claims(left: Expr, right: Expr) -> Iterator[Claim]:
    for one, other in ((left, right), (right, left)):
        nodes = one.atoms(sp.Sum, sp.Product)
        if len(nodes) != 1 or other.has(sp.Sum, sp.Product):
            continue
        node = nodes.pop()
        place = sp.Dummy("node")
        outer = one.xreplace({node: place})
        slope = outer.diff(place)
        if len(node.limits) != 1 or slope == 0 or slope.has(place):
            continue
        value = (other - outer.xreplace({place: S.Zero})) / slope
        _, first, last = node.limits[0]
        for n in sorted(last.free_symbols, key=str):
            beside = first.free_symbols | node.function.free_symbols
            grows = n.is_integer and n not in beside and not (last - n).has(n)
            if grows and (last - first).is_integer:
                yield Claim(node, value, n)


def _grows_alike(claim: Claim) -> bool:
    index, first, last = claim.node.limits[0]
    whole = sp.Dummy("n", integer=True)  # the way there is by numbers of any sign
    value, last = (e.xreplace({claim.n: whole}) for e in (claim.value, last))
    start = value.subs(whole, first - 1 - (last - whole))
    if start.has(S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity):
        raise TooLarge("a value without a start")
    following = value.subs(whole, whole + 1)
    term = with_value(claim.node.function, index, last + 1)
    if isinstance(claim.node, sp.Sum):
        return is_identity(start, S.Zero) and is_identity(following, value + term)
    return is_identity(start, S.One) and is_identity(following, value * term)
