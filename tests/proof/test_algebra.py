"""What SymPy proves, and what it must not assume on the way."""

import itertools

import pytest
import sympy as sp
from sympy import (
    Identity,
    Matrix,
    MatrixSymbol,
    S,
    cos,
    cosh,
    exp,
    log,
    sin,
    sqrt,
    symbols,
)

from lib.proof.algebra import ATTEMPTS, SOUND, has_one_normal_form, is_zero
from lib.proof.equality import decide_equal
from lib.proof.errors import Undecidable

x, y = symbols("x y", real=True)
s, t = symbols("s t", positive=True)
n = symbols("n", integer=True, positive=True)
A = MatrixSymbol("A", n, n)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((x + y) ** 2, x**2 + 2 * x * y + y**2),
        (log(s * t), log(s) + log(t)),
        (1 / (x - 1) - 1 / (x + 1), 2 / (x**2 - 1)),
        (Matrix([x, y]) * 2, Matrix([2 * x, y + y])),
        (A * (A + Identity(n)), A**2 + A),
    ],
)
def test_identities_that_hold_wherever_both_sides_do_are_sound(left, right) -> None:
    assert is_zero(left, right, SOUND)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (2 * cosh(x), exp(x) + exp(-x)),
        (  # too large for simplify
            sum(2 * cosh(k * x + y) for k in range(1, 8)),
            sum(exp(k * x + y) + exp(-k * x - y) for k in range(1, 8)),
        ),
        (sin(x) ** 2 + cos(x) ** 2, S.One),
    ],
)
def test_others_count_only_where_instances_confirm_them(left, right) -> None:
    assert not is_zero(left, right, SOUND)
    assert is_zero(left, right, ATTEMPTS)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sqrt(x**2), x),
        (log(x * y), log(x) + log(y)),
        (Matrix([x, y]), Matrix([x, x])),
        (A * A.T, A.T * A),
    ],
)
def test_what_is_false_somewhere_is_not_proved(left, right) -> None:
    assert not is_zero(left, right, ATTEMPTS)


def test_what_is_the_same_has_one_normal_form_however_large(monkeypatch) -> None:
    monkeypatch.setattr("lib.proof.grounding.MOST_FACTORS", 50)
    p, q = sp.symbols("p q", commutative=False)
    powers = itertools.product(range(3), repeat=3)
    large = sp.Add(*(p**i * q * p**j * q * p**k for i, j, k in powers))
    assert has_one_normal_form(large, large, ())
    assert not has_one_normal_form(S.NaN, S.NaN, ())
    with pytest.raises(Undecidable, match="50 factors that do not commute"):
        decide_equal(large, large + p)
