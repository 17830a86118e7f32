"""Laws: what they keep when SymPy takes them apart, and what they refuse to be."""

import pytest
from sympy import (
    Derivative,
    Matrix,
    MatrixSymbol,
    Rational,
    S,
    exp,
    expand,
    eye,
    integrate,
    latex,
    log,
    oo,
    simplify,
    symbols,
)

from lib.proof.equality import decide_equal
from lib.proof.errors import Undecidable
from lib.proof.expectation import KL, Int, resolve
from lib.proof.laws import (
    Abstract,
    Finite,
    MultivariateNormal,
    Normal,
    beyond_real,
    density,
    density_variables,
    moved_density,
    normalised_over,
)

x, y, z = symbols("x y z", real=True)
rate = symbols("q", positive=True)
LAWS = [
    Normal(z, x, 2, "p"),
    MultivariateNormal([y, z], [x, 0], eye(2), "p"),
    Finite(z, {0: 1 - rate, 1: rate}, "p"),
    Abstract(z, density("p", z, given=[x]), "p"),
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_law_is_rebuilt_from_its_arguments(law) -> None:
    assert law.func(*law.args) == law


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_the_variable_of_a_law_is_bound(law) -> None:
    assert not law.free_symbols & {y, z}
    assert law.free_symbols <= {x, rate}


def test_gaussian_density_integrates_to_one_and_agrees_with_its_logarithm() -> None:
    standard = Normal(z, 1, 2, "p")
    assert integrate(standard.density(), (z, -oo, oo)) == 1
    at = standard.density().subs(z, 3), standard.log_density().subs(z, 3)
    assert at[0].n(15) == pytest.approx(float(exp(at[1]).n(15)))


def test_moments_of_several_gaussians_follow_from_their_covariances() -> None:
    a, b, c = symbols("a b c", real=True)
    law = MultivariateNormal([y, z], [0, x], Matrix([[a, b], [b, c]]), "p")
    assert law.expectation(y * z) == b
    assert expand(law.expectation(y**2 * z**2) - (a * c + 2 * b**2 + a * x**2)) == 0
    assert law.expectation(1 / y) is None


def test_density_prints_its_power_behind_its_argument() -> None:
    assert latex(density("p", x, given=[z]) ** 2) == r"p(x \mid z)^{2}"


def test_densities_of_a_vector_and_of_a_number_differ() -> None:
    vector = MatrixSymbol("z", 3, 1)
    assert density("p", vector).func != density("p", z).func
    assert latex(density("p", vector, given=[x])) == r"p(z \mid x)"


def test_a_density_is_the_same_one_at_two_places() -> None:
    first, second = symbols("z_1 z_2", real=True)
    assert density("p", first).func == density("p", second).func
    assert density("p", x).func != density("p", z).func
    moved = density("p", z, given=[x]).subs(z, first)
    assert density_variables(moved) == (z,)
    assert normalised_over(moved) == (first,)
    assert normalised_over(x**2) == ()


def test_what_is_assumed_beyond_real_is_named() -> None:
    assert beyond_real(x) == set()
    assert "positive" in beyond_real(rate)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Normal(z, 0, -1), "is not positive"),
        (lambda: Normal(rate, 0, 1), "can be any real number, but q is declared"),
        (lambda: Normal(z, z, 1), "the variable of its own law"),
        (lambda: MultivariateNormal([y], [0, 0], eye(2)), "1 variables need 1 means"),
        (
            lambda: MultivariateNormal([y, z], [0, 0], Matrix([[1, 2], [0, 1]])),
            "not symmetric",
        ),
        (lambda: MultivariateNormal([y], [0], Matrix([[-1]])), "not semidefinite"),
        (lambda: Finite(z, {0: rate, 1: rate}), "add up to"),
        (lambda: Finite(rate, {0: 1}), "cannot be 0"),
        (lambda: Finite(z, {0: 2, 1: -1}), "is negative"),
        (lambda: Abstract(z, density("p", x)), "lacks z"),
        (lambda: Abstract(z, -density("p", z)), "is negative"),
    ],
)
def test_what_is_no_law_is_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_finite_law_sums_over_its_values() -> None:
    assert LAWS[2].expectation(z) == rate
    assert expand(LAWS[2].expectation(z**2 + 1) - rate - 1) == 0


def test_the_divergence_of_two_gaussians_in_the_plane_is_that_of_their_means() -> None:
    one, other = (MultivariateNormal([y, z], [m, 0], eye(2)) for m in (x, 0))
    assert expand(resolve(KL(one, other)) - x**2 / 2) == 0
    wide = MultivariateNormal([y, z], [0, 0], 4 * eye(2))
    known = (log(16) - 2 + Rational(2, 4)) / 2  # (log det - d + trace) / 2
    assert simplify(resolve(KL(other, wide)) - known) == 0


@pytest.mark.parametrize(
    ("expression", "moved"),
    [
        (density("p", y), False),
        (density("p", y).subs(y, 1), False),
        (density("p", y, given=[x]).subs(x, 2 * y), False),
        (Derivative(density("p", y, given=[x]), x), False),
        (density("p", y).subs(y, y + 1), True),
        (density("p", y).subs(y, -y), True),
        (Derivative(log(density("p", y)), y), True),
    ],
)
def test_a_density_is_moved_if_it_stands_beside_its_variable(expression, moved) -> None:
    assert (moved_density(expression) is not None) is moved


def test_a_change_of_variables_is_not_refuted() -> None:
    shifted = Int(density("p", y).subs(y, y + 1), y)
    with pytest.raises(Undecidable, match="change of variables"):
        decide_equal(shifted, S.One)


def test_one_of_several_gaussian_variables_is_gaussian() -> None:
    a, b = symbols("a b", positive=True)
    law = MultivariateNormal([y, z], [x, 0], Matrix([[a**2, 0], [0, b]]), "p")
    assert law.marginal(y**2) == Normal(y, x, a, "p")
    assert law.marginal(y * z) == law


def test_an_exponential_moves_the_mean_of_several() -> None:
    law = MultivariateNormal([y, z], [0, 0], Matrix([[1, x], [x, 1]]), "p")
    assert law.expectation(z * exp(y)) == x * exp(S.Half)
    assert law.expectation(exp(y * z)) is None
    assert law.expectation(1 / (1 + y)) is None
