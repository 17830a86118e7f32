"""Instances: where a check looks for a difference."""

from sympy import Abs, Rational, log, symbols

from lib.instances import kinks_of

x = symbols("x", real=True)
p = symbols("p", positive=True)


def test_roots_are_sought_where_there_may_be_some() -> None:
    assert kinks_of(log(x**2 - 2)) == [x**2 - 2]
    assert kinks_of(Abs(x - 3) + log(p - 1)) == [p - 1, x - 3]


def test_no_root_is_sought_of_what_keeps_its_sign() -> None:
    assert kinks_of(log(x**2 + Rational(1, 3))) == []
    assert kinks_of(log((1 + p) / (2 + x**2)) + Abs(-1 - p)) == []
