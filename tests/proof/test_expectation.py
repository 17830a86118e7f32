"""Expectations and integrals: what resolves, and what binds its variable."""

import pytest
from sympy import Function, IndexedBase, Sum, Symbol, expand, log, oo, symbols, tanh

from lib.proof.expectation import KL, E, Int, Var, resolve
from lib.proof.laws import Abstract, Finite, Normal, density

x, y, z, m = symbols("x y z m", real=True)
s = symbols("s", positive=True)
rate = symbols("q", positive=True)
p = Normal(x, m, s, "p")
unknown = Abstract(z, density("u", z), "u")
g = Function("g")


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        (E(x**2, p), m**2 + s**2),
        (Var(3 * x + 1, p), 9 * s**2),
        (E(x * y, p, Normal(y, 2, 1, "r")), 2 * m),
        (E(z, Finite(z, {0: 1 - rate, 1: rate})), rate),
        (KL(p, p), 0),
        (E(2 * g(z) + m, unknown), 2 * E(g(z), unknown).resolved() + m),
        (Int(m * density("u", z), z), m),
        (E(tanh(x) + x, p), E(tanh(x), p) + m),
    ],
)
def test_it_is_worked_out(operator, value) -> None:
    assert expand(resolve(operator) - value) == 0


def test_density_inside_a_law_can_be_replaced() -> None:
    """As a derivation's ``where`` does: p(z | x) means p(x, z) / p(x)."""
    q = Abstract(z, density("q", z), "q")
    posterior = Abstract(z, density("p", z, given=[x]), "p")
    joint = Function("j", positive=True)(x, z)
    meant = KL(q, posterior).xreplace({posterior.density: joint / Int(joint, z)})
    gap = log(q.density) - log(joint / Int(joint, z))
    assert resolve(meant) == resolve(Int(q.density * gap, z))


def test_a_bound_name_is_not_free_and_is_not_replaced() -> None:
    assert E(x * y, p).free_symbols == {y, m, s}
    assert E(x, p).subs(x, 2) == E(x, p)
    moved = E(x * y, p).subs(y, x)
    assert resolve(moved) == m * Symbol("x", real=True)


def test_signs_are_known_where_they_hold_for_every_value() -> None:
    assert E(x**2 + 1, p).is_positive
    assert E(x, p).is_positive is None
    assert Var(x, p).is_nonnegative
    assert Var(z, Abstract(z, g(z), "g")).is_nonnegative is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: E(x), "name at least one law"),
        (lambda: E(x, p, p), "two laws of the same variable"),
        (lambda: E(x, p, Normal(y, x, 1)), "depends on x"),
        (lambda: KL(p, Normal(y, 0, 1)), "of the same variable"),
        (lambda: KL(Finite(x, {0: 1}), p), "a finite law and one with a density"),
    ],
)
def test_misuse_is_named(make, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        make()


def test_a_sum_over_a_symbolic_range_keeps_the_terms_it_cannot_add() -> None:
    i, n = symbols("i n", integer=True, positive=True)
    a = IndexedBase("a")
    total = resolve(Sum(2 * a[i] + i, (i, 1, n)))
    assert expand(total - 2 * Sum(a[i], (i, 1, n)) - n * (n + 1) / 2) == 0
    assert resolve(Sum(1 / 2**i, (i, 1, oo))) == 1
