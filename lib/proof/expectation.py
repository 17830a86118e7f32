r"""Expectations, variances, divergences and integrals, as SymPy expressions.

An operator such as ``E(g, p)`` stays as written, so that a derivation can show it;
``resolve`` works it out. Under a Gaussian it knows polynomials times exponentials of
quadratics, under a finite law it sums, and under a law that is only a name it uses
linearity and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy import Add, Basic, Expr, Function, Mul, S, Symbol, Tuple
from sympy.core.function import AppliedUndef
from sympy.core.symbol import Str
from sympy.functions.elementary.hyperbolic import HyperbolicFunction
from sympy.functions.elementary.trigonometric import TrigonometricFunction


def density(name: str, *variables: Symbol, given: Sequence[Symbol] = ()) -> Expr:
    r"""A density that is only a name: ``density("p", z, given=[x])`` prints p(z | x).

    It is positive and integrates to one over ``variables``, for every ``given``. As in
    print, p(x) and p(z), or p(x | z) and p(z | x), are different densities, while
    p(z_1) and p(z_2) are the same one at two places. A vector z and a number z differ.
    """
    stems = ",".join(_stem(symbol) for symbol in (*variables, *given))
    function = Function(f"{name}|{len(variables)}|{stems}", positive=True)
    function._latex = _density_latex
    function.variables = variables
    return function(*variables, *given)


def _stem(symbol: Basic) -> str:
    """The symbol's name without an index or a prime: z of z_1, z1 and z'."""
    kind = " vector" if isinstance(symbol, sp.MatrixExpr) else ""
    return (re.match(r"\\?[A-Za-z]*", symbol.name)[0] or symbol.name) + kind


def _density_latex(applied: AppliedUndef, printer: Any, exp: str | None = None) -> str:
    name, count, _ = applied.func.__name__.rsplit("|", 2)
    arguments = [printer._print(argument) for argument in applied.args]
    left, right = arguments[: int(count)], arguments[int(count) :]
    bar = r" \mid " + ", ".join(right) if right else ""
    power = f"^{{{exp}}}" if exp else ""
    return rf"{name}({', '.join(left)}{bar}){power}"


def normalised_over(applied: Expr) -> tuple[Symbol, ...]:
    """The variables over which a ``density`` integrates to one; empty for all else."""
    return applied.args[: len(density_variables(applied))]


def density_variables(applied: Expr) -> tuple[Symbol, ...]:
    """The variables with which a ``density`` was made, whatever stands there now."""
    if not isinstance(applied, AppliedUndef):
        return ()
    return getattr(applied.func, "variables", ())


# ---------------------------------------------------------------------------- laws


class Law(Basic):
    """The law of one or several variables; its first argument is the variable."""

    @property
    def variables(self) -> tuple[Symbol, ...]:
        first = self.args[0]
        return tuple(first) if isinstance(first, Tuple) else (first,)

    @property
    def free_symbols(self) -> set[Symbol]:
        return super().free_symbols - set(self.variables)

    @property
    def name(self) -> str:
        return self.args[-1].name

    @property
    def is_nonnegative(self) -> bool:
        """Whether no mass is known to be possibly negative."""
        return True

    def _latex(self, printer: Any) -> str:
        return self.name

    _sympystr = _sympyrepr = _latex


_REAL = Symbol("x", real=True)


def is_normalised(law: Law) -> bool:
    """Whether the whole mass under ``law`` is one, as far as ``resolve`` can see."""
    return resolve(E(S.One, law)) == 1


def _refuse_variable_in(
    parameters: Sequence[Basic], variables: Sequence[Symbol]
) -> None:
    for parameter in parameters:
        if loose := parameter.free_symbols & set(variables):
            raise ValueError(
                f"{parameter} contains {loose.pop()}, the variable of its own law: "
                "name the law's variable otherwise"
            )


def _refuse_half_lines(variables: Sequence[Symbol]) -> None:
    """A Gaussian has mass on the whole line, and Abs(x) = x on half of it only."""
    for variable in variables:
        if excess := variable.assumptions0.keys() - _REAL.assumptions0.keys():
            raise ValueError(
                f"a Gaussian variable can be any real number, but {variable} is "
                f"declared {', '.join(sorted(excess))}: declare it real=True only"
            )


def _named(name: str | Str) -> Str:
    """The name as SymPy keeps it; SymPy rebuilds a law from arguments it has kept."""
    return name if isinstance(name, Str) else Str(name)


class Normal(Law):
    r"""The Gaussian :math:`\mathcal N(\mu, \sigma^2)`; ``std`` is sigma."""

    def __new__(
        cls, variable: Symbol, mean: Expr, std: Expr, name: str = "p"
    ) -> Normal:
        mean, std = sp.sympify(mean), sp.sympify(std)
        if std.is_positive is False:
            raise ValueError(f"Normal: the standard deviation {std} is not positive")
        _refuse_half_lines([variable])
        _refuse_variable_in([mean, std], [variable])
        return super().__new__(cls, variable, mean, std, _named(name))

    @property
    def mean(self) -> Expr:
        return self.args[1]

    @property
    def std(self) -> Expr:
        return self.args[2]

    def density(self) -> Expr:
        """The density at the variable, {eq}`eq-gaussian-density`."""
        x, mean, std = self.args[:3]
        return sp.exp(-(((x - mean) / std) ** 2) / 2) / (std * sp.sqrt(2 * sp.pi))

    def log_density(self) -> Expr:
        """Its logarithm, {eq}`eq-gaussian-log-density`."""
        x, mean, std = self.args[:3]
        return -sp.log(std) - sp.log(sp.sqrt(2 * sp.pi)) - ((x - mean) / std) ** 2 / 2

    def expectation(self, g: Expr) -> Expr | None:
        terms = Add.make_args(_expand_for_gaussian(g, self.variables[0]))
        values = [_gaussian_term(term, *self.args[:3]) for term in terms]
        return None if None in values else Add(*values)


class MultivariateNormal(Law):
    """The Gaussian of several variables, with a mean vector and a covariance matrix."""

    def __new__(
        cls,
        variables: Sequence[Symbol],
        mean: Sequence[Expr],
        covariance: sp.Matrix,
        name: str = "p",
    ) -> MultivariateNormal:
        size = len(variables)
        covariance = sp.ImmutableMatrix(covariance)
        if len(mean) != size or covariance.shape != (size, size):
            raise ValueError(
                f"MultivariateNormal: {size} variables need {size} means and a "
                f"{size}x{size} covariance, not {len(mean)} and {covariance.shape}"
            )
        if covariance != covariance.T:
            raise ValueError("MultivariateNormal: the covariance is not symmetric")
        if covariance.is_positive_semidefinite is False:
            raise ValueError("MultivariateNormal: the covariance is not semidefinite")
        _refuse_half_lines(variables)
        _refuse_variable_in([Tuple(*mean), covariance], variables)
        return super().__new__(
            cls, Tuple(*variables), Tuple(*mean), covariance, _named(name)
        )

    def log_density(self) -> Expr:
        """The log density at the variables."""
        variables, mean, covariance = self.args[:3]
        centred = sp.Matrix(variables) - sp.Matrix(mean)
        quadratic = (centred.T * covariance.inv() * centred)[0]
        size = len(variables)
        return -(size * sp.log(2 * sp.pi) + sp.log(covariance.det()) + quadratic) / 2

    def expectation(self, g: Expr) -> Expr | None:
        try:
            polynomial = sp.Poly(sp.expand(g), *self.variables)
        except sp.PolynomialError:
            return None
        if polynomial.free_symbols_in_domain & set(self.variables):
            return None
        return Add(*(c * self._moment(powers) for powers, c in polynomial.terms()))

    def _moment(self, powers: tuple[int, ...]) -> Expr:
        """E of a monomial by Stein's identity:
        E[(x_i - m_i) h] = sum_j C_ij E[dh/dx_j]."""
        if not any(powers):
            return S.One
        i = next(index for index, power in enumerate(powers) if power)
        rest = _lowered(powers, i)
        total = self.args[1][i] * self._moment(rest)
        for j, power in enumerate(rest):
            if power:
                total += self.args[2][i, j] * power * self._moment(_lowered(rest, j))
        return sp.expand(total)


def _lowered(powers: tuple[int, ...], index: int) -> tuple[int, ...]:
    return tuple(power - (j == index) for j, power in enumerate(powers))


class Finite(Law):
    """A law on finitely many values: ``Finite(z, {0: 1 - q, 1: q})``."""

    def __new__(
        cls,
        variable: Symbol,
        masses: dict[Any, Any] | Tuple,
        name: str = "p",
    ) -> Finite:
        pairs = masses.items() if isinstance(masses, dict) else masses
        total = sp.simplify(Add(*(mass for _, mass in pairs)))
        if total != 1:
            raise ValueError(f"Finite: the probabilities add up to {total}, not to 1")
        pairs = Tuple(*(Tuple(value, mass) for value, mass in pairs))
        _refuse_variable_in([pairs], [variable])
        for value, mass in pairs:
            if mass.is_negative:
                raise ValueError(f"Finite: the probability {mass} is negative")
            for fact, truth in variable.assumptions0.items():
                if getattr(value, f"is_{fact}", None) is (not truth):
                    raise ValueError(
                        f"Finite: {variable} is declared {fact}={truth}, so it cannot "
                        f"be {value}"
                    )
        return super().__new__(cls, variable, pairs, _named(name))

    @property
    def is_nonnegative(self) -> bool:
        return all(mass.is_nonnegative for _, mass in self.args[1])

    def expectation(self, g: Expr) -> Expr:
        z = self.variables[0]
        return Add(*(mass * g.subs(z, value) for value, mass in self.args[1]))


class Abstract(Law):
    """A law known only by its density, an expression built with ``density``."""

    def __new__(cls, variable: Symbol, density: Expr, name: str = "p") -> Abstract:
        if variable not in density.free_symbols:
            raise ValueError(f"Abstract: the density {density} lacks {variable}")
        if density.is_extended_nonnegative is False:
            raise ValueError(f"Abstract: the density {density} is negative")
        return super().__new__(cls, variable, density, _named(name))

    @property
    def density(self) -> Expr:
        return self.args[1]

    @property
    def is_nonnegative(self) -> bool:
        return bool(self.density.is_extended_nonnegative)

    def expectation(self, g: Expr) -> Expr:
        return Int(self.density * g, self.variables[0]).resolved()


def _expand_for_gaussian(g: Expr, x: Symbol) -> Expr:
    if g.has(TrigonometricFunction, HyperbolicFunction):
        g = g.rewrite(sp.exp)
    return sp.expand(sp.expand_log(sp.expand(g)))


def _gaussian_term(term: Expr, x: Symbol, mean: Expr, std: Expr) -> Expr | None:
    """E of c x^n exp(a x^2 + b x + d) under N(mean, std^2), or None for other terms.

    The exponential tilts the law: it stays Gaussian, with the precision lowered by 2a.
    """
    constant, rest = term.as_independent(x, as_Add=False)
    if (form := _power_and_exponent(rest, x)) is None:
        return None
    power, a, b, d = form
    narrowing = 1 - 2 * a * std**2
    if not narrowing.is_positive:
        return None
    tilt = sp.exp(d + (a * mean**2 + b * mean + b**2 * std**2 / 2) / narrowing)
    centre = (mean + b * std**2) / narrowing
    moment = _gaussian_moment(power, centre, std**2 / narrowing)
    return constant * tilt * moment / sp.sqrt(narrowing)


def _gaussian_integral(term: Expr, x: Symbol) -> Expr | None:
    """The integral of x^n exp(a x^2 + b x + d) over the line, or None for others."""
    form = _power_and_exponent(term, x)
    if form is None or not form[1].is_negative:
        return None
    power, a, b, d = form
    variance = -1 / (2 * a)
    mass = sp.sqrt(2 * sp.pi * variance) * sp.exp(d + b**2 * variance / 2)
    return mass * _gaussian_moment(power, b * variance, variance)


def _power_and_exponent(rest: Expr, x: Symbol) -> tuple[int, Expr, Expr, Expr] | None:
    """(n, a, b, d) of a term x^n exp(a x^2 + b x + d), or None for other terms."""
    power, exponent = S.Zero, S.Zero
    for factor in Mul.make_args(rest):
        if isinstance(factor, sp.exp):
            exponent += factor.args[0]
        elif factor.as_base_exp()[0] == x and factor.as_base_exp()[1].is_Integer:
            power += factor.as_base_exp()[1]
        elif factor != 1:
            return None
    if power < 0 or not exponent.is_polynomial(x) or sp.degree(exponent, x) > 2:
        return None
    a, b, d = (exponent.expand().coeff(x, n) for n in (2, 1, 0))
    return int(power), a, b, d


def _gaussian_moment(power: int, mean: Expr, variance: Expr) -> Expr:
    return Add(
        *(
            sp.binomial(power, k)
            * mean ** (power - k)
            * variance ** (k // 2)
            * sp.factorial2(k - 1)
            for k in range(0, power + 1, 2)
        )
    )


# ----------------------------------------------------------------------- operators


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
        return Expr.__new__(cls, sp.sympify(g), *laws)

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
    variables = [v for law in laws for v in law.variables]
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
    if (value := law.expectation(g)) is not None:
        return value
    terms = []
    for term in Add.make_args(sp.expand(g)):
        constant, rest = term.as_independent(*law.variables, as_Add=False)
        value = law.expectation(rest)
        terms.append(constant * (E(rest, law) if value is None else value))
    return Add(*terms)


class Var(Operator):
    """The variance of ``g`` under one law, or under several independent ones."""

    def __new__(cls, g: Expr, *laws: Law) -> Var:
        return Expr.__new__(cls, *E(g, *laws).args)

    bound_symbols = E.bound_symbols

    def _eval_is_nonnegative(self) -> bool | None:
        proper = all(law.is_nonnegative and is_normalised(law) for law in self.args[1:])
        return True if self.args[0].is_real and proper else None

    def resolved(self) -> Expr:
        g, laws = self.args[0], self.args[1:]
        return E(g**2, *laws).resolved() - E(g, *laws).resolved() ** 2

    def _latex(self, printer: Any) -> str:
        names = ", ".join(dict.fromkeys(law.name for law in self.args[1:]))
        inner = printer._print(self.args[0])
        return rf"\operatorname{{Var}}_{{{names}}}\left[{inner}\right]"


class KL(Operator):
    """The Kullback-Leibler divergence of two laws of one variable, {eq}`eq-kl`."""

    def __new__(cls, p: Law, q: Law) -> KL:
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
        return rf"D_{{\mathrm{{KL}}}}\left({p} \,\middle\|\, {q}\right)"


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
        return Expr.__new__(cls, sp.sympify(g), variable)

    @property
    def bound_symbols(self) -> tuple[Symbol, ...]:
        return (self.args[1],)

    def _eval_is_positive(self) -> bool | None:
        return True if self.args[0].is_positive else None

    def resolved(self) -> Expr:
        g, z = self.args
        terms = []
        for term in Add.make_args(sp.expand(g)):
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
    if g.has(sp.exp) and not z.assumptions0.keys() - _REAL.assumptions0.keys():
        terms = Add.make_args(_expand_for_gaussian(g, z))
        parts = [term.as_independent(z, as_Add=False) for term in terms]
        values = [_gaussian_integral(rest, z) for _, rest in parts]
        if None not in values:
            return Add(*(c * v for (c, _), v in zip(parts, values, strict=True)))
    return Int(g, z)


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
    if isinstance(expression, (sp.Derivative, sp.Subs, sp.Product, sp.Integral)):
        return expression.doit(deep=False)
    return expression


def _sum(total: sp.Sum) -> Expr:
    """A sum term by term: constants in front, powers of the index added up.

    Other terms over a symbolic range stay sums: SymPy would search long for them.
    """
    if len(total.limits) > 1 or len(total.limits[0]) < 3:
        return total.doit(deep=False)
    index, first, last = total.limits[0]
    if (last - first).is_Integer or last is S.Infinity:
        return total.doit(deep=False)
    terms = []
    for term in Add.make_args(sp.expand(total.function)):
        constant, rest = term.as_independent(index, as_Add=False)
        value = sp.Sum(rest, total.limits[0])
        if rest.is_polynomial(index) and not rest.has(sp.Indexed):
            value = value.doit(deep=False)
        terms.append(constant * value)
    return Add(*terms)
