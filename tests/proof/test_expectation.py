"""Expectations and integrals: what resolves, and what binds its variable."""

import pytest
import sympy as sp
from sympy import (
    Derivative,
    Function,
    IndexedBase,
    Integral,
    Product,
    Rational,
    Sum,
    Symbol,
    exp,
    expand,
    latex,
    log,
    oo,
    simplify,
    symbols,
    tanh,
)

from lib.proof.expectation import (
    KL,
    MOST_WRITTEN,
    E,
    Int,
    Operator,
    Var,
    resolve,
    unresolved,
)
from lib.proof.laws import Abstract, Finite, Normal, density
from lib.proof.terms import TooLarge

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


k = symbols("k", integer=True)
low = symbols("a", integer=True)


@pytest.mark.parametrize(
    ("term", "first"),
    [
        (Rational(1, 2) ** k, 3),
        (5 * Rational(-1, 3) ** (2 * k + 1), -1),
        (exp(-k), 0),
        (x * exp(-2 * k + 1), 2),
    ],
)
def test_geometric_sums_are_those_of_sympy(term, first) -> None:
    total = resolve(Sum(term, (k, first, oo)))
    assert not total.has(Sum)
    assert simplify(total - Sum(term, (k, first, oo)).doit()) == 0
    later = resolve(Sum(term, (k, low, oo)))
    assert simplify(later.subs(low, first) - total) == 0


@pytest.mark.parametrize(
    "total",
    [
        Sum(1 / k**2, (k, 1, oo)),
        Sum(3 / k**4, (k, 1, oo)),
        Sum((k + 2) ** -3, (k, 0, oo)),
        Sum((-1) ** k / k, (k, 1, oo)),
        Sum((-1) ** (k + 1) / k**2, (k, 1, oo)),
        Sum((-1) ** k / (k + 1) ** 3, (k, 0, oo)),
    ],
)
def test_sums_of_powers_are_those_of_sympy(total) -> None:
    found = resolve(total)
    assert not found.has(Sum)
    assert abs((found - total).evalf(15)) < 1e-12


@pytest.mark.parametrize(
    "total",
    [
        Sum(x**k, (k, 0, oo)),
        Sum(2**k, (k, 0, oo)),
        Sum(1 / k, (k, 1, oo)),
        Sum(1 / k**2, (k, 0, oo)),
        Sum((-1) ** (2 * k) / k, (k, 1, oo)),
        Sum((-1) ** k / (k + 1), (k, 1, oo)),
        Sum(exp(-(k**2)), (k, 0, oo)),
        Sum(exp(-k - k**2), (k, 0, oo)),
        Sum(2**k, (k, -oo, 0)),
        Sum(log(k), (k, 1, MOST_WRITTEN + 1)),
        Integral(x, (x, 0, oo)),
        Integral(x),
    ],
)
def test_other_infinite_or_long_ones_stay(total) -> None:
    assert resolve(total) == total
    assert unresolved(x, total) == total


@pytest.mark.parametrize("last", range(-4, 5))
def test_sums_over_short_ranges_follow_karr_also_backwards(last: int) -> None:
    wanted = Sum(k**2 + x, (k, 0, last)).doit()
    assert expand(resolve(Sum(k**2 + x, (k, 0, last))) - wanted) == 0
    moved = resolve(Sum(k**2 + x, (k, low, low + last)))
    assert expand(moved.subs(low, 0) - wanted) == 0


def test_sums_within_sums_are_worked_out_from_within() -> None:
    assert resolve(Sum(k * x, (k, 1, low), (low, 1, 3))) == 10 * x
    assert resolve(Sum(Sum(k, (k, 1, 2)) + k, (k, 1, 3))) == 15
    long = Sum(Sum(log(k), (k, 1, low)), (low, 1, Symbol("n", integer=True)))
    assert resolve(long).has(Sum)


def test_integrals_are_worked_out_from_within() -> None:
    assert resolve(Integral(x * y, (x, 0, y), (y, 0, 1))) == Rational(1, 8)
    assert resolve(Integral(x * y, (x, 0, y), (y, 0, oo))) == Integral(
        y**3 / 2, (y, 0, oo)
    )


def test_what_stands_for_a_number_that_is_not_known_is_found() -> None:
    assert unresolved(x, y + 1) is None
    assert unresolved(x, E(tanh(x), p)) == E(tanh(x), p)
    assert unresolved(Derivative(g(x), x)) == Derivative(g(x), x)
    assert resolve(Product(k * y, (k, 1, 3))) == 6 * y**3


def test_an_operator_that_does_not_say_how_is_named() -> None:
    class Mystery(Operator):
        pass

    assert Mystery(x).free_symbols == {x}
    with pytest.raises(TypeError, match="Mystery does not say how to work it out"):
        resolve(Mystery(x))


def test_derivatives_of_operators_are_of_what_is_free() -> None:
    assert Var(x * y, p).diff(z) == 0
    assert E(g(x * y), p).diff(y) == Derivative(E(g(x * y), p), y)
    assert E(x**2 * y, p).doit() == y * (m**2 + s**2)


@pytest.mark.parametrize(
    ("operator", "text"),
    [
        (Var(x, p), r"\operatorname{Var}_{p}\left[x\right]"),
        (Int(x + 1, x), r"\int \left(x + 1\right) \, \mathrm{d}x"),
        (Int(g(x), x), r"\int g{\left(x \right)} \, \mathrm{d}x"),
    ],
)
def test_how_operators_print(operator, text: str) -> None:
    assert latex(operator) == text


def test_a_derivative_that_grows_is_bounded() -> None:
    x = sp.Symbol("x", real=True)
    grown = sp.Derivative(sp.tan(sp.tan(sp.tan(x))), (x, 20), evaluate=False)
    with pytest.raises(TooLarge, match="parts"):
        resolve(grown)
    small = sp.Derivative(sp.exp(2 * x), (x, 20), evaluate=False)
    assert resolve(small) == 2**20 * sp.exp(2 * x)
