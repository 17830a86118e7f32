"""Whether two expressions are equal, one bounds the other, or one approximates it.

Instances refute: both sides are evaluated with several precisions, so that a
difference that is only rounding shrinks with the rounding and a true one stays, however
small. What they do not refute SymPy may prove; what it cannot prove counts as equal if
there were instances enough.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import mpmath
import sympy as sp
from sympy import Basic, Expr, S, Symbol
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean
from sympy.matrices.expressions.matexpr import MatrixExpr

from .errors import Undecidable
from .expectation import Operator, resolve
from .instances import (
    Model,
    Singular,
    has_structure,
    sizes_to_try,
    structural_integers,
    under_any_law,
    without_closed_form,
)
from .points import (
    MODULES,
    Point,
    at_precision,
    kinks_of,
    number,
    points,
    satisfies,
)

ENOUGH = 12  # instances without which an unproved equality stays undecided
STRUCTURES = 6  # choices of sizes, functions and laws, each with a few points
DIGITS = (50, 400, 800)  # the precisions at which a difference is looked at
FEWER_DIGITS = (40, 160, 400)  # where an instance is a large sum
SLACK = 20  # digits by which rounding may shrink less than the precision grew


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
    left, right = map(_hashable, (left, right))
    return _decide_equal(left, right, tuple(given))


def _hashable(side: Basic) -> Basic:
    return sp.ImmutableMatrix(side) if isinstance(side, sp.MatrixBase) else side


@functools.cache  # a chapter derives what the registry states
def _decide_equal(left: Basic, right: Basic, given: tuple[Basic, ...]) -> Verdict:
    if _shape(left) != _shape(right):
        shapes = f"{_shape(left)} and {_shape(right)}"
        return Verdict(False, counterexample=f"their shapes differ: {shapes}")
    _refuse_unusable(given)
    try:
        verdict = _compare(left, right, given, _differ)
    except Undecidable as reason:
        if _is_zero(left, right, _SOUND):
            return Verdict(True, proved=True)
        return _under_any_law(left, right, given, reason)
    if not verdict.holds:
        return verdict
    if hidden := _hidden_difference(left, right, given):
        return hidden
    confirmed = verdict.instances >= ENOUGH
    if _is_zero(left, right, _ATTEMPTS if confirmed else _SOUND):
        return Verdict(True, proved=True, instances=verdict.instances)
    return _with_enough(verdict, left, right)


def decide_at_most(left: Expr, right: Expr, given: Sequence[Basic] = ()) -> Verdict:
    """Whether ``left <= right`` at the instances; it proves nothing."""
    _refuse_unusable(given)
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
    _refuse_unusable(given)
    tested = 0
    for instance in _instances(left, right, given):
        [(larger, smaller)] = instance.pairs
        others = [s for s in instance.symbols if s not in variables]
        remainder = _compiled(
            larger - smaller, [*others, *variables], instance.functions
        )
        slope = _slope_function(remainder, variables, others, order)
        beside = [k for k in instance.kinks if not k.free_symbols & set(variables)]
        for point in points([*others, *variables], beside, instance.given):
            found = slope(point)
            if found is None:
                continue
            if found < order - mpmath.mpf(10) ** -6:
                power = f"{float(found):.2f}".rstrip("0").rstrip(".").replace("-0", "0")
                where = f"{_at(point)}{instance.description} the remainder shrinks like"
                return Verdict(
                    False, counterexample=f"{where} t^{power}, not t^{order}"
                )
            tested += 1
    t = sp.Dummy("t", positive=True)
    scaled = resolve(left - right).xreplace({v: t * v for v in variables})
    proved = tested >= ENOUGH and all(
        _is_zero(c, S.Zero, _SOUND) for c in _coefficients(scaled, t, order)
    )
    return _with_enough(Verdict(True, proved, tested), left, right)


def _refuse_unusable(given: Sequence[Basic]) -> None:
    """Conditions that no instance could respect."""
    for condition in given:
        if isinstance(condition, AppliedPredicate):
            if not isinstance(condition.arguments[0], MatrixExpr):
                raise Undecidable(f"{condition} is about no matrix: write a relation")
        elif not isinstance(condition, (Relational, Boolean)):
            raise Undecidable(f"the condition {condition} is no relation such as q < 1")
        elif condition == False:  # noqa: E712
            raise Undecidable("a condition that is never true")
        elif condition.has(sp.Indexed):
            raise Undecidable(f"{condition} is about an indexed term: declare its base")


# ------------------------------------------------------------------------ by SymPy


def _is_zero(
    left: Basic, right: Basic, attempts: Sequence[Callable[[Expr], Expr]]
) -> bool:
    """Whether SymPy shows that both sides are equal, without assuming more than it may.

    The attempts have a bounded size, never a bounded time: a verdict must not depend
    on the speed of the machine.
    """
    left, right = resolve(left), resolve(right)
    if isinstance(left, sp.MatrixBase) and isinstance(right, sp.MatrixBase):
        return all(_is_zero(a, b, attempts) for a, b in zip(left, right, strict=True))
    try:
        if isinstance(left, (sp.MatrixBase, MatrixExpr)):
            return (left - right).expand().doit().is_ZeroMatrix is True
        return any(attempt(left - right) == 0 for attempt in attempts)
    except (TypeError, ValueError, AttributeError, NotImplementedError, RecursionError):
        return False


def _without_logs(difference: Expr) -> Expr:
    return sp.expand(sp.expand_log(sp.expand(difference)))


def _rational(difference: Expr) -> Expr:
    return sp.cancel(sp.together(_without_logs(difference)))


def _exponential(difference: Expr) -> Expr:
    rewritten = difference.rewrite(sp.exp)
    return _rational(rewritten) if rewritten != difference else difference


def _simplified(difference: Expr) -> Expr:
    """For small ones only: SymPy may search for minutes."""
    operations = sp.count_ops(difference)
    large = any(abs(n.p) + n.q > 10**9 for n in difference.atoms(sp.Rational))
    small = operations <= 40 and not large
    plain = not difference.has(sp.Piecewise, Operator, MatrixExpr)
    return sp.simplify(difference) if small and plain else difference


def _collected(difference: Expr) -> Expr:
    several = difference.has(sp.Sum, sp.Trace)
    return sp.expand(difference).doit() if several else difference


# The first ones use identities that hold wherever both sides have a value; simplify may
# use others, so it counts only where instances have confirmed the equality.
_SOUND: tuple[Callable[[Expr], Expr], ...] = (
    lambda difference: difference,
    sp.expand,
    _without_logs,
    _rational,
)
_ATTEMPTS = (*_SOUND, _exponential, _collected, _simplified)


def _coefficients(expression: Expr, t: Symbol, order: int) -> Iterator[Expr]:
    for k in range(order):
        yield expression.diff(t, k).subs(t, 0)


# -------------------------------------------------------------------- by instances


@dataclass(frozen=True)
class Instance:
    """Both sides with all but numbers chosen, entry by entry."""

    description: str
    pairs: tuple[tuple[Expr, Expr], ...]
    given: tuple[Basic, ...]
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    @property
    def symbols(self) -> list[Symbol]:
        free = set().union(*(s.free_symbols for pair in self.pairs for s in pair))
        free = free.union(*(g.free_symbols for g in self.given))
        return sorted(free, key=lambda s: (str(s), s.class_key()))

    @property
    def kinks(self) -> list[Expr]:
        found = (kinks_of(side) for pair in self.pairs for side in pair)
        unique = dict.fromkeys(itertools.chain(*found))
        return [k for k in unique if not self._is_unknown(k)]

    def _is_unknown(self, kink: Expr) -> bool:
        """Whether it contains an unknown function: its roots are hit by chance."""
        return any(f.func.__name__ in self.functions for f in kink.atoms(sp.Function))


def _instances(left: Basic, right: Basic, given: Sequence[Basic]) -> Iterator[Instance]:
    relations = [g for g in given if not isinstance(g, AppliedPredicate)]
    if not has_structure([resolve(left), resolve(right)]):
        yield Instance("", _pairs(resolve(left), resolve(right)), tuple(relations))
        return
    beside = _beside_matrices([left, right], relations)
    wanted, found = max(STRUCTURES, len(sizes_to_try([left, right])), len(beside)), 0
    for seed in range(4 * wanted):
        model = Model([left, right], given, seed, beside[seed % len(beside)])
        try:
            pairs = _pairs(model.ground(left), model.ground(right))
        except Singular:
            continue
        conditions = (g.xreplace({**model.sizes, **model.scalars}) for g in relations)
        kept = tuple(c for c in conditions if c != True)  # noqa: E712
        named = model.functions
        instance = Instance(f" (instance {seed + 1})", pairs, kept, named)
        if found == 0 and not instance.symbols:
            wanted = max(wanted, ENOUGH)  # one point each
        yield instance
        found += 1
        if found == wanted:
            return


def _beside_matrices(sides: Sequence[Basic], given: Sequence[Basic]) -> list[Point]:
    """Numbers for the scalars beside matrices: a symbolic inverse takes minutes."""
    if not any(side.has(MatrixExpr) for side in sides):
        return [{}]
    free = set().union(*(side.free_symbols for side in sides)) - structural_integers(
        sides
    )
    scalars = {s for s in free if isinstance(s, Symbol) and s.is_commutative}
    scalars -= {base.label for side in sides for base in side.atoms(sp.IndexedBase)}
    if not scalars:
        return [{}]
    kinks = [k for side in sides for k in kinks_of(side) if k.free_symbols <= scalars]
    given = [g for g in given if g.free_symbols <= scalars]
    return list(points(scalars, kinks, given, ENOUGH))


def _pairs(left: Basic, right: Basic) -> tuple[tuple[Expr, Expr], ...]:
    sides = (list(s) if isinstance(s, sp.MatrixBase) else [s] for s in (left, right))
    return tuple(zip(*sides, strict=True))


def _under_any_law(
    left: Basic, right: Basic, given: Sequence[Basic], reason: Undecidable
) -> Verdict:
    """Equality under every law, where an expectation under this one has no closed form.

    Sufficient, not necessary: a step that needs the law itself stays undecided.
    """
    if not (without_closed_form(left) or without_closed_form(right)):
        raise reason
    sides = [under_any_law(side) for side in (left, right)]
    verdict = _compare(*sides, given, _differ)
    if not verdict.holds:
        raise reason
    return _with_enough(verdict, *sides)


def _compare(
    left: Basic,
    right: Basic,
    given: Sequence[Basic],
    refutes: Callable[[Value, Value], bool | None],
) -> Verdict:
    """Look for a point at which ``refutes`` says so of the two sides' values."""
    agreed = 0
    for instance in _instances(left, right, given):
        symbols, kinks = instance.symbols, instance.kinks
        digits = FEWER_DIGITS if instance.description else DIGITS
        named = instance.functions
        pairs = [Pair(pair, symbols, named, digits) for pair in instance.pairs]
        count = 5 if instance.description else 24
        count = 2 * count if len(symbols) == 1 else count
        for point in points(symbols, kinks, instance.given, count):
            exact = any(kink.xreplace(point) == 0 for kink in kinks)
            for pair in pairs:
                verdict = _refuted_at(pair, point, exact, instance.given, refutes)
                if verdict:
                    where = f"{_at(point)}{instance.description}"
                    return Verdict(False, counterexample=f"{where} {verdict}")
                agreed += verdict is False
    return Verdict(True, instances=agreed)


def _refuted_at(
    pair: Pair,
    point: Point,
    exact: bool,
    given: Sequence[Basic],
    refutes: Callable[[Value, Value], bool | None],
) -> str | bool | None:
    """Why the point speaks against the claim; False if it does not, None if unknown."""
    left, right = pair.at(point, exact)
    if left.undefined != right.undefined:
        left, right = pair.at(point, exact=True)
    refuted = refutes(left, right)
    if refuted:
        shown = [mpmath.nstr(value(1), 8) for value in (left, right)]
        return f"left {shown[0]}, right {shown[1]}"
    if left.undefined != right.undefined and _stays_one_sided(pair, point, given):
        return "one side is undefined"
    return refuted


def _stays_one_sided(pair: Pair, point: Point, given: Sequence[Basic]) -> bool:
    """Whether one side alone is undefined also beside the point, not just there."""
    if not any(s.is_integer is not True for s in point):
        return True
    for k in (1, 2, 3):
        near = {
            s: v if s.is_integer else v + (1 + abs(v)) * sp.Rational(17 * k + i, 10**7)
            for i, (s, v) in enumerate(point.items())
        }
        if satisfies(near, given):
            left, right = pair.at(near)
            if left.undefined == right.undefined:
                return False
    return True


class Value:
    """A number as a function of which of the precisions; None where it is undefined."""

    def __init__(
        self, compute: Callable[..., Any], values: Sequence[Any], digits: Sequence[int]
    ) -> None:
        self._compute, self._values, self.digits = compute, values, digits
        self._known: dict[int, Any] = {}

    def __call__(self, precision: int) -> Any:
        if precision not in self._known:
            with mpmath.workdps(self.digits[precision]):
                self._known[precision] = number(
                    lambda: self._compute(*map(at_precision, self._values))
                )
        return self._known[precision]

    @property
    def undefined(self) -> bool:
        """Whether it has no value, also where more digits keep it from 1/0 or log 0."""
        return all(self(precision) is None for precision in range(len(self.digits)))


class Pair:
    """Two sides, to be evaluated at points."""

    def __init__(
        self,
        sides: tuple[Expr, Expr],
        symbols: Sequence[Symbol],
        functions: Mapping[str, Callable[..., Any]],
        digits: Sequence[int],
    ) -> None:
        self._sides, self._symbols, self._functions = sides, tuple(symbols), functions
        self._compiled = [_compiled(side, symbols, functions) for side in sides]
        numbers = sides[0].atoms(sp.Rational) | sides[1].atoms(sp.Rational)
        longest = max((n.p.bit_length() + n.q.bit_length() for n in numbers), default=0)
        self._digits = (digits[0], *(d + longest // 3 for d in digits[1:]))

    def at(self, point: Point, exact: bool = False) -> tuple[Value, Value]:
        """Both values; ``exact`` lets SymPy put the numbers in, not to miss a kink."""
        values = [] if exact else [point[s] for s in self._symbols]
        functions = self._compiled
        if exact:
            constants = (side.xreplace(point) for side in self._sides)
            functions = [_compiled(side, (), self._functions) for side in constants]
        left, right = (Value(f, values, self._digits) for f in functions)
        return left, right


def _compiled(
    side: Expr,
    symbols: Sequence[Symbol],
    functions: Mapping[str, Callable[..., Any]],
) -> Callable[..., Any]:
    if side.has(S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity):
        return lambda *values: mpmath.nan
    if unresolved := side.atoms(Operator):
        raise Undecidable(f"{unresolved.pop()} has no closed form here")
    # The search for common parts errs on what is not evaluated, 2*(s**2/2) say.
    side = side.replace(
        lambda node: isinstance(node, (sp.Add, sp.Mul, sp.Pow)),
        lambda node: node.func(*node.args),
    )
    return sp.lambdify(
        symbols, side, modules=[dict(functions), *MODULES], cse=True, docstring_limit=0
    )


def _differ(left: Value, right: Value) -> bool | None:
    """Whether the difference is true (and not rounding); None if that stays open.

    Rounding shrinks with the precision, by as many digits as were added or nearly so; a
    true difference stays as it is.
    """
    previous = None
    for precision, digits in enumerate(left.digits):
        a, b = left(precision), right(precision)
        if a is None or b is None:
            previous = None
            continue
        with mpmath.workdps(2 * digits):
            gap, scale = abs(a - b), max(abs(a), abs(b))
            if previous is not None:
                added = digits - left.digits[precision - 1]
                if gap <= previous * mpmath.mpf(10) ** (SLACK - added):
                    return False
                if previous == 0 and gap <= scale * mpmath.mpf(10) ** (SLACK - digits):
                    return False
                if previous > 0 and abs(gap - previous) <= gap / 10**10:
                    return True
            previous = gap
    return None


def _exceeds(left: Value, right: Value) -> bool | None:
    """Whether the left value is larger than the right one, beyond rounding."""
    differ = _differ(left, right)
    if not differ:
        return differ
    a, b = left(1), right(1)
    if abs(mpmath.im(a)) + abs(mpmath.im(b)) > mpmath.mpf(10) ** -30:
        return True
    return mpmath.re(a) > mpmath.re(b)


def _slope_function(
    difference: Callable[..., Any],
    variables: Sequence[Symbol],
    others: Sequence[Symbol],
    order: int,
) -> Callable[[Point], Any]:
    """How fast the difference shrinks: the power of t, near t = 0."""
    scale = min(20, 300 // (order + 1))  # t^order must stay far above the rounding

    def at_scale(point: Point, exponent: int) -> Any:
        t = mpmath.mpf(10) ** -exponent
        values = [at_precision(point[s]) for s in others]
        values += [t * at_precision(point[v]) for v in variables]
        return number(lambda: abs(difference(*values)))

    def slope(point: Point) -> Any:
        with mpmath.workdps(DIGITS[1]):
            coarse, fine = at_scale(point, scale), at_scale(point, 2 * scale)
            if coarse is None or fine is None:
                return None
            if coarse < mpmath.mpf(10) ** -380 or fine == 0:
                return mpmath.inf
            return mpmath.log10(coarse / fine) / scale

    return slope


def _hidden_difference(
    left: Basic, right: Basic, given: Sequence[Basic]
) -> Verdict | None:
    """A difference too small beside the sides' values, such as exp(-10**4) beside 1.

    Where common terms cancel exactly the rest has a value of its own.
    """
    left, right = resolve(left), resolve(right)
    if has_structure([left, right]) or isinstance(left, sp.MatrixBase):
        return None
    difference = left - right
    symbols = sorted(difference.free_symbols, key=str)
    compiled = _compiled(difference, symbols, {})
    for point in itertools.islice(points(symbols, (), given), 3):
        value = Value(compiled, [point[s] for s in symbols], DIGITS)
        coarse, fine = value(0), value(1)
        if fine and coarse is not None and abs(coarse - fine) < abs(fine) / 10**20:
            shown = mpmath.nstr(fine, 8)
            return Verdict(False, counterexample=f"{_at(point)} they differ by {shown}")
    return None


def _with_enough(verdict: Verdict, left: Basic, right: Basic) -> Verdict:
    sides = [resolve(left), resolve(right)]
    constant = not any(s.free_symbols for s in sides) and not has_structure(sides)
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
