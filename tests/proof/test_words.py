"""Words in matrices: NumPy multiplies them, and each bound is named."""

import random

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Identity, Inverse, MatrixSymbol, Trace, symbols

from lib.proof.matrix_forms import MatrixForms
from lib.proof.matrix_normal_form import is_matrix_identity
from lib.proof.terms import ONE, TooLarge
from lib.proof.words import LONGEST_WORD, MOST_WORDS, Misfit
from tests.shared.effort import examples

n, m = symbols("n m", integer=True, positive=True)
S, T = MatrixSymbol("S", n, n), MatrixSymbol("T", n, n)
A = MatrixSymbol("A", n, m)
SIZE = 3
VALUES = {
    name: np.random.default_rng(seed).integers(-4, 5, (SIZE, SIZE)).astype(float)
    for seed, name in enumerate("ST")
}

squares = st.recursive(
    st.sampled_from([S, T, S.T, Identity(n)]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: pair[0] * pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] + 2 * pair[1]),
        inner.map(lambda a: a.T),
    ),
    max_leaves=4,
)


def value(node: sp.Basic) -> np.ndarray | float:
    """The expression in NumPy, part by part."""
    if isinstance(node, MatrixSymbol):
        return VALUES[node.name]
    if isinstance(node, Identity):
        return np.eye(SIZE)
    if isinstance(node, sp.ZeroMatrix):
        return np.zeros((SIZE, SIZE))
    if node.is_Number:
        return float(node)
    parts = [value(a) for a in node.args]
    if isinstance(node, sp.Transpose):
        return parts[0].T
    if isinstance(node, sp.MatPow):
        return np.linalg.matrix_power(parts[0], int(node.exp))
    if isinstance(node, sp.MatAdd):
        return sum(parts)
    assert isinstance(node, sp.MatMul)
    found = np.eye(SIZE)
    for part in parts:
        found = found @ part if np.ndim(part) else found * part
    return found


@settings(max_examples=examples(60))
@given(one=squares, other=squares, shuffled=st.booleans())
def test_sums_of_words_are_equal_where_numpy_says_so(one, other, shuffled) -> None:
    turned = other * one if shuffled else one * other
    for left, right in ((one * other, turned), (one + other, other + one)):
        same = np.allclose(value(left), value(right))
        assert is_matrix_identity(left, right) is bool(same)
        assert is_matrix_identity(Trace(one * other), Trace(other * one))


@settings(max_examples=examples(60))
@given(one=squares, other=squares)
def test_traces_are_equal_where_numpy_says_so(one, other) -> None:
    """Also of another product: of the same letters transposed one by one."""
    for right in (one * other.T, other * one.T):
        same = np.isclose(np.trace(value(one * other)), np.trace(value(right)))
        known = is_matrix_identity(Trace(one * other), Trace(right))
        assert known <= bool(same)


def test_inverses_cancel_on_either_side() -> None:
    chance = random.Random(1)
    for _ in range(10):
        letters = [chance.choice([S, T]) for _ in range(4)]
        word = sp.MatMul(*letters)
        back = sp.MatMul(*(Inverse(a) for a in reversed(letters)))
        assert is_matrix_identity(word * back, Identity(n))
        assert is_matrix_identity(back * word, Identity(n))
        assert is_matrix_identity(Inverse(word).T, Inverse(word.T))
        assert not is_matrix_identity(word * back * S, Identity(n))
    assert not is_matrix_identity(S * Inverse(S).T, Identity(n))
    assert not is_matrix_identity(Inverse(S).T * S, Identity(n))


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (
            lambda f: f.plus([f.matrix(A), f.matrix(S)]),
            Misfit,
            "a sum of matrices of the sizes",
        ),
        (
            lambda f: f.times(f.matrix(A), f.matrix(A)),
            Misfit,
            "a product of matrices of the sizes",
        ),
        (
            lambda f: f.times(f.matrix(S**21), f.matrix(S**20)),
            TooLarge,
            f"a word of more than {LONGEST_WORD} letters",
        ),
        (
            lambda f: f.plus(
                [f.matrix(MatrixSymbol(f"A{k}", n, n)) for k in range(801)]
            ),
            TooLarge,
            f"a sum of more than {MOST_WORDS} words",
        ),
        (
            lambda f: f.times(
                *[f.plus([f.matrix(MatrixSymbol(f"A{k}", n, n)) for k in range(30)])]
                * 2
            ),
            TooLarge,
            f"a product of more than {MOST_WORDS} words",
        ),
    ],
)
def test_bounds_are_named(make, kind, message: str) -> None:
    with pytest.raises(kind, match=message):
        make(MatrixForms())


def test_a_number_in_front_adds_up() -> None:
    form = MatrixForms()
    letter = form.matrix(S)
    assert form.plus([letter, form.times_number(form.of(sp.Integer(-1)), letter)]) == {}
    assert form.are_equal(form.plus([letter, letter]), form.matrix(2 * S))
    assert form.trace_of({(): ONE}, n) == form.of(n)


def test_a_transposed_inverse_cancels_nothing_but_what_stands_transposed() -> None:
    forms = MatrixForms()
    inverse, letter = forms.matrix(Inverse(S)), forms.matrix(S)
    turned, one = forms.transposed(inverse), forms.matrix(Identity(n))
    assert forms.times(inverse, letter) == forms.times(letter, inverse) == one
    assert not forms.are_equal(forms.times(turned, letter), one)
    assert not forms.are_equal(forms.times(letter, turned), one)
