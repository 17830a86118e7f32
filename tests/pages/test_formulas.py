"""Formulas as data: they compute what SymPy's expressions do, and refuse the rest."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.pages.formulas import FUNCTIONS, Formula, evaluate, tree
from tests.shared.effort import examples

x, y = sp.symbols("x y", positive=True)


class Lookup(sp.Function):  # type: ignore[misc]
    """The value of the number that is nearest to the first argument."""

    @classmethod
    def eval(cls, number: sp.Expr, *values: sp.Expr) -> sp.Expr | None:
        return values[sp.floor(number + 0.5)] if number.is_number else None


SAMPLES = [
    sp.Rational(1, 3) * x - sp.pi * y**2 + 2,
    sp.sqrt(x) / y + sp.exp(-x * y) * sp.log(x),
    sp.sin(x) + sp.cos(y) * sp.tanh(x - y),
    sp.Abs(x - y) + sp.Max(x, y, 1) - sp.Min(x, 2 * y),
    1 / (1 + sp.exp(-x * y)),
    sp.E**x - sp.Float(0.25),
    sp.Heaviside(x - y, 0) + 2 * sp.Heaviside(y - x, sp.Rational(1, 2)),
    Lookup(sp.Min(x, 2), x + y, y, x * y) ** 2,
]
positive = st.floats(0.05, 5)


@pytest.mark.parametrize("expression", SAMPLES, ids=str)
@settings(max_examples=examples(20), deadline=None)
@given(a=positive, b=positive)
def test_a_tree_computes_what_sympy_does(
    expression: sp.Expr, a: float, b: float
) -> None:
    expected = float(expression.subs({x: a, y: b}))
    found = evaluate(tree(expression), {"x": a, "y": b})
    assert float(found) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_every_function_is_tried() -> None:
    used = {type(part).__name__ for e in SAMPLES for part in sp.preorder_traversal(e)}
    assert used >= set(FUNCTIONS)


def test_arrays_are_computed_at_once_and_undefined_places_are_nan() -> None:
    found = evaluate(tree(sp.log(x)), {"x": [-1.0, 1.0, np.e]})
    np.testing.assert_allclose(found, [np.nan, 0, 1])


def test_what_is_looked_up_beyond_the_last_value_is_undefined() -> None:
    found = evaluate(["Lookup", "x", 7, "y"], {"x": [-1, 0.4, 1, 2], "y": 5})
    np.testing.assert_array_equal(found, [np.nan, 7, 5, np.nan])


def test_numbers_and_names_are_formulas() -> None:
    assert [tree(2.0), tree(0.5), tree("alpha")] == [2, 0.5, "alpha"]


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (sp.gamma(x), "cannot compute gamma, in gamma"),
        (sp.I * x, "holds I, which is no finite real number"),
        (sp.oo, "holds oo"),
        (float("nan"), "holds nan"),
    ],
)
def test_what_a_page_cannot_compute_is_refused(formula: Formula, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tree(formula)


def test_a_variable_without_a_value_is_named() -> None:
    with pytest.raises(ValueError, match="holds 'y', which is none of x"):
        evaluate(tree(x + y), {"x": 1.0})
