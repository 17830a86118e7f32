r"""What the report claims, what is true instead, and how that is decided.

A ``Statement`` is a chain such as ``a = b <= c`` of SymPy expressions. Its LaTeX is
printed from them and its check reads them, so what is shown is what was checked. Some
are decided by consequences: a density by its integrals, a sum over the dimensions at
several sizes. ``tests`` derives these consequences from the statement itself, hence an
error in the statement is an error in them. A ``Claim`` puts what the report printed
beside what is true.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from textwrap import shorten
from typing import Any, Literal, get_args

import mpmath
import sympy as sp
from sympy import Basic, MatrixExpr, Rational, Symbol
from sympy.core.function import AppliedUndef

from lib.proof.abbreviations import abbreviations
from lib.proof.arguments import as_order, conditions, several, shown
from lib.proof.asymptotics import decide_order
from lib.proof.chain import spelt_out
from lib.proof.equality import Proof, Verdict, decide_at_most, decide_equal
from lib.proof.errors import DerivationError, Undecidable
from lib.proof.evaluation import MODULES, Point, at_precision, number
from lib.proof.expectation import Operator, resolve
from lib.proof.latex import LINE, as_latex, remainder, width
from lib.proof.laws import Law
from lib.proof.parsing import as_written, exact
from lib.proof.points import points

RELATIONS = {
    "=": "=",
    "<=": r"\le",
    ">=": r"\ge",
    "!=": r"\ne",
    "~": r"\simeq",  # decided by its order, by ``within``, or by the statement's tests
    "O": "=",  # followed by a remainder, and decided by its order
}
Finding = Literal["correct", "sloppy", "wrong"]
VERDICTS: tuple[Finding, ...] = get_args(Finding)
How = Literal["numerically", "at random instances", "by SymPy", "by normal form"]
WAYS: tuple[How, ...] = get_args(How)  # from the weakest
REPR = 120  # characters of a statement's text, in one line
INSTANCES = 5  # at which a statement is compared numerically
DIGITS = 30  # to which integrals are worked out
QUADRATURE = Rational(1, 10**12)  # to which they are compared, relatively
SURE = Rational(1, 10**15)  # to which they must be known, and agree
MOST_HALVINGS = 7  # of the steps of a quadrature
_TURNING = (sp.Abs, sp.Max, sp.Min, sp.sign, sp.Heaviside, sp.floor, sp.Piecewise)

Tests = Callable[["Statement"], Iterable[tuple[str, "Statement"]]]


def itself(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """The test of a statement that can be decided as it stands."""
    yield "", statement


@dataclass(frozen=True)
class Decision:
    """Whether something ``holds``, ``how`` that was decided, or where it fails."""

    holds: bool
    how: How
    counterexample: str = ""


@dataclass(frozen=True, repr=False)
class Statement:
    """A chain ``members[0] relations[0] members[1] ...``; make it with ``state``.

    ``where``: abbreviations, as ``{shown: meaning}``.
    ``under``: the laws of random variables that stand open in the statement.
    ``given``: conditions on the symbols beyond their assumptions.
    ``about``, ``order``: an "O" or "~" holds up to O(t^order) as ``about`` shrinks.
    ``within``: a "~" holds up to this relative error.
    ``words``: a condition in words, shown and not checked.
    ``tests``: the statements whose truth decides this one's, each with its name.
    ``verbatim``: the members that print in the order in which they were written.
    """

    members: tuple[Basic, ...]
    relations: tuple[str, ...]
    where: Mapping[Basic, Basic] = field(default_factory=dict)
    under: tuple[Law, ...] = ()
    given: tuple[Basic, ...] = ()
    about: tuple[Symbol, ...] = ()
    order: int = 0
    within: Rational | None = None
    words: str = ""
    tests: Tests = itself
    verbatim: tuple[int, ...] = ()

    @property
    def left(self) -> Basic:
        return self.members[0]

    @property
    def right(self) -> Basic:
        return self.members[-1]

    def meaning(self, expression: Basic) -> Basic:
        """``expression`` with every abbreviation put in."""
        return spelt_out(expression, self.where)

    def map(self, change: Callable[[Basic], Basic]) -> Statement:
        """The statement about ``change(member)``, with the abbreviations put in."""
        members = tuple(change(self.meaning(member)) for member in self.members)
        return replace(self, members=members, where={}, tests=itself)

    def read(self, meant: Mapping[Basic, Basic], **changes: Any) -> Statement:
        """The statement in a reading: what is meant by something that it names."""
        members = tuple(member.xreplace(meant) for member in self.members)
        return replace(self, members=members, **changes)

    def links(self) -> Iterator[Statement]:
        """Each link of the chain as a statement of its own."""
        for i, relation in enumerate(self.relations):
            pair = self.members[i : i + 2]
            yield replace(self, members=pair, relations=(relation,), tests=itself)

    def decide(self) -> Decision:
        """Whether all tests hold; the first that fails gives the counterexample.

        Raises ``Undecidable`` where neither a proof nor enough instances are found.
        """
        ways = set()
        for name, test in self.tests(self):
            for link in test.links():
                try:
                    decision = _decide(link)
                except sp.ShapeError as reason:
                    said = f"the sizes do not fit: {str(reason).rstrip('.')}"
                    decision = Decision(False, "at random instances", said)
                if not decision.holds:
                    place = f"{name}: " if name else ""
                    return replace(
                        decision, counterexample=place + decision.counterexample
                    )
                ways.add(decision.how)
        return Decision(True, next(way for way in WAYS if way in ways))

    @property
    def latex(self) -> str:
        """The statement in one line."""
        return self._joined(" ")

    def _joined(self, before_sign: str) -> str:
        rows = [self._latex_of(0)]
        for index, relation in enumerate(self.relations, start=1):
            end = self._remainder() if relation == "O" else ""
            rows.append(f"{RELATIONS[relation]} {self._latex_of(index)}{end}")
        laws = ", ".join(
            rf"{as_latex(law.args[0])} \sim {law.name}" for law in self.under
        )
        words = rf"\text{{{self.words}}}" if self.words else ""
        conditions = [condition for condition in (laws, words) if condition]
        return r" \qquad ".join([before_sign.join(rows), *conditions])

    def _remainder(self) -> str:
        proved = len(self.about) == 1 or self.decide().how == "by normal form"
        return remainder(self.about, self.order, proved)

    def _latex_of(self, index: int) -> str:
        return as_latex(self.members[index], verbatim=index in self.verbatim)

    @property
    def block(self) -> str:
        """The statement as displayed mathematics, a long chain on several lines."""
        if len(self.relations) == 1 and width(self.latex) <= LINE:
            return f"$$\n{self.latex}\n$$"
        rows = self._joined(" \\\\\n& \\quad ")
        return f"$$\n\\begin{{aligned}}\n& {rows}\n\\end{{aligned}}\n$$"

    def _repr_markdown_(self) -> str:
        return self.block

    def __repr__(self) -> str:
        parts = [sp.sstr(self.left)]
        for relation, member in zip(self.relations, self.members[1:], strict=True):
            parts += [relation, sp.sstr(member)]
        return shorten(f"Statement({' '.join(parts)})", REPR, placeholder=" ...)")


def state(
    *chain: Any,
    names: Mapping[str, Any] | None = None,
    where: Mapping[Basic, Basic] | None = None,
    under: Sequence[Law] = (),
    given: Sequence[Basic] = (),
    about: Sequence[Symbol] = (),
    order: int = 0,
    within: Rational | None = None,
    words: str = "",
    tests: Tests = itself,
) -> Statement:
    """``state(a, "=", b, "<=", c)``; a member given as text prints as written.

    ``names`` says what the text may name; the rest is as in ``Statement``. Raises
    ``DerivationError`` if anything is of the wrong kind.
    """
    members, relations = chain[::2], chain[1::2]
    if len(members) != len(relations) + 1 or not relations:
        raise DerivationError(
            "state(left, relation, right, ...): members and relations alternate"
        )
    for relation in relations:
        if not isinstance(relation, str) or relation not in RELATIONS:
            known = ", ".join(map(repr, RELATIONS))
            raise DerivationError(f"no relation {shown(relation)}: there are {known}")
    _require("names", names is None or isinstance(names, Mapping), names)
    _require("words", isinstance(words, str), words)
    _require("tests", not isinstance(tests, type) and callable(tests), tests)
    _require("within", within is None or _is_tolerance(within), within)
    given = conditions(given, "given", DerivationError)
    statement = Statement(
        members=tuple(_member(member, names or {}) for member in members),
        relations=relations,
        where=abbreviations(where, given),
        under=several(under, "under", Law, "laws", DerivationError),
        given=given,
        about=several(about, "about", Symbol, "symbols", DerivationError),
        order=as_order(order, 0, DerivationError),
        within=within,
        words=words,
        tests=tests,
        verbatim=tuple(
            i for i, member in enumerate(members) if isinstance(member, str)
        ),
    )
    _refuse_unordered(statement)
    return statement


def _member(member: Any, names: Mapping[str, Any]) -> Basic:
    """A member as an expression, unevaluated if it is text."""
    if isinstance(member, str):
        member = as_written(member, names)
    return exact(member, "a member of the statement", decimals=True)


_TAKES = {
    "names": "a dictionary, {name: what it names}",
    "words": "text",
    "tests": "a function of the statement",
    "within": "an exact number above 0, such as Rational(1, 100)",
}


def _require(name: str, holds: bool, option: Any) -> None:
    if not holds:
        raise DerivationError(f"{name}={shown(option)}: {name} takes {_TAKES[name]}")


def _is_tolerance(within: Any) -> bool:
    return isinstance(within, Rational) and within.is_positive


def _refuse_unordered(statement: Statement) -> None:
    """Refuse to compare by size what has none, and an order of nothing."""
    if statement.order and not statement.about:
        raise DerivationError("an order needs about=(symbols that go to zero,)")
    for link in statement.links():
        if link.relations[0] in ("=", "!="):
            continue
        for member in link.members:
            if isinstance(member, (sp.MatrixBase, MatrixExpr)):
                raise DerivationError(
                    f"{link.relations[0]} is between numbers, and {shown(member)} is "
                    "a matrix: take an entry, a trace or a determinant"
                )
            ordered = link.relations[0] in ("<=", ">=")
            if ordered and member.is_extended_real is False:
                raise DerivationError(
                    f"{link.relations[0]} is between real numbers, and "
                    f"{shown(member)} is not real: take Abs(...) or re(...)"
                )


# ---------------------------------------------------------------------------- deciding


def _decide(link: Statement) -> Decision:
    """Decide a chain of one link."""
    left, right = (_exact(link.meaning(member)) for member in link.members)
    conditions = (link.given, link.about, link.order, link.within)
    return _decide_link(left, link.relations[0], right, *conditions)


@functools.cache
def _decide_link(
    left: Basic,
    relation: str,
    right: Basic,
    given: tuple[Basic, ...],
    about: tuple[Symbol, ...],
    order: int,
    within: Rational | None,
) -> Decision:
    if relation in ("~", "O") and order:
        return _decision(decide_order(left, right, about, order, given))
    if relation == "~" and within is not None:
        return _close(left, right, within, given)
    if relation == "=" and _has_open_integral(left, right):
        return _numerically(left, right, QUADRATURE, given)
    if relation == "=":
        return _decision(decide_equal(left, right, given))
    if relation == "<=":
        return _decision(decide_at_most(left, right, given))
    if relation == ">=":
        return _decision(decide_at_most(right, left, given))
    if relation == "!=":
        return _differ(left, right, given)
    raise DerivationError(
        f"the relation {relation!r} needs an order, a tolerance, or tests"
    )


def _exact(expression: Basic) -> Basic:
    """Decimals are exact: 0.1 is 1/10."""
    decimals = expression.atoms(sp.Float)
    return expression.xreplace({d: Rational(str(d)) for d in decimals})


def _how(verdict: Verdict) -> How:
    ways: dict[Proof, How] = {"normal form": "by normal form", "SymPy": "by SymPy"}
    return ways.get(verdict.proof, "at random instances")


def _decision(verdict: Verdict) -> Decision:
    return Decision(verdict.holds, _how(verdict), verdict.counterexample)


def _differ(left: Basic, right: Basic, given: tuple[Basic, ...]) -> Decision:
    if _has_open_integral(left, right):
        same = _numerically(left, right, QUADRATURE, given).holds
        return Decision(not same, "numerically", "both sides agree" if same else "")
    verdict = decide_equal(left, right, given)
    shown = f"both sides are equal, to {sp.sstr(resolve(right))}"
    return Decision(not verdict.holds, _how(verdict), shown if verdict.holds else "")


def _has_open_integral(left: Basic, right: Basic) -> bool:
    """Whether an integral stays whose antiderivative is not known."""
    return any(
        side.has(sp.Integral) and resolve(side).has(sp.Integral)
        for side in (left, right)
    )


def _close(
    left: Basic, right: Basic, within: Rational, given: tuple[Basic, ...]
) -> Decision:
    """Compare at a few points, then look for where the relative error is largest."""
    decision = _numerically(left, right, within, given)
    if not decision.holds or _has_open_integral(left, right):
        return decision
    gap, size = sp.Abs(left - right), sp.Max(sp.Abs(left), sp.Abs(right))
    verdict = decide_at_most(gap, within * size, given)
    return Decision(verdict.holds, "numerically", verdict.counterexample)


def _numerically(
    left: Basic, right: Basic, within: Rational, given: tuple[Basic, ...]
) -> Decision:
    """Compare values at a few points, integrals by quadrature."""
    sides = [s if s.has(sp.Integral) else resolve(s) for s in (left, right)]
    if unresolved := sp.Tuple(*sides).atoms(Operator, AppliedUndef):
        raise Undecidable(f"{sp.sstr(unresolved.pop())} has no value here")
    symbols = sorted(sp.Tuple(*sides).free_symbols, key=str)
    integral = any(s.has(sp.Integral) for s in sides)
    if any(i.has(*_TURNING) for i in _integrals(sides)):
        raise Undecidable("an integral of what changes its formula has no value here")
    if any(len(i.limits) > 1 or i.function.has(sp.Integral) for i in _integrals(sides)):
        raise Undecidable("an integral within an integral has no value here")
    for point in _instances(symbols, given, integral):
        at = tuple((s, point[s]) for s in symbols)
        a, b = (_number_at(side, at) for side in sides)
        size = 0 if a is None or b is None else max(abs(a), abs(b))
        if integral and size and SURE * size < abs(a - b) <= within * size:
            raise Undecidable(
                "the sides agree, but not to all the digits that are known"
            )
        if a is None or b is None or abs(a - b) > within * size:
            where = ", ".join(f"{s} = {value}" for s, value in at)
            values = f"left {_shown(a)}, right {_shown(b)}"
            place = f"at {where}: " if where else ""
            return Decision(False, "numerically", place + values)
    return Decision(True, "numerically")


def _integrals(sides: Sequence[Basic]) -> set[Basic]:
    return sp.Tuple(*sides).atoms(sp.Integral)


@functools.lru_cache(1024)  # quadrature is slow, and a side met with many others
def _number_at(side: Basic, at: tuple[tuple[Symbol, Basic], ...]) -> Any:
    """The value to ``DIGITS`` digits, or None if there is none."""
    with mpmath.workdps(DIGITS):
        modules = [{"quad": _quadrature}, *MODULES]
        compute = sp.lambdify([s for s, _ in at], side, modules=modules)
        return number(functools.partial(compute, *(at_precision(v) for _, v in at)))


def _quadrature(integrand: Callable[..., Any], *ranges: Any) -> Any:
    """An integral by numbers; refused where its error may be seen."""
    value, error = mpmath.quad(integrand, *ranges, error=True, maxdegree=MOST_HALVINGS)
    if not error <= SURE * abs(value):
        raise Undecidable("an integral whose value by quadrature is not sure")
    return value


def _instances(
    symbols: list[Symbol], given: tuple[Basic, ...], integral: bool
) -> list[Point]:
    """A few points that ``given`` allows, those first at which no value is extreme.

    An integral is worked out at these alone: elsewhere its integrand may be a needle.
    """
    candidates = points(symbols, given=given, count=60)
    if integral:
        candidates = (point for point in candidates if not _extremeness(point))
    found = sorted(candidates, key=_extremeness)[:INSTANCES]
    if symbols and len(found) < INSTANCES:
        shown = f" with {', '.join(map(str, given))}" if given else ""
        raise Undecidable(f"too few moderate values of {symbols}{shown} were found")
    return found


def _extremeness(point: Point) -> float:
    """By how many orders of magnitude a value leaves 0.2 to 5, zero being none."""
    sizes = [float(abs(value)) for value in point.values() if value != 0]
    return sum(max(math.log10(0.2 / s), math.log10(s / 5), 0) for s in sizes)


def _shown(value: Any) -> str:
    return "undefined" if value is None else mpmath.nstr(value, 8)


# ------------------------------------------------------------------------------ claims


@dataclass(frozen=True, repr=False)
class Claim:
    """One equation (``"11"``) or answer (``"Q3"``) of the report, judged.

    ``printed`` says what the report prints, ``corrected`` what is true; for an answer
    both stand for its words, ``claim`` and ``correction``. ``also`` is what the
    correction says besides. ``scope`` tells for what the check speaks: "general",
    "instance: ...", or "numeric: ...". ``chapter`` and ``label`` name where the book
    derives it. A "sloppy" claim is one that is true in one reading, ``holds_if``, and
    false in another, ``fails_if``; no other claim has any. An answer ``repeats`` the
    equation, by its number, whose formula and whose slip are its own.
    """

    number: str
    verdict: Finding
    chapter: str
    corrected: Statement
    scope: str
    printed: Statement | None = None
    label: str = ""
    claim: str = ""
    correction: str = ""
    also: tuple[Statement, ...] = ()
    holds_if: Statement | None = None
    fails_if: Statement | None = None
    repeats: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict {self.verdict!r}: one of {', '.join(VERDICTS)}")
        if not self.scope.startswith(("general", "instance: ", "numeric: ")):
            raise ValueError(f"scope {self.scope!r}: general, instance: or numeric:")
        given = {reading is not None for reading in (self.holds_if, self.fails_if)}
        if given != {self.verdict == "sloppy"}:
            raise ValueError(
                f"claim {self.number}: holds_if and fails_if are given of a sloppy "
                "claim, both, and of no other"
            )

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All that the correction states."""
        return (self.corrected, *self.also)

    def check(self) -> Decision:
        """Decide the correction."""
        decisions = [statement.decide() for statement in self.statements]
        return min(decisions, key=lambda d: (d.holds, WAYS.index(d.how)))

    def check_printed(self) -> Decision | None:
        """Decide what the report printed, read to the letter; None if it is words."""
        return self.printed.decide() if self.printed else None

    @property
    def title(self) -> str:
        name = "Answer" if self.number.startswith("Q") else "Equation"
        return f"{name} {self.number.removeprefix('Q')}"

    def __repr__(self) -> str:
        return f"Claim({self.title}: {self.verdict}, {self.scope})"

    def _repr_markdown_(self) -> str:
        """What was printed, where it fails, what is true, and how that was checked."""
        printed = self.check_printed()
        same = self.printed == self.corrected
        parts = [
            f"**{self.title} of the report: {self.verdict}.** {self.claim}".rstrip()
        ]
        if self.printed and not same:
            parts += ["As printed:", self.printed.block]
        if printed and not printed.holds:
            parts.append(f"It fails: `{printed.counterexample}`.")
        if self.correction:
            parts.append(self.correction)
        if not same:
            parts.append("Corrected:")
        parts += [statement.block for statement in self.statements]
        parts.append(f"*Checked {self.check().how} ({self.scope}).*")
        return "\n\n".join(parts)


class Part:
    """The claims of one part of the report, each built when it is asked for."""

    def __init__(self) -> None:
        self.builders: dict[str, Callable[[], Claim]] = {}
        self._built: dict[str, Claim] = {}

    def claim(
        self, number: str
    ) -> Callable[[Callable[[], Claim]], Callable[[], Claim]]:
        """Register the function that builds a claim."""

        def register(builder: Callable[[], Claim]) -> Callable[[], Claim]:
            self.builders[number] = builder
            return builder

        return register

    def __getitem__(self, number: str) -> Claim:
        if number not in self._built:
            claim = self.builders[number]()
            if claim.number != number:
                raise ValueError(f"claim {claim.number} is registered as {number}")
            self._built[number] = claim
        return self._built[number]
