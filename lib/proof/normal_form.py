r"""A normal form of scalar expressions: what it brings to zero is zero.

    is_identity(sinh(x) + cosh(x), exp(x))       True, without a search

An expression becomes a fraction: a sum of monomials over a product of other sums. The
monomials are in *kernels*, which have no simpler parts: symbols, primes under a root,
exponentials (of which the hyperbolic and the trigonometric functions are made),
logarithms of what does not factor, roots, sums over a symbolic range, integrals. Each
rule holds wherever both sides have a value, or is applied only where its condition is
known to hold; so two sides are equal if their difference has the numerator zero.
Every table has a bound: what exceeds it is ``TooLarge``, and so not decided.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy import Basic, Expr, S, Symbol
from sympy.core.function import AppliedUndef

from .elementary import elementary
from .enclosures import Enclosure
from .expectation import E, Int, resolve
from .intervals import Undefined, Unknown, holds_zero
from .laws import MultivariateNormal, Normal, normalised_over
from .terms import (
    ONE,
    Kernels,
    Monomial,
    Quotient,
    TooLarge,
    constant,
    power_of,
    product,
    total,
    whole_and_rest,
)

MOST_NODES = 3000  # of an expression
MOST_EXPONENT = 300  # terms of an exponent, of which each becomes a kernel
MOST_SHIFT = 60  # of an argument of the gamma function
MOST_CASES = 16  # of the signs of what stands between bars


def is_identity(left: Expr, right: Expr) -> bool:
    """Whether both sides have one normal form, wherever both have a value.

    Raises ``TooLarge`` where a bound is met.
    """
    left, right = resolve(sp.sympify(left)), resolve(sp.sympify(right))
    difference = sp.Add(left, sp.Mul(-1, right), evaluate=False)
    if all(_vanishes(case) for case in _cases(difference)):
        return True
    within = _extremes_within(difference)
    return within != difference and all(_vanishes(case) for case in _cases(within))


def _extremes_within(node: Basic) -> Basic:
    """The larger of two exponentials as that of the larger exponent: exp rises."""
    if not node.has(sp.Max, sp.Min):
        return node
    arguments = [_extremes_within(argument) for argument in node.args]
    exponents = [a.args[0] for a in arguments if isinstance(a, sp.exp)]
    risen = isinstance(node, (sp.Max, sp.Min)) and len(exponents) == len(arguments)
    if risen and all(exponent.is_real for exponent in exponents):
        return sp.exp(_extremes_within(node.func(*exponents)))
    return node.func(*arguments)


def _vanishes(difference: Expr) -> bool:
    if sum(1 for _ in sp.preorder_traversal(difference)) > MOST_NODES:
        raise TooLarge(f"the expression has more than {MOST_NODES} parts")
    form = NormalForm()
    form.prepare(difference)
    return form.is_zero(form.of(difference))


def _cases(difference: Expr) -> list[Expr]:
    """The expression for either sign of each real symbol between bars, and for zero."""
    turning = [node.args[0] for node in difference.atoms(sp.Abs)]
    for node in difference.atoms(sp.Max, sp.Min):
        turning += [a - b for a, b in itertools.combinations(node.args, 2)]
    free = difference.free_symbols - _bound_in(difference)
    signed = {
        s for s in free if isinstance(s, Symbol) and (s in turning or -s in turning)
    }
    unknown = [s for s in sorted(signed, key=str) if s.is_real and not s.is_positive]
    if 3 ** len(unknown) > MOST_CASES * 2:
        raise TooLarge(f"more than {MOST_CASES} cases of signs")
    found = []
    for signs in itertools.product((1, -1, 0), repeat=len(unknown)):
        sizes = [sp.Dummy(s.name, positive=True) for s in unknown]
        place = {s: k * d for s, k, d in zip(unknown, signs, sizes, strict=True)}
        found.append(_evaluated(difference, place))
    return found


def _bound_in(expression: Basic) -> set[Basic]:
    """What some part binds or differentiates by: it has no sign of its own."""
    found: set[Basic] = set()
    for node in sp.preorder_traversal(expression):
        if isinstance(node, (sp.Derivative, sp.Subs)):
            found |= set(node.variables)
        found |= set(getattr(node, "bound_symbols", ()))
    return found


def _evaluated(node: Basic, place: dict[Symbol, Expr]) -> Basic:
    """The expression with these values, everything evaluated that SymPy evaluates."""
    if node in place:
        return place[node]
    if not node.args or not place:
        return node
    if isinstance(node, (sp.Derivative, sp.Subs)):
        return node.subs(place)  # a value is nothing to differentiate by
    return node.func(*(_evaluated(argument, place) for argument in node.args))


class NormalForm:
    """The normal forms of the parts of one expression, over one table of kernels."""

    def __init__(self) -> None:
        self.kernels = Kernels()
        self._known: dict[Basic, Quotient] = {}
        self._exponents_below: dict[int, int] = {}
        self._preparing = False

    def prepare(self, *expressions: Basic) -> None:
        """Find what all exponents have in common below their bars.

        So exp(1/a - 1/b) is made of the same kernels as exp((b - a)/(a b)).
        """
        self._preparing = True
        for expression in expressions:
            self._prepare(expression)
        self._preparing = False
        if self._exponents_below:
            self._forget()

    def _forget(self) -> None:
        self._known.clear()

    def _prepare(self, expression: Basic) -> None:
        self.of(expression)

    def of(self, node: Basic) -> Quotient:
        if node not in self._known:
            self._known[node] = self._of(node)
        return self._known[node]

    def is_zero(self, quotient: Quotient) -> bool:
        return not self.kernels.without_negative_roots(quotient.above)

    # ----------------------------------------------------------------- by the node

    def _of(self, node: Basic) -> Quotient:
        if node.is_Rational:
            return constant(Fraction(int(node.p), int(node.q)))
        name = node.func.__name__
        if rule := _RULES.get(name):
            return rule(self, node)
        if (form := elementary(name, node.args)) is not None:
            return self.of(form)
        if isinstance(node, Symbol):
            return self._atom(node)
        if node is S.Exp1:
            return self.exponential(constant(Fraction(1)))
        if node is S.ImaginaryUnit:
            return self.kernels.quotient(self.kernels.imaginary)
        return self._opaque(node)

    def _atom(self, node: Basic) -> Quotient:
        number = self.kernels.add(("atom", node), node)
        return self.kernels.quotient(number)

    def _opaque(self, node: Basic) -> Quotient:
        """A function of which no rule is known, of arguments in normal form."""
        if isinstance(node, (sp.Derivative, sp.Subs, sp.Integral, sp.Piecewise)):
            return self._atom(node)
        if not isinstance(node, (AppliedUndef, sp.Function)) or not node.args:
            return self._atom(node)
        keys = tuple(self.kernels.key(self.of(a)) for a in node.args)
        number = self.kernels.add(("call", node.func, keys), node)
        return self.kernels.quotient(number)

    def _sum_of(self, node: Expr) -> Quotient:
        return total(self.kernels, [self.of(a) for a in node.args])

    def _product_of(self, node: Expr) -> Quotient:
        found = ONE
        for factor in node.args:
            found = product(self.kernels, found, self.of(factor))
        return found

    def _power(self, node: Expr) -> Quotient:
        base, exponent = node.args
        if exponent.is_Integer:
            if exponent < 0 and not base.free_symbols:
                _refuse_zero(base)
            return power_of(self.kernels, self.of(base), int(exponent))
        if exponent.is_Rational:
            of_base = self.of(base)
            return self._root(of_base, Fraction(int(exponent.p), int(exponent.q)))
        if not (of_base := self.of(base)).above:
            raise TooLarge("zero to a power that may be zero")
        above = product(self.kernels, self.of(exponent), self.logarithm(of_base))
        return self.exponential(above)

    # ------------------------------------------------- exponentials and logarithms

    def exponential(self, argument: Quotient) -> Quotient:
        """exp of a sum as a product: a kernel for each monomial of the exponent."""
        if self._preparing:
            for number, power in argument.below.items():
                known = self._exponents_below.get(number, 0)
                self._exponents_below[number] = max(known, power)
        below = {
            number: max(power, argument.below.get(number, 0))
            for number, power in self._exponents_below.items()
        }
        if set(argument.below) - set(below):
            raise TooLarge("an exponent with a new denominator")
        spread = self.kernels.over(argument, below)
        if len(spread) > MOST_EXPONENT:
            raise TooLarge(f"an exponent of more than {MOST_EXPONENT} terms")
        found = ONE
        for monomial, c in spread.items():
            found = product(self.kernels, found, self._exp_of(monomial, c, below))
        return found

    def _exp_of(
        self, monomial: Monomial, c: Fraction, below: dict[int, int]
    ) -> Quotient:
        kernels = self.kernels
        if not below and len(monomial) == 1 and monomial[0][1] == 1:
            inner = kernels.logarithm_of(monomial[0][0])
            if inner is not None:  # exp(c log k) is k^c
                if c.denominator == 1:
                    return power_of(kernels, inner, c.numerator)
                return self._root(inner, c)
        key = ("exp", monomial, tuple(sorted(below.items())))
        number = kernels.add_exponential(key, monomial, below)
        return kernels.quotient(number, c)

    def logarithm(self, argument: Quotient) -> Quotient:
        """log of a product as a sum, of which one factor's sign may be unknown."""
        parts = self.kernels.factors(argument)
        if parts is None:
            return self._opaque_log(argument)
        sign, positive, unknown = parts
        found = [product(self.kernels, constant(c), k) for k, c in self._logs(positive)]
        if unknown is not None:
            found.append(self._opaque_log(self._signed(unknown, sign)))
        elif sign < 0:
            i_pi = product(self.kernels, self.of(S.ImaginaryUnit), self.of(S.Pi))
            found.append(i_pi)
        return total(self.kernels, found)

    def _signed(self, quotient: Quotient, sign: int) -> Quotient:
        return product(self.kernels, constant(Fraction(sign)), quotient)

    def _logs(
        self, powers: Sequence[tuple[int, Fraction]]
    ) -> list[tuple[Quotient, Fraction]]:
        """The logarithms of positive kernels, each with its power in front."""
        found = []
        for number, power in powers:
            exponent = self.kernels.exponent_of(number)
            if exponent is None:
                log = self.kernels.add_logarithm(number)
                exponent = self.kernels.quotient(log)
            found.append((exponent, power))
        return found

    def _opaque_log(self, argument: Quotient) -> Quotient:
        number = self.kernels.add_logarithm_of(argument)
        return self.kernels.quotient(number)

    def _root(self, base: Quotient, exponent: Fraction) -> Quotient:
        """A fractional power of a product, of which one factor may have any sign."""
        if not base.above:
            if exponent > 0:
                return base
            raise TooLarge("a negative power of zero")
        parts = self.kernels.factors(base)
        if parts is None:
            number = self.kernels.add_base(base)
            return self.kernels.power(number, exponent)
        sign, positive, unknown = parts
        found = ONE
        for number, power in positive:
            part = self.kernels.power(number, power * exponent)
            found = product(self.kernels, found, part)
        if unknown is not None:
            number = self.kernels.add_base(self._signed(unknown, sign))
            part = self.kernels.power(number, exponent)
            found = product(self.kernels, found, part)
        elif sign < 0:
            turned = product(
                self.kernels,
                constant(exponent),
                product(self.kernels, self.of(S.ImaginaryUnit), self.of(S.Pi)),
            )
            found = product(self.kernels, found, self.exponential(turned))
        return found

    def _abs(self, node: Expr) -> Quotient:
        argument = node.args[0]
        inner = self.of(argument)
        if argument.is_real is not True:
            return self._opaque(node)
        return self._root(power_of(self.kernels, inner, 2), Fraction(1, 2))

    def _extreme(self, node: Expr) -> Quotient:
        """The larger of two is half of their sum and of the distance between them."""
        one, *rest = node.args
        other = rest[0] if len(rest) == 1 else node.func(*rest)
        if not all(a.is_real for a in node.args):
            return self._opaque(node)
        side = 1 if isinstance(node, sp.Max) else -1
        return self.of((one + other + side * sp.Abs(one - other)) / 2)

    # ------------------------------------------------------------ the gamma function

    def _gamma(self, node: Expr) -> Quotient:
        """By that of an argument without whole part, as gamma(u + 1) = u gamma(u)."""
        rest, shift = _whole_part(node.args[0])
        found = self._opaque(node.func(rest)) if shift else self._opaque(node)
        return product(self.kernels, found, self._rising(rest, shift))

    def _rising(self, start: Expr, count: int) -> Quotient:
        """u (u + 1) ... (u + count - 1), or what undoes it."""
        found = ONE
        for j in range(min(0, count), max(0, count)):
            found = product(self.kernels, found, self.of(start + j))
        return found if count >= 0 else power_of(self.kernels, found, -1)

    def _polygamma(self, node: Expr) -> Quotient:
        """Of order 0, by that of an argument without its whole part."""
        if node.args[0] != 0:
            return self._opaque(node)
        rest, shift = _whole_part(node.args[1])
        places = (rest + j for j in range(min(0, shift), max(0, shift)))
        sign = constant(Fraction(1 if shift > 0 else -1))
        terms = [
            product(self.kernels, sign, power_of(self.kernels, self.of(u), -1))
            for u in places
        ]
        return total(self.kernels, [self._opaque(node.func(0, rest)), *terms])

    # ------------------------------------------------- other functions by recurrences

    def _zeta(self, node: Expr) -> Quotient:
        """By that of an argument without whole part: zeta(s, a) - zeta(s, a+1) = a^-s.

        Eta is (1 - 2^(1-s)) zeta(s).
        """
        s, a = node.args if len(node.args) == 2 else (node.args[0], S.One)
        if isinstance(node, sp.dirichlet_eta):
            whole = (1 - 2 ** (1 - s)) * sp.zeta(s)
            return self.of(whole) if a == 1 else self._opaque(node)
        if a.is_negative:  # the powers of negative numbers are a convention
            return self._opaque(node)
        rest, shift = _shifted(a, 1)
        found = sp.zeta(s, rest)
        start = self._opaque(found) if isinstance(found, sp.zeta) else self.of(found)
        sign = constant(Fraction(-1 if shift > 0 else 1))
        terms = [
            product(self.kernels, sign, self.of((rest + j) ** -s))
            for j in range(min(0, shift), max(0, shift))
        ]
        return total(self.kernels, [start, *terms])

    def _bessel(self, node: Expr) -> Quotient:
        """By those of two neighbouring orders: f(n+1) is a f(n-1) + b (2n/z) f(n)."""
        order, z = node.args
        if (form := elementary(node.func.__name__, node.args)) is not None:
            return self.of(form)
        rest, shift = _shifted(order, 0)
        a, b = _BESSEL[node.func.__name__]
        low, high = (self._bessel_of(node.func, rest + k, z) for k in (0, 1))
        for j in range(1, shift):
            low, high = high, self._next_bessel(low, high, a, b * (rest + j), z)
        for j in range(0, shift, -1):  # f(n-1) is (f(n+1) - b (2n/z) f(n)) / a
            low, high = self._next_bessel(high, low, 1 / a, -b / a * (rest + j), z), low
        return high if shift > 0 else low

    def _bessel_of(self, kind: Any, order: Expr, z: Expr) -> Quotient:
        value = kind(order, z)
        return self._opaque(value) if isinstance(value, kind) else self.of(value)

    def _next_bessel(
        self, before: Quotient, last: Quotient, a: Expr, b: Expr, z: Expr
    ) -> Quotient:
        parts = ((before, a), (last, 2 * b / z))
        terms = [product(self.kernels, part, self.of(c)) for part, c in parts]
        return total(self.kernels, terms)

    # ----------------------------------------------------------- sums and integrals

    def _finite_sum(self, node: sp.Sum) -> Quotient:
        if len(node.limits) != 1 or len(node.limits[0]) != 3:
            return self._atom(node)
        index, first, last = node.limits[0]
        body, mark = self._marked(node.function, index)
        ends = tuple(self.kernels.key(self.of(end)) for end in (first, last))
        length = self.of(last - first + 1)
        beside = (first.free_symbols | last.free_symbols) - {index}
        return self._linear(self.of(body), mark, ("sum", *ends), length, beside)

    def _integral(self, node: Int) -> Quotient:
        body, mark = self._marked(node.args[0], node.args[1])
        return self._linear(self.of(body), mark, ("integral",), None)

    def _expectation(self, node: E) -> Quotient:
        law = node.args[1]
        if isinstance(law, MultivariateNormal):
            law = law.marginal(node.args[0])
        if len(node.args) != 2 or len(law.variables) != 1:
            return self._atom(node)
        variable = law.variables[0]
        body, mark = self._marked(node.args[0], variable)
        if isinstance(law, Normal) and law.std.is_positive:
            return self._of_gaussian(body, mark, law)
        parameters = tuple(law.args[1:-1])
        kind = ("expectation", law.func, parameters)
        beside = law.free_symbols
        return self._linear(self.of(body), mark, kind, ONE, beside)

    def _of_gaussian(self, body: Expr, mark: Symbol, law: Normal) -> Quotient:
        """The mean of the even part of what a standard Gaussian puts in."""
        there = law.mean + law.std * mark
        sides = (
            self.of(_evaluated(body, {mark: side}))
            for side in (there, law.mean - law.std * mark)
        )
        both = total(self.kernels, list(sides))
        even = product(self.kernels, constant(Fraction(1, 2)), both)
        return self._linear(even, mark, ("gaussian",), ONE)

    def _marked(self, body: Expr, variable: Symbol) -> tuple[Expr, Symbol]:
        """The body with its bound variable under a name that tells only its depth."""
        mark = _mark(_depth(body), tuple(variable.assumptions0.items()))
        return body.xreplace({variable: mark}), mark

    def _linear(
        self,
        body: Quotient,
        mark: Symbol,
        kind: tuple[Any, ...],
        of_one: Quotient | None,
        beside: AbstractSet[Basic] = frozenset(),
    ) -> Quotient:
        """Constants in front; a kernel for each monomial that the variable is in."""
        parts = whole_and_rest(self.kernels, body)
        values = [self._by_monomials(p, mark, kind, of_one, beside) for p in parts]
        return total(self.kernels, values)

    def _by_monomials(
        self,
        body: Quotient,
        mark: Symbol,
        kind: tuple[Any, ...],
        of_one: Quotient | None,
        beside: AbstractSet[Basic],
    ) -> Quotient:
        kernels, bound = self.kernels, {mark}
        free_below = {
            n: p for n, p in body.below.items() if not kernels.free(n) & bound
        }
        below = tuple(
            sorted((n, p) for n, p in body.below.items() if n not in free_below)
        )
        found = []
        for monomial, c in body.above.items():
            inside = tuple(f for f in monomial if kernels.free(f[0]) & bound)
            outside = tuple(f for f in monomial if f not in inside)
            front = Quotient({outside: c}, free_below)
            if not inside and not below and of_one is not None:
                value = of_one
            elif kind == ("integral",) and self._is_density(inside, below, mark):
                value = ONE
            else:
                key = (*kind, inside, below, mark)
                value = kernels.quotient(
                    kernels.add_bound(key, inside, below, bound, beside)
                )
            found.append(product(kernels, front, value))
        return total(kernels, found)

    def _is_density(
        self, inside: Monomial, below: tuple[Any, ...], mark: Symbol
    ) -> bool:
        """Whether it is the integral of a density over all of its variables."""
        marks = {mark}
        while not below and len(inside) == 1 and inside[0][1] == 1:
            node, key = (
                self.kernels.node(inside[0][0]),
                self.kernels.key_of(inside[0][0]),
            )
            if node is not None:
                over = normalised_over(node)
                return bool(over) and set(over) == marks
            if key[0] != "integral":
                return False
            _, inside, below, name = key
            marks.add(name)
        return False


def _whole_part(argument: Expr) -> tuple[Expr, int]:
    """What stays without the whole part of the number in an argument, and that."""
    number, _ = argument.as_coeff_Add()
    if not (argument.free_symbols and number.is_Rational):
        return argument, 0
    shift = int(sp.floor(number))
    if abs(shift) > MOST_SHIFT:
        raise TooLarge(f"a shift of the gamma function above {MOST_SHIFT}")
    return argument - shift, shift


def _shifted(argument: Expr, start: int) -> tuple[Expr, int]:
    """What stays without the whole part of an argument, of a whole one ``start``."""
    if not argument.is_Rational:
        return _whole_part(argument)
    shift = int(sp.floor(argument)) - (start if argument.is_Integer else 0)
    if abs(shift) > MOST_SHIFT:
        raise TooLarge(f"a shift of a function's argument above {MOST_SHIFT}")
    return argument - shift, shift


def _depth(body: Basic) -> int:
    """How many sums and integrals lie within one another in an expression."""
    inner = max((_depth(a) for a in body.args), default=0)
    return inner + isinstance(body, (sp.Sum, Int, E))


@lru_cache
def _mark(depth: int, assumptions: tuple[tuple[str, bool], ...]) -> Symbol:
    return sp.Dummy(f"bound_{depth}", **dict(assumptions))


def _refuse_zero(number: Expr) -> None:
    """Refuse to divide by a number that may be zero, though nothing shows it."""
    if number.is_Atom or number.atoms(Symbol):  # what it binds is no value of its own
        return
    try:
        if not holds_zero(Enclosure(number).at({}, 60)):
            return
    except (Undefined, Unknown):
        pass
    raise TooLarge("a division by a number that may be zero")


_Rule = Callable[[NormalForm, Any], Quotient]


def _rewritten(form: NormalForm, node: Expr) -> Quotient:
    return form.of(_BY_OTHERS[node.func.__name__](node.args[0]))


_I = S.ImaginaryUnit
_BY_OTHERS: dict[str, Callable[[Expr], Expr]] = {
    "asinh": lambda x: sp.log(x + sp.sqrt(x**2 + 1)),
    "acosh": lambda x: sp.log(x + sp.sqrt(x - 1) * sp.sqrt(x + 1)),
    "atanh": lambda x: (sp.log(1 + x) - sp.log(1 - x)) / 2,
    "acot": lambda x: sp.atan(1 / x),
    "acoth": lambda x: sp.atanh(1 / x),
    "asec": lambda x: sp.acos(1 / x),
    "acsc": lambda x: sp.asin(1 / x),
    "asech": lambda x: sp.acosh(1 / x),
    "acsch": lambda x: sp.asinh(1 / x),
    "sinh": lambda x: (sp.exp(x) - sp.exp(-x)) / 2,
    "cosh": lambda x: (sp.exp(x) + sp.exp(-x)) / 2,
    "tanh": lambda x: (sp.exp(x) - sp.exp(-x)) / (sp.exp(x) + sp.exp(-x)),
    "coth": lambda x: (sp.exp(x) + sp.exp(-x)) / (sp.exp(x) - sp.exp(-x)),
    "sech": lambda x: 2 / (sp.exp(x) + sp.exp(-x)),
    "csch": lambda x: 2 / (sp.exp(x) - sp.exp(-x)),
    "sin": lambda x: (sp.exp(_I * x) - sp.exp(-_I * x)) / (2 * _I),
    "cos": lambda x: (sp.exp(_I * x) + sp.exp(-_I * x)) / 2,
    "tan": lambda x: (
        (sp.exp(_I * x) - sp.exp(-_I * x)) / (_I * (sp.exp(_I * x) + sp.exp(-_I * x)))
    ),
    "cot": lambda x: (
        _I * (sp.exp(_I * x) + sp.exp(-_I * x)) / (sp.exp(_I * x) - sp.exp(-_I * x))
    ),
    "sec": lambda x: 2 / (sp.exp(_I * x) + sp.exp(-_I * x)),
    "csc": lambda x: 2 * _I / (sp.exp(_I * x) - sp.exp(-_I * x)),
}

# What f(n-1) and (2n/z) f(n) are multiplied by in f(n+1): DLMF 10.6.1, 10.29.1.
_BESSEL = {
    **dict.fromkeys(("besselj", "bessely", "hankel1", "hankel2"), (-S.One, S.One)),
    "besseli": (S.One, -S.One),
    "besselk": (S.One, S.One),
}
_RULES: dict[str, _Rule] = {
    "Add": NormalForm._sum_of,
    "Mul": NormalForm._product_of,
    "Pow": NormalForm._power,
    "exp": lambda form, node: form.exponential(form.of(node.args[0])),
    "log": lambda form, node: form.logarithm(form.of(node.args[0])),
    "Abs": NormalForm._abs,
    "Max": NormalForm._extreme,
    "Min": NormalForm._extreme,
    "Sum": NormalForm._finite_sum,
    "Int": NormalForm._integral,
    "E": NormalForm._expectation,
    "gamma": NormalForm._gamma,
    "factorial": lambda form, node: form.of(sp.gamma(node.args[0] + 1)),
    "polygamma": NormalForm._polygamma,
    **dict.fromkeys(("zeta", "dirichlet_eta"), NormalForm._zeta),
    **dict.fromkeys(_BESSEL, NormalForm._bessel),
    **dict.fromkeys(_BY_OTHERS, _rewritten),
}
