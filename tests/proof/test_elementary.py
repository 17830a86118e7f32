"""Functions where they are elementary: mpmath's values on every side of a cut."""

import mpmath
import pytest
import sympy as sp
from sympy import Rational, S

from lib.proof.elementary import MOST_ORDER, elementary

z = sp.symbols("z")
PLACES = [Rational(3, 7), Rational(-2, 3), 1 + 2 * S.ImaginaryUnit]
PLACES += [-1 + 3 * S.ImaginaryUnit, -1 - 3 * S.ImaginaryUnit]
BESSEL = (sp.besselj, sp.bessely, sp.besseli, sp.besselk, sp.hankel1, sp.hankel2)


@pytest.mark.parametrize("kind", BESSEL, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("order", [Rational(n, 2) for n in (-5, -1, 1, 3, 9)])
def test_bessels_functions_of_half_orders(kind: type[sp.Function], order) -> None:
    form = elementary(kind.__name__, (order, z))
    for place in PLACES:
        value = mpmath.mpmathify(sp.N(form.xreplace({z: place}), 30))
        argument = mpmath.mpmathify(sp.N(place, 40))
        with mpmath.workdps(40):
            truth = getattr(mpmath, kind.__name__)(mpmath.mpf(order.p) / 2, argument)
            assert abs(value - truth) < abs(truth) * mpmath.mpf(10) ** -14


@pytest.mark.parametrize("kind", [sp.jn, sp.yn])
@pytest.mark.parametrize("n", [-3, -1, 0, 1, 4])
def test_spherical_functions_are_sympys(kind: type[sp.Function], n: int) -> None:
    truth = sp.expand_func(kind(n, z))
    assert sp.expand(elementary(kind.__name__, (S(n), z)) - truth) == 0


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("besselj", (Rational(1, 3), z)),
        ("besselk", (z, z)),
        ("besseli", (MOST_ORDER + Rational(3, 2), z)),
        ("hankel1", (S(2), z)),
        ("jn", (z, z)),
        ("hyper", (sp.Tuple(1, 1), sp.Tuple(2), z)),  # it has a cut
        ("sin", (z,)),
    ],
)
def test_others_are_not(name: str, arguments) -> None:
    assert elementary(name, arguments) is None


def test_series_with_a_closed_form() -> None:
    s = sp.symbols("s", positive=True)
    assert elementary("hyper", (sp.Tuple(), sp.Tuple(), z)) == sp.exp(z)
    assert elementary("hyper", (sp.Tuple(s), sp.Tuple(), -s)) == (1 + s) ** -s
    form = elementary("hyper", (sp.Tuple(1, 1), sp.Tuple(2), -s))
    assert form == sp.log(1 + s) / s
