"""The value of an expression in ball arithmetic: a judge with a proof in its hand.

By python-flint, which shares no code with the checker; two balls that do not meet are
two numbers.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction

import sympy as sp
from flint import acb, arb, ctx, fmpq
from sympy import Basic, Symbol

DIGITS = 200

_FUNCTIONS: dict[str, Callable[[acb], acb]] = {
    "exp": lambda u: u.exp(),
    "log": lambda u: u.log(),
    "sin": lambda u: u.sin(),
    "cos": lambda u: u.cos(),
    "tan": lambda u: u.tan(),
    "sinh": lambda u: u.sinh(),
    "cosh": lambda u: u.cosh(),
    "tanh": lambda u: u.tanh(),
    "atan": lambda u: u.atan(),
    "erf": lambda u: u.erf(),
    "gamma": lambda u: u.gamma(),
    "Abs": lambda u: acb(abs(u)),
    "sigmoid": lambda u: 1 / (1 + (-u).exp()),
}


@contextmanager
def narrow(bits: int = 4000) -> Iterator[None]:
    """Balls far narrower than any enclosure that they are to judge."""
    before, ctx.prec = ctx.prec, bits
    try:
        yield
    finally:
        ctx.prec = before


def exactly(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


def ball(node: Basic, at: Mapping[Symbol, sp.Rational]) -> acb:
    """The value of ``node`` with rational numbers for its symbols."""
    if node in at:
        node = at[node]
    if node.is_Rational:
        return acb(arb(fmpq(int(node.p), int(node.q))))
    if node is sp.pi:
        return acb.pi()
    if node is sp.E:
        return acb(1).exp()
    if node is sp.I:
        return acb(0, 1)
    parts = [ball(argument, at) for argument in node.args]
    if isinstance(node, sp.Add):
        return sum(parts, acb(0))
    if isinstance(node, sp.Mul):
        product = acb(1)
        for part in parts:
            product *= part
        return product
    if isinstance(node, sp.Pow):
        base, exponent = parts
        if node.exp.is_Integer:
            return base ** int(node.exp)
        return base.sqrt() if node.exp == sp.S.Half else base**exponent
    if isinstance(node, sp.Max):  # of two real numbers
        one, other = parts
        return (one + other + acb(abs(one - other))) / 2
    return _FUNCTIONS[type(node).__name__](*parts)


def are_apart(
    left: Basic, right: Basic, points: list[dict[Symbol, sp.Rational]]
) -> bool:
    """Whether the balls of both sides are finite and apart at one of the points."""
    before, ctx.dps = ctx.dps, DIGITS
    try:
        for at in points:
            one, other = ball(left, at), ball(right, at)
            if one.is_finite() and other.is_finite() and not one.overlaps(other):
                return True
        return False
    finally:
        ctx.dps = before
