r"""The book's LaTeX: of an expression, and of what stands around it in a chain."""

from __future__ import annotations

import re
import textwrap
from abc import abstractmethod
from collections.abc import Sequence

import sympy as sp
from sympy import Add, Basic, Expr, Mul, Symbol
from sympy.core.evalf import PrecisionExhausted
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter
from sympy.printing.printer import Printer

from .calculus import Map
from .expectation import Operator

LINE = 50  # about so many letters fit on a page beside an equation's number


def as_latex(expression: Basic, verbatim: bool = False) -> str:
    """The book's LaTeX of an expression; ``verbatim`` keeps the order as written."""
    order = "none" if verbatim else None
    return _Printer({"order": order, "ln_notation": False}).doprint(expression)


class BookOrder(Printer):
    """A printer that keeps what is written in its order, and else begins with plus."""

    def _as_ordered_terms(self, expr: Expr, order: str | None = None) -> list[Expr]:
        if self._settings["order"] == "none" or expr != expr.func(*expr.args):
            return list(expr.args)  # as it was written
        try:
            terms = super()._as_ordered_terms(expr, order)
        except PrecisionExhausted:  # of a coefficient such as floor(pi**1000)
            terms = list(expr.args)
        return sorted(terms, key=_place_in_sum)

    def _print_Add(self, expr: Expr, order: str | None = None) -> str:  # noqa: N802
        shown = ""
        for term in self._as_ordered_terms(expr, order):
            text = self._in_sum(term)
            if shown and not text.startswith("-"):
                shown += " + "
            elif shown:
                text = " - " + text[1:].lstrip()
            shown += text
        return shown

    @abstractmethod
    def _in_sum(self, term: Expr) -> str:
        """A term of a sum, in brackets where it needs them."""


class _Printer(BookOrder, LatexPrinter):
    """LaTeX as a mathematician writes it: positive terms first, identities as I."""

    def _in_sum(self, term: Expr) -> str:
        """Sums within a sum, which only stay there as written, keep their brackets."""
        text = self._print(term)
        bracketed = isinstance(term, Add) or self._needs_add_brackets(term)
        return rf"\left({text}\right)" if bracketed else text

    def _print_Mul(self, expr: Expr) -> str:  # noqa: N802
        """A product that only stays as written keeps one minus and one fraction bar."""
        if expr.could_extract_minus_sign() and (-expr).is_Add:
            return rf"- \left({self._print(-expr)}\right)"  # SymPy's do not grow
        factors = list(expr.args)
        if expr.is_Pow or not any(factor.is_Number for factor in factors[1:]):
            return super()._print_Mul(expr)
        below = [1 / f for f in factors if _is_divided_by(f)]
        above = [f for f in factors if not _is_divided_by(f) and f != -1]
        minus = "- " if factors.count(-1) % 2 else ""
        top, bottom = (
            super(_Printer, self)._print_Mul(Mul(*part, evaluate=False))
            if len(part) > 1
            else self._print(part[0] if part else sp.S.One)
            for part in (above, below)
        )
        return minus + (rf"\frac{{{top}}}{{{bottom}}}" if below else top)

    def _print_Identity(self, expr: Basic) -> str:  # noqa: N802
        return "I"

    def _print_OneMatrix(self, expr: Basic) -> str:  # noqa: N802
        """As a column of ones, as a row, or as the product of both."""
        if expr.cols == 1:
            return r"\mathbf{1}"
        row = r"\mathbf{1}^{T}"
        return row if expr.rows == 1 else rf"\mathbf{{1}} {row}"

    def _print_DiagMatrix(self, expr: Basic) -> str:  # noqa: N802
        return rf"\operatorname{{diag}}\left({self._print(expr.args[0])}\right)"

    def _print_HadamardProduct(self, expr: Basic) -> str:  # noqa: N802
        """With the sign of the book, a circle with a dot."""
        factors = (
            rf"\left({text}\right)" if factor.is_MatAdd or factor.is_MatMul else text
            for factor in expr.args
            for text in [self._print(factor)]
        )
        return r" \odot ".join(factors)

    def _print_Trace(self, expr: Basic) -> str:  # noqa: N802
        """A trace of one entry is that entry: a quadratic form reads as one."""
        if expr.arg.shape == (1, 1):
            return self._print(expr.arg)
        return super()._print_Trace(expr)

    def _print_ExpBase(self, expr: Expr, exp: str | None = None) -> str:  # noqa: N802
        """A stacked fraction in an exponent is too small to read: exp(...) instead."""
        text = self._print(expr.args[0])
        if r"\frac" not in text:
            return super()._print_ExpBase(expr, exp)
        power = f"^{{{exp}}}" if exp else ""
        return rf"\exp{power}\left({text}\right)"

    def _print_log(self, expr: Expr, exp: str | None = None) -> str:
        power = f"^{{{exp}}}" if exp else ""
        argument, text = expr.args[0], self._print(expr.args[0])
        one = argument.is_Mul and text.count(r"\frac") == 1
        fraction = one and text.startswith(r"\frac") and text.endswith("}")
        bracketed = isinstance(argument, (AppliedUndef, Operator, sp.Determinant))
        if (argument.is_Symbol or fraction or bracketed) and not exp:
            return rf"\log {text}"
        return rf"\log{power}\left({text}\right)"


def _place_in_sum(term: Basic) -> tuple[bool, bool, bool]:
    """Identities stand first, unknown maps behind the rest, negative terms last."""
    sign = term.args[0] if isinstance(term, sp.MatMul) else term
    negative = sign.could_extract_minus_sign()
    return negative, not isinstance(term, sp.Identity), isinstance(term, Map)


def _is_divided_by(node: Basic) -> bool:
    whole = node.is_Rational and node.p == 1 and node.q > 1
    return whole or (isinstance(node, sp.Pow) and node.exp.is_negative is True)


def width(latex: str) -> int:
    """About how many letters wide a formula is."""
    return len(re.sub(r"\\,|[\s{}^_]", "", re.sub(r"\\[a-z]+", "x", latex)))


def remainder(variables: Sequence[Symbol], order: int, proved: bool) -> str:
    """The LaTeX of ``+ O(t^order)``, where all ``variables`` shrink like t.

    Of several variables only a proof speaks for all directions at once.
    """
    names = ", ".join(sp.latex(v) for v in variables)
    inner = names if len(variables) == 1 else rf"\lVert ({names}) \rVert"
    rays = "" if len(variables) == 1 or proved else r"\ \text{along every ray}"
    return rf" + O\left({inner}^{{{order}}}\right){rays}"


def aligned(rows: Sequence[str]) -> str:
    """The rows one below the other, aligned at each one's ``&``."""
    body = " \\\\\n".join(rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def reason(text: str, width: int = 42) -> list[str]:
    """The reason as rows of small text; between dollars it is mathematics."""
    rows = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    if any(row.count("$") % 2 for row in rows):
        rows = [text]
    return [
        r"{\small "
        + "".join(
            part if i % 2 else rf"\text{{{part}}}"
            for i, part in enumerate(row.split("$"))
            if part
        )
        + "}"
        for row in rows
    ]
