"""Unknown maps of vectors and their Jacobians: right rules hold, wrong ones do not."""

import pytest
import sympy as sp
from sympy import (
    DiagMatrix,
    HadamardProduct,
    Identity,
    MatrixSymbol,
    OneMatrix,
    Trace,
    ZeroMatrix,
    sqrt,
    symbols,
)

from lib.proof.calculus import (
    EXP,
    Elementwise,
    Gradient,
    Jacobian,
    LayerNorm,
    Map,
    MatrixGradient,
    sigmoid,
)
from lib.proof.equality import decide_equal
from lib.proof.latex import as_latex

n, m, k, B = symbols("n m k B", integer=True, positive=True)
x, y = MatrixSymbol("x", n, 1), MatrixSymbol("y", m, 1)
A, S = MatrixSymbol("A", m, n), MatrixSymbol("S", n, n)
X, Y = MatrixSymbol("X", B, n), MatrixSymbol("Y", B, m)
f, g = Map("f", m, x), Map("g", k, y)
rho, slope = Elementwise("rho", x), Elementwise("rho", x, 1)
exps = Elementwise(EXP, x)
loss = Map("ell", 1, Y)
outer = MatrixGradient(loss, Y, X * A.T)
composed = Map("g", k, f)
ones, length = OneMatrix(n, 1), sqrt(Trace(x.T * x))


@pytest.mark.parametrize(
    ("left", "right", "holds"),
    [
        (Jacobian(A * x, x), A, True),
        (Jacobian(A * x, x), 2 * A, False),
        (Jacobian(x.T * S * x, x), x.T * (S + S.T), True),
        (Jacobian(x.T * S * x, x), 2 * x.T * S, False),
        (Jacobian(rho, x), DiagMatrix(slope), True),
        (Jacobian(rho, x), DiagMatrix(rho), False),
        (Jacobian(composed, x), Jacobian(g, y, f) * Jacobian(f, x), True),
        (Jacobian(composed, x), Jacobian(g, y) * Jacobian(f, x), False),
        (Jacobian(A * rho, x), A * DiagMatrix(slope), True),
        (Jacobian(S * rho, x), DiagMatrix(slope) * S, False),
        (Jacobian(exps, x), DiagMatrix(exps), True),
        (Jacobian(exps, x), DiagMatrix(x), False),
        (exps, Elementwise("f", x), False),
        (Elementwise(EXP, 2 * x), HadamardProduct(exps, exps), True),
        (Elementwise(EXP, 2 * x), 2 * exps, False),
        (MatrixGradient(Trace(ones.T * exps), x), exps, True),
        (MatrixGradient(Trace(ones.T * exps), x), ones, False),
        (Jacobian(f, x).T, Jacobian(f, x), False),
        (MatrixGradient(Map("ell", 1, X * A.T), X), outer * A, True),
        (MatrixGradient(Map("ell", 1, X * A.T), A), outer.T * X, True),
        (MatrixGradient(Map("ell", 1, X * A.T), A), 2 * outer.T * X, False),
        (
            MatrixGradient(Map("ell", 1, OneMatrix(B, 1) * y.T), y),
            MatrixGradient(loss, Y, OneMatrix(B, 1) * y.T).T * OneMatrix(B, 1),
            True,
        ),
        (DiagMatrix(slope) * rho, HadamardProduct(slope, rho), True),
        (Map("f", m, x), Map("f", m, 2 * x), False),
        (LayerNorm(2 * x), LayerNorm(x), True),
        (LayerNorm(2 * x, 1), LayerNorm(x, 1), False),
        (LayerNorm(x + ones, 1), LayerNorm(x, 1), True),
        (LayerNorm(x), x - ones * ones.T * x / n, False),
        (Jacobian(LayerNorm(x), x) * ones, ZeroMatrix(n, 1), True),
        (Jacobian(LayerNorm(x), x) * x, ZeroMatrix(n, 1), True),
        (Jacobian(LayerNorm(x, 1), x) * x, ZeroMatrix(n, 1), False),
        (MatrixGradient(length, x), x / length, True),
        (MatrixGradient(length, x), x, False),
        (Map("f", m, x), Map("g", m, x), False),
    ],
)
def test_rule_is_decided(left: sp.Basic, right: sp.Basic, holds: bool) -> None:
    assert decide_equal(left, right).holds == holds


def test_what_is_differentiated_by_is_bound_where_it_has_a_place() -> None:
    assert Jacobian(g, y, f).free_symbols & {x, y} == {x}
    assert Jacobian(g, y).free_symbols & {x, y} == {y}
    assert Jacobian(g, y, f).xreplace({x: 2 * x}) == Jacobian(g, y, Map("f", m, 2 * x))


@pytest.mark.parametrize(
    ("shown", "latex"),
    [
        (Jacobian(f, x), r"\frac{\partial f\left(x\right)}{\partial x}"),
        (
            Jacobian(g, y, MatrixSymbol("u", m, 1)),
            r"\frac{\partial g\left(u\right)}{\partial u}",
        ),
        (
            Jacobian(g, y, f),
            r"\left.\frac{\partial g\left(y\right)}{\partial y}\right|"
            r"_{y = f\left(x\right)}",
        ),
        (
            Jacobian(A * x, x),
            r"\frac{\partial}{\partial x}\left(A x\right)",
        ),
        (MatrixGradient(loss, Y), r"\nabla_{Y} ell\left(Y\right)"),
        (Elementwise(r"\rho^{2}", x, 1), r"\rho'^{2}\left(x\right)"),
        (Elementwise(r"\rho", x), r"\rho\left(x\right)"),
        (HadamardProduct(x, rho), r"x \odot rho\left(x\right)"),
        (DiagMatrix(x), r"\operatorname{diag}\left(x\right)"),
        (OneMatrix(B, 1), r"\mathbf{1}"),
        (OneMatrix(1, B), r"\mathbf{1}^{T}"),
        (OneMatrix(B, B), r"\mathbf{1} \mathbf{1}^{T}"),
        (LayerNorm(x), r"\operatorname{LN}\left(x\right)"),
        (LayerNorm(x, n), r"\operatorname{LN}_{n}\left(x\right)"),
        (S - Identity(n), r"S - I"),
        (Identity(n) - S + S.T, r"I + S^{T} - S"),
        (x + Map("f", n, x), r"x + f\left(x\right)"),
        (sigmoid(-n), r"\operatorname{sigmoid}\left(- n\right)"),
    ],
)
def test_it_prints_as_mathematicians_write(shown: sp.Basic, latex: str) -> None:
    assert as_latex(shown) == latex


def test_misuse_is_named() -> None:
    with pytest.raises(TypeError, match="name at least one vector"):
        Map("f", m)
    with pytest.raises(TypeError, match="is no matrix symbol"):
        Jacobian(f, 2 * x)
    with pytest.raises(TypeError, match="is no column"):
        LayerNorm(S)
    with pytest.raises(TypeError, match="is no column"):
        Jacobian(S, x)
    with pytest.raises(sp.ShapeError, match="its place"):
        Jacobian(g, y, x)


def test_a_gradient_by_one_parameter_is_a_derivative() -> None:
    a, b = symbols("a b", real=True)
    assert Gradient(a**2 * b, a).doit() == 2 * a * b
    assert sigmoid(a).doit() == 1 / (1 + sp.exp(-a))


def test_a_nabla_stands_before_one_thing() -> None:
    """Sums, products and their powers are bracketed; what ends by itself is not."""
    a, b = symbols("a b", real=True)
    unknown = sp.Function("f")(a)
    for several in (a + b, a * b, -a, 2 * a, b * unknown, a**2 * b, (a + b) ** 2):
        inner = as_latex(several)
        assert as_latex(Gradient(several, a)) == rf"\nabla_{{a}} \left({inner}\right)"
    for one in (a**2, unknown, a / b, sp.sqrt(a), sp.log(a * b), Gradient(a * b, b)):
        assert as_latex(Gradient(one, a)) == rf"\nabla_{{a}} {as_latex(one)}"
    written = sp.Mul(2, a, evaluate=False)
    shown = as_latex(Gradient(written, a), verbatim=True)
    assert shown == r"\nabla_{a} \left(2 a\right)"
    for number in (x.T * S * x, 2 * sp.Trace(x * x.T)):
        shown = as_latex(MatrixGradient(number, x))
        assert shown == rf"\nabla_{{x}} \left({as_latex(number)}\right)"


def test_the_variable_of_a_jacobian_elsewhere_is_bound() -> None:
    assert Jacobian(g, y, f).bound_symbols == (y,)
    assert Jacobian(g, y).bound_symbols == ()
    gradient = MatrixGradient(x.T * S * x + x.T * x, x)
    assert sp.latex(gradient).startswith(r"\nabla_{x} \left(")
