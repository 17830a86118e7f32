"""Reading a step that is written as text, and refusing names that nobody introduced.

Text is parsed without evaluation, so that it prints in the order in which it is
written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import sympy as sp
from sympy import Add, Basic, MatMul, Mul, S
from sympy.concrete.expr_with_limits import ExprWithLimits

from .arguments import as_expression, rounded, shown
from .calculus import Gradient, Jacobian, LayerNorm, MatrixGradient, sigmoid
from .errors import DerivationError
from .expectation import KL, E, Int, Var
from .grammar import GrammarError, UnknownName, parse
from .laws import Law
from .names import Name, typeable

_OPERATORS: dict[str, Name] = {
    "E": E,
    "Var": Var,
    "KL": KL,
    "Int": Int,
    "Gradient": Gradient,
    "Jacobian": Jacobian,
    "LayerNorm": LayerNorm,
    "MatrixGradient": MatrixGradient,
    "sigmoid": sigmoid,
}
_NO_NUMBERS = (S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity)


def vocabulary(expressions: Iterable[Basic]) -> dict[str, Name]:
    """What a step written as text may name: operators, and what expressions name."""
    return _OPERATORS | typeable(expressions)


def as_written(text: str, known: Mapping[str, Name]) -> Basic:
    """The expression that ``text`` spells, unevaluated; it may name what is known."""
    try:
        return _tidied(parse(text, known))
    except UnknownName as error:
        raise DerivationError(f"{error}; name others in symbols=[...]") from error
    except GrammarError as error:
        raise DerivationError(str(error)) from error
    except sp.ShapeError as error:
        raise DerivationError(
            f"{shown(text)} does not fit together: {error}. Check the sizes"
        ) from error


def _tidied(node: Basic) -> Basic:
    """Undo what parsing without evaluation leaves behind: 1*x, 1/2 as 1*2**(-1)."""
    if not node.args or isinstance(node, Law):
        return node
    arguments = [_tidied(argument) for argument in node.args]
    if isinstance(node, MatMul):
        return MatMul(*(a for a in arguments if a != 1), evaluate=False)
    if not isinstance(node, Mul):
        if arguments == list(node.args):
            return node
        if isinstance(node, (Add, sp.Pow)):
            return node.func(*arguments, evaluate=False)
        return node.func(*arguments)
    factors = [f for a in arguments for f in (a.args if isinstance(a, Mul) else (a,))]
    if all(f.is_Integer or _is_reciprocal(f) for f in factors) and len(factors) > 1:
        return Mul(*factors)
    kept = [f for f in factors if f != 1]
    return kept[0] if len(kept) == 1 else Mul(*kept, evaluate=False)


def _is_reciprocal(node: Basic) -> bool:
    return isinstance(node, sp.Pow) and node.base.is_Integer and node.exp == -1


def exact(value: Any, what: str = "the expression", decimals: bool = False) -> Basic:
    """As a SymPy expression, in which no number is rounded and each part has a value.

    Refuses what is no expression; ``what`` names it. ``decimals``: SymPy's decimal
    numbers stand, for one who reads them as exact.
    """
    expression = as_expression(value, what, DerivationError)
    inexact = expression.atoms(sp.Float)
    if inexact and not decimals:
        number = min(inexact, key=str)
        raise DerivationError(f"{what}: {number} {rounded(number)}")
    if nothing := _without_value(expression):
        raise DerivationError(
            f"{what}: {nothing} is no number; infinity stands as the end of a sum or "
            "an integral only"
        )
    return expression


def _without_value(node: Basic) -> Basic | None:
    """A part that is no number, but for infinite ends and what Piecewise excludes."""
    if node in _NO_NUMBERS:
        return node
    parts: Iterable[Basic] = node.args
    if isinstance(node, ExprWithLimits):
        ends = (part for limits in node.limits for part in limits)
        infinite = (S.Infinity, S.NegativeInfinity)
        parts = (node.function, *(end for end in ends if end not in infinite))
    elif isinstance(node, sp.Limit):
        parts = node.args[:1]
    elif isinstance(node, sp.Piecewise):
        parts = [value for value, _ in node.args if value is not S.NaN]
    return next(filter(None, map(_without_value, parts)), None)


def open_names(expression: Basic) -> set[Basic]:
    """The free symbols, with the sizes of the matrices among them."""
    matrices = expression.atoms(sp.MatrixSymbol)
    sizes = (size.free_symbols for m in matrices for size in m.shape)
    return expression.free_symbols.union(*sizes)


def refuse_unknown(expression: Basic, known: AbstractSet[Basic]) -> None:
    """Refuse a symbol that is not ``known``, or known with other assumptions."""
    for symbol in sorted(open_names(expression) - known, key=str):
        if any(str(s) == str(symbol) for s in known):
            raise DerivationError(
                f"the symbol {symbol} has other assumptions than before: define it "
                "once and use that one"
            )
        raise DerivationError(
            f"unknown symbol {symbol}: it is not in the start; if it belongs here, "
            "name it in Derivation(..., symbols=[...])"
        )
