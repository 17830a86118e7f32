r"""The symbols, laws and operators of the report's part on generative adversarial nets.

Its equations and answers are stated in them, and the chapters use the same objects.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import (
    Add,
    Basic,
    Expr,
    Function,
    MatrixExpr,
    MatrixSymbol,
    OneMatrix,
    Symbol,
    log,
    symbols,
)

from lib.proof.calculus import (
    Elementwise,
    Gradient,
    Jacobian,
    Map,
    MatrixGradient,
    sigmoid,
)
from lib.proof.expectation import KL, E
from lib.proof.latex import as_latex
from lib.proof.laws import Abstract, density

# ----------------------------------------------------------- the game, in densities

x, z, psi, theta = symbols("x z psi theta", real=True)
u, u_r, u_f, b = symbols("u u_r u_f b", real=True)  # logits: any, real, fake; a bias
alpha, alpha_d, alpha_g = symbols("alpha alpha_d alpha_g", positive=True)


def _with_index(applied: Expr, printer: Any, exp: str | None = None) -> str:
    r"""D(x, psi) prints D_{\psi}(x): the last argument is the parameter."""
    place, parameter = (printer._print(argument) for argument in applied.args)
    name = applied.func.__name__.split("|")[0]
    power = f"^{{{exp}}}" if exp else ""
    return rf"{name}_{{{parameter}}}\left({place}\right){power}"


D = Function("D", positive=True)
G = Function("G", real=True)
D._latex = G._latex = _with_index
V = Function("V", real=True)  # the value of the game, by both players' parameters
psi_next, theta_next = symbols(r"\psi^{t+1} \theta^{t+1}", real=True)
D_x, D_Gz = D(x, psi), D(G(z, theta), psi)

p_x, p_z = density("p", x), density("p", z)
q_x = density("q", x, given=[theta])  # of what the generator makes
m_x = density("m", x, given=[theta])  # halfway between the two
type(q_x)._latex = type(m_x)._latex = _with_index
halfway = {m_x: (p_x + q_x) / 2}


def known(variable: Symbol, of: Expr) -> Abstract:
    """The law of which only the density's name is known, printed as that density."""
    return Abstract(variable, of, as_latex(of))


data, made, noise = known(x, p_x), known(x, q_x), known(z, p_z)
middle = known(x, m_x)
jsd = (KL(data, middle) + KL(made, middle)) / 2  # Jensen and Shannon's divergence
one_value = Add(log(D_x), log(1 - D_Gz), evaluate=False)  # of one sample of each kind
game_value = Add(E(log(D_x), data), E(log(1 - D_Gz), noise), evaluate=False)
by_real, by_fake = Gradient(D_x, psi) / D_x, Gradient(D_Gz, psi) / (1 - D_Gz)

# ------------------------------------------------------ layers, of any width and depth

n_0, n_1, n_2, n_3, B = symbols("n_0 n_1 n_2 n_3 B", integer=True, positive=True)


def column(name: str, size: Basic) -> MatrixSymbol:
    return MatrixSymbol(name, size, 1)


def loss(*of: Basic) -> Map:
    """Any smooth number that depends on a vector, or on all rows of a batch."""
    return Map(r"\ell", 1, *of)


h_0 = column("h^{0}", n_0)  # the input, and the activations and pre-activations
h_1, h_2 = column("h^{1}", n_1), column("h^{2}", n_2)
u_1, u_2, u_3 = column("u^{1}", n_1), column("u^{2}", n_2), column("u^{3}", n_3)
b_1, b_2, b_3 = column("b^{1}", n_1), column("b^{2}", n_2), column("b^{3}", n_3)
W_1 = MatrixSymbol("W^{1}", n_1, n_0)
W_2 = MatrixSymbol("W^{2}", n_2, n_1)
W_3 = MatrixSymbol("W^{3}", n_3, n_2)
RHO_1, RHO_2 = r"\rho^{1}", r"\rho^{2}"
v = column("v", n_2)  # holds the place of u^2 where a loss is differentiated by it

# A batch: its rows are samples, with a column of ones for the biases.
H_0 = MatrixSymbol("H^{0}", B, n_0)
U_1, U_2 = MatrixSymbol("U^{1}", B, n_1), MatrixSymbol("U^{2}", B, n_2)
rows = MatrixSymbol("R", B, n_2)  # hold the place of U^2
ones = OneMatrix(B, 1)


def layer(h: MatrixExpr, W: MatrixExpr, bias: MatrixExpr) -> MatrixExpr:
    """The next pre-activations of a column."""
    return W * h + bias


def batch_layer(H: MatrixExpr, W: MatrixExpr, bias: MatrixExpr) -> MatrixExpr:
    """The next pre-activations of a batch of rows."""
    return H * W.T + ones * bias.T


next_u = layer(Elementwise(RHO_1, u_1), W_2, b_2)
next_batch = batch_layer(Elementwise(RHO_1, U_1), W_2, b_2)
error = Jacobian(loss(v), v, u_2)  # a row: the loss by u^2, where it is
errors = MatrixGradient(loss(rows), rows, U_2)  # a row for each sample


class AsPrinted(MatrixExpr):
    """A product in the report's order, whose sizes need not fit together."""

    def __new__(cls, *factors: Basic) -> AsPrinted:
        return Basic.__new__(cls, *factors)

    @property
    def shape(self) -> tuple[Expr, Expr]:
        return self.args[0].shape[0], self.args[-1].shape[1]

    def doit(self, **hints: Any) -> Basic:
        if not all(isinstance(factor, sp.MatrixBase) for factor in self.args):
            return self
        product = self.args[0]
        for factor in self.args[1:]:
            product = product * factor
        return sp.ImmutableMatrix(product)

    def _latex(self, printer: Any) -> str:
        return " ".join(printer._print(factor) for factor in self.args)


def logit_value(real: Expr, fake: Expr) -> Expr:
    """V of one sample of each kind, as a function of the two logits."""
    return Add(log(sigmoid(real)), log(1 - sigmoid(fake)), evaluate=False)
