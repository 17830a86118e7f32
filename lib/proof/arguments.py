"""What a caller hands over, as what it must be; or one error that says what to write.

``what`` names the argument in the message, ``error`` is the kind of error that the
caller promises. Only the kind of a thing is looked at, so that SymPy, which builds an
expression again from its parts, is not held up.
"""

from __future__ import annotations

import math
import numbers
import reprlib
from collections.abc import Iterable
from typing import Any

import sympy as sp
from sympy import Basic, Expr
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanAtom, BooleanFunction
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import IndexedBase

# Expressions to SymPy, but none that has a value.
_NO_VALUE = (sp.Lambda, IndexedBase, sp.Order, sp.AccumBounds, sp.Quaternion)
VARIABLES = (sp.Symbol, sp.MatrixSymbol, sp.Indexed, MatrixElement)
_NO_SEVERAL = (str, bytes, sp.MatrixBase, type)
_CONDITIONS = (Relational, BooleanFunction, BooleanAtom, AppliedPredicate)
_WRITE = "write an expression of SymPy's symbols and functions"

_REPR = reprlib.Repr()
_REPR.maxother = _REPR.maxstring = 60


def shown(value: Any) -> str:
    """The thing in a few letters, whatever it is."""
    return value.__name__ if isinstance(value, type) else _REPR.repr(value)


def as_expression(value: Any, what: str, error: type[Exception] = TypeError) -> Basic:
    """An expression or a matrix: from SymPy, or from a whole number or a fraction."""
    if isinstance(value, Expr) and not isinstance(value, _NO_VALUE):
        return value
    if isinstance(value, sp.MatrixBase):
        return sp.ImmutableMatrix(value)
    if isinstance(value, numbers.Rational) and not isinstance(value, bool):
        return sp.Rational(int(value.numerator), int(value.denominator))
    raise error(f"{what}: {shown(value)} {_remedy(value)}")


def _remedy(value: Any) -> str:
    """What a thing that is no expression is, and what to write in its place."""
    if isinstance(value, str):
        return f"is text, which only the lines of a derivation may be: {_WRITE}"
    if isinstance(value, (type, sp.Lambda)) or callable(value):
        return "is no expression but what makes one: call it, as in f(x)"
    if isinstance(value, (Relational, Boolean)):
        return "is a relation or a condition: write one side of it"
    if isinstance(value, IndexedBase):
        return "is a row of terms: write one of them, as in a[i]"
    if isinstance(value, numbers.Number) and not isinstance(value, bool):
        return rounded(value)
    return f"is no expression: {_WRITE}"


def rounded(value: Any) -> str:
    """What to write in place of a number that may be rounded."""
    try:
        finite = math.isfinite(value)
    except (TypeError, ValueError):  # a complex number
        return "is a rounded number: write an exact one, such as 2*I"
    if not finite:
        return "is no number: write one that has a value"
    near = sp.Rational(str(value))
    exact = f"Rational({near.p}, {near.q})"
    return f"is a rounded number: write an exact one, such as {exact}"


def several(
    values: Any,
    what: str,
    kinds: type | tuple[type, ...],
    called: str,
    error: type[Exception],
) -> tuple[Any, ...]:
    """What an option that takes several things of some kinds was given."""
    single = isinstance(values, _NO_SEVERAL) or (
        isinstance(values, Basic) and not isinstance(values, (sp.Tuple, sp.FiniteSet))
    )
    if single or not isinstance(values, Iterable):
        raise error(
            f"{what}={shown(values)}: {what} takes several {called}; "
            f"of one, {what}=[...]"
        )
    # The order of a set may differ from run to run.
    sets = isinstance(values, (set, frozenset))
    found = tuple(sorted(values, key=str) if sets else values)
    for value in found:
        if not isinstance(value, kinds):
            raise error(f"{what} holds {shown(value)}: {what} takes {called}")
    return found


def conditions(values: Any, what: str, error: type[Exception]) -> tuple[Basic, ...]:
    """Conditions on symbols; one that is never true is refused."""
    found = several(values, what, _CONDITIONS, "conditions such as q < 1", error)
    for condition in found:
        if condition == sp.false:
            raise error(f"{what} has a condition that is never true: leave it out")
        if inexact := condition.atoms(sp.Float):
            number = min(inexact, key=str)
            raise error(f"{what}: {number} {rounded(number)}")
    return found


def as_order(value: Any, least: int, error: type[Exception]) -> int:
    """The power of a remainder."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if whole and int(value) >= least:
        return int(value)
    raise error(f"order={shown(value)}: the order is a whole number >= {least}")


def as_text(value: Any, need: str, example: str, error: type[Exception]) -> str:
    """Text that says something; ``need`` says who needs it and what for."""
    if isinstance(value, str) and value.strip():
        return value
    raise error(f"{need}, {example}, and {shown(value)} is no text that says one")


def as_variable(value: Any, what: str) -> Basic:
    """A symbol, of a matrix or with an index too: what a law or an integral is over."""
    if isinstance(value, VARIABLES):
        return value
    raise TypeError(f"{what}: {shown(value)} is no symbol: name one, such as x")
