"""Sums and products over a symbolic range are what they grow to, term by term."""

import contextlib

import pytest
from sympy import (
    Abs,
    Function,
    Integer,
    Product,
    Rational,
    Sum,
    cos,
    factorial,
    gamma,
    sin,
    symbols,
)

from lib.proof.induction import by_induction
from lib.proof.terms import TooLarge
from tests.shared.effort import sampled

i, j, a, b, n = symbols("i j a b n", integer=True)
N = symbols("N", integer=True, positive=True)
x = symbols("x", real=True)
q, r, v = symbols("q r v", positive=True)
f = Function("f", real=True)

TRUE = [
    (Sum(r**i, (i, 0, n - 1)), (1 - r**n) / (1 - r)),
    (
        Sum(i * r**i, (i, 0, N)),
        r * (1 - (N + 1) * r**N + N * r ** (N + 1)) / (1 - r) ** 2,
    ),
    (Sum(1 / (i * (i + 1)), (i, 1, N)), N / (N + 1)),
    (Sum(1 / (i * (i + 1)), (i, a, b)), 1 / a - 1 / (b + 1)),
    (Sum(i * factorial(i), (i, 1, N)), factorial(N + 1) - 1),
    (Sum(cos(i * x), (i, 0, N)), (sin(N * x + x / 2) + sin(x / 2)) / (2 * sin(x / 2))),
    (Sum(f(i + 1) - f(i), (i, a, b)), f(b + 1) - f(a)),
    (3 * Sum(2**i, (i, 0, N)) + x, 6 * 2**N - 3 + x),
    (Product(i, (i, 1, N)), factorial(N)),
    (Product(i + x, (i, 0, n)), gamma(n + 1 + x) / gamma(x)),
    (Product(1 + q / (v + i * q), (i, a, b - 1)), (v + b * q) / (v + a * q)),
    (Product(f(i + 1) / f(i), (i, a, b)), f(b + 1) / f(a)),
    (Product(r ** (2 * i), (i, 0, n)), r ** (n * (n + 1))),
]
FALSE = [
    (Sum(r**i, (i, 0, n)), (1 - r**n) / (1 - r)),  # a term too many
    (Sum(r**i, (i, 1, n - 1)), (1 - r**n) / (1 - r)),  # begins one later
    (Sum(1 / (i * (i + 1)), (i, 1, N)), 1 / (N + 1)),
    (Sum(f(i + 1) - f(i), (i, a, b)), f(b) - f(a)),
    (Sum(f(i + 1) - f(i), (i, a, b)), f(b + 1)),  # grows so, but begins elsewhere
    (Product(i, (i, 1, N)), factorial(N + 1)),
    (Product(2 * i, (i, 1, N)), 2 * factorial(N)),
    (Product(f(i + 1) / f(i), (i, a, b)), f(b + 1)),
    (Product(Abs(i - 3), (i, 0, N)), Integer(0)),  # from the fourth factor on
    (Sum(i, (i, 1, n + Rational(1, 2))), (2 * n + 1) * (2 * n + 3) / 8),  # ends between
    (Sum(Abs(i - 5), (i, 0, n)), n * (11 - n) / 2 + 5 - n),  # up to the fifth term
]


@pytest.mark.parametrize(("left", "right"), TRUE)
def test_what_grows_alike_is_equal(left, right) -> None:
    assert by_induction(left, right)
    assert by_induction(right, left)
    assert by_induction(left + x, right + x)


@pytest.mark.parametrize(("left", "right"), FALSE)
def test_what_grows_otherwise_or_starts_elsewhere_is_not(left, right) -> None:
    for sides in ((left, right), (right, left)):
        with contextlib.suppress(TooLarge):
            assert not by_induction(*sides)


@pytest.mark.parametrize("one", sampled(TRUE, 4), ids=str)
@pytest.mark.parametrize("other", sampled(TRUE, 4, "other"), ids=str)
def test_only_its_own_value_is_proved(one, other) -> None:
    if one != other:
        with contextlib.suppress(TooLarge):
            assert not by_induction(one[0], other[1])


def test_an_end_that_stands_in_the_terms_is_no_variable_of_induction() -> None:
    assert not by_induction(Sum(i / n, (i, 1, n)), (n + 1) / Rational(2))
    assert not by_induction(Sum(i, (i, 1, 2 * n)), 2 * n**2)
    assert not by_induction(Sum(i * j, (i, 1, n), (j, 1, n)), n)
