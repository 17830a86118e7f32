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
from sympy import Add, Basic, Mul, Pow

from .chain import Line, Step
from .derivation import Derivation
from .equality import decide_at_most, decide_equal
from .errors import DerivationError, Refuted, Undecidable
from .grammar import GrammarError
from .names import spellings, thing
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

    ``forms``: names of operators and functions (``E``, ``KL``, ``log``), or of what the
    derivation names (``p_x``). For each form the way to the goal must pass a line that
    is free of all its names. Raises ``DerivationError`` if the steps asked for are no
    equalities, if the start has a form already, or if the book does not pass it.
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
        what = f"{self.chain.name}: an exercise"
        if any(step.relation != "=" for step in self.asked):
            raise DerivationError(f"{what} asks for equalities only")
        way = lines[self.first : self.last + 1]
        for form, passed in zip(self.forms, self._passed(way), strict=True):
            if self.is_free_of(way[0], form):
                raise DerivationError(f"{what}: its start is free of {form} already")
            if not passed:
                raise DerivationError(f"{what}: the book has no line free of {form}")

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
            return Answer("unreadable", told(error))
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
        typed = self.chain.read(text_of(self.chain, self.goal))
        goals = (arranged(end.expression) for end in (self.goal, typed))
        return arranged(line.expression) in goals

    def _passed(self, lines: Sequence[Line]) -> tuple[bool, ...]:
        """Of each form, whether a line between the start and the goal has it."""
        between = [line for line in lines[1:] if not self._is_goal(line)]
        return tuple(
            any(self.is_free_of(line, form) for line in between) for form in self.forms
        )

    def is_free_of(self, line: Line, form: Sequence[str]) -> bool:
        """Whether nothing of these names stands in the line."""
        names = spellings(self.chain.named)
        nodes = sp.preorder_traversal(line.expression)
        return all(
            type(node).__name__ not in form and names.get(thing(node)) not in form
            for node in nodes
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
        return Answer("unreadable", told(error))
    return _compared(again, text, step)


def told(error: DerivationError) -> str:
    """What an error says to one who types, and writes no program."""
    cause = error.__cause__
    return str(cause if isinstance(cause, GrammarError) else error)


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


def arranged(node: Basic) -> tuple[object, ...]:
    """The expression without what only the writing decides.

    That is the order of sums and products, where a minus stands, brackets within a sum
    or a product, and how the numbers of one product are split up.
    """
    if isinstance(node, Add):
        return Add, frozenset(Counter(map(_signed, _flat(node))).items())
    if isinstance(node, Mul) and node.is_commutative:
        return _signed(node)
    if isinstance(node, Pow) and node.exp.is_even and isinstance(node.base, Add):
        signs = arranged(node.base), arranged(Add(*map(_negated, _flat(node.base))))
        return Pow, frozenset(signs), arranged(node.exp)
    return (node.func, *map(arranged, node.args)) if node.args else (node.func, node)


def _signed(term: Basic) -> tuple[object, ...]:
    """A term as its number and the factors beside it."""
    factors = _flat(term) if isinstance(term, Mul) else [term]
    numbers = [factor for factor in factors if _is_number(factor)]
    rest = [factor for factor in factors if not _is_number(factor)]
    number = sp.Mul(*numbers)
    if len(rest) == 1 and number == 1:
        return arranged(rest[0])
    return Mul, str(number), frozenset(Counter(map(arranged, rest)).items())


def _is_number(factor: Basic) -> bool:
    whole = isinstance(factor, Pow) and factor.base.is_Integer and factor.exp == -1
    return bool(factor.is_Rational or whole)


def _flat(node: Basic) -> list[Basic]:
    """The terms of a sum with those of the sums within it; so of a product."""
    parts = (_flat(part) if part.func is node.func else [part] for part in node.args)
    terms = [term for part in parts for term in part]
    if not isinstance(node, Add):
        return terms
    return [term for part in terms for term in _opened(part)]


def _opened(term: Basic) -> list[Basic]:
    """The terms of a sum behind a minus."""
    if isinstance(term, Mul) and len(term.args) == 2:
        sign, inner = term.args
        if sign == -1 and isinstance(inner, Add):
            return list(map(_negated, _flat(inner)))
    return [term]


def _negated(term: Basic) -> Basic:
    return Mul(-1, *(term.args if isinstance(term, Mul) else [term]), evaluate=False)


def _steps(count: int) -> str:
    return f"{count} step{'s' if count > 1 else ''}"


def hint(exercise: Exercise, texts: Sequence[str]) -> tuple[str, str]:
    """The book's next reason, and its next line as text.

    Next is what follows the last of the book's lines that was reached.
    """
    chain = exercise.chain
    own = [text_of(chain, step.after) for step in exercise.asked]
    reached = {arranged(chain.read(text).expression) for text in texts}
    met = [arranged(chain.read(text).expression) in reached for text in own]
    found = [index for index, is_met in enumerate(met) if is_met]
    index = min(max(found, default=-1) + 1, len(own) - 1)
    return exercise.asked[index].because, own[index]


def text_of(chain: Derivation, line: Line) -> str:
    """A line of a derivation as it can be typed."""
    return spelled(line.expression, spellings(chain.named), line.verbatim)
