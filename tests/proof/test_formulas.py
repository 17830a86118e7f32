"""Formulas for unknown functions: their numbers, and those of their derivatives."""

from collections.abc import Callable
from random import Random

import mpmath
import pytest
from sympy import Expr, Function, Rational, im, symbols

from lib.proof.errors import Undecidable
from lib.proof.formulas import (
    Constant,
    Formula,
    extreme_formula,
    simplest_formula,
)

x, y = symbols("x y", real=True)
AT = {x: Rational(2, 3), y: Rational(-5, 7)}
KINDS = {
    "any": {},
    "real": {"real": True},
    "positive": {"positive": True},
    "nonnegative": {"nonnegative": True},
    "negative": {"negative": True},
}


def formula(seed: int, **assumptions: bool) -> Formula:
    random = Random(seed)

    def rational() -> Rational:
        return Rational(random.randint(-7, 7), random.randint(1, 3))

    return Formula("g", Function("g", **assumptions)(x, y), rational, seed)


def number(made: Formula, applied: Expr) -> mpmath.mpc:
    """The value of what ``made`` stands for, by its numeric function."""
    arguments = [mpmath.mpf(a.p) / a.q for a in (e.xreplace(AT) for e in applied.args)]
    return made.numeric[applied.func.__name__](*arguments)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("by", [(), (x,), (y, y), (x, y), (x, x, y)])
def test_derivatives_are_those_of_the_explicit_formula(kind, seed, by) -> None:
    made = formula(seed, **KINDS[kind])
    named, explicit = (made.at([x, y], written) for written in (False, True))
    for variable in by:
        named, explicit = named.diff(variable), explicit.diff(variable)
    with mpmath.workdps(40):
        found = number(made, named)
        exact = mpmath.mpmathify(explicit.xreplace(AT).n(40))
        assert found != 0
        assert abs(found - exact) < abs(exact) * mpmath.mpf(10) ** -35


@pytest.mark.parametrize("seed", range(6))
def test_a_function_of_one_sign_keeps_it(seed: int) -> None:
    signs: dict[str, Callable[[Expr], bool]] = {
        "positive": lambda value: value > 0,
        "nonnegative": lambda value: value > 0,
        "negative": lambda value: value < 0,
    }
    for kind, suits in signs.items():
        assert suits(formula(seed, **KINDS[kind]).at([x, y], True).xreplace(AT).n())


def test_a_function_that_may_be_complex_is() -> None:
    assert im(formula(0).at([x, y], True).xreplace(AT).n()) != 0
    assert im(formula(0, real=True).at([x, y], True).xreplace(AT).n()) == 0


def test_no_formula_is_known_of_whole_numbers() -> None:
    with pytest.raises(Undecidable, match="no formula is known for g"):
        formula(0, integer=True)


@pytest.mark.parametrize("kind", KINDS)
def test_an_extreme_one_is_constant_or_of_any_scale_and_keeps_its_sign(kind) -> None:
    applied = Function("g", **KINDS[kind])(x, y)
    random = Random(0)
    made = [
        extreme_formula("g", applied, lambda: Rational(1, 3), random, 40)
        for _ in range(40)
    ]
    values = [one.at([x, y], True).xreplace(AT).n() for one in made]
    if kind in ("positive", "nonnegative"):
        assert all(value >= 0 for value in values)
    if kind == "negative":
        assert all(value < 0 for value in values)
    sizes = [abs(value) for value in values if value]
    assert max(sizes) > 10**30
    assert min(sizes) < 10**-30
    assert (0 in values) is (kind not in ("positive", "negative"))
    assert any(isinstance(one, Constant) for one in made)


def test_the_simplest_one_is_naught_or_one() -> None:
    found = {
        kind: simplest_formula(Function("g", **known)(x)).at([x])
        for kind, known in KINDS.items()
    }
    assert found == {
        "any": 0,
        "real": 0,
        "positive": 1,
        "nonnegative": 0,
        "negative": -1,
    }
