"""Gaussian integrals in closed form, against known moments and against quadrature."""

import mpmath
import pytest
from sympy import (
    Abs,
    Rational,
    cos,
    erf,
    exp,
    lambdify,
    log,
    pi,
    simplify,
    sin,
    sqrt,
    symbols,
    tanh,
)

from lib.proof.gaussian_integrals import (
    expand_for_gaussian,
    gaussian_integral,
    gaussian_mean,
    is_expandable,
    stein,
)

x, m, b = symbols("x m b", real=True)
s = symbols("s", positive=True)
c = symbols("c")


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


STANDING = (Rational(3, 10), Rational(7, 5))  # the mean and the deviation


def quadrature(g) -> mpmath.mpf:
    mean, std = STANDING
    bell = exp(-((x - mean) ** 2) / (2 * std**2)) / (std * sqrt(2 * pi))
    density = lambdify(x, (g * bell), "mpmath")
    return mpmath.quad(density, [-30, -6, -2, 0, 2, 6, 30])


@pytest.mark.parametrize(
    "term",
    [
        erf(x),
        erf(2 * x - 1),
        x * erf(x),
        x**5 * erf(1 - x / 2),
        x**2 * exp(-(x**2) + x) * erf(3 * x + 1),
    ],
)
def test_mean_beside_an_error_function_agrees_with_quadrature(term) -> None:
    mean = gaussian_mean(term, x, *STANDING)
    assert abs(mean.n(20) - quadrature(term)) < 1e-12


@pytest.mark.parametrize(
    "term",
    [
        erf(x**2),
        erf(x) ** 2,
        erf(x) * erf(2 * x),
        erf(symbols("c") * x),
        x**13 * erf(x),
    ],
)
def test_other_terms_with_an_error_function_stay(term) -> None:
    assert gaussian_mean(term, x, m, s) is None


@pytest.mark.parametrize(
    "g",
    [
        x * tanh(x),
        x**3 * tanh(2 * x - 1),
        x / (1 + exp(-x)),
        x**2 / (2 + 3 * exp(x) + exp(-2 * x)) ** 2,
        x * log(1 + exp(x)),
        x * sin(x) * erf(x),
    ],
)
def test_stein_keeps_the_mean_and_takes_a_power(g) -> None:
    lower = stein(g, x, *STANDING)
    assert abs(quadrature(lower) - quadrature(g)) < 1e-10
    assert not (g / x).has(x**-1)


@pytest.mark.parametrize(
    "g",
    [
        tanh(x),  # no power of x
        x * Abs(x),  # not smooth
        x / (1 - exp(-x)),  # has a pole
        x * exp(x**2),  # grows as fast as the law falls
        x * log(2 + x),
        x * tanh(x**2 - 1 / x),
        x * tanh(c * x),  # with poles, if c is imaginary
        x / (1 + m * exp(x)),
        tanh(x) / x,
    ],
)
def test_stein_is_applied_to_nothing_else(g) -> None:
    assert stein(g, x, m, s) is None
