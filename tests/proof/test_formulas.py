"""Formulas for unknown functions: their numbers, and those of their derivatives."""

from collections.abc import Callable
from random import Random

import mpmath
import pytest
from sympy import Expr, Function, Rational, im, symbols

from lib.proof.errors import Undecidable
from lib.proof.formulas import Formula

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
