"""Each line of the corpus is read to what it means, or refused at once."""

import pytest
import sympy as sp

from lib.proof.derivation import Derivation
from lib.proof.errors import DerivationError
from lib.proof.grammar import GrammarError, parse
from lib.proof.parsing import as_written
from tests.shared.corpora.text import KNOWN, READINGS, REFUSALS, Reading, Refusal, f, x

NAMES = [name for name in KNOWN.values() if isinstance(name, sp.Basic)] + [f(x)]


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.text[:30])
def test_it_is_read_to_what_it_means(reading: Reading) -> None:
    read = as_written(reading.text, KNOWN)
    assert sp.simplify(read.doit() - reading.meaning.doit()) == 0


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
def test_it_is_refused_with_the_place(refusal: Refusal) -> None:
    with pytest.raises(DerivationError) as caught:
        Derivation(refusal.text, name="n", symbols=NAMES)
    said = str(caught.value)
    assert refusal.says in said
    assert len(said) < 400
    assert "letter" in said or "empty" in said


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("(9**999)**2", "a power above 1000|more than 1000 digits"),
        ("((x**99)**99)**99", "a power above 1000"),
        ("10**600*10**600", "more than 1000 digits"),
        ("exp(-3000)", "more than 1000 digits"),
        ("(10**200 + 1)**(1/3)", "a root of a number of more than 100 digits"),
        ("Sum(Sum(x, (i, 1, 500)), (n, 1, 500))", "of more than 10000 terms"),
        ("factorial(999)", "more than 1000 digits"),
    ],
)
def test_the_bound_that_is_exceeded_is_named(text: str, bound: str) -> None:
    with pytest.raises(GrammarError, match=bound):
        parse(text, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "1/(1 + exp(-1000))",
        "exp(790)",
        "10**400",
        "x**1000",
        "2**(1/3)",
        "1/3**20",
        "Sum(x, (i, 1, 1000))",
        "Max(" * 25 + "(x)" + ", 1)" * 25,
        "sin(" * 50 + "(x)" + ")" * 50,
    ],
)
def test_what_is_moderate_is_read(text: str) -> None:
    assert isinstance(parse(text, KNOWN), sp.Basic)


@pytest.mark.parametrize(
    ("text", "place"), [("x + 1/0", 7), ("x*log(0)", 8), ("x + 0**-1 + x", 9)]
)
def test_what_has_no_value_is_refused_where_it_is_read(text: str, place: int) -> None:
    with pytest.raises(GrammarError, match="has no value") as caught:
        parse(text, KNOWN)
    assert f"at letter {place}" in str(caught.value)


def test_a_refusal_quotes_no_more_than_what_is_around_the_place() -> None:
    with pytest.raises(GrammarError) as caught:
        parse("x + " * 100 + "^" + " + x" * 100, KNOWN)
    assert "letter 401" in str(caught.value)
    assert len(str(caught.value)) < 140
