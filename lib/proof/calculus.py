r"""Derivatives, the sigmoid, and unknown maps of vectors, as SymPy expressions.

    u = MatrixSymbol("u", n, 1)
    Jacobian(Map("f", m, u), u)      an m x n matrix, for any f and any sizes

They stay as written until an instance with explicit sizes is made of them. A Jacobian
has the outputs in its rows and the inputs in its columns.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Basic, Expr, MatrixExpr, MatrixSymbol, Symbol
from sympy.core.symbol import Str

from .expectation import Operator


class Gradient(Operator):
    """The derivative of ``g`` by one parameter, printed with a nabla."""

    def __new__(cls, g: Expr, parameter: Symbol) -> Gradient:
        return Expr.__new__(cls, sp.sympify(g), parameter)

    def resolved(self) -> Expr:
        g, parameter = self.args
        return sp.Derivative(g, parameter).doit(deep=False)

    def _latex(self, printer: Any) -> str:
        g, parameter = self.args
        return rf"\nabla_{{{printer._print(parameter)}}} {_operand(printer, g)}"


def _operand(printer: Any, of: Basic) -> str:
    """The LaTeX of what a nabla is applied to: in brackets, unless it ends by itself.

    A nabla before a product, or before a bracket's power, reads as its first factor's.
    """
    text: str = printer._print(of)
    is_fraction = text.startswith(r"\frac") and text.count(r"\frac") == 1
    several = isinstance(of, (sp.Add, sp.MatAdd, sp.Mul, sp.MatMul)) and not is_fraction
    power = isinstance(of, sp.Pow) and text.startswith(r"\left(")
    bracketed = several or power or text.startswith("-")
    return rf"\left({text}\right)" if bracketed else text


class sigmoid(Operator):  # noqa: N801 - as SymPy names its functions
    """The probability 1 / (1 + exp(-u)) of the logit u."""

    def __new__(cls, u: Expr) -> sigmoid:
        return Expr.__new__(cls, sp.sympify(u))

    def _eval_is_positive(self) -> bool | None:
        return True if self.args[0].is_real else None

    def resolved(self) -> Expr:
        return 1 / (1 + sp.exp(-self.args[0]))

    def _latex(self, printer: Any) -> str:
        return rf"\operatorname{{sigmoid}}\left({printer._print(self.args[0])}\right)"


# -------------------------------------------------------------- vectors and matrices


class Map(MatrixExpr):
    """An unknown smooth map: a column of unknown functions of all the entries."""

    def __new__(cls, name: str | Str, rows: Any, *arguments: Basic) -> Map:
        if not arguments or not all(a.is_Matrix for a in arguments):
            raise TypeError("Map(name, rows, x): name at least one vector or matrix x")
        name = name if isinstance(name, Str) else Str(name)
        return Basic.__new__(cls, name, sp.sympify(rows), *arguments)

    @property
    def shape(self) -> tuple[Expr, Expr]:
        return self.args[1], sp.S.One

    def _latex(self, printer: Any) -> str:
        arguments = ", ".join(printer._print(a) for a in self.args[2:])
        return rf"{self.args[0].name}\left({arguments}\right)"


EXP = r"\exp"  # the one function of each entry that is known: its own derivative


class Elementwise(MatrixExpr):
    """An unknown function, or its derivative of an ``order``, of each entry.

    Known is the exponential alone, which is called ``EXP``.
    """

    def __new__(cls, name: str | Str, matrix: Basic, order: Any = 0) -> Elementwise:
        name = name if isinstance(name, Str) else Str(name)
        order = 0 if name.name == EXP else order
        return Basic.__new__(cls, name, matrix, sp.sympify(order))

    @property
    def shape(self) -> tuple[Expr, Expr]:
        return self.args[1].shape

    def _latex(self, printer: Any) -> str:
        name, matrix, order = self.args
        stem, hat, layer = name.name.partition("^")
        primes = "'" * int(order)  # before the layer's number, as LaTeX wants it
        return rf"{stem}{primes}{hat}{layer}\left({printer._print(matrix)}\right)"


class LayerNorm(MatrixExpr):
    """A column less its mean, divided by its standard deviation.

    ``epsilon`` is added to the variance under the root.
    """

    def __new__(cls, column: Basic, epsilon: Any = 0) -> LayerNorm:
        if not column.is_Matrix or column.shape[1] != 1:
            raise TypeError(f"LayerNorm(y): {column} is no column")
        return Basic.__new__(cls, column, sp.sympify(epsilon))

    @property
    def shape(self) -> tuple[Expr, Expr]:
        return self.args[0].shape

    def _latex(self, printer: Any) -> str:
        column, epsilon = (printer._print(argument) for argument in self.args)
        index = "" if self.args[1] == 0 else f"_{{{epsilon}}}"
        return rf"\operatorname{{LN}}{index}\left({column}\right)"


class _Derived(MatrixExpr):
    """A derivative of a column by ``by``, worked out where ``by`` is ``at``.

    Where they differ ``by`` is bound; it prints as the place if that is a symbol.
    """

    def __new__(cls, of: Basic, by: MatrixSymbol, at: Basic | None = None) -> _Derived:
        if not isinstance(by, MatrixSymbol):
            raise TypeError(f"{cls.__name__}(y, x): {by} is no matrix symbol")
        at = by if at is None else at
        if by.shape != at.shape:
            raise sp.ShapeError(f"{by} is {by.shape}, its place {at} is {at.shape}")
        return Basic.__new__(cls, of, by, at)

    @property
    def bound_symbols(self) -> tuple[Basic, ...]:
        _, by, at = self.args
        return () if by == at else (by,)

    @property
    def free_symbols(self) -> set[Basic]:
        of, by, at = self.args
        return (of.free_symbols - {by}) | at.free_symbols

    def _latex(self, printer: Any) -> str:
        of, by, at = self.args
        if isinstance(at, MatrixSymbol):
            return self._fraction(printer, of.xreplace({by: at}), at)
        place = f"{printer._print(by)} = {printer._print(at)}"
        return rf"\left.{self._fraction(printer, of, by)}\right|_{{{place}}}"


class Jacobian(_Derived):
    """d of / d by: a row for each entry of ``of``, a column for each one of ``by``."""

    def __new__(cls, of: Basic, by: MatrixSymbol, at: Basic | None = None) -> Jacobian:
        if not getattr(of, "is_Matrix", False) or of.shape[1] != 1:
            raise TypeError(f"Jacobian(y, x): {of} is no column")
        return super().__new__(cls, of, by, at)

    @property
    def shape(self) -> tuple[Expr, Expr]:
        of, by, _ = self.args
        return of.shape[0], by.shape[0]

    @staticmethod
    def _fraction(printer: Any, of: Basic, by: Basic) -> str:
        above, below = printer._print(of), printer._print(by)
        if isinstance(of, (MatrixSymbol, Map, Elementwise, LayerNorm)):
            return rf"\frac{{\partial {above}}}{{\partial {below}}}"
        return rf"\frac{{\partial}}{{\partial {below}}}\left({above}\right)"


class MatrixGradient(_Derived):
    """The derivatives of a number by each entry of ``by``, in the shape of ``by``."""

    @property
    def shape(self) -> tuple[Expr, Expr]:
        return self.args[1].shape

    @staticmethod
    def _fraction(printer: Any, of: Basic, by: Basic) -> str:
        return rf"\nabla_{{{printer._print(by)}}} {_operand(printer, of)}"
