"""Gaussian integrals in closed form, against known moments and against quadrature."""

import mpmath
import pytest
from sympy import Rational, cos, exp, lambdify, log, pi, simplify, sqrt, symbols, tanh

from lib.proof.gaussian_integrals import (
    expand_for_gaussian,
    gaussian_integral,
    gaussian_mean,
    is_expandable,
)

x, m, b = symbols("x m b", real=True)
s = symbols("s", positive=True)


@pytest.mark.parametrize(
    ("term", "mean"),
    [
        (x**0, 1),
        (3 * x, 3 * m),
        (x**2, m**2 + s**2),
        (x**4, m**4 + 6 * m**2 * s**2 + 3 * s**4),
        (exp(b * x), exp(b * m + b**2 * s**2 / 2)),
        (exp(-(x**2)), exp(-(m**2) / (1 + 2 * s**2)) / sqrt(1 + 2 * s**2)),
    ],
)
def test_mean_of_a_term_is_known(term, mean) -> None:
    assert simplify(gaussian_mean(term, x, m, s) - mean) == 0


@pytest.mark.parametrize("term", [tanh(x), 1 / x, log(x), exp(x**3), exp(x**2)])
def test_other_terms_have_no_closed_form(term) -> None:
    assert gaussian_mean(term, x, m, s) is None


def test_a_tilt_that_grows_more_slowly_than_the_law_falls_is_known() -> None:
    narrow = gaussian_mean(exp(x**2 / 4), x, m, 1)
    assert simplify(narrow.subs(m, 0) - sqrt(2)) == 0
    assert gaussian_mean(exp(x**2 / 2), x, m, 1) is None


def test_integral_over_the_line_agrees_with_quadrature() -> None:
    term = x**3 * exp(-2 * x**2 + x / 3 - 1)
    exact = gaussian_integral(term, x)
    summed = mpmath.quad(lambdify(x, term, "mpmath"), [-mpmath.inf, 0, mpmath.inf])
    assert abs(exact.n(20) - summed) < 1e-12
    assert gaussian_integral(exp(-(x**2)), x) == sqrt(pi)
    assert gaussian_integral(exp(x**2), x) is None
    assert gaussian_integral(x**2, x) is None


def test_waves_are_sums_of_exponentials() -> None:
    terms = expand_for_gaussian(cos(x) * (x + 1)).as_ordered_terms()
    total = sum(gaussian_mean(term, x, 0, 1) for term in terms)
    assert simplify(total - exp(-Rational(1, 2))) == 0


@pytest.mark.parametrize(
    ("g", "expandable"),
    [
        (1 / (1 + b), True),
        (exp((1 + x) ** 2) * log(2 * x), True),
        ((1 + x) ** 200, True),
        ((1 + x) ** 201, False),
        (exp(1 / (1 + x)), False),
        (sqrt(1 + x), False),
        (log(1 + x), False),
    ],
)
def test_what_divides_by_a_sum_is_not_expanded(g, expandable: bool) -> None:
    assert is_expandable(g, x) is expandable
