r"""A chain of equalities (and approximations and bounds) that checks itself.

    kl = Derivation(KL(p, q), name="KL between two Gaussians")
    kl.step(E(log_p - log_q, p), because="definition")
    kl.step("log(s_q/s_p) + ...", because="moments")
    kl.ends_with(..., label="eq-kl-univariate")

Each step is compared with the one before it when it is added. A wrong step raises
``DerivationError`` with a counterexample, and so does one that nothing can decide. A
step given as text is parsed without evaluation and printed in the order in which it
is written. The reasons are prose: they are shown, not checked.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy import Add, Basic, Expr, Mul, Symbol
from sympy.core.function import AppliedUndef
from sympy.parsing.sympy_parser import parse_expr
from sympy.printing.latex import LatexPrinter

from . import expectation
from .calculus import Map, sigmoid
from .equality import Verdict, decide_at_most, decide_equal, decide_order
from .expectation import Law, Operator
from .lemmas import Bound
from .points import Undecidable

LINE = 50  # about so many letters fit on a page beside an equation's number
_SIGNS = {"=": "=", "<=": r"\le", ">=": r"\ge"}
_OPERATORS = {n: getattr(expectation, n) for n in ("E", "Var", "KL", "Int")}
_OPERATORS["sigmoid"] = sigmoid


class DerivationError(Exception):
    """A step that is wrong, undecided or malformed; the message says what to do."""


@dataclass(frozen=True)
class Step:
    """One link: ``before relation after``, and how it was decided."""

    before: Basic
    relation: str
    after: Basic
    because: str
    verdict: Verdict
    order: tuple[tuple[Symbol, ...], int] | None = None
    bound: Bound | None = None


class Derivation:
    """A derivation that starts from an expression and grows by checked steps.

    The start may be another derivation: this one then goes on from its last line.
    ``given``: conditions on the symbols beyond their assumptions, as relations
    (``q < 1``) or facts on matrices (``Q.positive_definite(S)``).
    ``where``: abbreviations, as ``{name: meaning}``; each is put in before checking.
    ``symbols``: what later steps may bring in that the start does not contain.
    """

    def __init__(
        self,
        start: Any,
        *,
        name: str,
        given: Sequence[Basic] = (),
        where: Mapping[Basic, Basic] | None = None,
        symbols: Iterable[Basic] = (),
    ) -> None:
        if not name.strip():
            raise DerivationError("a derivation needs a name: name='what it shows'")
        self.name = name
        self.given = tuple(given)
        self.where = dict(where or {})
        self.steps: list[Step] = []
        self.label: str | None = None
        self._extra = tuple(symbols)
        self._verbatim: set[int] = set()
        if isinstance(start, str):
            start = self._parse(start)
            self._verbatim.add(0)
        elif isinstance(start, Derivation):
            if len(start._lines) - 1 in start._verbatim:
                self._verbatim.add(0)
            self.given, self.where = self.given + start.given, start.where | self.where
            start = start._last
        self.start = _sympified(start)
        self._lines = [self.start]

    # ------------------------------------------------------------------- adding

    def step(self, expression: Any, *, because: str) -> None:
        """An expression equal to the one before it."""
        after = self._next(expression, because)
        verdict = self._decided(decide_equal, self._last, after, because)
        self._add("=", after, because, verdict)

    def approx(
        self, expression: Any, *, about: Sequence[Symbol], order: int, because: str
    ) -> None:
        """The one before it up to O(t^order), when all of ``about`` shrink like t."""
        after = self._next(expression, because)
        about = tuple(about)
        if order < 1 or not about or not all(isinstance(v, Symbol) for v in about):
            raise DerivationError(
                "approx needs about=[symbols that go to zero] and an order >= 1"
            )

        def decide(left: Expr, right: Expr, given: Sequence[Basic]) -> Verdict:
            return decide_order(left, right, about, order, given)

        verdict = self._decided(decide, self._last, after, because)
        self._add("approx", after, because, verdict, order=(about, order))

    def le(self, expression: Any, *, because: str, by: Bound) -> None:
        """An upper bound; ``by`` is the lemma whose two sides differ by as much."""
        self._bounded("<=", expression, because, by)

    def ge(self, expression: Any, *, because: str, by: Bound) -> None:
        """A lower bound; ``by`` is the lemma whose two sides differ by as much."""
        self._bounded(">=", expression, because, by)

    def ends_with(self, expression: Any = None, *, label: str) -> Derivation:
        """The conclusion, with the label by which the text cites it.

        Without an expression it is the last line; an expression must equal that line.
        Afterwards no step can be added.
        """
        if not re.fullmatch(r"eq-[a-z0-9]+(-[a-z0-9]+)*", label):
            raise DerivationError(
                f"the label {label!r} is not of the form 'eq-some-words'"
            )
        self._refuse_if_finished()
        if expression is not None:
            self._conclude(expression)
        if not self.steps:
            raise DerivationError(f"{self.name} has no step yet: it shows nothing")
        self.label = label
        return self

    def _conclude(self, expression: Any) -> None:
        verbatim = isinstance(expression, str)
        after = _sympified(self._parse(expression) if verbatim else expression)
        self._refuse_unknown(after)
        if self._latex(after, verbatim) == self._latex_of(len(self._lines) - 1):
            return
        verdict = self._decided(decide_equal, self._last, after, "the conclusion")
        self._add("=", after, "", verdict)
        if verbatim:
            self._verbatim.add(len(self._lines) - 1)

    def _bounded(self, relation: str, expression: Any, because: str, by: Bound) -> None:
        if not isinstance(by, Bound):
            raise DerivationError(
                f"a bound needs a certificate: by=nonnegative(...), jensen(...) or "
                f"another lemma of lib.lemmas, not {by!r}"
            )
        if any(
            s.relation in ("<=", ">=") and s.relation != relation for s in self.steps
        ):
            raise DerivationError(
                "a chain cannot mix <= and >=: neither end would bound the other. "
                "Start a second derivation"
            )
        after = self._next(expression, because)
        small, large = (self._last, after) if relation == "<=" else (after, self._last)
        self._decided(decide_at_most, small, large, because)
        gap = by.larger - by.smaller
        verdict = self._decided(
            decide_equal, large - small, gap, f"{because}, {by.name}"
        )
        self._add(relation, after, because, verdict, bound=by)

    def _add(
        self, relation: str, after: Basic, because: str, verdict: Verdict, **more: Any
    ) -> None:
        self.steps.append(Step(self._last, relation, after, because, verdict, **more))
        self._lines.append(after)

    def _next(self, expression: Any, because: str) -> Basic:
        """The new expression, after all that can be refused before any mathematics."""
        self._refuse_if_finished()
        if not because.strip():
            raise DerivationError("a step needs a reason: because='...'")
        index = len(self._lines)
        verbatim = isinstance(expression, str)
        after = _sympified(self._parse(expression) if verbatim else expression)
        self._refuse_unknown(after)
        if self._latex(after, verbatim) == self._latex_of(index - 1):
            raise DerivationError(
                f"step {index} ({because}) reads like the one before it: leave it out, "
                "or write it as text so that SymPy does not evaluate it"
            )
        if verbatim:
            self._verbatim.add(index)
        else:
            self._verbatim.discard(index)
        return after

    def _decided(self, decide: Any, left: Basic, right: Basic, because: str) -> Verdict:
        place = f"{self.name}, step {len(self._lines)} ({because})"
        left, right = self._meaning(left), self._meaning(right)
        try:
            verdict = decide(left, right, self.given)
        except Undecidable as reason:
            raise DerivationError(
                f"{place} cannot be decided: {reason}. Split it into smaller steps, "
                "or declare more about the symbols"
            ) from reason
        except sp.ShapeError as reason:
            raise DerivationError(
                f"{place} does not fit together: {reason}. Check the sizes"
            ) from reason
        if not verdict.holds:
            raise DerivationError(f"{place} does not hold {verdict.counterexample}")
        return verdict

    # ------------------------------------------------------------------ reading

    @property
    def result(self) -> Basic:
        """The last expression, with every abbreviation put in."""
        return self._meaning(self._last)

    @property
    def relation(self) -> str:
        """The weakest relation used: start ``relation`` result."""
        used = {step.relation for step in self.steps}
        return next((r for r in ("<=", ">=", "approx") if r in used), "=")

    @property
    def _last(self) -> Basic:
        return self._lines[-1]

    def _meaning(self, expression: Basic) -> Basic:
        for _ in range(len(self.where)):
            expression = expression.xreplace(self.where)
        return expression

    def _names(self) -> dict[str, Any]:
        """What a step written as text may name."""
        lines = [*getattr(self, "_lines", ()), *self.where, *self.where.values()]
        known: dict[str, Any] = dict(_OPERATORS)
        for expression in [*lines, *self.given, *self._extra]:
            for node in sp.preorder_traversal(expression):
                if isinstance(node, (Symbol, sp.MatrixSymbol, Law)):
                    known[node.name] = node
                elif isinstance(node, AppliedUndef):
                    known[node.func.__name__.split("|")[0]] = node.func
        return known

    def _parse(self, text: str) -> Basic:
        return as_written(text, self._names())

    def _refuse_unknown(self, expression: Basic) -> None:
        meanings = (e for pair in self.where.items() for e in pair)
        lines = (*self._lines, *self.given, *self._extra, *meanings)
        known = set().union(*(_open_names(line) for line in lines))
        for law in sp.Tuple(*self._lines).atoms(Law):
            known.update(law.variables)
        for symbol in sorted(_open_names(expression) - known, key=str):
            twin = next((s for s in known if str(s) == str(symbol)), None)
            if twin is not None:
                raise DerivationError(
                    f"the symbol {symbol} has other assumptions than before: define it "
                    "once and use that one"
                )
            raise DerivationError(
                f"unknown symbol {symbol}: it is not in the start; if it belongs here, "
                "name it in Derivation(..., symbols=[...])"
            )

    def _refuse_if_finished(self) -> None:
        if self.label is not None:
            raise DerivationError(
                f"{self.name} is finished ({self.label}): start a new Derivation, from "
                ".result if it goes on"
            )

    # ---------------------------------------------------------------- rendering

    def __repr__(self) -> str:
        proved = sum(step.verdict.proved for step in self.steps)
        end = f", ends in {self.label}" if self.label else ""
        return (
            f"Derivation({self.name}: {len(self.steps)} steps, {proved} proved, "
            f"{len(self.steps) - proved} by instances{end})"
        )

    def _repr_markdown_(self) -> str:
        chain = self._chain()
        if self.label is None:
            return f"$$\n{chain}\n$$"
        if len(self.steps) == 1:
            shown = chain if self.steps[0].because else self._conclusion()
            return f"$$\n{shown}\n$$ ({self.label})\n\n{self._summary()}"
        blocks = (chain, self._conclusion())
        shown = f"$$\n{blocks[0]}\n$$\n\n$$\n{blocks[1]}\n$$ ({self.label})"
        return f"{shown}\n\n{self._summary()}"

    def _chain(self) -> str:
        rows = [f"& {self._latex_of(0)}"]
        for index, step in enumerate(self.steps, start=1):
            if not step.because:
                continue
            rows += [rf"& \quad {line}" for line in _reason(step.because)]
            rows.append(rf"{_sign(step)} {{}} & {self._latex_with_remainder(index)}")
        return _aligned(rows)

    def _conclusion(self) -> str:
        sign = "=" if self.relation == "approx" else _SIGNS[self.relation]
        start = self._latex_of(0)
        end = self._latex_with_remainder(len(self._lines) - 1)
        if width(start) + width(end) > LINE:
            return _aligned([f"& {start}", f"{sign} {{}} & {end}"])
        return f"{start} {sign} {end}"

    def _latex_with_remainder(self, index: int) -> str:
        """A line, with what all approximate steps up to it have left out."""
        orders = [step.order for step in self.steps[:index] if step.order]
        left_out = remainder(*min(orders, key=lambda o: o[1])) if orders else ""
        return self._latex_of(index) + left_out

    def _summary(self) -> str:
        """One line for the reader: how many steps, and how they were decided."""
        proved = sum(step.verdict.proved for step in self.steps)
        total = len(self.steps)
        count = f"{total} step{'s' if total > 1 else ''} checked"
        if proved == total:
            return f"*{count}, by SymPy.*"
        marked = r"marked $\overset{*}{=}$, at random instances"
        if proved == 0:
            return f"*{count}, {marked}.*"
        return f"*{count}: {proved} by SymPy, {total - proved} {marked}.*"

    def _latex_of(self, index: int) -> str:
        return self._latex(self._lines[index], index in self._verbatim)

    def _latex(self, expression: Basic, verbatim: bool) -> str:
        return as_latex(expression, verbatim)


def as_written(text: str, known: Mapping[str, Any]) -> Basic:
    """The expression that ``text`` spells, unevaluated; it may name what is known."""
    words = set(re.findall(r"[A-Za-z_]\w*", text))
    unknown = sorted(w for w in words if w not in known and not hasattr(sp, w))
    if unknown:
        raise DerivationError(
            f"unknown name {unknown[0]!r} in {text!r}: known are "
            f"{', '.join(sorted(known))}; name others in symbols=[...]"
        )
    try:
        return _tidied(parse_expr(text, local_dict=dict(known), evaluate=False))
    except (SyntaxError, TypeError, ValueError) as error:
        raise DerivationError(f"{text!r} is not an expression: {error}") from error


def as_latex(expression: Basic, verbatim: bool = False) -> str:
    """The book's LaTeX of an expression; ``verbatim`` keeps the order as written."""
    order = "none" if verbatim else None
    return _Printer({"order": order, "ln_notation": False}).doprint(expression)


class _Printer(LatexPrinter):
    """LaTeX as a mathematician writes it: positive terms first, identities as I."""

    def _as_ordered_terms(self, expr: Expr, order: Any = None) -> list[Expr]:
        if self._settings["order"] == "none" or expr != expr.func(*expr.args):
            return list(expr.args)  # as it was written
        terms = super()._as_ordered_terms(expr, order)
        return sorted(terms, key=_place_in_sum)

    def _print_Add(self, expr: Expr, order: Any = None) -> str:  # noqa: N802
        """Sums within a sum, which only stay there as written, keep their brackets."""
        shown = ""
        for term in self._as_ordered_terms(expr, order):
            text = self._print(term)
            if isinstance(term, Add) or self._needs_add_brackets(term):
                text = rf"\left({text}\right)"
            if shown and not text.startswith("-"):
                shown += " + "
            elif shown:
                text = " - " + text[1:].lstrip()
            shown += text
        return shown

    def _print_Mul(self, expr: Expr) -> str:  # noqa: N802
        """A product that only stays as written keeps one minus and one fraction bar."""
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

    def _print_log(self, expr: Expr, exp: str | None = None) -> str:
        power = f"^{{{exp}}}" if exp else ""
        argument, text = expr.args[0], self._print(expr.args[0])
        one = argument.is_Mul and text.count(r"\frac") == 1
        fraction = one and text.startswith(r"\frac") and text.endswith("}")
        bracketed = isinstance(argument, (AppliedUndef, Operator, sp.Determinant))
        if (argument.is_Symbol or fraction or bracketed) and not exp:
            return rf"\log {text}"
        return rf"\log{power}\left({text}\right)"


def _sympified(expression: Any) -> Basic:
    if isinstance(expression, sp.MatrixBase):
        expression = sp.ImmutableMatrix(expression)
    expression = sp.sympify(expression)
    if expression.has(sp.Float):
        inexact = min(expression.atoms(sp.Float))
        raise DerivationError(
            f"{inexact} is a rounded number: write an exact one, Rational({inexact!s})"
        )
    return expression


def _open_names(expression: Basic) -> set[Basic]:
    """The free symbols, with the sizes of the matrices among them."""
    matrices = expression.atoms(sp.MatrixSymbol)
    sizes = (size.free_symbols for m in matrices for size in m.shape)
    return expression.free_symbols.union(*sizes)


def _tidied(node: Basic) -> Basic:
    """Undo what parsing without evaluation leaves behind: 1*x, 1/2 as 1*2**(-1)."""
    if not node.args or isinstance(node, Law):
        return node
    arguments = [_tidied(argument) for argument in node.args]
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


def _place_in_sum(term: Basic) -> tuple[bool, bool, bool]:
    """Identities stand first, unknown maps behind the rest, negative terms last."""
    sign = term.args[0] if isinstance(term, sp.MatMul) else term
    negative = sign.could_extract_minus_sign()
    return negative, not isinstance(term, sp.Identity), isinstance(term, Map)


def _is_divided_by(node: Basic) -> bool:
    whole = node.is_Rational and node.p == 1 and node.q > 1
    return whole or (isinstance(node, sp.Pow) and node.exp.is_negative is True)


def _is_reciprocal(node: Basic) -> bool:
    return isinstance(node, sp.Pow) and node.base.is_Integer and node.exp == -1


def _sign(step: Step) -> str:
    sign = "=" if step.relation == "approx" else _SIGNS[step.relation]
    return sign if step.verdict.proved else rf"\overset{{*}}{{{sign}}}"


def _aligned(rows: Sequence[str]) -> str:
    body = " \\\\\n".join(rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def width(latex: str) -> int:
    """About how many letters wide a formula is."""
    return len(
        re.sub(r"\\(left|right|frac|,)|[\s{}^_]", "", re.sub(r"\\[a-z]+", "x", latex))
    )


def remainder(variables: Sequence[Symbol], order: int) -> str:
    """The LaTeX of ``+ O(t^order)``, where all ``variables`` shrink like t."""
    names = ", ".join(sp.latex(v) for v in variables)
    inner = names if len(variables) == 1 else rf"\lVert ({names}) \rVert"
    return rf" + O\left({inner}^{{{order}}}\right)"


def _reason(text: str, width: int = 42) -> list[str]:
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
