"""Names that can be typed."""

import pytest
from sympy import Function, IndexedBase, MatrixSymbol, Symbol, symbols

from lib.proof.calculus import Elementwise, Map
from lib.proof.laws import Abstract, density
from lib.proof.names import identifier, spellings, typeable

x, z = symbols("x z", real=True)


@pytest.mark.parametrize(
    ("latex", "name"),
    [
        ("x_{0}", "x_0"),
        (r"\mathrm{ELBO}", "ELBO"),
        (r"\bar{D}", "bar_D"),
        ("D^*", "D_star"),
        ("r^{+}", "r_plus"),
        (r"p(z \mid x)", "p_z_given_x"),
        (r"\psi^{t+1}", "psi_t_1"),
        (r"\frac{\partial \ell}{\partial x_{1}}", "d_ell_d_x_1"),
        ("mu_q", "mu_q"),
    ],
)
def test_name_in_letters_digits_and_low_lines(latex: str, name: str) -> None:
    assert identifier(latex) == name
    assert name.isidentifier()


def test_densities_of_one_name_are_told_apart() -> None:
    known = typeable([density("p", x) * density("p", z, given=[x]), density("p", x, z)])
    assert known["p"] == density("p", x, z).func  # the last one
    assert known["p_x"] == density("p", x).func
    assert known["p_z_given_x"] == density("p", z, given=[x]).func


def test_law_beside_its_density_keeps_a_name() -> None:
    law = Abstract(z, density("p", z, given=[x]), r"p(z \mid x)")
    known = typeable([density("p", x), law])
    assert known["p_z_given_x"] == law or known["law_p_z_given_x"] == law
    assert density("p", z, given=[x]).func in known.values()


def test_two_symbols_of_one_name_are_both_named() -> None:
    free, positive = Symbol("s"), Symbol("s", positive=True)
    assert typeable([free, positive]) == {"s": positive, "s_2": free}


def test_rows_and_maps_are_made_by_calls() -> None:
    u = MatrixSymbol("u", 3, 1)
    a, i = IndexedBase("a"), Symbol("i", integer=True)
    known = typeable([a[i], Map("f", 2, u), Elementwise("rho", u, 1)])
    assert known["a"](i) == a[i]
    assert known["f"](u) == Map("f", 2, u)
    assert known["rho"](u) == Elementwise("rho", u)


def test_spelling_is_the_shortest_name() -> None:
    f = Function("f")
    assert spellings([f(x), Symbol("x_{0}")])[f] == "f"
    for thing, name in spellings([density("p", x), density("p", z)]).items():
        assert typeable([density("p", x), density("p", z)])[name] == thing
