"""Whether two expressions are equal, or one bounds the other.

A proof comes first: a normal form of our own decides most steps at once. Where it does
not, instances may refute: a point that satisfies every assumption, at which enclosures
of the two sides do not meet. What no instance refutes SymPy may prove; what it cannot
prove counts as equal if there were instances enough.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import sympy as sp
from sympy import Basic, Expr, S
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.evalf import PrecisionExhausted
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean
from sympy.matrices.expressions.matexpr import MatrixExpr

from .algebra import ATTEMPTS, SOUND, has_one_normal_form, is_zero
from .any_law import under_any_law, without_closed_form
from .cases import Case, cases
from .counterexamples import told
from .enclosures import Enclosure
from .errors import NoValues, Undecidable
from .evaluation import Found, Pair, Point, differ, exceeds
from .expectation import resolve
from .instances import ENOUGH, Instance, has_structure, instances
from .intervals import Undefined, Unknown, sign_of
from .jumps import JUMPS, unseen_jump
from .kinks import levels_at, satisfies
from .laws import moved_density
from .limits import without_limits
from .points import points
from .sizes import unseen_turn

Proof = Literal["", "normal form", "SymPy"]

MOST_BITS = 40_000  # of a number that is written out
ROUGHLY = 30  # digits, to which the sign of a kink is looked for
MORE = 96  # points, where there were too few with a value
A_FEW = 4  # points, where there are several instances
MOST_LEVELS = 12  # of floors, beside those next to zero
MOST_SEARCHED = 4  # instances of several symbols whose kinks are looked for
ONE_SIDED = "one side is undefined"


@dataclass(frozen=True)
class Verdict:
    """``holds``, and by what ``proof``, or at how many ``instances`` it did."""

    holds: bool
    proof: Proof = ""
    instances: int = 0
    counterexample: str = ""

    @property
    def proved(self) -> bool:
        return bool(self.proof)


def decide_equal(left: Basic, right: Basic, given: Sequence[Basic] = ()) -> Verdict:
    """Whether ``left = right`` wherever the assumptions and ``given`` hold.

    Raises ``Undecidable`` if neither a proof nor enough instances are found.
    """
    left, right = (_hashable(sp.sympify(side)) for side in (left, right))
    _refuse_enormous(left, right)
    try:
        return _decide_equal(left, right, tuple(given))
    except (RecursionError, OverflowError, PrecisionExhausted) as error:
        raise Undecidable(f"it goes beyond what can be evaluated: {error}") from error


def _hashable(side: Basic) -> Basic:
    return sp.ImmutableMatrix(side) if isinstance(side, sp.MatrixBase) else side


@functools.cache  # a chapter derives what the registry states
def _decide_equal(left: Basic, right: Basic, given: tuple[Basic, ...]) -> Verdict:
    if _shape(left) != _shape(right):
        shapes = f"{_shape(left)} and {_shape(right)}"
        return Verdict(False, counterexample=f"their shapes differ: {shapes}")
    left, right, given = without_limits(left), without_limits(right), separate(given)
    refuse_unusable(given)
    if has_one_normal_form(left, right, given):
        return Verdict(True, "normal form")
    if (found := cases((left, right), given)) is not None:
        return _in_each(found, left, right, decide_equal)
    try:
        verdict = _compare(left, right, given, differ)
    except Undecidable as reason:
        if is_zero(left, right, SOUND):
            return Verdict(True, "SymPy")
        return _under_any_law(left, right, given, reason)
    if not verdict.holds:
        _refuse_moved(left, right)
        return verdict
    verdict = with_enough(verdict, left, right)
    if is_zero(left, right, ATTEMPTS):
        return Verdict(True, "SymPy", verdict.instances)
    return verdict


def decide_at_most(left: Expr, right: Expr, given: Sequence[Basic] = ()) -> Verdict:
    """Whether ``left <= right`` at the instances, also where it may be tight.

    It proves nothing.
    """
    left, right, given = without_limits(left), without_limits(right), separate(given)
    refuse_unusable(given)
    _refuse_enormous(left, right)
    if (found := cases((left, right), given)) is not None:
        return _in_each(found, left, right, decide_at_most)
    try:
        verdict = _compare(left, right, given, exceeds)
    except (RecursionError, OverflowError, PrecisionExhausted) as error:
        raise Undecidable(f"it goes beyond what can be evaluated: {error}") from error
    if not verdict.holds:
        _refuse_moved(left, right)
    return with_enough(verdict, left, right) if verdict.holds else verdict


def _in_each(
    found: Sequence[Case],
    left: Basic,
    right: Basic,
    decide: Callable[[Any, Any, Sequence[Basic]], Verdict],
) -> Verdict:
    """The verdict of all cases together; those that no value suits say nothing."""
    verdicts = []
    for point, given in found:
        if S.false in given:
            continue
        try:
            verdict = decide(left.subs(point), right.subs(point), given)
        except NoValues:
            continue
        if not verdict.holds:
            where = ", ".join(f"{symbol} = {value}" for symbol, value in point.items())
            said = verdict.counterexample.removeprefix("always: ")
            joined = said.startswith(("at ", "where ", "with "))
            said = said.removeprefix("where ")
            said = f"where {where}{', ' if joined else ': '}{said}"
            return replace(verdict, counterexample=said)
        verdicts.append(verdict)
    if not verdicts:
        raise NoValues("no values were found that satisfy the conditions")
    proofs = {verdict.proof for verdict in verdicts}
    proof: Proof = "normal form" if proofs == {"normal form"} else "SymPy"
    counted = sum(verdict.instances for verdict in verdicts)
    return Verdict(True, "" if "" in proofs else proof, counted)


def separate(given: Sequence[Basic]) -> tuple[Basic, ...]:
    """Each condition by itself, where several are joined by ``&``."""
    return tuple(part for condition in given for part in sp.And.make_args(condition))


def _refuse_enormous(*sides: Basic) -> None:
    """Refuse numbers of so many digits that a logarithm of them takes minutes."""
    for number in sp.Tuple(*sides).atoms(sp.Rational):
        if max(abs(number.p), number.q).bit_length() > MOST_BITS:
            raise Undecidable(f"a number of more than {MOST_BITS} bits")


def refuse_unusable(given: Sequence[Basic]) -> None:
    """Refuse conditions that no instance could respect."""
    for condition in given:
        for fact in condition.atoms(AppliedPredicate):
            if not isinstance(fact.arguments[0], MatrixExpr):
                raise Undecidable(f"{fact} is about no matrix: write a relation")
        if isinstance(condition, AppliedPredicate):
            continue
        if not isinstance(condition, (Relational, Boolean)):
            raise Undecidable(f"the condition {condition} is no relation such as q < 1")
        elif condition == False:  # noqa: E712
            raise Undecidable("a condition that is never true")
        elif condition.has(sp.Indexed):
            raise Undecidable(f"{condition} is about an indexed term: declare its base")


def _refuse_moved(left: Basic, right: Basic) -> None:
    """Refuse to refute by laws of few places what may hold on a line."""
    for side in (left, right):
        if (moved := moved_density(side)) is not None:
            raise Undecidable(
                f"{moved} holds a density away from its variable, and a change of "
                "variables or an integration by parts may make both sides equal"
            )


def _under_any_law(
    left: Basic, right: Basic, given: Sequence[Basic], reason: Undecidable
) -> Verdict:
    """Equality under every law, where an expectation under this one has no closed form.

    Sufficient, not necessary: a step that needs the law itself stays undecided.
    """
    if not (without_closed_form(left) or without_closed_form(right)):
        raise reason
    sides = under_any_law(left), under_any_law(right)
    verdict = _compare(*sides, given, differ)
    if not verdict.holds:
        raise reason
    return with_enough(verdict, *sides)


def _compare(
    left: Basic,
    right: Basic,
    given: Sequence[Basic],
    refutes: Callable[[Any, Any], bool],
) -> Verdict:
    """Look for a point at which ``refutes`` says so of the two sides' enclosures."""
    agreed = 0
    found_so_far = instances(left, right, given, lambda: agreed >= ENOUGH)
    for index, instance in enumerate(found_so_far):
        symbols = instance.symbols
        searched = index < MOST_SEARCHED or len(symbols) <= 1
        kinks = instance.kinks if searched else []
        if refutes is exceeds and searched and not instance.functions:
            # Where they lie closest one side may be the larger one.
            kinks = [*kinks, *(a - b for a, b in instance.pairs)]
        kinks = [*kinks, *_levels(instance)] if searched else kinks
        pairs = [Pair(pair, instance.enclosures) for pair in instance.pairs]
        count = 48 if len(symbols) == 1 else 24
        count = A_FEW if instance.choices else count
        seen: list[Point] = []
        unseen: list[Point] = []
        places = points(symbols, kinks, instance.given, count)
        for point in itertools.chain(places, _more_points(instance, seen)):
            for entry, pair in enumerate(pairs):
                found = _look(pair, point, instance.given, refutes)
                if instance.extreme and found == ONE_SIDED:
                    continue  # as a quotient is at a root that cancels
                if isinstance(found, str):
                    look = functools.partial(
                        _look, pair, given=instance.given, refutes=refutes
                    )
                    said = told(instance, entry, point, found, look)
                    return Verdict(False, counterexample=said)
                agreed += found is Found.AGREEMENT and not instance.extreme
                if found in (Found.AGREEMENT, Found.NOTHING):
                    seen.append(point)
                elif found is Found.UNKNOWN:
                    unseen.append(point)
        if searched and not instance.extreme:
            _refuse_unseen_sides(instance.kinks, seen, unseen)
        if refutes is differ and not instance.functions:
            _refuse_unseen_jumps(instance, kinks)
    if (found_beyond := unseen_turn((left, right))) is not None:
        raise Undecidable(f"{found_beyond}, beyond the sizes that are tried")
    return Verdict(True, instances=agreed)


def _levels(instance: Instance) -> list[Expr]:
    """The levels of floors next to their values at a few points."""
    sides = sp.Tuple(*(side for pair in instance.pairs for side in pair))
    if instance.functions or not sides.has(sp.floor, sp.ceiling, sp.frac, sp.Mod):
        return []
    few = itertools.islice(points(instance.symbols, (), instance.given), A_FEW)
    found = itertools.chain(*(levels_at(sides, point) for point in few))
    return list(dict.fromkeys(found))[:MOST_LEVELS]


def _more_points(instance: Instance, seen: Sequence[Point]) -> Iterator[Point]:
    """Others, where few of those before have values that can be had, as far out."""
    if instance.choices or not instance.symbols:
        return
    for point in points(instance.symbols, (), instance.given, MORE, seed=1):
        if not 0 < len(seen) < ENOUGH:
            return
        if point not in seen:
            yield point


def _refuse_unseen_sides(
    kinks: Sequence[Expr], seen: Sequence[Point], unseen: Sequence[Point]
) -> None:
    """Refuse where one side of a kink was met only where the values are unknown."""
    for kink in kinks if unseen else ():
        function = Enclosure(kink)
        known = {_sign_at(function, point) for point in seen}
        for point in unseen:
            sign = _sign_at(function, point)
            if sign and sign not in known:
                side = "above" if sign > 0 else "below"
                raise Undecidable(f"no values are known where {kink} is {side} zero")


def _sign_at(function: Enclosure, point: Point) -> int | None:
    """The sign at a point; None where it is not known, or turns in an integral."""
    if not function.symbols <= point.keys():
        return None
    try:
        return sign_of(function.at(point, ROUGHLY))
    except (Undefined, Unknown):
        return None


def _refuse_unseen_jumps(instance: Instance, kinks: Sequence[Expr]) -> None:
    """Refuse sides that may differ at a jump which no exact point can show."""
    jumping = [pair for pair in instance.pairs if any(s.has(*JUMPS) for s in pair)]
    if not jumping:
        return
    few = itertools.islice(points(instance.symbols, kinks, instance.given), A_FEW)
    for start, sides in itertools.product(few, jumping):
        if (found := unseen_jump(sides, start)) is not None:
            raise Undecidable(found)


def _look(
    pair: Pair,
    point: Point,
    given: Sequence[Basic],
    refutes: Callable[[Any, Any], bool],
) -> str | Found:
    """What refutes at a point, or what else it tells."""
    found = pair.at(point, refutes)
    one_sided = found is Found.ONE_SIDED
    if one_sided and _stays_one_sided(pair, point, given, refutes):
        return ONE_SIDED
    return found


def _stays_one_sided(
    pair: Pair,
    point: Point,
    given: Sequence[Basic],
    refutes: Callable[[Any, Any], bool],
) -> bool:
    """Whether one side alone is undefined also beside the point, not just there."""
    if not any(s.is_integer is not True for s in point):
        return True
    for k in (1, 2, 3):
        near = {
            s: v if s.is_integer else v + (1 + abs(v)) * sp.Rational(17 * k + i, 10**7)
            for i, (s, v) in enumerate(point.items())
        }
        if satisfies(near, given) and pair.at(near, refutes) is not Found.ONE_SIDED:
            return False
    return True


def with_enough(verdict: Verdict, left: Basic, right: Basic) -> Verdict:
    """The verdict, if it is proved or rests on enough instances."""
    sides = [resolve(left), resolve(right)]
    constant = not any(s.free_symbols for s in sides) and not has_structure(sides)
    if verdict.instances >= (1 if constant else ENOUGH) or verdict.proved:
        return verdict
    raise Undecidable(
        f"SymPy finds no proof, and only {verdict.instances} instances have a value"
    )


def _shape(side: Basic) -> tuple[Expr, ...]:
    return tuple(side.shape) if isinstance(side, (sp.MatrixBase, MatrixExpr)) else ()
