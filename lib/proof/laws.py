"""Laws of random variables: Gaussian, finite, or known only by a density's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy import Add, Basic, Expr, Function, S, Symbol, Tuple
from sympy.core.function import AppliedUndef
from sympy.core.symbol import Str

from .arguments import VARIABLES, as_expression, as_text, several, shown
from .bounded import expand
from .definite_integrals import definite_integral
from .gaussian_integrals import (
    expand_for_gaussian,
    gaussian_mean,
    is_expandable,
    stein,
)

_REAL = Symbol("x", real=True)


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

    def expectation(self, g: Expr) -> Expr | None:
        """E of ``g`` in closed form, or None where none is known."""
        return None

    def by_parts(self, g: Expr) -> Expr | None:
        """Something with the same expectation as ``g``, one power lower, or None."""
        return None

    def _latex(self, printer: Any) -> str:
        return self.name

    _sympystr = _sympyrepr = _latex


def _number(value: Any, what: str) -> Expr:
    """A parameter of a law: an expression that stands for a finite number."""
    value = as_expression(value, what)
    if isinstance(value, sp.MatrixBase) or value.is_finite is False or value is S.NaN:
        raise ValueError(f"{what} is {shown(value)}: it must be a finite number")
    return value


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
        if excess := beyond_real(variable):
            raise ValueError(
                f"a Gaussian variable can be any real number, but {variable} is "
                f"declared {', '.join(sorted(excess))}: declare it real=True only"
            )


def beyond_real(variable: Symbol) -> set[str]:
    """What is assumed of a variable beyond that it is a real number."""
    return set(variable.assumptions0.keys() - _REAL.assumptions0.keys())


def _named(name: str | Str) -> Str:
    """The name as SymPy keeps it; SymPy rebuilds a law from arguments it has kept."""
    return name if isinstance(name, Str) else Str(name)


class Normal(Law):
    r"""The Gaussian :math:`\mathcal N(\mu, \sigma^2)`; ``std`` is sigma."""

    def __new__(
        cls, variable: Symbol, mean: Expr, std: Expr, name: str = "p"
    ) -> Normal:
        as_expression(variable, "Normal: the variable")
        mean = _number(mean, "Normal: the mean")
        std = _number(std, "Normal: the standard deviation")
        if std.is_positive is False:
            raise ValueError(f"Normal: the standard deviation {std} is not positive")
        _refuse_half_lines([variable])
        _refuse_variable_in([mean, std], [variable])
        return super().__new__(cls, variable, mean, std, _named(name))

    @property
    def is_nonnegative(self) -> bool:
        return bool(self.std.is_positive)

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
        x, mean, std = self.args[:3]
        if g.has(sp.Abs, sp.sign, sp.Heaviside, sp.Max, sp.Min):
            if std.is_positive is not True:
                return None
            bell = g.xreplace({x: mean + std * x}) * sp.exp(-(x**2) / 2)
            value = definite_integral(bell, x, S.NegativeInfinity, S.Infinity)
            return None if value is None else value / sp.sqrt(2 * sp.pi)
        if not is_expandable(g, x):
            return None
        terms = Add.make_args(expand_for_gaussian(g))
        values = [gaussian_mean(term, x, mean, std) for term in terms]
        return None if None in values else Add(*values)

    def by_parts(self, g: Expr) -> Expr | None:
        x, mean, std = self.args[:3]
        return stein(g, x, mean, std) if std.is_positive else None


class MultivariateNormal(Law):
    """The Gaussian of several variables, with a mean vector and a covariance matrix."""

    def __new__(
        cls,
        variables: Sequence[Symbol],
        mean: Sequence[Expr],
        covariance: sp.Matrix,
        name: str = "p",
    ) -> MultivariateNormal:
        variables = several(variables, "variables", Expr, "symbols", TypeError)
        if not isinstance(mean, (Sequence, Tuple, sp.MatrixBase)):
            raise TypeError(f"MultivariateNormal: the mean {shown(mean)} is no vector")
        mean = [_number(m, "MultivariateNormal: a mean") for m in mean]
        if not isinstance(covariance, sp.MatrixBase):
            raise TypeError(
                f"MultivariateNormal: the covariance {shown(covariance)} is no Matrix"
            )
        covariance = sp.ImmutableMatrix(covariance)
        size = len(variables)
        if not size or len(set(variables)) < size:
            raise ValueError("MultivariateNormal: name variables, each of them once")
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

    @property
    def is_nonnegative(self) -> bool:
        return self.args[2].is_positive_semidefinite is True

    def log_density(self) -> Expr:
        """The log density at the variables."""
        variables, mean, covariance = self.args[:3]
        centred = sp.Matrix(variables) - sp.Matrix(mean)
        quadratic = (centred.T * covariance.inv() * centred)[0]
        size = len(variables)
        return -(size * sp.log(2 * sp.pi) + sp.log(covariance.det()) + quadratic) / 2

    def marginal(self, g: Expr) -> Law:
        """The law of the one variable in ``g``, or this one if it holds more."""
        inside = [i for i, v in enumerate(self.variables) if g.has(v)]
        if len(inside) != 1:
            return self
        [i] = inside
        std = sp.sqrt(self.args[2][i, i])
        if not std.is_positive:
            return self
        return Normal(self.variables[i], self.args[1][i], std, self.name)

    def expectation(self, g: Expr) -> Expr | None:
        values = [self._of_term(term) for term in Add.make_args(expand(g))]
        return None if None in values else Add(*values)

    def _of_term(self, term: Expr) -> Expr | None:
        """E of a polynomial times exp(a x + d), which moves the mean by C a."""
        exponentials = [f for f in sp.Mul.make_args(term) if isinstance(f, sp.exp)]
        rest = term / sp.Mul(*exponentials)
        exponent = sp.expand(Add(*(f.args[0] for f in exponentials)))
        slopes = sp.Matrix([exponent.coeff(v, 1) for v in self.variables])
        beside = sp.expand(exponent - slopes.dot(sp.Matrix(self.variables)))
        try:
            polynomial = sp.Poly(rest, *self.variables)
        except sp.PolynomialError:
            return None
        held = polynomial.free_symbols_in_domain | beside.free_symbols
        if (held | slopes.free_symbols) & set(self.variables):
            return None
        mean, covariance = sp.Matrix(self.args[1]), sp.Matrix(self.args[2])
        moved = tuple(mean + covariance * slopes)
        tilt = slopes.dot(mean) + slopes.dot(covariance * slopes) / 2 + beside
        moments = (c * self._moment(p, moved) for p, c in polynomial.terms())
        return sp.exp(tilt) * Add(*moments)

    def _moment(self, powers: tuple[int, ...], mean: tuple[Expr, ...]) -> Expr:
        """E of a monomial by Stein's identity:
        E[(x_i - m_i) h] = sum_j C_ij E[dh/dx_j]."""
        if not any(powers):
            return S.One
        i = next(index for index, power in enumerate(powers) if power)
        rest = _lowered(powers, i)
        total = mean[i] * self._moment(rest, mean)
        for j, power in enumerate(rest):
            if power:
                lower = self._moment(_lowered(rest, j), mean)
                total += self.args[2][i, j] * power * lower
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
        as_expression(variable, "Finite: the variable")
        if not isinstance(masses, (dict, Tuple)):
            raise TypeError(
                f"Finite: the probabilities are {shown(masses)}: write a dictionary "
                "{value: probability}"
            )
        pairs = [
            (_number(value, "Finite: a value"), _number(mass, "Finite: a probability"))
            for value, mass in (masses.items() if isinstance(masses, dict) else masses)
        ]
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
        as_expression(variable, "Abstract: the variable")
        density = as_expression(density, "Abstract: the density")
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


# ------------------------------------------------------------------------- densities


def density(name: str, *variables: Symbol, given: Sequence[Symbol] = ()) -> Expr:
    r"""A density that is only a name: ``density("p", z, given=[x])`` prints p(z | x).

    It is positive and integrates to one over ``variables``, for every ``given``. As in
    print, p(x) and p(z), or p(x | z) and p(z | x), are different densities, while
    p(z_1) and p(z_2) are the same one at two places. A vector z and a number z differ.
    """
    as_text(name, "a density needs a name", 'density("p", z)', TypeError)
    variables = several(variables, "variables", VARIABLES, "symbols", TypeError)
    given = several(given, "given", VARIABLES, "symbols", TypeError)
    stems = ",".join(_stem(symbol) for symbol in (*variables, *given))
    function = density_function(f"{name}|{len(variables)}|{stems}", variables)
    return function(*variables, *given)


def density_function(name: str, variables: tuple[Symbol, ...]) -> Any:
    """The function behind ``density``; ``name`` says of what it is a density."""
    function = Function(name, positive=True)
    function._latex = density_latex
    function.variables = variables
    return function


def _stem(symbol: Basic) -> str:
    """The symbol's name without an index or a prime: z of z_1, z1 and z'."""
    kind = " vector" if isinstance(symbol, sp.MatrixExpr) else ""
    return (re.findall(r"^\\?[A-Za-z]*", symbol.name)[0] or symbol.name) + kind


def density_latex(applied: AppliedUndef, printer: Any, exp: str | None = None) -> str:
    """How a density is printed: p(x), p(z | x)."""
    name, count, _ = applied.func.__name__.rsplit("|", 2)
    arguments = [printer._print(argument) for argument in applied.args]
    left, right = arguments[: int(count)], arguments[int(count) :]
    bar = r" \mid " + ", ".join(right) if right else ""
    power = f"^{{{exp}}}" if exp else ""
    return rf"{name}({', '.join(left)}{bar}){power}"


def normalised_over(applied: Expr) -> tuple[Symbol, ...]:
    """The variables over which a ``density`` integrates to one; empty for all else."""
    count = len(density_variables(applied))
    over, rest = applied.args[:count], applied.args[count:]
    held = set().union(*(argument.free_symbols for argument in rest))
    if len(set(over)) < count or held & set(over):
        return ()  # on a diagonal it is no density
    return over


def moved_density(expression: Basic) -> Basic | None:
    """A density met elsewhere than at symbols, or differentiated by its variables.

    A change of the variable, and an integration by parts, hold on a line; where a law
    has its mass at a few places they do not.
    """
    for applied in sorted(expression.atoms(AppliedUndef), key=str):
        count = len(density_variables(applied))
        if any(len(a.free_symbols) and not a.is_Symbol for a in applied.args[:count]):
            return applied
    for slope in sorted(expression.atoms(sp.Derivative), key=str):
        for applied in slope.expr.atoms(AppliedUndef):
            over = applied.args[: len(density_variables(applied))]
            if set(over) & set(slope.variables):
                return slope
    return None


def density_variables(applied: Expr) -> tuple[Symbol, ...]:
    """The variables with which a ``density`` was made, whatever stands there now."""
    if not isinstance(applied, AppliedUndef):
        return ()
    return getattr(applied.func, "variables", ())
