"""Gaussians of which nothing is known but what moves with them."""

from sympy import Matrix, cosh, symbols, tanh

from lib.proof.any_law import under_any_law, without_closed_form
from lib.proof.equality import decide_equal
from lib.proof.expectation import E, Int
from lib.proof.laws import MultivariateNormal, Normal

x, y, m = symbols("x y m", real=True)
s, t = symbols("s t", positive=True)
p = Normal(x, m, s, "p")
pair = MultivariateNormal([x, y], [m, 0], Matrix([[s, 0], [0, t]]), "p")


def test_a_closed_form_is_known_or_not() -> None:
    assert without_closed_form(1 + E(tanh(x), p))
    assert without_closed_form(Matrix([E(tanh(x), p)]))
    assert not without_closed_form(E(x**2, p))
    assert not without_closed_form(tanh(x))


def test_an_expectation_becomes_an_integral_under_an_unknown_law() -> None:
    changed = under_any_law(E(tanh(x), p))
    assert changed.has(Int)
    assert not changed.has(E)
    assert changed.free_symbols == {m, s}


def test_the_mean_and_the_scale_move_with_the_law() -> None:
    left = under_any_law(E(tanh(x), p))
    moved = under_any_law(E(tanh(m + s * y), Normal(y, 0, 1)))
    assert decide_equal(left, moved).holds
    assert not decide_equal(left, moved.subs(s, 2 * s)).holds


def test_several_gaussians_become_one_unknown_law() -> None:
    both = under_any_law(E(tanh(x * y), pair))
    assert both.free_symbols == {m, s, t}
    assert decide_equal(both, under_any_law(E(tanh(y * x), pair))).holds
    assert not decide_equal(both, under_any_law(E(cosh(x * y), pair))).holds
