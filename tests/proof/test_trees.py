"""Expressions as plain data."""

import json

import pytest
from sympy import Add, Dummy, MatrixSymbol, Mul, Q, Symbol, symbols

from lib.proof.errors import DerivationError
from lib.proof.laws import density
from lib.proof.trees import as_tree, from_tree
from tests.test_book_derivations import DERIVATIONS

x, y = symbols("x y", positive=True)


@pytest.mark.parametrize("name", DERIVATIONS)
def test_expression_comes_back(name: str) -> None:
    chain = DERIVATIONS[name]
    for expression in (*chain.named, *chain.given):
        data = json.loads(json.dumps(as_tree(expression)))
        assert from_tree(data) == expression


def test_nothing_is_evaluated() -> None:
    written = Add(x, Mul(2, x, evaluate=False), evaluate=False)
    assert from_tree(as_tree(written)).args == written.args


def test_condition_comes_back() -> None:
    positive = Q.positive_definite(MatrixSymbol("A", 2, 2))
    assert from_tree(as_tree(positive)) == positive
    assert from_tree(as_tree(x < 1)) == (x < 1)


def test_assumptions_and_densities_come_back() -> None:
    assert from_tree(as_tree(x)).is_positive
    assert from_tree(as_tree(Symbol("x"))) != x
    found = from_tree(as_tree(density("p", x, given=[y])))
    assert found.is_positive
    assert found.func.variables == (x,)


@pytest.mark.parametrize(
    "data",
    [
        ["eval", ["text", "1"]],
        ["__import__", ["text", "os"]],
        ["Lambda", ["symbol", "x", {}]],
        ["constant", "zoo"],
    ],
)
def test_other_kinds_are_refused(data: list[object]) -> None:
    with pytest.raises(DerivationError, match="no kind of expression"):
        from_tree(data)


def test_what_could_not_come_back_is_not_kept() -> None:
    with pytest.raises(DerivationError, match="Dummy cannot be kept"):
        as_tree(Dummy("x"))
