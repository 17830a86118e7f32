r"""The symbols, laws and operators of the report's part on variational autoencoders.

Its equations and answers are stated in them, and the chapters use the same objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import sympy as sp
from sympy import (
    Basic,
    Expr,
    Function,
    IndexedBase,
    MatrixSymbol,
    S,
    Symbol,
    exp,
    log,
    symbols,
)

from lib.proof.expectation import E, Int, Operator, Var
from lib.proof.latex import as_latex
from lib.proof.laws import Abstract, Law, MultivariateNormal, Normal, density

from ..claims import Statement

# -------------------------------------------------------------- symbols and laws

x, z, epsilon = symbols("x z epsilon", real=True)
mu_p, mu_q = symbols("mu_p mu_q", real=True)
sigma_p, sigma_q = symbols("sigma_p sigma_q", positive=True)
mu, phi, t = symbols("mu phi t", real=True)
sigma, delta = symbols("sigma delta", positive=True)
epsilon_mu, epsilon_sigma = symbols("epsilon_mu epsilon_sigma", real=True)
D, M, K = symbols("D M K", integer=True, positive=True)  # latents, pixels, samples
d, m, k = symbols("d m k", integer=True, positive=True)  # their indices
pixel, logit = IndexedBase("x", real=True), IndexedBase("a", real=True)
means, stds = IndexedBase("mu", real=True), IndexedBase("sigma", positive=True)
probability = IndexedBase(r"f_{\theta}(z)", positive=True)  # of each pixel
sample = IndexedBase("z", real=True)[k]

p = Normal(x, mu_p, sigma_p, "p")
q = Normal(x, mu_q, sigma_q, "q")


def gauss(variable: Symbol, mean: Any, std: Any) -> Normal:
    """The Gaussian law, printed with its mean and its variance."""
    name = rf"\mathcal{{N}}\left({as_latex(sp.sympify(mean))}, "
    name += rf"{as_latex(sp.sympify(std) ** 2)}\right)"
    return Normal(variable, mean, std, name)


def known(variable: Symbol, of: Expr) -> Abstract:
    """The law of which only the density's name is known, printed as that density."""
    return Abstract(variable, of, as_latex(of))


joint = density(r"p_{\theta}", x, z)
evidence = density(r"p_{\theta}", x)
likelihood = density(r"p_{\theta}", x, given=[z])
posterior = density(r"p_{\theta}", z, given=[x])
prior = density("p", z)
approximate = density(r"q_{\phi}", z, given=[x])
q_zx = known(z, approximate)
elbo, l_reg, l_recon = symbols(
    r"\mathrm{ELBO} \mathcal{L}^{\mathrm{reg}} \mathcal{L}^{\mathrm{recon}}", real=True
)
elbo_meaning = E(log(joint) - log(approximate), q_zx)
by_bayes = {posterior: joint / evidence, evidence: Int(joint, z)}
factorised = {joint: prior * likelihood}

f = Function("f")
reparameterise = Function("t", real=True)
reparameterise._latex = lambda applied, printer: "t_{{{1}}}({0})".format(
    *(printer._print(argument) for argument in applied.args)
)
q_z = known(z, density("q", z, given=[phi]))
noise = known(epsilon, density("p", epsilon))

# ------------------------------------------------- vectors, for any number of latents

z_vector, mean_vector = MatrixSymbol("z", D, 1), MatrixSymbol("mu", D, 1)
Sigma = MatrixSymbol("Sigma", D, D)


class VectorNormal(Law):
    """The Gaussian of a vector whose size is a symbol; of explicit vectors, the usual.

    A number in place of the mean or the covariance stands for all their entries.
    """

    def __new__(cls, vector: Basic, mean: Basic, covariance: Basic) -> Law:
        if not isinstance(vector, sp.MatrixBase):
            return super().__new__(cls, vector, mean, covariance)
        size = len(vector)
        if not isinstance(mean, sp.MatrixBase):
            mean = mean * sp.ones(size, 1)
        if not isinstance(covariance, sp.MatrixBase):
            covariance = covariance * sp.eye(size)
        return MultivariateNormal(list(vector), list(mean), covariance)

    @property
    def name(self) -> str:
        mean, covariance = (as_latex(argument) for argument in self.args[1:])
        return rf"\mathcal{{N}}\left({mean}, {covariance}\right)"


ENCODER = VectorNormal(z_vector, mean_vector, Sigma)
STANDARD = VectorNormal(z_vector, sp.ZeroMatrix(D, 1), sp.Identity(D))


# ---------------------------------------------------- operators of this part


class Density(Operator):
    """The density of a Gaussian law at its own variable, printed by its parameters."""

    def __new__(cls, law: Law) -> Density:
        return Expr.__new__(cls, law)

    @property
    def free_symbols(self) -> set[Symbol]:
        return self.args[0].free_symbols | set(self.args[0].variables)

    def resolved(self) -> Expr:
        return exp(self.args[0].log_density())

    def _latex(self, printer: Any) -> str:
        at, mean, spread = self.args[0].args[:3]
        variance = spread**2 if isinstance(self.args[0], Normal) else spread
        at, mean, covariance = (printer._print(a) for a in (at, mean, variance))
        return rf"\mathcal{{N}}\left({at} \mid {mean}, {covariance}\right)"


class Bernoulli(Operator):
    r"""The probability p^x (1 - p)^(1 - x) of the pixel x, 0 or 1."""

    def __new__(cls, value: Expr, probability: Expr) -> Bernoulli:
        return Expr.__new__(cls, value, probability)

    def resolved(self) -> Expr:
        value, probability = self.args
        return probability**value * (1 - probability) ** (1 - value)

    def _latex(self, printer: Any) -> str:
        value, probability = (printer._print(argument) for argument in self.args)
        return rf"\mathrm{{Bern}}\left({value} \mid {probability}\right)"


class Square(Operator):
    """The report's square of a column vector, read as its squared length."""

    def __new__(cls, vector: Basic) -> Square:
        return Expr.__new__(cls, vector)

    def resolved(self) -> Expr:
        return sum((entry**2 for entry in self.args[0]), S.Zero)

    def _latex(self, printer: Any) -> str:
        return rf"{{{printer._print(self.args[0])}}}^{{2}}"


def at_size(expression: Basic, size: int, pixels: int = 1) -> Basic:
    """``expression`` for so many latents and pixels, vectors and sums written out.

    An index that no sum or product binds is read as 1.
    """
    indices = range(1, size + 1)
    explicit = {
        z_vector: sp.ImmutableMatrix([Symbol(f"z_{i}", real=True) for i in indices]),
        mean_vector: sp.ImmutableMatrix([means[i] for i in indices]),
        Sigma: sp.ImmutableDenseMatrix(sp.diag(*(stds[i] ** 2 for i in indices))),
        sp.ZeroMatrix(D, 1): sp.ImmutableDenseMatrix(sp.zeros(size, 1)),
        sp.Identity(D): sp.ImmutableDenseMatrix(sp.eye(size)),
        D: sp.Integer(size),
        M: sp.Integer(pixels),
    }
    expression = _written_out(expression.xreplace(explicit)).xreplace({m: S.One})
    return expression.xreplace({i: plain(i) for i in expression.atoms(sp.Indexed)})


def _written_out(expression: Basic) -> Basic:
    explicit = (sp.Sum, sp.Product, sp.Trace, sp.Determinant)
    return expression.replace(
        lambda node: isinstance(node, explicit), lambda node: node.doit()
    )


def plain(indexed: sp.Indexed) -> Symbol:
    """The symbol x_m for the entry x[m], so that it is a number like any other."""
    name = f"{indexed.base}_{','.join(map(str, indexed.indices))}"
    return Symbol(name, real=True, positive=indexed.is_positive)


def at_sizes(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """The statement for one, two and three latents, and as many pixels less one."""
    for size, pixels in ((1, 2), (2, 3), (3, 1)):
        name = f"D = {size}, M = {pixels}"
        yield name, statement.map(partial(at_size, size=size, pixels=pixels))


def independent(expression: Basic, index: Symbol, size: Symbol, count: int) -> Basic:
    """``expression`` for ``size = count``, with a law for each value of ``index``.

    An expectation under the law of one entry, z[k], becomes one under those of z_1,
    z_2, and so on, which are independent.
    """

    def copies(operator: Basic) -> Basic:
        g, *laws = operator.args
        g = _written_out(g.xreplace({size: sp.Integer(count)})).xreplace({index: S.One})
        values = [{index: sp.Integer(i + 1)} for i in range(count)]
        return operator.func(g, *(law.xreplace(v) for law in laws for v in values))

    expression = expression.replace(
        lambda node: isinstance(node, (E, Var)) and index in _indices(node.args[1:]),
        copies,
    )
    return at_size(expression.xreplace({size: sp.Integer(count)}), count)


def _indices(laws: Iterable[Law]) -> set[Basic]:
    variables = [v for law in laws for v in law.variables if isinstance(v, sp.Indexed)]
    return {index for variable in variables for index in variable.indices}
