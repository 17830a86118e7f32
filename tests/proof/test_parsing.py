"""Steps written as text: what they may name, and what is kept as it was written."""

import pytest
from sympy import Mul, Pow, Rational, Symbol, symbols

from lib.proof.errors import DerivationError
from lib.proof.expectation import E
from lib.proof.laws import Normal, density
from lib.proof.parsing import as_written, exact, refuse_unknown, vocabulary

x, y = symbols("x y", real=True)
NAMES = {"x": x, "y": y}


def test_text_names_symbols_functions_laws_and_operators() -> None:
    law = Normal(x, 0, 1, "p")
    known = vocabulary([E(x, law), density("q", y)])
    assert as_written("E(x**2, p) + q(y)", known) == E(x**2, law) + density("q", y)


def test_the_later_of_two_things_with_one_name_is_meant() -> None:
    other = Symbol("x", positive=True)
    assert vocabulary([x, other])["x"] == other
    assert vocabulary([other, x])["x"] == x


def test_what_is_written_stays_unevaluated() -> None:
    product = as_written("2*3*x", NAMES)
    assert isinstance(product, Mul)
    assert product.args == (2, 3, x)
    square = as_written("(x**2)**2", NAMES)
    assert square == Pow(x**2, 2, evaluate=False)
    assert square.doit() == x**4


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("3/4", Rational(3, 4)),
        ("-3/4", Rational(-3, 4)),
        ("1*x", x),
        ("2*(1*x)", 2 * x),
    ],
)
def test_what_parsing_leaves_behind_is_tidied(text: str, meant: object) -> None:
    assert as_written(text, NAMES) == meant


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x + q", "unknown name 'q': known are x, y"),
        ("x +* y", "letter 4 of 'x .* y': .* stands where a number or a name should"),
    ],
)
def test_text_that_is_no_expression_is_refused(text: str, message: str) -> None:
    with pytest.raises(DerivationError, match=message):
        as_written(text, NAMES)


def test_rounded_numbers_are_refused() -> None:
    with pytest.raises(DerivationError, match=r"0\.1\d* is .*: .* Rational\(1, 10\)"):
        exact(0.1 * x)
    assert exact(x / 2) == x / 2


def test_a_symbol_is_unknown_or_known_with_other_assumptions() -> None:
    refuse_unknown(x + y, {x, y})
    with pytest.raises(DerivationError, match="unknown symbol y"):
        refuse_unknown(x + y, {x})
    with pytest.raises(DerivationError, match="other assumptions"):
        refuse_unknown(Symbol("x") + y, {x, y})
