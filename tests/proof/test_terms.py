"""Sums of monomials and fractions of them: SymPy divides and multiplies beside them."""

from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Expr, Rational, S, log, sqrt, symbols

from lib.proof.normal_form import NormalForm
from lib.proof.terms import (
    MOST_DEGREE,
    ONE,
    Quotient,
    Terms,
    TooLarge,
    constant,
    power_of,
    product,
    total,
    whole_and_rest,
)
from tests.shared.effort import examples

x, y = symbols("x y", real=True)
s = symbols("s", positive=True)
z = symbols("z")
coefficients = st.lists(st.fractions(-4, 4, max_denominator=3), min_size=1, max_size=5)
numerators = coefficients.map(lambda cs: of_coefficients(cs))
denominators = coefficients.map(lambda cs: of_coefficients([*cs, Fraction(1)]))


def of_coefficients(found: list[Fraction]) -> Expr:
    return sum(
        (Rational(c.numerator, c.denominator) * x**k for k, c in enumerate(found)),
        S.Zero,
    )


def written(form: NormalForm, quotient: Quotient) -> Expr:
    """The fraction as SymPy has it."""

    def of_terms(terms: Terms) -> Expr:
        return sp.Add(
            *(
                Rational(c.numerator, c.denominator)
                * sp.Mul(*(form.kernels.node(n) ** p for n, p in monomial))
                for monomial, c in terms.items()
            )
        )

    below = (
        of_terms(form.kernels._base_terms(n)) ** p for n, p in quotient.below.items()
    )
    return of_terms(quotient.above) / sp.Mul(*below)


@settings(max_examples=examples(50))
@given(above=numerators, below=denominators)
def test_division_with_a_rest_is_that_of_sympy(above: Expr, below: Expr) -> None:
    form = NormalForm()
    parts = whole_and_rest(form.kernels, form.of(above / below))
    whole, rest = (written(form, part) for part in parts)
    assert sp.cancel(whole + rest - above / below) == 0
    if below.subs(x, 0) != 0:  # else x divides what stands above, too
        assert sp.cancel(whole - sp.div(above, below, x)[0]) == 0


@settings(max_examples=examples(20))
@given(a=numerators, b=denominators, c=numerators, d=denominators)
def test_arithmetic_of_fractions_is_that_of_sympy(a, b, c, d) -> None:
    form = NormalForm()
    one, other = form.of(a / b), form.of(c / d)
    both = total(form.kernels, [one, other])
    assert sp.cancel(written(form, both) - a / b - c / d) == 0
    times = product(form.kernels, one, other)
    assert sp.cancel(written(form, times) - a * c / (b * d)) == 0
    if one.above:
        turned = power_of(form.kernels, one, -2)
        assert sp.cancel(written(form, turned) - (b / a) ** 2) == 0


@pytest.mark.parametrize(
    ("expression", "sign"),
    [
        (1 + s + x**2, 1),
        (-s - x**2, -1),
        (s - x**2, 0),
        (1 + x, 0),
        (1 + z**2, 0),
        (s + sp.exp(x), 1),
    ],
)
def test_a_sign_is_known_where_every_term_has_it(expression: Expr, sign: int) -> None:
    form = NormalForm()
    assert form.kernels.sign(form.of(expression).above) == sign


@pytest.mark.parametrize(
    ("expression", "real"),
    [(x * s, True), (sqrt(s), True), (sqrt(x), False), (x / (1 + z), False)],
)
def test_a_fraction_is_real_if_its_kernels_are(expression: Expr, real: bool) -> None:
    form = NormalForm()
    assert form.kernels.is_real(form.kernels.key(form.of(expression))) is real


def test_powers_of_one_monomial_may_be_large_and_those_of_sums_may_not() -> None:
    form = NormalForm()
    assert power_of(form.kernels, constant(Fraction(2)), 100) == constant(
        Fraction(2) ** 100
    )
    assert power_of(form.kernels, form.of(x + 1), 0) == ONE
    with pytest.raises(TooLarge, match=f"a power above {MOST_DEGREE}"):
        power_of(form.kernels, form.of(x + 1), MOST_DEGREE + 1)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (1 / (x - x + sp.Add(x, -x, evaluate=False)), "a division by zero"),
        (sp.Pow(sp.Add(x, -x, evaluate=False), -1), "a division by zero"),
        (sqrt(1 / sp.Add(x, -x, evaluate=False)), "a division by zero"),
        (log(S(2) ** 60 + 1), "a large number under a root or a logarithm"),
        (sp.Add(*symbols("v:60")) ** 3, "a product of more than"),
        (sp.Add(*symbols("v:26")) ** 3 + x, "a sum of more than"),
    ],
)
def test_bounds_are_named(expression: Expr, message: str) -> None:
    with pytest.raises(TooLarge, match=message):
        NormalForm().of(expression)
