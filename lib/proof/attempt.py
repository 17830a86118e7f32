"""A reader's own steps, compared as a derivation compares its own.

An ``Exercise`` asks for some steps of a derivation: its start and its goal are given,
and what is typed between is checked line by line. ``changed`` tries another line in the
place of one of the derivation's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import sympy as sp
from sympy import Add, Basic, Mul

from .chain import Line, Step
from .derivation import Derivation
from .equality import decide_at_most, decide_equal
from .errors import DerivationError, Refuted, Undecidable
from .laws import Law
from .names import spellings
from .spelling import spelled

# "same": the line before it in another order; "leap": the goal, without the way there.
Kind: TypeAlias = Literal[
    "accepted", "refuted", "undecided", "unreadable", "same", "leap", "done"
]
_HOW = {
    "normal form": "both sides have one normal form",
    "SymPy": "SymPy proves it",
    "": "at random instances, which is not a proof",
}


@dataclass(frozen=True)
class Answer:
    """What is said of a line that was typed; ``latex`` as it was read."""

    kind: Kind
    message: str
    latex: str = ""
    forms: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Exercise:
    """The steps from line ``first`` to line ``last`` of a derivation, to be written.

    ``forms``: names of operators or functions (``E``, ``KL``, ``Int``, ``log``). For
    each the way to the goal must pass a line that is free of them.
    """

    chain: Derivation
    first: int = 0
    last: int = -1
    forms: Sequence[Sequence[str]] = ()

    def __post_init__(self) -> None:
        lines = self.chain.lines
        first, last = (range(len(lines))[place] for place in (self.first, self.last))
        object.__setattr__(self, "first", first)
        object.__setattr__(self, "last", last)
        if any(step.relation != "=" for step in self.asked):
            raise DerivationError(
                f"{self.chain.name}: an exercise asks for equalities only"
            )

    @property
    def asked(self) -> list[Step]:
        """The book's own steps from the start to the goal."""
        return self.chain.steps[self.first : self.last]

    @property
    def goal(self) -> Line:
        return self.chain.lines[self.last]

    def check(self, texts: Sequence[str], text: str) -> Answer:
        """What is to be said of ``text`` after the lines ``texts``, accepted before."""
        chain = self.chain.again(self.first)
        before = [chain.start, *map(chain.read, texts)]
        chain.start = before[-1]
        try:
            line = chain.read(text)
        except DerivationError as error:
            return Answer("unreadable", str(error))
        if arranged(line.expression) == arranged(chain.last.expression):
            said = "the same line in another order: no step yet"
            return Answer("same", said, line.latex, self._passed(before))
        answer = _compared(chain, text)
        if answer.kind != "accepted":
            return answer
        forms = self._passed([*before, line])
        if not self._is_goal(line):
            return Answer("accepted", answer.message, line.latex, forms)
        if not all(forms):
            return Answer("leap", self._leap(), line.latex, forms)
        count, book = len(texts) + 1, len(self.asked)
        said = f"{answer.message}. That is the goal, in {_steps(count)}; "
        return Answer("done", f"{said}the book takes {book}", line.latex, forms)

    def _leap(self) -> str:
        book = len(self.asked)
        return f"right, in one leap; the book takes {book}. Show what lies between"

    def _is_goal(self, line: Line) -> bool:
        found, goal = line.expression, self.goal.expression
        return arranged(found) == arranged(goal) or _evaluated(found) == _evaluated(
            goal
        )

    def _passed(self, lines: Sequence[Line]) -> tuple[bool, ...]:
        """Of each form, whether a line between the start and the goal has it."""
        between = [line for line in lines[1:] if not self._is_goal(line)]
        return tuple(
            any(is_free_of(line.expression, form) for line in between)
            for form in self.forms
        )


def changed(chain: Derivation, index: int, text: str) -> Answer:
    """What is to be said of ``text`` in the place of the line that a step leads to."""
    step = chain.steps[index]
    again = chain.again(index)
    try:
        line = again.read(text)
        if arranged(line.expression) == arranged(step.after.expression):
            return Answer("same", "this is the book's own line", line.latex)
        if step.relation in ("<=", ">="):
            return _bounded(again, step, line)
    except DerivationError as error:
        return Answer("unreadable", str(error))
    return _compared(again, text, step)


def _compared(chain: Derivation, text: str, like: Step | None = None) -> Answer:
    """``text`` as the next line of a chain, by equality or to the order of a step."""
    line = chain.read(text)
    try:
        if like and like.order:
            about, order = like.order
            chain.approx(text, about=about, order=order, because="so")
        else:
            chain.step(text, because="so")
    except Refuted as error:
        return Answer("refuted", f"does not hold {error.counterexample}", line.latex)
    except DerivationError as error:
        cause = error.__cause__
        if isinstance(cause, Undecidable):
            said = f"cannot be decided: {cause}. Take a smaller step"
            return Answer("undecided", said, line.latex)
        return Answer("unreadable", str(error), line.latex)
    proof = chain.steps[-1].verdict.proof
    return Answer("accepted", f"it holds: {_HOW[proof]}", line.latex)


def _bounded(chain: Derivation, step: Step, line: Line) -> Answer:
    """Another bound: as good as the book's, or refuted, or not shown by the lemma."""
    before, after, book = (
        chain.meaning(side.expression) for side in (chain.last, line, step.after)
    )
    small, large = (before, after) if step.relation == "<=" else (after, before)
    try:
        equal = decide_equal(after, book, chain.given)
        if equal.holds:
            said = f"it holds: equal to the book's line, {_HOW[equal.proof]}"
            return Answer("accepted", said, line.latex)
        verdict = decide_at_most(small, large, chain.given)
    except Undecidable as error:
        return Answer("undecided", f"cannot be decided: {error}", line.latex)
    if not verdict.holds:
        said = f"does not hold {verdict.counterexample}"
        return Answer("refuted", said, line.latex)
    return Answer(
        "undecided",
        "no instance refutes this bound, but it is not the one that the lemma gives: "
        f"it differs from the book's line {equal.counterexample}",
        line.latex,
    )


def is_free_of(expression: Basic, names: Sequence[str]) -> bool:
    """Whether no operator or function of these names stands in the expression."""
    nodes = sp.preorder_traversal(expression)
    return all(type(node).__name__ not in names for node in nodes)


def arranged(node: Basic) -> tuple[object, ...]:
    """The expression without the order in which sums and products are written."""
    if isinstance(node, (Add, Mul)) and node.is_commutative:
        return node.func, frozenset(Counter(map(arranged, _flat(node))).items())
    return (node.func, *map(arranged, node.args)) if node.args else (node.func, node)


def _flat(node: Basic) -> list[Basic]:
    """The terms of a sum with those of the sums within it; so of a product."""
    parts = (_flat(part) if part.func is node.func else [part] for part in node.args)
    return [term for part in parts for term in part]


def _evaluated(node: Basic) -> Basic:
    """The expression as SymPy writes it by itself, with one sign for each sum."""
    return node if node.is_Matrix else sp.signsimp(_rebuilt(node))


def _rebuilt(node: Basic) -> Basic:
    if not node.args or isinstance(node, Law):
        return node
    return node.func(*map(_rebuilt, node.args))


def _steps(count: int) -> str:
    return f"{count} step{'s' if count > 1 else ''}"


def hint(exercise: Exercise, texts: Sequence[str]) -> tuple[str, str]:
    """The book's next reason, and its next line as text.

    Next is what follows the last of the book's lines that was reached.
    """
    chain = exercise.chain
    reached = {arranged(chain.read(text).expression) for text in texts}
    own = [step.after.expression for step in exercise.asked]
    found = [i for i, line in enumerate(own) if arranged(line) in reached]
    index = min(max(found, default=-1) + 1, len(own) - 1)
    step = exercise.asked[index]
    return step.because, text_of(chain, step.after)


def text_of(chain: Derivation, line: Line) -> str:
    """A line of a derivation as it can be typed."""
    return spelled(line.expression, spellings(chain.named), line.verbatim)
