"""How far values go."""

from random import Random

import pytest
from sympy import Max, Rational, Symbol, exp, symbols

from lib.proof.reach import LEAST_REACH, MOST_REACH, far_number, reach_of

x = symbols("x", real=True)


@pytest.mark.parametrize(
    ("expression", "least"),
    [
        (Max(x, 10**40), 40),
        (Max(x, Rational(1, 10**60)), 60),
        (Max(x, exp(1000)), 434),
        (x**2, LEAST_REACH),
    ],
)
def test_it_is_beyond_what_is_written(expression, least: int) -> None:
    assert least <= reach_of([x, expression]) <= least + 3


def test_it_is_bounded() -> None:
    assert reach_of([Max(x, exp(10**9))]) == MOST_REACH
    assert reach_of([Symbol("k") * 0]) == LEAST_REACH


def test_numbers_come_from_one_end_to_the_other() -> None:
    random = Random(0)
    found = [far_number(random, 50) for _ in range(100)]
    assert min(found) < Rational(1, 10**48)
    assert max(found) > 10**49
    assert len([value for value in found if value > 1 and value < 10**9]) > 4
