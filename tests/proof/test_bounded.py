"""Nothing is multiplied out that would not end."""

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Integer, symbols

from lib.proof.bounded import MOST_TERMS, expand, terms_within
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
