"""Nothing is multiplied out, and no root looked for, where it would not end."""

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Integer, symbols

from lib.proof.bounded import MOST_TERMS, degree_within, expand, terms_within
from lib.proof.equality import decide_equal
from lib.proof.kinks import roots
from lib.proof.terms import TooLarge
from tests.shared.effort import examples

NAMES = symbols("a b c d", real=True)
expressions = st.recursive(
    st.sampled_from([*NAMES, Integer(2), sp.exp(NAMES[0])]),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, n: a**n, inner, st.integers(0, 3)),
    ),
    max_leaves=8,
)


@settings(max_examples=examples(60))
@given(expressions)
def test_the_bound_is_never_too_small(expression) -> None:
    if terms_within(expression) <= MOST_TERMS:
        assert len(sp.Add.make_args(expand(expression))) <= terms_within(expression)


def test_what_would_be_long_is_refused_at_once() -> None:
    for long in (sum(NAMES) ** 100, sp.Mul(*(s + 1 for s in symbols("x:13")))):
        with pytest.raises(TooLarge, match="multiplied out"):
            expand(long)
        with pytest.raises(TooLarge):
            expand(sp.sin(long))


x, y = symbols("x y", real=True)
s = sp.Symbol("s", positive=True)


@settings(max_examples=examples(60))
@given(expressions.filter(lambda e: e.is_polynomial()))
def test_the_degree_is_never_too_small(expression) -> None:
    if terms_within(expression) <= MOST_TERMS and expression.free_symbols:
        assert sp.Poly(expression, *NAMES).total_degree() <= degree_within(expression)


@pytest.mark.parametrize("degree", [13, 100, 5000])
def test_no_sign_is_sought_by_the_roots_of_a_high_degree(monkeypatch, degree) -> None:
    """SymPy does so for the argument of a logarithm, of one positive symbol."""

    def fail(*_: object) -> None:
        raise AssertionError("the roots were isolated")

    monkeypatch.setattr("sympy.polys.polytools.real_roots", fail)
    wave = s**degree - 3 * s ** (degree // 2) + s**3 - s + 1
    assert sp.log(wave).args == (wave,)
    with pytest.raises(AssertionError, match="isolated"):
        sp.log(s**5 - 3 * s**4 + s**3 - s + 1)


def test_signs_of_small_degree_are_still_found() -> None:
    assert (s**3 + s - 1 + 1).is_positive
    assert (s**12 + s).is_positive
    assert ((s + 1) ** 40 + s).is_positive


def test_roots_of_a_great_power_are_found_by_changes_of_sign(monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("the power was multiplied out")

    monkeypatch.setattr(sp, "Poly", fail)
    found = roots((x + 3) ** 5000 - 1, x)
    assert {round(float(root), 6) for root in found} == {-4.0, -2.0}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sp.Abs((x + y) ** 5000 - 1), sp.Abs((x + y) ** 5000) - 1),
        (sp.Abs((x + y) ** 5000 - 1), (x + y) ** 5000 - 1),
        (sp.Max((x + y) ** 5000, x), (x + y) ** 5000),
    ],
)
def test_great_powers_with_kinks_are_refuted(left, right) -> None:
    assert decide_equal(left, right).holds is False


def test_nested_exponents_are_decided() -> None:
    """Written in exponentials, one in the other, they have thousands of terms."""
    nested = x
    for _ in range(12):
        nested = sp.tanh(x * (1 + nested))
    assert decide_equal(nested, nested + 1).holds is False
