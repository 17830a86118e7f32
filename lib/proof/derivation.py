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
from sympy import Basic, Symbol

from .asymptotics import decide_order
from .chain import Chain, Line, Relation, Step
from .equality import Verdict, decide_at_most, decide_equal
from .errors import DerivationError, Undecidable
from .laws import Law
from .lemmas import Bound
from .parsing import as_written, exact, open_names, refuse_unknown, vocabulary

# Text is parsed, and prints as it is written.
Entry: TypeAlias = Basic | sp.MatrixBase | int | str
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
        given: Sequence[Basic] = (),
        where: Mapping[Basic, Basic] | None = None,
        symbols: Iterable[Basic] = (),
    ) -> None:
        if not name.strip():
            raise DerivationError("a derivation needs a name: name='what it shows'")
        given, where = tuple(given), dict(where or {})
        if isinstance(start, Derivation):
            given, where = given + start.given, {**start.where, **where}
        self._beside = (*where, *where.values(), *given, *symbols)
        if isinstance(start, Derivation):
            first = start.last
        else:
            first = _line(start, self._beside)
        super().__init__(name, first, given, where)

    def step(self, expression: Entry, *, because: str) -> None:
        """An expression equal to the one before it."""
        after = self._next(expression, because)
        verdict = self._compared(decide_equal, after, because)
        self.steps.append(Step(self.last, "=", after, because, verdict))

    def approx(
        self, expression: Entry, *, about: Sequence[Symbol], order: int, because: str
    ) -> None:
        """The one before it up to O(t^order), when all of ``about`` shrink like t."""
        after = self._next(expression, because)
        about = tuple(about)
        if order < 1 or not about or not all(isinstance(v, Symbol) for v in about):
            raise DerivationError(
                "approx needs about=[symbols that go to zero] and an order >= 1"
            )

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

    def _conclude(self, expression: Entry) -> None:
        after = self._read_known(expression)
        if after.latex != self.last.latex:
            verdict = self._compared(decide_equal, after, "the conclusion")
            self.steps.append(Step(self.last, "=", after, "", verdict))

    def _bounded(
        self, relation: Relation, expression: Entry, because: str, by: Bound
    ) -> None:
        if not isinstance(by, Bound):
            raise DerivationError(
                f"a bound needs a certificate: by=nonnegative(...), jensen(...) or "
                f"another lemma of lib.proof, not {by!r}"
            )
        if self.relation in ("<=", ">=") and self.relation != relation:
            raise DerivationError(
                "a chain cannot mix <= and >=: neither end would bound the other. "
                "Start a second derivation"
            )
        after = self._next(expression, because)
        small, large = self.last.expression, after.expression
        if relation == ">=":
            small, large = large, small
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
        if not because.strip():
            raise DerivationError("a step needs a reason: because='...'")
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
        after = _line(entry, (*lines, *self._beside))
        known = set().union(*map(open_names, (*lines, *self._beside)))
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


def _line(entry: Entry, named: Iterable[Basic]) -> Line:
    """The entry as a line; text may name what the expressions ``named`` do."""
    if isinstance(entry, str):
        return Line(exact(as_written(entry, vocabulary(named))), verbatim=True)
    return Line(exact(entry))


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
        raise DerivationError(f"{place} does not hold {verdict.counterexample}")
    return verdict
