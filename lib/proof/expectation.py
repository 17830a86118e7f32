r"""Expectations, variances, divergences and integrals, as SymPy expressions.

An operator such as ``E(g, p)`` stays as written, so that a derivation can show it;
``resolve`` works it out. Under a Gaussian it knows polynomials times exponentials of
quadratics, under a finite law it sums, and under a law that is only a name it uses
linearity and nothing else.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy import Add, Basic, Expr, Mul, S, Symbol

from .arguments import as_expression, as_variable, shown
from .bounded import degree_within, expand
from .definite_integrals import TURNING, definite_integral
from .gaussian_integrals import expand_for_gaussian, gaussian_integral, is_expandable
from .laws import (
    Abstract,
    Finite,
    Law,
    MultivariateNormal,
    beyond_real,
    normalised_over,
)
from .terms import TooLarge

MOST_WRITTEN = 2000  # terms of a sum
MOST_SUMMED_POWER = 60  # of an index
FEW_ORDERS = 4  # of a derivative, which SymPy works out at once
MOST_PARTS = 400  # of a derivative of more orders


class Operator(Expr):
    """An expression that binds variables and stands for a number."""

    is_commutative = True

    @property
    def bound_symbols(self) -> tuple[Symbol, ...]:
        return ()

    @property
    def free_symbols(self) -> set[Symbol]:
        laws = [argument for argument in self.args if isinstance(argument, Law)]
        inner = set().union(*(a.free_symbols for a in self.args if a not in laws))
        return (inner - set(self.bound_symbols)).union(
            *(law.free_symbols for law in laws)
        )

    def _eval_subs(self, old: Basic, new: Basic) -> Basic | None:
        """Replace what is free; a bound name that would catch it is changed first."""
        bound = self.bound_symbols
        if old in bound:
            return self
        if caught := set(bound) & new.free_symbols:
            names = {v: sp.Dummy(v.name, **v.assumptions0) for v in caught}
            return self.xreplace(names)._subs(old, new)
        return None

    def _eval_derivative(self, symbol: Symbol) -> Expr:
        if symbol not in self.free_symbols:
            return S.Zero
        return sp.Derivative(self, symbol, evaluate=False)

    def doit(self, **hints: Any) -> Expr:
        return resolve(self)

    def resolved(self) -> Expr:
        """The operator worked out, its arguments being resolved already."""
        raise TypeError(f"{type(self).__name__} does not say how to work it out")


class E(Operator):
    r"""The expectation of ``g``: under one law, or under several independent ones."""

    def __new__(cls, g: Expr, *laws: Law) -> E:
        if not laws or not all(isinstance(law, Law) for law in laws):
            raise TypeError("E(g, law): name at least one law, e.g. Normal(x, m, s)")
        _refuse_dependent(laws)
        return Expr.__new__(cls, as_expression(g, "E(g, law): g"), *laws)

    @property
    def bound_symbols(self) -> tuple[Symbol, ...]:
        return tuple(v for law in self.args[1:] for v in law.variables)

    def _eval_is_positive(self) -> bool | None:
        masses = all(law.is_nonnegative for law in self.args[1:])
        return True if self.args[0].is_positive and masses else None

    def _eval_is_nonnegative(self) -> bool | None:
        masses = all(law.is_nonnegative for law in self.args[1:])
        return True if self.args[0].is_nonnegative and masses else None

    def _eval_is_real(self) -> bool | None:
        return True if self.args[0].is_real else None

    def resolved(self) -> Expr:
        g = self.args[0]
        for law in self.args[1:]:
            g = _linear(g, law)
        return g

    def _latex(self, printer: Any) -> str:
        names = ", ".join(dict.fromkeys(law.name for law in self.args[1:]))
        return rf"\mathbb{{E}}_{{{names}}}\left[{printer._print(self.args[0])}\right]"


def _refuse_dependent(laws: Sequence[Law]) -> None:
    variables = [as_variable(v, f"{law}") for law in laws for v in law.variables]
    repeated = [v for v in variables if variables.count(v) > 1]
    if repeated:
        raise ValueError(f"E: two laws of the same variable {repeated[0]}: rename one")
    for law in laws:
        if loose := law.free_symbols & set(variables):
            raise ValueError(
                f"E: the law {law} depends on {loose.pop()}, the variable of another: "
                "several laws must be independent; nest the expectations instead"
            )


def _linear(g: Expr, law: Law) -> Expr:
    """E of ``g``: the whole if the law can, else term by term, constants in front."""
    if isinstance(law, MultivariateNormal):
        law = law.marginal(g)
    if isinstance(law, Abstract):
        return Int(law.density * g, law.variables[0]).resolved()
    if (value := law.expectation(g)) is not None:
        return value
    terms = []
    for term in Add.make_args(expand(g)):
        constant, rest = term.as_independent(*law.variables, as_Add=False)
        value = law.expectation(rest)
        if value is None and (lower := law.by_parts(rest)) is not None:
            value = _linear(lower, law)
        terms.append(constant * (E(rest, law) if value is None else value))
    return Add(*terms)


class Var(Operator):
    """The variance of ``g`` under one law, or under several independent ones."""

    def __new__(cls, g: Expr, *laws: Law) -> Var:
        if not laws or not all(isinstance(law, Law) for law in laws):
            raise TypeError("Var(g, law): name at least one law, e.g. Normal(x, m, s)")
        return Expr.__new__(cls, *E(as_expression(g, "Var(g, law): g"), *laws).args)

    bound_symbols = E.bound_symbols

    def _eval_is_nonnegative(self) -> bool | None:
        proper = all(
            law.is_nonnegative and _is_normalised(law) for law in self.args[1:]
        )
        return True if self.args[0].is_real and proper else None

    def resolved(self) -> Expr:
        g, laws = self.args[0], self.args[1:]
        return E(g**2, *laws).resolved() - E(g, *laws).resolved() ** 2

    def _latex(self, printer: Any) -> str:
        names = ", ".join(dict.fromkeys(law.name for law in self.args[1:]))
        inner = printer._print(self.args[0])
        return rf"\operatorname{{Var}}_{{{names}}}\left[{inner}\right]"


def _is_normalised(law: Law) -> bool:
    """Whether the whole mass under ``law`` is one, as far as ``resolve`` can see."""
    return resolve(E(S.One, law)) == 1


class KL(Operator):
    """The Kullback-Leibler divergence of two laws of one variable, {eq}`eq-kl`."""

    def __new__(cls, p: Law, q: Law) -> KL:
        if not all(isinstance(law, Law) for law in (p, q)):
            named = f"{shown(p)} and {shown(q)}"
            raise TypeError(f"KL(p, q) of {named}: name two laws, e.g. Normal(x, m, s)")
        for variable in p.variables:
            as_variable(variable, "KL(p, q): the variable")
        if p.variables != q.variables:
            raise ValueError("KL(p, q): both laws must be of the same variable")
        if isinstance(p, Finite) != isinstance(q, Finite):
            raise ValueError("KL(p, q): a finite law and one with a density")
        return Expr.__new__(cls, p, q)

    @property
    def bound_symbols(self) -> tuple[Symbol, ...]:
        return self.args[0].variables

    def resolved(self) -> Expr:
        p, q = self.args
        return E(_log_density(p) - _log_density(q), p).resolved()

    def _latex(self, printer: Any) -> str:
        p, q = (law.name for law in self.args)
        return rf"D_{{\mathrm{{KL}}}}\left({p} \,\Vert\, {q}\right)"


def _log_density(law: Law) -> Expr:
    if isinstance(law, Abstract):
        return sp.log(law.density)
    if isinstance(law, Finite):
        z = law.variables[0]
        cases = ((sp.log(mass), sp.Eq(z, value)) for value, mass in law.args[1])
        return sp.Piecewise(*cases, (S.NaN, True))
    return law.log_density()


class Int(Operator):
    """The integral over the whole space of ``variable``, whatever that space is."""

    def __new__(cls, g: Expr, variable: Symbol) -> Int:
        g = as_expression(g, "Int(g, variable): g")
        return Expr.__new__(cls, g, as_variable(variable, "Int(g, variable): variable"))

    @property
    def bound_symbols(self) -> tuple[Symbol, ...]:
        return (self.args[1],)

    def _eval_is_positive(self) -> bool | None:
        return True if self.args[0].is_positive else None

    def resolved(self) -> Expr:
        g, z = self.args
        terms = []
        for term in Add.make_args(expand(g)):
            constant, rest = term.as_independent(z, as_Add=False)
            terms.append(constant * _integral_of_product(rest, z))
        return Add(*terms)

    def _latex(self, printer: Any) -> str:
        g, z = self.args
        inner = printer._print(g)
        if isinstance(g, Add):
            inner = rf"\left({inner}\right)"
        return rf"\int {inner} \, \mathrm{{d}}{printer._print(z)}"


def _integral_of_product(g: Expr, z: Symbol) -> Expr:
    if normalised_over(g) == (z,):
        return S.One
    if g.has(sp.exp) and not beyond_real(z) and is_expandable(g, z):
        terms = Add.make_args(expand_for_gaussian(g))
        parts = [term.as_independent(z, as_Add=False) for term in terms]
        values = [gaussian_integral(rest, z) for _, rest in parts]
        if None not in values:
            return Add(*(c * v for (c, _), v in zip(parts, values, strict=True)))
    if g.has(*TURNING) and not beyond_real(z):
        value = definite_integral(g, z, S.NegativeInfinity, S.Infinity)
        return Int(g, z) if value is None else value
    return Int(g, z)


def unresolved(*expressions: Basic) -> Basic | None:
    """A part that stands for a number which nothing here works out."""
    kinds = (
        Operator,
        sp.Integral,
        sp.Sum,
        sp.Product,
        sp.Limit,
        sp.Derivative,
        sp.Subs,
    )
    found = sp.Tuple(*expressions).atoms(*kinds)
    return min(found, key=sp.default_sort_key, default=None)


def resolve(expression: Basic) -> Basic:
    """``expression`` with every operator, sum and derivative worked out that can be."""
    if isinstance(expression, sp.MatrixBase):
        expression = sp.ImmutableMatrix(expression)
    return _resolved(expression)


@lru_cache(8192)
def _resolved(expression: Basic) -> Basic:
    if isinstance(expression, Law):
        return expression
    if isinstance(expression, KL):
        return expression.resolved()
    if not expression.args:
        return expression
    arguments = [resolve(argument) for argument in expression.args]
    if isinstance(expression, sp.MatrixBase):
        return expression.applyfunc(resolve)
    if arguments != list(expression.args):
        expression = expression.func(*arguments)
    if isinstance(expression, Operator):
        return expression.resolved()
    if isinstance(expression, sp.Sum):
        return _sum(expression)
    if isinstance(expression, sp.Integral):
        return _integral(expression)
    if isinstance(expression, sp.Product):
        return _product(expression)
    if isinstance(expression, sp.Derivative):
        return _derivative(expression)
    if isinstance(expression, sp.Subs):
        return expression.doit(deep=False)
    if isinstance(expression, sp.KroneckerDelta):
        return sp.KroneckerDelta(*expression.args[:2])  # not where its indices run
    return expression


def _derivative(node: sp.Derivative) -> Expr:
    """Worked out; one order at a time where there are many, while it stays small."""
    orders = [order for _, order in node.variable_count]
    if not all(order.is_Integer for order in orders) or sum(orders) <= FEW_ORDERS:
        return node.doit(deep=False)
    value = node.expr
    for variable, order in node.variable_count:
        for _ in range(int(order)):
            parts = sp.preorder_traversal(value)
            if sum(1 for _ in itertools.islice(parts, MOST_PARTS)) == MOST_PARTS:
                raise TooLarge(f"a derivative of more than {MOST_PARTS} parts")
            value = value.diff(variable)
    return value


def _integral(node: sp.Integral) -> Expr:
    """Between ends, by antiderivatives of our own; others stay, SymPy's may err."""
    value: Expr = node.function
    for i, limits in enumerate(node.limits):
        found = None
        if len(limits) == 3:
            found = definite_integral(value, *limits)
        if found is None:
            return sp.Integral(value, *node.limits[i:])
        value = found
    return value


def _sum(total: sp.Sum) -> Expr:
    """A sum term by term: constants in front, powers of the index added up.

    Other terms over a symbolic range stay sums: SymPy would search long for them.
    """
    inner: Expr = total.function
    if len(total.limits) > 1:
        inner = resolve(sp.Sum(inner, *total.limits[:-1]))
    index, first, last = total.limits[-1]
    if first is S.NegativeInfinity:
        return total
    if last is S.Infinity:
        found = _geometric(inner, index, first)
        return found or _of_powers(inner, index, first) or total
    if (last - first).is_Integer:
        return _written_out(inner, index, first, last)
    if inner.has(sp.Sum):
        return sp.Sum(inner, total.limits[-1])
    terms = []
    for term in Add.make_args(expand(inner)):
        constant, rest = term.as_independent(index, as_Add=False)
        value = sp.Sum(rest, total.limits[-1])
        small = degree_within(rest) <= MOST_SUMMED_POWER
        if small and rest.is_polynomial(index) and not rest.has(sp.Indexed):
            value = value.doit(deep=False)
        terms.append(constant * value)
    return Add(*terms)


def _geometric(term: Expr, index: Symbol, first: Expr) -> Expr | None:
    """The sum of c r^(k i + b) from ``first`` on, r^k being known to be below one."""
    constant, rest = term.as_independent(index, as_Add=False)
    base, exponent = rest.as_base_exp()
    slope = sp.expand(exponent).coeff(index, 1)
    affine = not sp.expand(exponent - slope * index).has(index)
    if base.has(index) or not affine or slope == 0:
        return None
    ratio = base**slope
    if (1 - sp.Abs(ratio)).is_positive is not True:
        return None
    return constant * rest.xreplace({index: first}) / (1 - ratio)


def _of_powers(term: Expr, index: Symbol, first: Expr) -> Expr | None:
    """The sum of c / (i + a)^p from ``first`` on, p above one; or with signs by turns.

    Hurwitz's zeta function, or Dirichlet's eta, which needs p to be positive alone.
    """
    constant, rest = term.as_independent(index, as_Add=False)
    factors = Mul.make_args(rest)
    signs = [f for f in factors if f.as_base_exp()[0] == -1]
    base, exponent = Mul(*(f for f in factors if f not in signs)).as_base_exp()
    shift = expand(base - index)
    if shift.has(index) or exponent.has(index):
        return None
    start = first + shift
    if not signs and (-exponent - 1).is_positive and start.is_positive:
        return constant * sp.zeta(-exponent, start)
    if len(signs) == 1 and start == 1 and (-exponent).is_positive:
        turned = expand(signs[0].as_base_exp()[1] - index)
        if turned.is_integer and not turned.has(index):
            return constant * (-1) ** (turned + first) * sp.dirichlet_eta(-exponent)
    return None


def _product(product: sp.Product) -> Expr:
    """A product over a range of known length; others stay."""
    inner: Expr = product.function
    if len(product.limits) > 1:
        inner = resolve(sp.Product(inner, *product.limits[:-1]))
    index, first, last = product.limits[-1]
    found = _places(first, last)
    if found is None:
        return sp.Product(inner, product.limits[-1])
    sign, places = found
    return (
        sp.Mul(*(resolve(with_value(inner, index, place)) for place in places)) ** sign
    )


def _written_out(term: Expr, index: Symbol, first: Expr, last: Expr) -> Expr:
    """The terms of a sum over a range of known length, added."""
    found = _places(first, last)
    if found is None:
        return sp.Sum(term, (index, first, last))
    sign, places = found
    return Add(*(sign * resolve(with_value(term, index, place)) for place in places))


def _places(first: Expr, last: Expr) -> tuple[int, list[Expr]] | None:
    """The places in a range of known length, and -1 for a range that runs backwards.

    Karr's convention, which is SymPy's: from a to b and from b + 1 to c is from a to c.
    """
    length = last - first
    if not length.is_Integer or abs(length) >= MOST_WRITTEN:
        return None
    if length < -1:
        return -1, [last + 1 + k for k in range(-int(length) - 1)]
    return 1, [first + k for k in range(int(length) + 1)]


def with_value(term: Expr, index: Symbol, value: Expr) -> Expr:
    """A term of a sum over ``index``; bound variables of that name within it stay."""
    binders = term.atoms(sp.Sum, sp.Product, Operator)
    if any(index in inner.bound_symbols for inner in binders):
        return term.subs(index, value)
    return term.xreplace({index: value})
