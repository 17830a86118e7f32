"""Whether two expressions are equal, one bounds the other, or one approximates it.

SymPy decides where it can. Elsewhere random instances do: both sides are evaluated
with two precisions, so that a difference that is only rounding shrinks with the
rounding and a true one stays, however small.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import sympy as sp
from sympy import Basic, Expr, S, Symbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from lib.expectation import Operator, resolve
from lib.instances import (
    MODULES,
    Model,
    Point,
    Undecidable,
    at_precision,
    has_structure,
    kinks_of,
    number,
    points,
    with_unknown_laws,
    without_closed_form,
)

ENOUGH = 12  # instances without which an unproved equality stays undecided
STRUCTURES = 6  # choices of sizes, functions and laws, each with a few points
DIGITS = (50, 400, 800)  # the precisions at which a difference is looked at


@dataclass(frozen=True)
class Verdict:
    """``holds``, and whether SymPy ``proved`` it or ``instances`` points agreed."""

    holds: bool
    proved: bool = False
    instances: int = 0
    counterexample: str = ""


def decide_equal(left: Basic, right: Basic, given: Sequence[Basic] = ()) -> Verdict:
    """Whether ``left = right`` wherever the assumptions and ``given`` hold.

    Raises ``Undecidable`` if neither a proof nor enough instances are found.
    """
    if _shape(left) != _shape(right):
        shapes = f"{_shape(left)} and {_shape(right)}"
        return Verdict(False, counterexample=f"their shapes differ: {shapes}")
    try:
        verdict = _compare(left, right, given, _differ)
    except Undecidable as reason:
        if _is_zero(left, right):
            return Verdict(True, proved=True)
        return _under_any_law(left, right, given, reason)
    if not verdict.holds:
        return verdict
    if _is_zero(left, right):
        return Verdict(True, proved=True, instances=verdict.instances)
    return _with_enough(verdict, left, right)


def decide_at_most(left: Expr, right: Expr, given: Sequence[Basic] = ()) -> Verdict:
    """Whether ``left <= right`` at the instances; it proves nothing."""
    verdict = _compare(left, right, given, _exceeds)
    return _with_enough(verdict, left, right) if verdict.holds else verdict


def decide_order(
    left: Expr,
    right: Expr,
    variables: Sequence[Symbol],
    order: int,
    given: Sequence[Basic] = (),
) -> Verdict:
    """Whether ``left - right`` is O(t^order) when all ``variables`` shrink like t.

    Proved if SymPy finds that the coefficients below ``order`` vanish.
    """
    t = sp.Dummy("t", positive=True)
    difference = resolve(left - right)
    others = sorted(difference.free_symbols - set(variables), key=str)
    slope = _slope_function(difference, variables, others)
    tested = 0
    for point in points([*others, *variables], (), given):
        found = slope(point)
        if found is None:
            continue
        if found < order - mpmath.mpf("0.01"):
            power = f"{float(found):.2f}".rstrip("0").rstrip(".").replace("-0", "0")
            where = f"{_at(point)} the remainder shrinks like t^{power}"
            return Verdict(False, counterexample=f"{where}, not t^{order}")
        tested += 1
    scaled = difference.xreplace({v: t * v for v in variables})
    proved = all(
        _is_zero(coefficient, S.Zero) for coefficient in _coefficients(scaled, t, order)
    )
    return _with_enough(Verdict(True, proved, tested), left, right)


# ------------------------------------------------------------------------ by SymPy


def _is_zero(left: Basic, right: Basic) -> bool:
    """Whether SymPy shows that both sides are equal, without assuming more than it may.

    The attempts have a bounded size, never a bounded time: a verdict must not depend
    on the speed of the machine.
    """
    left, right = resolve(left), resolve(right)
    if isinstance(left, sp.MatrixBase):
        return all(_is_zero(a, b) for a, b in zip(left, right, strict=True))
    try:
        if isinstance(left, MatrixExpr):
            return (left - right).expand().doit().is_ZeroMatrix is True
        return any(attempt(left - right) == 0 for attempt in _ATTEMPTS)
    except (TypeError, ValueError, AttributeError, NotImplementedError, RecursionError):
        return False


def _without_logs(difference: Expr) -> Expr:
    return sp.expand(sp.expand_log(sp.expand(difference)))


def _rational(difference: Expr) -> Expr:
    return sp.cancel(sp.together(_without_logs(difference)))


def _simplified(difference: Expr) -> Expr:
    # Inside a trace simplify takes minutes over what count_ops calls small.
    small = sp.count_ops(difference) <= 60 and not difference.has(
        sp.Piecewise, Operator, MatrixExpr
    )
    return sp.simplify(difference) if small else difference


def _summed(difference: Expr) -> Expr:
    collected = difference.has(sp.Sum, sp.Trace)
    return sp.expand(difference).doit() if collected else difference


_ATTEMPTS: tuple[Callable[[Expr], Expr], ...] = (
    lambda difference: difference,
    sp.expand,
    _without_logs,
    _summed,
    _rational,
    _simplified,
)


def _coefficients(expression: Expr, t: Symbol, order: int) -> Iterator[Expr]:
    for k in range(order):
        yield expression.diff(t, k).subs(t, 0)


# -------------------------------------------------------------------- by instances


def _under_any_law(
    left: Basic, right: Basic, given: Sequence[Basic], reason: Undecidable
) -> Verdict:
    """Equality under every law, where an expectation under this one has no closed form.

    Sufficient, not necessary: a step that needs the law itself stays undecided.
    """
    laws = without_closed_form(left) | without_closed_form(right)
    if not laws:
        raise reason
    sides = [with_unknown_laws(side, laws) for side in (left, right)]
    if any(side.has(*laws) for side in sides):
        raise reason
    verdict = _compare(*sides, given, _differ)
    if not verdict.holds:
        raise reason
    return _with_enough(verdict, *sides)


def _compare(
    left: Basic,
    right: Basic,
    given: Sequence[Basic],
    refutes: Callable[[Any, Any], bool | None],
) -> Verdict:
    """Look for a point at which ``refutes`` says so of the two sides' values."""
    agreed, lopsided = 0, ""
    one_sided = 0
    for description, sides, point in _instances(left, right, given):
        for a, b in sides(point):
            if (a(DIGITS[0]) is None) != (b(DIGITS[0]) is None):
                one_sided += 1
                lopsided = f"one side is undefined {_at(point)}{description}"
                continue
            refuted = refutes(a, b)
            if refuted:
                values = (mpmath.nstr(side(DIGITS[0]), 8) for side in (a, b))
                shown = "left {}, right {}".format(*values)
                return Verdict(
                    False, counterexample=f"{_at(point)}{description} {shown}"
                )
            agreed += refuted is False
    if one_sided > agreed:
        return Verdict(False, counterexample=lopsided)
    return Verdict(True, instances=agreed)


def _instances(
    left: Basic, right: Basic, given: Sequence[Basic]
) -> Iterator[tuple[str, Callable[[Point], Any], Point]]:
    """Every instance: what it is, the pairs of values at a point, and the point."""
    structured = has_structure([resolve(left), resolve(right)])
    seeds = STRUCTURES if structured else 1
    for seed in itertools.count():
        if seed >= seeds:
            return
        model = Model([left, right], given, seed)
        pairs = list(
            zip(*(_entries(model.ground(s)) for s in (left, right)), strict=True)
        )
        symbols = sorted(sp.Tuple(*(sp.Tuple(*p) for p in pairs)).free_symbols, key=str)
        kinks = [k for pair in pairs for side in pair for k in kinks_of(side)]
        if structured and not symbols:
            seeds = ENOUGH  # one point each
        description = f" (instance {seed + 1})" if structured else ""
        sides = _evaluators(pairs, symbols)
        count = 5 if structured else 24
        for point in points(symbols, kinks, given, count, seed):
            yield description, sides, point


def _entries(side: Basic) -> list[Expr]:
    return list(side) if isinstance(side, sp.MatrixBase) else [side]


def _evaluators(
    pairs: Sequence[tuple[Expr, Expr]], symbols: Sequence[Symbol]
) -> Callable[[Point], Any]:
    """A function from a point to the pairs of sides, each a function of the digits."""
    compiled = [tuple(_compiled(side, symbols) for side in pair) for pair in pairs]

    def at(point: Point) -> Iterator[tuple[Callable[[int], Any], ...]]:
        for pair in compiled:
            yield tuple(_evaluator(side, symbols, point) for side in pair)

    return at


def _compiled(side: Expr, symbols: Sequence[Symbol]) -> Callable[..., Any]:
    if side.has(S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity):
        return lambda *values: mpmath.nan
    return sp.lambdify(symbols, side, modules=MODULES)


def _evaluator(
    side: Callable[..., Any], symbols: Sequence[Symbol], point: Point
) -> Callable[[int], Any]:
    def value(digits: int) -> Any:
        with mpmath.workdps(digits):
            return number(lambda: side(*(at_precision(point[s]) for s in symbols)))

    return value


def _differ(left: Callable[[int], Any], right: Callable[[int], Any]) -> bool | None:
    """Whether the difference is true (and not rounding); None if that stays open."""
    previous = None
    for digits in DIGITS:
        a, b = left(digits), right(digits)
        if a is None or b is None:
            return None
        with mpmath.workdps(digits):
            gap, scale = abs(a - b), max(abs(a), abs(b))
            if gap == 0 and previous == 0:
                return False
            if previous is not None and gap <= previous * mpmath.mpf(10) ** -100:
                return False
            if previous is not None and abs(gap - previous) <= gap / 10**10:
                return True
            if previous == 0 and gap <= scale * mpmath.mpf(10) ** -300:
                return False
            previous = gap
    return None


def _exceeds(left: Callable[[int], Any], right: Callable[[int], Any]) -> bool | None:
    """Whether the left value is larger than the right one, beyond rounding."""
    differ = _differ(left, right)
    if not differ:
        return differ
    a, b = left(DIGITS[0]), right(DIGITS[0])
    if abs(mpmath.im(a)) + abs(mpmath.im(b)) > mpmath.mpf(10) ** -30:
        return True
    return mpmath.re(a) > mpmath.re(b)


def _slope_function(
    difference: Expr, variables: Sequence[Symbol], others: Sequence[Symbol]
) -> Callable[[Point], Any]:
    symbols = [*others, *variables]
    compiled = sp.lambdify(symbols, difference, modules=MODULES)

    def at_scale(point: Point, exponent: int) -> Any:
        t = mpmath.mpf(10) ** -exponent
        values = [at_precision(point[s]) for s in others]
        values += [t * at_precision(point[v]) for v in variables]
        return number(lambda: abs(compiled(*values)))

    def slope(point: Point) -> Any:
        with mpmath.workdps(DIGITS[1]):
            coarse, fine = at_scale(point, 20), at_scale(point, 24)
            if coarse is None or fine is None:
                return None
            if coarse < mpmath.mpf(10) ** -380 or fine == 0:
                return mpmath.inf
            return mpmath.log10(coarse / fine) / 4

    return slope


def _with_enough(verdict: Verdict, left: Basic, right: Basic) -> Verdict:
    constant = not (left.free_symbols | right.free_symbols) and not has_structure(
        [left, right]
    )
    if verdict.instances >= (1 if constant else ENOUGH) or verdict.proved:
        return verdict
    raise Undecidable(
        f"SymPy finds no proof, and only {verdict.instances} instances have a value"
    )


def _shape(side: Basic) -> tuple[Any, ...]:
    return tuple(side.shape) if isinstance(side, (sp.MatrixBase, MatrixExpr)) else ()


def _at(point: Point) -> str:
    if not point:
        return "always:"
    return (
        "at "
        + ", ".join(f"{symbol} = {value}" for symbol, value in point.items())
        + ":"
    )
