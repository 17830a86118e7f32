"""The table of functions: exact where it can be, and each refusal by its message.

That enclosures contain the value is tried in test_enclosures.
"""

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import iv

from lib.proof.enclosed_functions import FUNCTIONS, piecewise
from lib.proof.intervals import Undefined, Unknown, exact_ends, precision

half, whole = Fraction(1, 2), Fraction(1)
wide = iv.mpf([-1, 1])
I = iv.mpc(0, 1)  # noqa: E741 - as SymPy has it
rationals = st.fractions(-50, 50, max_denominator=12)


def call(name: str, *arguments: Any) -> Any:
    with precision(30):
        return FUNCTIONS[name](*arguments)


def holds(enclosure: Any, value: mpmath.mpf) -> bool:
    low, high = exact_ends(enclosure)
    with mpmath.workdps(60):
        slack = mpmath.mpf(10) ** -40
        a, b = (mpmath.mpf(q.numerator) / q.denominator for q in (low, high))
        return a - slack <= value <= b + slack and b - a < abs(value) * 1e-20 + 1e-20


EXACT: dict[str, Callable[..., Any]] = {
    "Add": operator.add,
    "Mul": operator.mul,
    "Max": max,
    "Min": min,
    "StrictLessThan": operator.lt,
    "StrictGreaterThan": operator.gt,
    "LessThan": operator.le,
    "GreaterThan": operator.ge,
    "Equality": operator.eq,
    "Unequality": operator.ne,
    "KroneckerDelta": lambda a, b: int(a == b),
    "Heaviside": lambda a, b: b if a == 0 else int(a > 0),
}


@pytest.mark.parametrize("name", EXACT)
@given(one=rationals, other=rationals, same=st.booleans())
def test_fractions_stay_exact(name: str, one, other, same: bool) -> None:
    other = one if same else other
    found = call(name, one, other)
    assert found == EXACT[name](one, other)
    assert isinstance(found, (Fraction, bool))


@given(x=rationals, y=rationals.filter(bool))
def test_whole_parts_are_those_of_python(x: Fraction, y: Fraction) -> None:
    assert call("floor", x) == math.floor(x)
    assert call("ceiling", x) == math.ceil(x)
    assert call("frac", x) == x % 1
    assert call("Mod", x, y) == x % y
    assert call("sign", x) == (x > 0) - (x < 0)
    assert call("Abs", x) == abs(x)


@given(n=st.integers(-60, 60), k=st.integers(-3, 60))
def test_binomials_of_whole_numbers_are_flints(n: int, k: int) -> None:
    found = call("binomial", Fraction(n), Fraction(k))
    falling = math.prod((flint.fmpq(n - i, i + 1) for i in range(k)), start=1)
    assert found == (int(falling) if k >= 0 else 0)


@given(n=st.fractions(1, 60, max_denominator=7), k=st.fractions(0, 20))
def test_other_binomials_are_mpmaths(n: Fraction, k: Fraction) -> None:
    if k.denominator == n.denominator == 1:
        return
    k = min(k, n / 2)
    with mpmath.workdps(60):
        a, b = (mpmath.mpf(q.numerator) / q.denominator for q in (n, k))
        truth = mpmath.binomial(a, b)
    assert holds(call("binomial", n, k), truth)


@given(y=rationals, x=rationals.filter(bool))
def test_the_angle_of_a_point_is_mpmaths(y: Fraction, x: Fraction) -> None:
    with mpmath.workdps(60):
        truth = mpmath.atan2(
            mpmath.mpf(y.numerator) / y.denominator,
            mpmath.mpf(x.numerator) / x.denominator,
        )
    assert holds(call("atan2", y, x), truth)
    with precision(30):
        point = iv.mpf(x.numerator) / x.denominator + I * y.numerator / y.denominator
        if y:
            assert holds(call("arg", point), truth)


def test_the_angle_straight_up_and_down() -> None:
    with mpmath.workdps(60):
        assert holds(call("atan2", half, Fraction(0)), mpmath.pi / 2)
        assert holds(call("atan2", -half, Fraction(0)), -mpmath.pi / 2)


@pytest.mark.parametrize(
    ("base", "exponent", "value"),
    [
        (Fraction(4, 9), Fraction(-3, 2), Fraction(27, 8)),
        (Fraction(0), half, Fraction(0)),
        (Fraction(0), Fraction(0), Fraction(1)),
        (Fraction(-2), Fraction(-3), Fraction(-1, 8)),
    ],
)
def test_powers_that_are_fractions_are_exact(base, exponent, value) -> None:
    assert call("Pow", base, exponent) == value


@pytest.mark.parametrize(
    ("base", "exponent"),
    [
        (Fraction(3), Fraction(10**5 + 1)),
        (Fraction(1001, 1000), Fraction(-(10**6))),
        (Fraction(2), Fraction(1, 97)),
        (Fraction(2), Fraction(-3, 2)),
    ],
)
def test_powers_that_are_not_contain_the_value(base, exponent) -> None:
    with mpmath.workdps(60):
        a = mpmath.mpf(base.numerator) / base.denominator
        truth = a ** (mpmath.mpf(exponent.numerator) / exponent.denominator)
        low, high = exact_ends(call("Pow", base, exponent))
        a, b = (mpmath.mpf(q.numerator) / q.denominator for q in (low, high))
        assert a <= truth * (1 + mpmath.mpf(10) ** -45)
        assert truth * (1 - mpmath.mpf(10) ** -45) <= b
        assert (b - a) / truth < 1e-20


def test_a_complex_number_turned_over() -> None:
    box = iv.mpc(2, 3)
    assert exact_ends(call("conjugate", box).imag) == (-3, -3)
    assert call("conjugate", half) == half
    assert exact_ends(call("re", box)) == (2, 2)


REFUSED = [
    (Undefined, "a division by zero", "Pow", (Fraction(0), -whole)),
    (Undefined, "zero to a power that is not positive", "Pow", (Fraction(0), -half)),
    (Undefined, "the logarithm of zero", "log", (Fraction(0),)),
    (Undefined, "the angle of zero", "atan2", (Fraction(0), Fraction(0))),
    (Undefined, "a pole of the gamma function", "gamma", (Fraction(-2),)),
    (Unknown, "a division by what may be zero", "Pow", (wide, -whole)),
    (Unknown, "an exponential that is too large or", "exp", (Fraction(2**200),)),
    (Unknown, "the logarithm of what may be zero", "log", (wide,)),
    (Unknown, "a logarithm that may lie on its cut", "log", (iv.mpc(-1, wide),)),
    (Unknown, "an angle that is too large", "sin", (Fraction(10**60),)),
    (Unknown, "the angle of a number that may not", "atan2", (I, whole)),
    (Unknown, "the gamma function of a number that", "gamma", (I,)),
    (Unknown, "the gamma function of what may be a", "gamma", (wide,)),
    (Unknown, "a gamma function that is too large", "gamma", (Fraction(10**6, 7),)),
    (Unknown, "the error function of a number that", "erf", (I,)),
    (Unknown, "an error function too near to one", "erfc", (Fraction(41),)),
    (Unknown, "the largest of numbers that may not", "Max", (I, whole)),
    (Unknown, "the floor of a number that may not", "floor", (I,)),
    (Unknown, "a floor that the enclosure leaves", "floor", (wide,)),
    (Unknown, "an equality that the enclosures", "Equality", (wide, Fraction(0))),
    (Unknown, "a sign that the enclosure leaves", "StrictLessThan", (wide, whole / 2)),
]


@pytest.mark.parametrize(("kind", "message", "name", "arguments"), REFUSED)
def test_each_refusal_says_why(kind, message: str, name: str, arguments) -> None:
    with pytest.raises(kind, match=message):
        call(name, *arguments)


def test_the_first_piece_that_is_meant_counts() -> None:
    why = Unknown("why")
    assert piecewise([why, False, half, True]) == half
    with pytest.raises(Unknown, match="why"):
        piecewise([why, True, half, True])
    with pytest.raises(Unknown, match="why"):
        piecewise([half, why, whole, True])
    with pytest.raises(Undefined, match="no piece of the formula is meant here"):
        piecewise([half, False])


@pytest.mark.parametrize("name", ["exp", "log", "sin", "cos"])
def test_thousands_of_digits_hold_the_value(name: str) -> None:
    """``mpmath.iv`` misses the exponential of such numbers at 20000 bits."""
    texts = "83202039/25000000000000000", "21312291/100000000000000"
    for x in map(Fraction, texts):
        x = 1 + x if name == "log" else x
        with precision(6000):
            low, high = exact_ends(FUNCTIONS[name](x))
        with flint.ctx.workprec(21_000):
            value = getattr(_ball(x), name)()
            assert _ball(low) <= value <= _ball(high)


def _ball(x: Fraction) -> flint.arb:
    return flint.arb(flint.fmpq(x.numerator, x.denominator))
