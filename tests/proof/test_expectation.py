"""Laws and operators: what they keep when SymPy takes them apart."""

import pytest
from sympy import Function, Matrix, MatrixSymbol, eye, latex, log, symbols

from lib.proof.expectation import (
    KL,
    Abstract,
    Finite,
    Int,
    MultivariateNormal,
    Normal,
    density,
    resolve,
)

x, y, z = symbols("x y z", real=True)
rate = symbols("q", positive=True)
LAWS = [
    Normal(z, x, 2, "p"),
    MultivariateNormal([y, z], [x, 0], eye(2), "p"),
    Finite(z, {0: 1 - rate, 1: rate}, "p"),
    Abstract(z, density("p", z, given=[x]), "p"),
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_law_is_rebuilt_from_its_arguments(law) -> None:
    assert law.func(*law.args) == law


def test_density_inside_a_law_can_be_replaced() -> None:
    """As a derivation's ``where`` does: p(z | x) means p(x, z) / p(x)."""
    q = Abstract(z, density("q", z), "q")
    p = Abstract(z, density("p", z, given=[x]), "p")
    joint = Function("j", positive=True)(x, z)
    meant = KL(q, p).xreplace({p.density: joint / Int(joint, z)})
    gap = log(q.density) - log(joint / Int(joint, z))
    assert resolve(meant) == resolve(Int(q.density * gap, z))


def test_density_prints_its_power_behind_its_argument() -> None:
    assert latex(density("p", x, given=[z]) ** 2) == r"p(x \mid z)^{2}"


def test_densities_of_a_vector_and_of_a_number_differ() -> None:
    vector = MatrixSymbol("z", 3, 1)
    assert density("p", vector).func != density("p", z).func
    assert latex(density("p", vector, given=[x])) == r"p(z \mid x)"


def test_finite_law_refuses_masses_that_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="add up to"):
        Finite(z, {0: rate, 1: rate})
    assert Matrix([LAWS[2].expectation(z)])[0] == rate
