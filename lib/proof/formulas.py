"""Formulas for unknown functions."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, Rational
from sympy.core.function import AppliedUndef

from .errors import Undecidable
from .evaluation import Number, Numeric, at_precision

Arguments = tuple[Number, ...]
Orders = tuple[int, ...]  # of a partial derivative: how often by each argument


class Formula:
    """A formula for an unknown function, of which no derivative vanishes.

    It is a wave; for a function of one sign the exponential of one, or its square and
    a bit. In what is built from it stands a name for it, so that this stays small.
    """

    def __init__(
        self,
        name: str,
        applied: AppliedUndef,
        rational: Callable[[], Rational],
        seed: int,
    ) -> None:
        if applied.is_integer or applied.is_imaginary:
            raise Undecidable(f"no formula is known for {applied} with its assumptions")
        real = applied.is_extended_real
        self._name = name
        self._wave = Wave(len(applied.args), bool(real), rational)
        self._kind = "plain"
        if applied.is_extended_nonnegative:
            self._kind = "square" if seed % 2 else "exp"
        elif applied.is_extended_nonpositive:
            self._kind = "-exp"
        self._known = {
            "is_extended_positive": applied.is_extended_positive,
            "is_extended_real": real,
        }
        self._parts: dict[Orders, type[sp.Function]] = {}
        self.numeric: dict[str, Numeric] = {}

    def at(self, arguments: Sequence[Expr], explicit: bool = False) -> Expr:
        """Its value: a name applied to the arguments, or the ``explicit`` formula."""
        if not explicit:
            return self._part((0,) * len(arguments))(*arguments)
        inner = self._wave.at(arguments)
        return {
            "plain": inner,
            "square": inner**2 + Rational(1, 3),
            "exp": sp.exp(inner),
            "-exp": -sp.exp(inner),
        }[self._kind]

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
            self.numeric[name] = lambda *arguments: self._value(orders, arguments)
        return self._parts[orders]

    def _value(self, orders: Orders, arguments: Arguments) -> Number:
        if self._kind == "plain":
            return self._wave.value(orders, arguments)
        if self._kind == "square":
            return _square(self._wave, orders, arguments)
        sign = -1 if self._kind == "-exp" else 1
        return sign * _exponential(self._wave, orders, arguments)


class Wave:
    """A sum of which no derivative vanishes, as an expression and in numbers.

    It is c + sum_i s_i a_i + sum_ij m_ij a_i a_j + h sin(sum_i r_i a_i + p).
    """

    def __init__(
        self, count: int, real: bool, rational: Callable[[], Rational]
    ) -> None:
        def coefficient() -> Expr:
            value = (rational() + Rational(1, 5)) / 4
            return value if real else value + sp.I * rational() / 4

        self._constant, self._height, self._phase = (coefficient() for _ in range(3))
        self._slopes = [coefficient() for _ in range(count)]
        self._rates = [(rational() + Rational(2, 5)) / 3 for _ in range(count)]
        pairs = itertools.combinations(range(count), 2)
        self._mixed = {pair: coefficient() for pair in pairs}
        self._numbers: dict[int, tuple[Any, ...]] = {}
        self._known_values: dict[tuple[int, Orders, Arguments], Number] = {}

    def at(self, arguments: Sequence[Expr]) -> Expr:
        waves = sp.Add(*(r * a for r, a in zip(self._rates, arguments, strict=True)))
        return sp.Add(
            self._constant,
            self._height * sp.sin(waves + self._phase),
            *(c * a for c, a in zip(self._slopes, arguments, strict=True)),
            *(c * arguments[i] * arguments[j] for (i, j), c in self._mixed.items()),
        )

    def value(self, orders: Orders, arguments: Arguments) -> Number:
        """A partial derivative, as a number at the working precision."""
        key = (mpmath.mp.prec, orders, arguments)
        if key not in self._known_values:
            self._known_values[key] = self._value(orders, arguments)
        return self._known_values[key]

    def _value(self, orders: Orders, arguments: Arguments) -> Number:
        constant, height, phase, rates, monomials = self._coefficients()
        degree = sum(orders)
        angle = phase + sum(map(operator.mul, rates, arguments))
        wave = (mpmath.sin, mpmath.cos)[degree % 2](angle) * (-1) ** (degree // 2)
        total = height * wave * math.prod(map(pow, rates, orders))
        for places, c in monomials.items():
            if all(n == 0 or (n == 1 and i in places) for i, n in enumerate(orders)):
                total += c * math.prod(arguments[i] for i in places if not orders[i])
        return total if degree else total + constant

    def _coefficients(self) -> tuple[Any, ...]:
        """All coefficients as numbers at the working precision."""
        if mpmath.mp.prec not in self._numbers:
            monomials = {(i,): c for i, c in enumerate(self._slopes)} | self._mixed
            self._numbers[mpmath.mp.prec] = (
                *map(at_precision, (self._constant, self._height, self._phase)),
                [at_precision(rate) for rate in self._rates],
                {places: at_precision(c) for places, c in monomials.items()},
            )
        return self._numbers[mpmath.mp.prec]


def _square(wave: Wave, orders: Orders, arguments: Arguments) -> Number:
    """D (h^2 + 1/3), by Leibniz' rule."""
    parts = list(_split(orders))
    left = [wave.value(low, arguments) for _, low, _ in parts]
    right = [wave.value(high, arguments) for _, _, high in parts]
    binomials = [c for c, _, _ in parts]
    total = sum(map(math.prod, zip(binomials, left, right, strict=True)))
    return total if any(orders) else total + mpmath.mpf(1) / 3


def _exponential(wave: Wave, orders: Orders, arguments: Arguments) -> Number:
    """D exp(h), by Leibniz' rule from D_i exp(h) = exp(h) D_i h."""
    if not any(orders):
        return mpmath.exp(wave.value(orders, arguments))
    index = next(i for i, n in enumerate(orders) if n)
    return sum(
        count
        * wave.value(_raised(low, index), arguments)
        * _exponential(wave, high, arguments)
        for count, low, high in _split(_raised(orders, index, -1))
    )


def _raised(orders: Orders, index: int, by: int = 1) -> Orders:
    return tuple(n + by * (i == index) for i, n in enumerate(orders))


def _split(orders: Orders) -> Iterator[tuple[int, Orders, Orders]]:
    """Leibniz' rule: how often a derivative falls on one factor, how on the other."""
    for low in itertools.product(*(range(n + 1) for n in orders)):
        high = tuple(n - k for n, k in zip(orders, low, strict=True))
        yield math.prod(map(math.comb, orders, low)), low, high
