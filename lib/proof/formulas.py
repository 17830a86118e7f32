"""Formulas for unknown functions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from random import Random

import mpmath
import sympy as sp
from mpmath import iv
from sympy import Expr, Rational, S
from sympy.core.function import AppliedUndef

from .enclosed_functions import FUNCTIONS
from .enclosures import enclosed
from .errors import Undecidable
from .evaluation import Number, Numeric, at_precision
from .intervals import interval
from .reach import far_number

Orders = tuple[int, ...]  # of a partial derivative: how often by each argument
FEWEST_WAVES, MOST_WAVES = 3, 10  # sines in a formula
SCALES = [Rational(10) ** k for k in (0, 0, -3, 3, 0, 12)]  # of its heights
EXPONENTS = [Rational(k) for k in (1, 1, Rational(1, 10), 8, 300, 1)]


class Formula:
    """A formula for an unknown function, of which no derivative vanishes.

    It is a wave; for a function of one sign the exponential of one, or its square and
    a bit. In what is built from it stands a name for it, so that this stays small.
    ``jets``: of how many values and derivatives a step may be about; the more, the
    more sines there are, so that no equation between them holds by the formula's kind.
    ``numeric`` gives by that name what it is as a function of numbers, ``enclosures``
    as one of intervals.
    """

    def __init__(
        self,
        name: str,
        applied: AppliedUndef,
        rational: Callable[[], Rational],
        seed: int,
        jets: int = 0,
        scale: Rational | None = None,
    ) -> None:
        _refuse_unknown_kind(applied)
        real = applied.is_extended_real
        self._name = name
        self._kind = "plain"
        if applied.is_extended_nonnegative:
            self._kind = "square" if seed % 2 else "exp"
        elif applied.is_extended_nonpositive:
            self._kind = "-exp"
        scales = SCALES if self._kind == "plain" else EXPONENTS
        if scale is not None:
            scales = [scale if self._kind == "plain" else S.One]
        self._factor = S.One if scale is None or self._kind == "plain" else scale
        # Of three numbers each, so many sines have all those values by themselves.
        waves = jets // (len(applied.args) + 2) + 1
        waves = min(max(waves, FEWEST_WAVES), MOST_WAVES)
        height = scales[seed % len(scales)]
        self._wave = Wave(len(applied.args), bool(real), rational, waves, height)
        self._known = {
            "is_extended_positive": applied.is_extended_positive,
            "is_extended_real": real,
        }
        self._parts: dict[Orders, type[sp.Function]] = {}
        self.numeric: dict[str, Numeric] = {}
        self.enclosures: dict[str, Numeric] = {}

    def at(self, arguments: Sequence[Expr], explicit: bool = False) -> Expr:
        """Its value: a name applied to the arguments, or the ``explicit`` formula."""
        if not explicit:
            return self._part((0,) * len(arguments))(*arguments)
        inner = self._wave.at(arguments)
        value = {
            "plain": inner,
            "square": inner**2 + Rational(1, 3),
            "exp": sp.exp(inner),
            "-exp": -sp.exp(inner),
        }[self._kind]
        return self._factor * value

    def _part(self, orders: Orders) -> type[sp.Function]:
        """The partial derivative of these orders, as a function SymPy can derive."""
        if orders not in self._parts:

            def fdiff(applied: Expr, index: int = 1) -> Expr:
                return self._part(_raised(orders, index - 1))(*applied.args)

            name = "_".join((self._name, *map(str, orders)))
            known = {"is_extended_real": self._known["is_extended_real"]}
            members = {"fdiff": fdiff, **(known if any(orders) else self._known)}
            members["is_number"] = False  # or SymPy looks for the sign of each product
            self._parts[orders] = type(name, (sp.Function,), members)
            self.numeric[name] = lambda *a: self._value(orders, Numbers(a))
            self.enclosures[name] = lambda *a: self._value(orders, Intervals(a))
        return self._parts[orders]

    def _value(self, orders: Orders, at: Numbers) -> Number:
        if self._kind == "plain":
            return self._wave.value(orders, at)
        factor = at.exact(self._factor)
        if self._kind == "square":
            return at.multiply(factor, _square(self._wave, orders, at))
        sign = -1 if self._kind == "-exp" else 1
        return sign * at.multiply(factor, _exponential(self._wave, orders, at))


class Constant:
    """A function that is the same number everywhere, in place of a formula."""

    def __init__(self, value: Expr) -> None:
        self._value = value
        self.numeric: dict[str, Numeric] = {}
        self.enclosures: dict[str, Numeric] = {}

    def at(self, arguments: Sequence[Expr], explicit: bool = False) -> Expr:
        return self._value


def extreme_formula(
    name: str,
    applied: AppliedUndef,
    rational: Callable[[], Rational],
    random: Random,
    reach: int,
) -> Formula | Constant:
    """A function that is constant, naught among others, or of any scale."""
    _refuse_unknown_kind(applied)
    if random.random() < 0.5:
        scale = random.choice((S.One, far_number(random, reach)))
        return Formula(name, applied, rational, random.randrange(2), scale=scale)
    values = [0, 1, -1, far_number(random, reach), -far_number(random, reach)]
    return Constant(random.choice(_admitted(applied, values)))


def simplest_formula(applied: AppliedUndef) -> Constant:
    """Naught, or one or minus one where that is excluded."""
    _refuse_unknown_kind(applied)
    return Constant(_admitted(applied, [0, 1, -1])[0])


def _refuse_unknown_kind(applied: AppliedUndef) -> None:
    if applied.is_integer or applied.is_imaginary:
        raise Undecidable(f"no formula is known for {applied} with its assumptions")


def _admitted(applied: AppliedUndef, values: Sequence[Expr | int]) -> list[Expr]:
    facts = ("positive", "negative", "nonnegative", "nonpositive", "zero", "nonzero")
    return [
        value
        for value in map(S, values)
        if all(
            getattr(applied, f"is_{fact}") in (None, getattr(value, f"is_{fact}"))
            for fact in facts
        )
    ]


class Numbers:
    """Arguments as numbers of the working precision, and what is computed with them."""

    sin, cos, exp = map(staticmethod, (mpmath.sin, mpmath.cos, mpmath.exp))
    add = staticmethod(lambda *terms: mpmath.fsum(terms))
    multiply = staticmethod(lambda *factors: mpmath.fprod(factors))

    def __init__(self, arguments: Sequence[Number]) -> None:
        self.arguments = tuple(map(self.exact, arguments))
        self.known: dict[tuple[Wave, Orders], Number] = {}

    def exact(self, value: Number) -> Number:
        return at_precision(value) if isinstance(value, Expr) else value


class Intervals(Numbers):
    """The same as enclosures."""

    sin, cos, exp = (staticmethod(FUNCTIONS[name]) for name in ("sin", "cos", "exp"))
    add, multiply = (staticmethod(FUNCTIONS[name]) for name in ("Add", "Mul"))

    def exact(self, value: Number) -> Number:
        return _interval(value, iv.prec) if isinstance(value, Expr) else interval(value)


@lru_cache(4096)
def _interval(value: Expr, precision: int) -> Number:
    """An exact number as an interval of the precision that is worked with."""
    return interval(enclosed(value))


class Wave:
    """A sum of which no derivative vanishes, as an expression and in numbers.

    It is c + sum_i s_i a_i + sum_ij m_ij a_i a_j + sum_k h_k sin(sum_i r_ki a_i + p_k).
    """

    def __init__(
        self,
        count: int,
        real: bool,
        rational: Callable[[], Rational],
        waves: int,
        scale: Rational,
    ) -> None:
        def coefficient() -> Expr:
            value = (rational() + Rational(1, 5)) * scale / 4
            return value if real else value + sp.I * rational() * scale / 4

        def rate() -> Rational:
            return (rational() + Rational(2, 5)) / 3

        self._constant = coefficient()
        self._sines = [
            (coefficient(), coefficient() / scale, [rate() for _ in range(count)])
            for _ in range(waves)
        ]
        pairs = itertools.combinations(range(count), 2)
        places = [*((i,) for i in range(count)), *pairs]
        self._monomials = {place: coefficient() for place in places}

    def at(self, arguments: Sequence[Expr]) -> Expr:
        sines = (
            height
            * sp.sin(
                sp.Add(phase, *(r * a for r, a in zip(rates, arguments, strict=True)))
            )
            for height, phase, rates in self._sines
        )
        products = (
            c * sp.Mul(*(arguments[i] for i in place))
            for place, c in self._monomials.items()
        )
        return sp.Add(self._constant, *sines, *products)

    def value(self, orders: Orders, at: Numbers) -> Number:
        """A partial derivative, as a number at the working precision."""
        if (self, orders) not in at.known:
            at.known[self, orders] = self._value(orders, at)
        return at.known[self, orders]

    def _value(self, orders: Orders, at: Numbers) -> Number:
        degree = sum(orders)
        wave, sign = (at.sin, at.cos)[degree % 2], (-1) ** (degree // 2)
        terms = [] if degree else [at.exact(self._constant)]
        for height, phase, rates in self._sines:
            turns = map(at.multiply, map(at.exact, rates), at.arguments)
            angle = at.add(at.exact(phase), *turns)
            slope = sign * height * sp.Mul(*map(sp.Pow, rates, orders))
            terms.append(at.multiply(at.exact(slope), wave(angle)))
        for place, c in self._monomials.items():
            if all(n == 0 or (n == 1 and i in place) for i, n in enumerate(orders)):
                rest = (at.arguments[i] for i in place if not orders[i])
                terms.append(at.multiply(at.exact(c), *rest))
        return at.add(*terms) if terms else at.exact(S.Zero)


def _square(wave: Wave, orders: Orders, at: Numbers) -> Number:
    """D (h^2 + 1/3), by Leibniz' rule."""
    terms = [
        at.multiply(at.exact(count), wave.value(low, at), wave.value(high, at))
        for count, low, high in _split(orders)
    ]
    return at.add(*terms) if any(orders) else at.add(*terms, at.exact(Rational(1, 3)))


def _exponential(wave: Wave, orders: Orders, at: Numbers) -> Number:
    """D exp(h), by Leibniz' rule from D_i exp(h) = exp(h) D_i h."""
    if not any(orders):
        return at.exp(wave.value(orders, at))
    index = next(i for i, n in enumerate(orders) if n)
    terms = (
        at.multiply(
            at.exact(count),
            wave.value(_raised(low, index), at),
            _exponential(wave, high, at),
        )
        for count, low, high in _split(_raised(orders, index, -1))
    )
    return at.add(*terms)


def _raised(orders: Orders, index: int, by: int = 1) -> Orders:
    return tuple(n + by * (i == index) for i, n in enumerate(orders))


def _split(orders: Orders) -> Iterator[tuple[sp.Integer, Orders, Orders]]:
    """Leibniz' rule: how often a derivative falls on one factor, how on the other."""
    for low in itertools.product(*(range(n + 1) for n in orders)):
        high = tuple(n - k for n, k in zip(orders, low, strict=True))
        yield sp.prod(map(sp.binomial, orders, low)), low, high
