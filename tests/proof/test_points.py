"""Points: they suit the assumptions and stand on both sides of every kink."""

import pytest
from sympy import Q, Rational, symbols

from lib.proof.errors import Undecidable
from lib.proof.points import points

x, y = symbols("x y", real=True)
s = symbols("s", positive=True)
n = symbols("n", integer=True)
z = symbols("z")


def test_values_suit_the_assumptions_and_the_conditions() -> None:
    found = list(points([x, s, n], given=[x < s, n > 2]))
    assert len(found) >= 24
    for point in found:
        assert point[s] > 0
        assert point[n].is_integer
        assert point[n] > 2
        assert point[x] < point[s]


def test_values_have_both_signs_and_several_scales() -> None:
    sizes = [abs(point[x]) for point in points([x], count=48) if point[x] != 0]
    signs = {point[x] > 0 for point in points([x])}
    assert signs == {True, False}
    assert min(sizes) < Rational(1, 10)
    assert max(sizes) > 100


def test_complex_symbols_get_complex_values() -> None:
    assert any(not point[z].is_real for point in points([z]))


def test_points_are_alike_in_every_run() -> None:
    assert list(points([x, s], seed=3)) == list(points([x, s], seed=3))
    assert list(points([x, s], seed=3)) != list(points([x, s], seed=4))


def test_a_kink_is_met_and_seen_from_both_sides() -> None:
    kink = x - Rational(37, 11)
    values = [kink.xreplace(point) for point in points([x], [kink])]
    assert 0 in values
    assert any(0 < value < Rational(1, 100) for value in values)
    assert any(0 > value > -Rational(1, 100) for value in values)


def test_conditions_that_nothing_satisfies_are_named() -> None:
    with pytest.raises(Undecidable, match="no values were found that satisfy"):
        next(points([x], given=[x**2 < -1 + 0 * y]))
    with pytest.raises(Undecidable, match="suits the assumptions on k"):
        next(points([symbols("k", irrational=True)]))


def test_facts_on_matrices_are_no_conditions_on_points() -> None:
    assert next(points([], given=[Q.real(x)])) == {}


def test_corners_are_visited() -> None:
    """Where several kinks vanish at once, though each is solved for one symbol."""
    z = symbols("z", real=True)
    chained = [x - 1, y - x**2, z - x * y**3 - 2]
    assert {x: 1, y: 1, z: 3} in list(points([x, y, z], chained))
    crossing = [x + y - 7, x - y - 3, z - x * y]
    assert {x: 5, y: 2, z: 10} in list(points([x, y, z], crossing))


def test_a_corner_that_assumptions_exclude_is_not_visited() -> None:
    x, y = symbols("x y", positive=True)
    found = list(points([x, y], [x - 2, y + x]))
    assert found
    assert all(point[y] > 0 for point in found)


def test_squares_that_cancel_leave_a_corner() -> None:
    found = list(
        points([x, y], [(x + y) ** 2 - (x - y) ** 2 - 4 * x * y + x - 2, y - x])
    )
    straight = [(x + 1) ** 2 - x**2 + y - 8, (y + 1) ** 2 - y**2 - x]
    assert {x: 2, y: 2} in found
    assert {x: 3, y: 1} in list(points([x, y], straight))


def test_many_corners_are_a_few_points_and_take_no_search_through_all_orders() -> None:
    """Of these kinks the last has no root that is a whole number."""
    several = symbols("x1:12", real=True)
    kinks = [symbol - 1 for symbol in several] + [2 * n - 1]
    corner = dict.fromkeys(several[:2], 1)
    found = list(points([*several, n], kinks))
    assert any(corner.items() <= point.items() for point in found)
