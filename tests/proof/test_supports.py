"""Where a variable of an unknown law has its mass."""

from random import Random

from sympy import Function, Heaviside, KroneckerDelta, symbols

from lib.proof.expectation import Int
from lib.proof.supports import Supports

x, y = symbols("x y", real=True)
s = symbols("s", positive=True)
count = symbols("k", integer=True, nonnegative=True)
f = Function("f")


def supports(*expressions, seed: int = 0) -> Supports:
    return Supports(expressions, seed, Random(seed))


def test_variables_of_like_assumptions_have_one_support() -> None:
    chosen = supports(Int(f(x), x))
    assert chosen.of(x) == chosen.of(y)
    assert chosen.of(x) != chosen.of(s)


def test_values_suit_the_assumptions_and_differ() -> None:
    for seed in range(12):
        chosen = supports(Int(f(s), s), seed=seed)
        for variable in (s, count):
            values = chosen.of(variable)
            assert len(set(values)) == len(values) >= 2
            assert all(value >= 0 for value in values)
        assert all(value.is_integer for value in chosen.of(count))
        assert 0 not in chosen.of(s)


def test_where_the_integrand_turns_both_sides_have_mass() -> None:
    for seed in range(6):
        values = supports(Int(f(x) * Heaviside(x - 30), x), seed=seed).of(x)
        assert any(29 <= value <= 31 for value in values)


def test_sums_over_many_variables_are_over_fewer_values() -> None:
    several = Int(Int(Int(f(x, y), x), y), symbols("w", real=True))
    assert len(supports(Int(f(x), x), seed=2).of(x)) == 4
    assert len(supports(several, seed=2).of(x)) == 3


def test_extreme_ones_turn_where_the_integrand_does_and_weigh_little_or_much() -> None:
    turning = Int(f(x) * Heaviside(x - 30), x)
    found = [Supports([turning], seed, Random(seed), 9).of(x) for seed in range(4)]
    assert all(30 in values for values in found)
    assert max(found[0].values()) < 1 < min(found[1].values())


def test_a_whole_variable_is_counted() -> None:
    at_seventeen = Int(f(count) * KroneckerDelta(count, 17), count)
    for seed in range(4):
        values = Supports([at_seventeen], seed, Random(seed), 9).of(count)
        assert values[17] == 1
        assert set(values.values()) == {1}
