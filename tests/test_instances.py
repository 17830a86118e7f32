"""Random instances: what they must evaluate."""

from sympy import Derivative, Function, symbols

from lib.equality import decide_equal

x, y = symbols("x y", real=True)
f, t = Function("f"), Function("t")


def test_derivative_with_respect_to_a_function_is_the_chain_rules_outer_factor():
    path = t(x, y)
    whole = Derivative(f(path), y)
    outer, inner = Derivative(f(path), path), Derivative(path, y)
    assert decide_equal(whole, outer * inner).holds
    assert not decide_equal(whole, outer).holds
    assert not decide_equal(whole, inner).holds
