"""What becomes of an expression when all but numbers is chosen."""

import pytest
from sympy import (
    Derivative,
    Determinant,
    Function,
    IndexedBase,
    Integral,
    Matrix,
    MatrixSymbol,
    Subs,
    Sum,
    Symbol,
    Trace,
    oo,
    sin,
    sqrt,
    symbols,
    tanh,
)

from lib.proof.calculus import Jacobian, MatrixGradient
from lib.proof.equality import decide_equal
from lib.proof.errors import Undecidable
from lib.proof.expectation import E, Int
from lib.proof.grounding import InverseRoot, ground
from lib.proof.interpretation import Interpretation
from lib.proof.laws import Normal, density
from lib.proof.matrices import Singular

x, y, z = symbols("x y z", real=True)
n, m, i = symbols("n m i", integer=True, positive=True)
A, S = MatrixSymbol("A", n, m), MatrixSymbol("S", n, n)
v = MatrixSymbol("v", m, 1)
f, t = Function("f"), Function("t")


def grounded(expression, *, seed: int = 0, scalars=None, given=()):
    chosen = Interpretation([expression], given, seed, scalars or {})
    return ground(expression, chosen), chosen


def test_matrices_are_put_in_and_worked_out() -> None:
    value, chosen = grounded(A * A.T)
    a = chosen.matrices["A"]
    assert value == a * a.T
    assert grounded(Trace(S))[0] == grounded(S)[0].trace()
    assert grounded(Determinant(S))[0] == grounded(S)[0].det()
    assert grounded(S**2 - x * S)[0] == grounded(S)[0] ** 2 - x * grounded(S)[0]


def test_an_inverse_that_does_not_exist_asks_for_another_instance() -> None:
    with pytest.raises(Singular):
        grounded((A * A.T).I, given=[n > m])


def test_a_jacobian_has_outputs_in_rows_and_is_taken_at_its_place() -> None:
    value, chosen = grounded(Jacobian(A * v, v))
    assert value == chosen.matrices["A"]
    slope, chosen = grounded(MatrixGradient(v.T * v, v, 3 * v))
    assert slope == 6 * chosen.matrices["v"]


def test_derivative_with_respect_to_a_function_is_the_chain_rules_outer_factor():
    path = t(x, y)
    whole = Derivative(f(path), y)
    outer, inner = Derivative(f(path), path), Derivative(path, y)
    assert decide_equal(whole, outer * inner).holds
    assert not decide_equal(whole, outer).holds
    assert not decide_equal(whole, inner).holds


def test_substitution_happens_after_the_derivative() -> None:
    slope = Subs(Derivative(sin(x) * f(y), x), x, 0)
    assert decide_equal(slope, f(y)).holds


def test_a_bound_name_is_not_replaced_by_the_scalar_of_that_name() -> None:
    expression = x * E(x, Normal(x, y, 1))
    value, _ = grounded(expression, scalars={x: 2, y: 5})
    assert value == 10


def test_an_unknown_density_is_summed_over_its_support() -> None:
    mean = Int(z * density("p", z), z)
    value, chosen = grounded(mean, seed=1)
    p = density("p", z)
    terms = [at * chosen.apply(p, [at], False) for at in chosen.support(z)]
    assert value == sum(terms)


def test_terms_of_an_indexed_base_become_symbols() -> None:
    a = IndexedBase("a", positive=True)
    value, chosen = grounded(Sum(a[i], (i, 1, n)))
    names = {f"a[{k}]" for k in range(1, int(chosen.sizes[n]) + 1)}
    assert {symbol.name for symbol in value.free_symbols} == names
    assert all(symbol.is_positive for symbol in value.free_symbols)


def test_symbols_that_do_not_commute_become_matrices() -> None:
    a, b = (Symbol(name, commutative=False) for name in "ab")
    value, chosen = grounded(a * b - b * a + 1)
    first, second = chosen.noncommuting(a), chosen.noncommuting(b)
    one = Matrix.eye(chosen.noncommuting_size)
    assert value == first * second - second * first + one
    with pytest.raises(Undecidable, match="of non-commuting symbols"):
        grounded(sin(a))


@pytest.mark.parametrize(
    "expression",
    [
        E(tanh(x), Normal(x, 0, 1)),
        Int(1 / (1 + x**4), x),
        Sum(1 / (n**4 + n + 1), (n, 1, oo)),
        Integral(f(x) ** x, (x, 0, 1)),
    ],
)
def test_what_has_no_closed_form_is_named(expression) -> None:
    with pytest.raises(Undecidable, match="no closed form"):
        grounded(expression)


def test_the_inverse_root_is_its_own_function_with_its_own_derivative() -> None:
    value, slope = InverseRoot(x), InverseRoot(x**2 + 1).diff(x)
    assert InverseRoot._imp_(4) == 0.5
    assert value.diff(x) == -(value**3) / 2
    plain = (1 / sqrt(x**2 + 1)).diff(x)
    assert slope.subs(x, 2).replace(InverseRoot, lambda u: 1 / sqrt(u)) == (
        plain.subs(x, 2)
    )
