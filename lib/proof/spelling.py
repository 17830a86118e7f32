"""An expression as text that the grammar reads, in the order in which it prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp
from sympy import Add, Basic, Expr
from sympy.core.function import AppliedUndef
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from .calculus import Elementwise, Jacobian, LayerNorm, MatrixGradient
from .latex import BookOrder
from .names import Thing, thing


def spelled(expression: Basic, names: Mapping[Thing, str], verbatim: bool) -> str:
    """The text of an expression; ``names`` as ``spellings`` gives them."""
    order = "none" if verbatim else None
    return _Printer({"order": order}, names).doprint(expression)


_CALLS = (
    sp.Transpose,
    sp.Inverse,
    sp.Trace,
    sp.Determinant,
    sp.HadamardProduct,
    sp.DiagMatrix,
    sp.OneMatrix,
    sp.ZeroMatrix,
    sp.Identity,
)


class _Printer(BookOrder, StrPrinter):
    """SymPy's text, with names that can be typed and the functions of the grammar."""

    def __init__(self, settings: dict[str, Any], names: Mapping[Thing, str]) -> None:
        super().__init__(settings)
        self._names = names

    def _print(self, expr: Any, **options: Any) -> str:
        """What has a name is called by it; a function or a map with its arguments."""
        if isinstance(expr, sp.Indexed):  # it prints itself, with other brackets
            return self._call(self._print(expr.base), *expr.indices)
        if isinstance(expr, _CALLS):
            return self.emptyPrinter(expr)
        named = thing(expr) if isinstance(expr, Basic) else None
        if named is None or named not in self._names:
            return super()._print(expr, **options)
        name = self._names[named]
        if isinstance(expr, AppliedUndef):
            return self._call(name, *expr.args)
        if isinstance(named, tuple):  # a map: its kind, and what is fixed of it
            return self._call(name, *_needed(expr)[len(named) - 1 :])
        return name

    def _call(self, name: str, *arguments: Basic) -> str:
        return f"{name}({', '.join(map(self._print, arguments))})"

    def emptyPrinter(self, expr: Basic) -> str:  # noqa: N802
        """All that SymPy has no text for: its name, and its arguments."""
        return self._call(type(expr).__name__, *_needed(expr))

    def _in_sum(self, term: Expr) -> str:
        text = self._print(term)
        return f"({text})" if isinstance(term, Add) else text

    def _print_MatAdd(self, expr: Basic) -> str:  # noqa: N802
        return self._print_Add(expr)

    def _print_MatMul(self, expr: Basic) -> str:  # noqa: N802
        factors = list(expr.args)
        minus = "-" if factors[0] == -1 and len(factors) > 1 else ""
        return minus + "*".join(
            self.parenthesize(factor, PRECEDENCE["Mul"])
            for factor in (factors[1:] if minus else factors)
        )

    def _print_Exp1(self, expr: Basic) -> str:  # noqa: N802
        return "exp(1)"  # E is the expectation

    def _print_ImmutableDenseMatrix(self, expr: Any) -> str:  # noqa: N802
        rows = (expr.row(i) for i in range(expr.rows))
        return f"Matrix({', '.join(map(self._row, rows))})"

    def _row(self, row: Any) -> str:
        text = ", ".join(map(self._print, row))
        return text if len(row) == 1 else f"({text})"

    def _print_UnevaluatedExpr(self, expr: Basic) -> str:  # noqa: N802
        return self._print(expr.args[0])

    def _print_Subs(self, expr: Any) -> str:  # noqa: N802
        return self._call("Subs", expr.expr, expr.variables, expr.point)

    def _print_Tuple(self, expr: Any) -> str:  # noqa: N802
        text = ", ".join(map(self._print, expr))
        return text if len(expr) == 1 else f"({text})"


def _needed(expr: Basic) -> tuple[Basic, ...]:
    """The arguments, without a last one that would be taken anyway."""
    *before, last = expr.args
    derived = isinstance(expr, (Jacobian, MatrixGradient)) and last == before[-1]
    plain = isinstance(expr, (Elementwise, LayerNorm)) and last == 0
    if derived or plain or isinstance(expr, sp.Inverse):
        return tuple(before)
    return expr.args
