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
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import sympy as sp
from sympy import Basic, Expr, Symbol

from .abbreviations import abbreviations
from .arguments import as_order, as_text, conditions, several, shown
from .asymptotics import decide_order
from .chain import Chain, Line, Relation, Step
from .equality import Verdict, decide_at_most, decide_equal
from .errors import DerivationError, Refuted, Undecidable
from .laws import Law
from .lemmas import Bound, ConditionError, proved
from .parsing import as_written, exact, open_names, refuse_unknown, vocabulary

# Text is parsed, and prints as it is written.
Entry: TypeAlias = Basic | sp.MatrixBase | int | str
_LABEL = re.compile(r"eq-[a-z0-9]+(-[a-z0-9]+)*")
Decide = Callable[[Basic, Basic, Sequence[Basic]], Verdict]


class Derivation(Chain):
    """A derivation that starts from an expression and grows by checked steps.

    The start may be another derivation: this one then goes on from its last line.
    ``given``: conditions on the symbols beyond their assumptions, as relations
    (``q < 1``) or facts on matrices (``Q.positive_definite(S)``).
    ``where``: abbreviations, as ``{name: meaning}``; each is put in before checking.
    ``symbols``: what later steps may bring in that the start does not contain.
    """

    def __init__(
        self,
        start: Entry | Derivation,
        *,
        name: str,
        given: Iterable[Basic] = (),
        where: Mapping[Basic, Basic] | None = None,
        symbols: Iterable[Basic] = (),
    ) -> None:
        as_text(
            name, "a derivation needs a name", "name='what it shows'", DerivationError
        )
        given = conditions(given, "given", DerivationError)
        if isinstance(start, Derivation):
            given = given + start.given
        meant = abbreviations(where, given)
        if isinstance(start, Derivation):
            meant = abbreviations({**start.where, **meant}, given)
        kinds, called = (Expr, sp.MatrixBase, Law), "symbols, and f(x) for a function f"
        symbols = several(symbols, "symbols", kinds, called, DerivationError)
        self.beside = (*meant, *meant.values(), *given, *symbols)
        if isinstance(start, Derivation):
            first = start.last
        else:
            first = _line(start, self.beside, "the start")
        super().__init__(name, first, given, meant)

    def again(self, line: int = 0) -> Derivation:
        """A new derivation from one of the lines, which may name all that this does."""
        new = Derivation(
            self.lines[line].expression, name=f"{self.name}, again", given=self.given
        )
        new.start, new.where = self.lines[line], self.where
        new.beside = self.named
        return new

    @property
    def named(self) -> tuple[Basic, ...]:
        """All that its lines and what stands beside them name."""
        return (*(line.expression for line in self.lines), *self.beside)

    def read(self, text: str) -> Line:
        """The line that a text spells, if it names nothing that is not known here."""
        return self._read_known(text)

    def step(self, expression: Entry, *, because: str) -> None:
        """An expression equal to the one before it."""
        after = self._next(expression, because)
        verdict = self._compared(decide_equal, after, because)
        self.steps.append(Step(self.last, "=", after, because, verdict))

    def approx(
        self, expression: Entry, *, about: Iterable[Symbol], order: int, because: str
    ) -> None:
        """The one before it up to O(t^order), when all of ``about`` shrink like t."""
        after = self._next(expression, because)
        called = "symbols that go to zero"
        about = several(about, "about", Symbol, called, DerivationError)
        if not about:
            raise DerivationError(f"approx needs about=[{called}], at least one")
        order = as_order(order, 1, DerivationError)
        _refuse_matrices("approx", self.last, after)

        def decide(left: Basic, right: Basic, given: Sequence[Basic]) -> Verdict:
            return decide_order(left, right, about, order, given)

        verdict = self._compared(decide, after, because)
        step = Step(self.last, "approx", after, because, verdict, order=(about, order))
        self.steps.append(step)

    def le(self, expression: Entry, *, because: str, by: Bound) -> None:
        """An upper bound; ``by`` is the lemma whose two sides differ by as much."""
        self._bounded("<=", expression, because, by)

    def ge(self, expression: Entry, *, because: str, by: Bound) -> None:
        """A lower bound; ``by`` is the lemma whose two sides differ by as much."""
        self._bounded(">=", expression, because, by)

    def ends_with(self, expression: Entry | None = None, *, label: str) -> Derivation:
        """The conclusion, with the label by which the text cites it.

        Without an expression it is the last line; an expression must equal that line.
        Afterwards no step can be added.
        """
        as_text(label, "a conclusion needs a label", "label='eq-...'", DerivationError)
        if not _LABEL.fullmatch(label):
            raise DerivationError(
                f"the label {shown(label)} is not of the form 'eq-some-words'"
            )
        self._refuse_if_finished()
        if expression is not None:
            self._conclude(expression)
        if not self.steps:
            raise DerivationError(f"{self.name} has no step yet: it shows nothing")
        self.label = label
        return self

    def _conclude(self, expression: Entry) -> None:
        after = self._read_known(expression)
        if after.latex != self.last.latex:
            verdict = self._compared(decide_equal, after, "the conclusion")
            self.steps.append(Step(self.last, "=", after, "", verdict))

    def _bounded(
        self, relation: Relation, expression: Entry, because: str, by: Bound
    ) -> None:
        try:
            proved(by)
        except ConditionError as error:
            raise DerivationError(f"by={shown(by)}: {error}") from error
        if self.relation in ("<=", ">=") and self.relation != relation:
            raise DerivationError(
                "a chain cannot mix <= and >=: neither end would bound the other. "
                "Start a second derivation"
            )
        after = self._next(expression, because)
        _refuse_matrices("a bound", self.last, after)
        small, large = self.last.expression, after.expression
        if relation == ">=":
            small, large = large, small
        for need in by.needs:
            nonnegative = f"{because}, {by.name}: 0 <= {need}"
            _decided(self, decide_at_most, sp.S.Zero, need, nonnegative)
        gap, reason = by.larger - by.smaller, f"{because}, {by.name}"
        try:
            verdict = _decided(self, decide_equal, large - small, gap, reason)
        except DerivationError:
            # A point at which the bound itself fails says more, if there is one.
            _decided(self, decide_at_most, small, large, because)
            raise
        step = Step(self.last, relation, after, because, verdict, bound=by)
        self.steps.append(step)

    def _compared(self, decide: Decide, after: Line, because: str) -> Verdict:
        left, right = self.last.expression, after.expression
        return _decided(self, decide, left, right, because)

    # What is refused before any mathematics

    def _next(self, expression: Entry, because: str) -> Line:
        self._refuse_if_finished()
        as_text(because, "a step needs a reason", "because='...'", DerivationError)
        after = self._read_known(expression)
        if after.latex == self.last.latex:
            place = f"step {len(self.lines)} ({because})"
            raise DerivationError(
                f"{place} reads like the one before it: leave it out, "
                "or write it as text so that SymPy does not evaluate it"
            )
        return after

    def _read_known(self, entry: Entry) -> Line:
        """The entry as a line that names nothing new."""
        lines = [line.expression for line in self.lines]
        after = _line(entry, (*lines, *self.beside), "the step")
        known = set().union(*map(open_names, (*lines, *self.beside)))
        for law in sp.Tuple(*lines).atoms(Law):
            known.update(law.variables)
        refuse_unknown(after.expression, known)
        return after

    def _refuse_if_finished(self) -> None:
        if self.label is not None:
            raise DerivationError(
                f"{self.name} is finished ({self.label}): start a new Derivation, from "
                ".result if it goes on"
            )


def _line(entry: Entry, named: Iterable[Basic], what: str) -> Line:
    """The entry as a line; text may name what the expressions ``named`` do."""
    if isinstance(entry, str):
        return Line(exact(as_written(entry, vocabulary(named)), what), verbatim=True)
    if isinstance(entry, Chain):
        raise DerivationError(f"{what} is a derivation: give its .result")
    return Line(exact(entry, what))


def _refuse_matrices(what: str, *lines: Line) -> None:
    for line in lines:
        if isinstance(line.expression, (sp.MatrixBase, sp.MatrixExpr)):
            raise DerivationError(
                f"{what} compares numbers, and {shown(line.expression)} is a matrix: "
                "take an entry, a trace or a determinant"
            )


def _decided(
    chain: Chain, decide: Decide, left: Basic, right: Basic, because: str
) -> Verdict:
    """The verdict on both meanings, unless it is against the step."""
    place = f"{chain.name}, step {len(chain.lines)} ({because})"
    try:
        verdict = decide(chain.meaning(left), chain.meaning(right), chain.given)
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
        raise Refuted(place, verdict.counterexample)
    return verdict
