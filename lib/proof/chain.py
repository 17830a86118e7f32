"""What a chain of steps is, and how it reads on the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sympy import Basic, Symbol

from .equality import Proof, Verdict
from .latex import LINE, aligned, as_latex, reason, remainder, width
from .lemmas import Bound

Relation = Literal["=", "approx", "<=", ">="]
SHORT = 4  # lines: both ends of a chain are seen at a glance
_SIGNS: dict[Relation, str] = {"=": "=", "approx": "=", "<=": r"\le", ">=": r"\ge"}


@dataclass(frozen=True)
class Line:
    """One expression of a chain; ``verbatim`` if it prints in the order as written."""

    expression: Basic
    verbatim: bool = False

    @property
    def latex(self) -> str:
        return as_latex(self.expression, self.verbatim)


@dataclass(frozen=True)
class Step:
    """One link: ``before relation after``, and how it was decided.

    ``order``: of an approximate step, the symbols that shrink and the power with which
    the remainder does. A conclusion that differs from the last line has no ``because``.
    """

    before: Line
    relation: Relation
    after: Line
    because: str
    verdict: Verdict
    order: tuple[tuple[Symbol, ...], int] | None = None
    bound: Bound | None = None

    @property
    def sign(self) -> str:
        """The relation's sign, with a star where instances decided."""
        sign = _SIGNS[self.relation]
        return sign if self.verdict.proved else rf"\overset{{*}}{{{sign}}}"


@dataclass(repr=False, eq=False)
class Chain:
    """A first line and the steps that lead on from it.

    ``given``: conditions on the symbols. ``where``: abbreviations and their meanings.
    ``label``: the conclusion's, by which the text cites it, once there is one.
    """

    name: str
    start: Line
    given: tuple[Basic, ...] = ()
    where: Mapping[Basic, Basic] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    label: str | None = None

    @property
    def lines(self) -> list[Line]:
        return [self.start, *(step.after for step in self.steps)]

    @property
    def last(self) -> Line:
        return self.steps[-1].after if self.steps else self.start

    @property
    def result(self) -> Basic:
        """The last expression, with every abbreviation put in."""
        return self.meaning(self.last.expression)

    @property
    def relation(self) -> Relation:
        """The weakest relation used: start ``relation`` result."""
        used = {step.relation for step in self.steps}
        weaker: tuple[Relation, ...] = ("<=", ">=", "approx")
        return next((r for r in weaker if r in used), "=")

    def meaning(self, expression: Basic) -> Basic:
        """``expression`` with every abbreviation put in."""
        return spelt_out(expression, self.where)

    def __repr__(self) -> str:
        proved = sum(step.verdict.proved for step in self.steps)
        end = f", ends in {self.label}" if self.label else ""
        return (
            f"Derivation({self.name}: {len(self.steps)} steps, {proved} proved, "
            f"{len(self.steps) - proved} by instances{end})"
        )

    @property
    def blocks(self) -> list[str]:
        """What it prints as LaTeX, the labelled equation last.

        A short chain is that equation itself; of a longer one, and of one whose
        conclusion differs from its last line, the two ends stand below once more.
        """
        if self.label is None:
            return [_displayed(self)]
        is_last_line = bool(self.steps[-1].because)
        if is_last_line and len(self.lines) <= SHORT:
            return [_displayed(self)]
        shown = [_displayed(self)] if is_last_line or len(self.steps) > 1 else []
        return [*shown, _conclusion(self)]

    def _repr_markdown_(self) -> str:
        """Its blocks; of a finished chain also its label, and how it was checked."""
        shown = "\n\n".join(f"$$\n{block}\n$$" for block in self.blocks)
        if self.label is None:
            return shown
        return f"{shown} ({self.label})\n\n{_summary(self.steps, self.label)}"


def spelt_out(expression: Basic, where: Mapping[Basic, Basic]) -> Basic:
    """``expression`` with every abbreviation put in, also those within meanings."""
    for _ in where:
        expression = expression.xreplace(where)
    return expression


def _displayed(chain: Chain) -> str:
    rows = [f"& {chain.start.latex}"]
    for index, step in enumerate(chain.steps, start=1):
        if not step.because:
            continue
        rows += [rf"& \quad {row}" for row in reason(step.because)]
        end = _left_out(chain.steps[:index])
        rows.append(rf"{step.sign} {{}} & {step.after.latex}{end}")
    return aligned(rows)


def _conclusion(chain: Chain) -> str:
    sign, start = _SIGNS[chain.relation], chain.start.latex
    end = chain.last.latex + _left_out(chain.steps)
    if width(start) + width(end) > LINE:
        return aligned([f"& {start}", f"{sign} {{}} & {end}"])
    return f"{start} {sign} {end}"


def _left_out(steps: list[Step]) -> str:
    """The remainder of the coarsest of these steps, if any approximates."""
    orders = [(*step.order, step.verdict.proved) for step in steps if step.order]
    return remainder(*min(orders, key=lambda order: order[1:])) if orders else ""


def _summary(steps: list[Step], label: str) -> str:
    """One line for the reader: how many steps, how they were decided, and the label.

    In a plain notebook nothing else says what the text means when it cites the label.
    """
    found = Counter(step.verdict.proof for step in steps)
    ways: dict[Proof, str] = {
        "normal form": "by normal form",
        "SymPy": "by SymPy",
        "": r"marked $\overset{*}{=}$, at random instances",
    }
    used = [(found[proof], way) for proof, way in ways.items() if found[proof]]
    total = len(steps)
    count = f"{total} step{'s' if total > 1 else ''} checked"
    if len(used) == 1:
        said = f"{count}, {used[0][1]}"
    else:
        said = f"{count}: {', '.join(f'{n} {way}' for n, way in used)}"
    return f"*{said}.* `{label}`"
