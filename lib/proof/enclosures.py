r"""Expressions enclosed at a point: a number that contains the value.

    sinh = Enclosure(sp.sinh(x))
    sinh.at({x: sp.Rational(1, 3)}, digits=60)      an interval of about that width

Two sides whose enclosures do not meet are different, which no rounded number can tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from fractions import Fraction
from typing import Any

import sympy as sp
from mpmath import iv
from sympy import Basic, Expr, S, Symbol
from sympy.logic.boolalg import BooleanAtom

from .elementary import elementary
from .enclosed_functions import FUNCTIONS, piecewise
from .intervals import (
    NotInTable,
    Number,
    Undefined,
    Unknown,
    magnitude,
    precision,
)

MOST_DIGITS = 6000  # beyond so many an enclosure is not worth its time
FACTORS = 3  # of a product that is to be seen beside the largest number
MOST_NODES = 20_000  # of an expression


class Enclosure:
    """An expression that can be enclosed at any point, to any number of digits.

    ``functions`` gives the enclosures of functions by their names, beside the table.
    """

    def __init__(
        self, expression: Basic, functions: Mapping[str, Callable[..., Number]] = {}
    ) -> None:
        self._functions = functions
        basic = _in_basic_functions(expression, functions.keys())
        self._nodes = list(_postorder(basic))
        self._place = {node: i for i, node in enumerate(self._nodes)}
        self.symbols = {node for node in self._nodes if isinstance(node, Symbol)}

    def at(self, point: Mapping[Symbol, Basic], digits: int) -> Number:
        """The enclosure at a point. Raises ``Undefined`` or ``Unknown``."""
        value = self._values(point, digits)[-1]
        if isinstance(value, (Undefined, Unknown)):
            raise value
        return value

    def values_at(self, point: Mapping[Symbol, Basic], digits: int) -> list[Any]:
        """Of all parts in their order, the whole last; an exception where none is."""
        return self._values(point, digits)

    def _values(self, point: Mapping[Symbol, Basic], digits: int) -> list[Any]:
        if digits > MOST_DIGITS:
            return [Unknown(f"it would take {digits} digits")]
        with precision(digits):
            values: list[Any] = []
            for node in self._nodes:
                arguments = [values[self._place[a]] for a in _arguments(node)]
                values.append(self._value(node, arguments, point))
            return values

    def _value(
        self, node: Basic, arguments: Sequence[Any], point: Mapping[Symbol, Basic]
    ) -> Any:
        """One node's enclosure, or the exception that says why there is none."""
        try:
            if isinstance(node, sp.Piecewise):
                return piecewise(arguments)
            for kind in (Undefined, Unknown):
                for argument in arguments:
                    if isinstance(argument, kind):
                        return argument
            if isinstance(node, Symbol):
                return enclosed(point[node])
            if not arguments:
                return enclosed(node)
            name = node.func.__name__
            function = self._functions.get(name) or FUNCTIONS.get(name)
            if function is None:
                raise NotInTable(f"no enclosure is known of {name}")
            return function(*arguments)
        except (Undefined, Unknown) as reason:
            return reason


def enclosed(value: Basic) -> Number:
    """An exact number of SymPy as an enclosure at the working precision."""
    if value in (S.true, S.false) or isinstance(value, BooleanAtom):
        return bool(value)
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    if value.is_Float:  # a binary number, exactly
        return Fraction(*map(int, sp.Rational(value).as_numer_denom()))
    if value in CONSTANTS:
        return CONSTANTS[value]()
    if value in (S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity):
        raise Undefined(f"{value} is no number")
    if value.args:  # a point may have algebraic numbers: 1/sqrt(2), 1 + i/2
        return Enclosure(value).at({}, math.ceil((iv.prec - 20) / math.log2(10)))
    raise NotInTable(f"no enclosure is known of {value}")


CONSTANTS: dict[Basic, Callable[[], Number]] = {
    S.Pi: lambda: +iv.pi,
    S.Exp1: lambda: +iv.e,
    S.ImaginaryUnit: lambda: iv.mpc(0, 1),
    S.EulerGamma: lambda: +iv.euler,
    S.Catalan: lambda: +iv.catalan,
    S.GoldenRatio: lambda: (1 + iv.sqrt(iv.mpf(5))) / 2,
}


def digits_beyond(values: Sequence[Any]) -> int:
    """How many digits tell sums of these numbers, and of their products, apart.

    That is 60 more than lie between the largest and the smallest of them, so that what
    is added to a large number is seen; and if they can be had, 60 more than between the
    largest and the smallest product of three. A fraction is as fine as its parts are
    long.
    """
    sizes = [size for value in values if (size := magnitude(value)) is not None]
    spread = max(sizes, default=0) - min(sizes, default=0)
    finest = max(
        (v.denominator.bit_length() for v in values if isinstance(v, Fraction)),
        default=0,
    )
    needed, wanted = (
        60 + math.ceil((factors * spread + finest) * math.log10(2))
        for factors in (1, FACTORS)
    )
    return max(needed, min(wanted, MOST_DIGITS))


def _postorder(expression: Basic) -> Iterator[Basic]:
    """Every part of an expression once, each after its arguments."""
    seen: set[Basic] = set()
    waiting = [(expression, False)]
    while waiting:
        node, ready = waiting.pop()
        if ready:
            yield node
        elif node not in seen:
            seen.add(node)
            if len(seen) > MOST_NODES:
                raise Unknown(f"the expression has more than {MOST_NODES} parts")
            waiting.append((node, True))
            waiting += [(a, False) for a in _arguments(node)]


def _arguments(node: Basic) -> Sequence[Basic]:
    """What is to be enclosed before the node; a piecewise formula's parts in a row."""
    if isinstance(node, sp.Piecewise):
        return [part for pair in node.args for part in pair.args]
    return node.args


def _in_basic_functions(expression: Basic, kept: Set[str]) -> Basic:
    """The hyperbolic functions and the inverse ones, written in exp, log and roots.

    So the large and small numbers of which they are made are seen as such. Those whose
    names are ``kept`` stay, if they are not next to a constant that would hide them.
    """
    if not expression.args:
        return expression
    arguments = [_in_basic_functions(argument, kept) for argument in expression.args]
    name = expression.func.__name__
    if (form := elementary(name, arguments)) is not None:
        return form
    wanted = name not in kept or name in SATURATING
    if wanted and (formula := FORMULAS.get(name)):
        return formula(*arguments)
    if arguments == list(expression.args):
        return expression
    if isinstance(expression, (sp.Add, sp.Mul, sp.Pow)):
        return expression.func(*arguments, evaluate=False)
    return expression.func(*arguments)


def _sum(*terms: Expr) -> Expr:
    return sp.Add(*terms, evaluate=False)


def _mirrored(
    x: Expr,
    beyond_zero: Callable[[Expr], Expr],
    otherwise: Callable[[Expr], Expr],
    sign: int,
    shift: int,
) -> Expr:
    """A function by its values beyond zero, of which the small ones are seen so."""
    if not x.is_extended_real:
        return otherwise(x)
    value = beyond_zero(sp.Abs(x))
    below = _sum(shift, sign * value)
    return sp.Piecewise((value, sp.Ge(x, 0)), (below, True), evaluate=False)


def _zeta(s: Expr, a: Expr = S.One) -> Expr:
    """Its two largest terms, and the others."""
    rest = sp.zeta(s, _sum(a, 2), evaluate=False)
    return _sum(a**-s, (a + 1) ** -s, rest)


def _eta(s: Expr, a: Expr = S.One) -> Expr:
    if a != 1:
        return sp.dirichlet_eta(s, a)
    value = sp.Mul(_sum(1, -(2 ** (1 - s))), _zeta(s), evaluate=False)
    return sp.Piecewise((sp.log(2), sp.Eq(s, 1)), (value, True), evaluate=False)


def _erf(x: Expr) -> Expr:
    return _mirrored(x, lambda u: _sum(1, -sp.erfc(u)), sp.erf, -1, 0)


# These come so near to a constant that rounded numbers would be equal to it.
SATURATING = ("erf", "erfc", "erf2", "zeta", "dirichlet_eta")
FORMULAS: dict[str, Callable[..., Expr]] = {
    "sinh": lambda x: _sum(sp.exp(x), -sp.exp(-x)) / 2,
    "cosh": lambda x: _sum(sp.exp(x), sp.exp(-x)) / 2,
    "tanh": lambda x: _sum(1, -2 / _sum(sp.exp(2 * x), 1)),
    "coth": lambda x: _sum(1, 2 / _sum(sp.exp(2 * x), -1)),
    "sech": lambda x: 2 / _sum(sp.exp(x), sp.exp(-x)),
    "csch": lambda x: 2 / _sum(sp.exp(x), -sp.exp(-x)),
    "tan": lambda x: sp.Mul(sp.sin(x), 1 / sp.cos(x), evaluate=False),
    "cot": lambda x: sp.Mul(sp.cos(x), 1 / sp.sin(x), evaluate=False),
    "sec": lambda x: 1 / sp.cos(x),
    "csc": lambda x: 1 / sp.sin(x),
    "sigmoid": lambda x: 1 / _sum(1, sp.exp(-x)),
    "erf": _erf,
    "erf2": lambda x, y: _sum(_erf(y), -_erf(x)),
    "zeta": _zeta,
    "dirichlet_eta": _eta,
    "erfc": lambda x: _mirrored(x, sp.erfc, sp.erfc, -1, 2),
    "asinh": lambda x: sp.log(_sum(x, sp.sqrt(_sum(x**2, 1)))),
    "acosh": lambda x: sp.log(_sum(x, sp.sqrt(_sum(x, -1)) * sp.sqrt(_sum(x, 1)))),
    "atanh": lambda x: (sp.log(_sum(1, x)) - sp.log(_sum(1, -x))) / 2,
    "asin": lambda x: sp.atan2(x, sp.sqrt(_sum(1, -(x**2)))),
    "acos": lambda x: sp.atan2(sp.sqrt(_sum(1, -(x**2))), x),
}
OF_THE_INVERSE = {"acoth": "atanh", "asec": "acos", "acsc": "asin"}
OF_THE_INVERSE |= {"asech": "acosh", "acsch": "asinh"}
FORMULAS |= {
    name: lambda x, formula=FORMULAS[other]: formula(1 / x)
    for name, other in OF_THE_INVERSE.items()
}
FORMULAS["acot"] = lambda x: sp.atan(1 / x)
