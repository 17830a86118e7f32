"""Random instances: what they must evaluate."""

from sympy import (
    Derivative,
    Determinant,
    Function,
    Identity,
    MatrixSymbol,
    Trace,
    log,
    sqrt,
    symbols,
)

from lib.proof.equality import decide_equal

x, y = symbols("x y", real=True)
f, t = Function("f"), Function("t")


def test_derivative_with_respect_to_a_function_is_the_chain_rules_outer_factor():
    path = t(x, y)
    whole = Derivative(f(path), y)
    outer, inner = Derivative(f(path), path), Derivative(path, y)
    assert decide_equal(whole, outer * inner).holds
    assert not decide_equal(whole, outer).holds
    assert not decide_equal(whole, inner).holds


def test_scalar_beside_matrices_takes_values_of_its_own() -> None:
    latents, pixels = symbols("D M", integer=True, positive=True)
    s = symbols("s", positive=True)
    w = MatrixSymbol("W", pixels, latents)
    a = w.T * w + s**2 * Identity(latents)
    c = w * w.T + s**2 * Identity(pixels)
    inverse = (Identity(pixels) - w * a.I * w.T) / s**2
    log_det = log(Determinant(a)) + (pixels - latents) * log(s**2)
    assert decide_equal(c.I, inverse).holds
    assert not decide_equal(c.I, s * inverse).holds
    assert decide_equal(log(Determinant(c)), log_det).holds
    assert not decide_equal(log(Determinant(c)), log_det + log(s)).holds


def test_scalar_beside_matrices_respects_the_conditions() -> None:
    size = symbols("n", integer=True, positive=True)
    trace = Trace(MatrixSymbol("A", size, size))
    left, right = sqrt((1 - x) ** 2) * trace, (1 - x) * trace
    assert decide_equal(left, right, [x < 1]).holds
    assert not decide_equal(left, right).holds
