r"""Taylor coefficients in normal form: ``remainder_vanishes`` proves an approximation.

An expression that is analytic where its small variables are zero equals its Taylor
polynomial up to a remainder that is O of their norm to the next power, uniformly. So it
is enough that the coefficients below that power vanish. A series is the list of its
coefficients in t, the small variables being t times themselves. Each function has its
recurrence, with the condition under which it is analytic at the series' first term.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import sympy as sp
from sympy import Basic, Expr, Symbol
from sympy.core.function import AppliedUndef

from .expectation import Operator
from .normal_form import NormalForm
from .terms import Quotient, TooLarge, constant, power_of, product, total

MOST_ORDER = 64  # of an approximation

Series = list[Quotient]


class NotAnalytic(Exception):  # noqa: N818
    """No rule shows that the expression is analytic where the variables are zero."""


def remainder_vanishes(
    difference: Expr, variables: Sequence[Symbol], order: int
) -> bool:
    """Whether the Taylor coefficients below ``order`` of a difference are all zero.

    Raises ``NotAnalytic`` where it may have none, ``TooLarge`` where a bound is met.
    """
    if order > MOST_ORDER:
        raise TooLarge(f"an order above {MOST_ORDER}")
    taylor = Taylor(variables, order)
    return all(taylor.form.is_zero(c) for c in taylor.of(difference))


class Taylor:
    """The coefficients below ``length`` of expressions, over one table of kernels."""

    def __init__(self, variables: Sequence[Symbol], length: int) -> None:
        self.form = NormalForm()
        self._small, self._length = set(variables), length
        self._known: dict[Basic, Series] = {}
        self._slopes: dict[tuple[Basic, tuple[int, ...], int], Series] = {}

    def of(self, node: Basic) -> Series:
        if node not in self._known:
            self._known[node] = self._of(node)
        return self._known[node]

    def _of(self, node: Basic) -> Series:
        zero = Quotient({})
        if not node.free_symbols & self._small:
            return [self.form.of(node), *[zero] * (self._length - 1)]
        if node in self._small:
            return [zero, self.form.of(node), *[zero] * self._length][: self._length]
        if isinstance(node, sp.Add):
            return [self._sum(cs) for cs in zip(*map(self.of, node.args), strict=True)]
        if isinstance(node, sp.Mul):
            found = self.of(node.args[0])
            for factor in node.args[1:]:
                found = self._times(found, self.of(factor))
            return found
        if isinstance(node, sp.Pow):
            return self._power(node)
        if isinstance(node, AppliedUndef):
            return self._unknown(node)
        if isinstance(node, Operator) or node.func.__name__ not in _RULES:
            raise NotAnalytic(f"{node.func.__name__} is not known to be analytic")
        return _RULES[node.func.__name__](self, node.args[0])

    # ------------------------------------------------------------------- arithmetic

    def _sum(self, parts: Sequence[Quotient]) -> Quotient:
        return total(self.form.kernels, parts)

    def _scaled(self, number: Fraction | int, series: Series) -> Series:
        front = constant(Fraction(number))
        return [product(self.form.kernels, front, c) for c in series]

    def _plus(self, one: Series, other: Series) -> Series:
        return [self._sum(pair) for pair in zip(one, other, strict=True)]

    def _times(self, one: Series, other: Series) -> Series:
        return [self._convolution(one, other, k) for k in range(self._length)]

    def _convolution(self, one: Series, other: Series, k: int) -> Quotient:
        kernels = self.form.kernels
        pairs = ((one[j], other[k - j]) for j in range(k + 1))
        return self._sum([product(kernels, a, b) for a, b in pairs if a.above])

    def _first(self, node: Expr) -> Expr:
        """The expression where the small variables are zero."""
        return node.xreplace(dict.fromkeys(self._small, sp.S.Zero))

    # -------------------------------------------------------------------- functions

    def _power(self, node: sp.Pow) -> Series:
        """p = s^a: k s_0 p_k = sum over j of (a j - (k - j)) s_j p_(k - j)."""
        base, exponent = node.args
        if exponent.free_symbols & self._small:
            return self.exponential(exponent * sp.log(base))
        if exponent.is_Integer and exponent >= 0:
            found = self.of(sp.S.One)
            if exponent > MOST_ORDER:
                raise TooLarge(f"a power above {MOST_ORDER}")
            for _ in range(int(exponent)):
                found = self._times(found, self.of(base))
            return found
        first = self._first(base)
        if not (first.is_positive or (exponent.is_integer and first.is_nonzero)):
            raise NotAnalytic(f"a power of {first}, which may be zero or negative")
        kernels, series, power = (
            self.form.kernels,
            self.of(base),
            self.form.of(exponent),
        )
        over = power_of(kernels, series[0], -1)
        found = [self.form.of(sp.Pow(first, exponent, evaluate=False))]
        for k in range(1, self._length):
            parts = []
            for j in range(1, k + 1):
                weight = self._sum(
                    [
                        product(kernels, power, constant(Fraction(j, k))),
                        constant(Fraction(j - k, k)),
                    ]
                )
                part = product(kernels, series[j], found[k - j])
                parts.append(product(kernels, weight, part))
            found.append(product(kernels, over, self._sum(parts)))
        return found

    def exponential(self, argument: Expr) -> Series:
        """e = exp(s): k e_k = sum over j of j s_j e_(k - j)."""
        series = self.of(argument)
        return self._exp_of(series, self.form.of(sp.exp(self._first(argument))))

    def _exp_of(self, series: Series, first: Quotient) -> Series:
        kernels = self.form.kernels
        found = [first]
        for k in range(1, self._length):
            parts = [
                product(
                    kernels,
                    constant(Fraction(j, k)),
                    product(kernels, series[j], found[k - j]),
                )
                for j in range(1, k + 1)
                if series[j].above
            ]
            found.append(self._sum(parts))
        return found

    def logarithm(self, argument: Expr) -> Series:
        """l = log s: k s_0 l_k = k s_k - sum over j below k of j l_j s_(k - j)."""
        first = self._first(argument)
        if not first.is_positive:
            raise NotAnalytic(f"the logarithm of {first}, which may not be positive")
        slope = self._times(self._slope(argument), self.of(1 / argument))
        return self._integrated(slope, sp.log(first))

    def _slope(self, argument: Expr) -> Series:
        """The derivative by t; its last coefficient is not known, and not needed."""
        series = self.of(argument)
        moved = [self._scaled(k, [series[k]])[0] for k in range(1, self._length)]
        return [*moved, Quotient({})]

    def _integrated(self, slope: Series, first: Expr) -> Series:
        rest = [
            self._scaled(Fraction(1, k), [slope[k - 1]])[0]
            for k in range(1, self._length)
        ]
        return [self.form.of(first), *rest]

    def by_slope(self, argument: Expr, function: type[sp.Function]) -> Series:
        """A function that is analytic on the whole real line, by its derivative."""
        if argument.is_real is not True:
            raise NotAnalytic(
                f"{function.__name__} of {argument}, which may be complex"
            )
        x = sp.Dummy("x", real=True)
        outer = function(x).diff(x).xreplace({x: argument})
        slope = self._times(self.of(outer), self._slope(argument))
        return self._integrated(slope, function(self._first(argument)))

    def _unknown(self, node: AppliedUndef) -> Series:
        """An unknown smooth function, by its derivatives and the chain rule."""
        return self._derivative_of(node, (0,) * len(node.args), self._length)

    def _derivative_of(
        self, node: AppliedUndef, orders: tuple[int, ...], length: int
    ) -> Series:
        """So many coefficients of a partial derivative, padded with zeros.

        Its derivative by t is the sum of each further derivative times its argument's.
        """
        key = (node, orders, length)
        if key in self._slopes:
            return self._slopes[key]
        places = [sp.Dummy(f"x{k}", real=True) for k in range(len(node.args))]
        counts = [(x, n) for x, n in zip(places, orders, strict=True) if n]
        applied = node.func(*places)
        there = dict(zip(places, map(self._first, node.args), strict=True))
        value = (applied.diff(*counts) if counts else applied).subs(there)
        slope = self.of(sp.S.Zero)
        for argument in node.args:
            self.of(argument)  # must be analytic, also where its derivative is not used
        for k, argument in enumerate(node.args if length > 1 else ()):
            if argument.free_symbols & self._small:
                raised = tuple(n + (i == k) for i, n in enumerate(orders))
                outer = self._derivative_of(node, raised, length - 1)
                slope = self._plus(slope, self._times(outer, self._slope(argument)))
        self._slopes[key] = self._integrated(slope, value)
        return self._slopes[key]


def _through(formula: Callable[[Expr], Expr]) -> Callable[[Taylor, Expr], Series]:
    return lambda taylor, argument: taylor.of(formula(argument))


def _circular(taylor: Taylor, argument: Expr, turned: int) -> Series:
    """cos and sin as the two parts of exp(i s), divided by what makes them real."""
    turn = sp.I * argument
    one, other = taylor.exponential(turn), taylor.exponential(-turn)
    back = taylor._scaled(-1 if turned else 1, other)
    both = taylor._plus(one, back)
    front = taylor.form.of(1 / (2 * sp.I) if turned else sp.Rational(1, 2))
    return [product(taylor.form.kernels, front, c) for c in both]


def _on_the_line(function: type[sp.Function]) -> Callable[[Taylor, Expr], Series]:
    return lambda taylor, argument: taylor.by_slope(argument, function)


_RULES: dict[str, Callable[[Taylor, Expr], Series]] = {
    "exp": Taylor.exponential,
    "log": Taylor.logarithm,
    "sin": lambda taylor, s: _circular(taylor, s, 1),
    "cos": lambda taylor, s: _circular(taylor, s, 0),
    "tan": _through(lambda s: sp.sin(s) / sp.cos(s)),
    "sinh": _through(lambda s: (sp.exp(s) - sp.exp(-s)) / 2),
    "cosh": _through(lambda s: (sp.exp(s) + sp.exp(-s)) / 2),
    "tanh": _through(lambda s: 1 - 2 / (1 + sp.exp(2 * s))),
    "atan": _on_the_line(sp.atan),
    "asinh": _on_the_line(sp.asinh),
    "erf": _on_the_line(sp.erf),
    "erfc": _on_the_line(sp.erfc),
}
