"""Statements at random: true by construction, and false by one small change.

A true one is an expression and what some rules, each of which holds wherever both of
its sides do, make of it; a false one has one error in it and another value, in balls.
"""

import random
from collections.abc import Callable

import pytest
import sympy as sp
from sympy import Expr, Integer, Rational, S, Symbol, symbols

from lib.proof.calculus import sigmoid
from lib.proof.equality import decide_equal
from lib.proof.errors import Undecidable
from tests.shared import mutants
from tests.shared.balls import are_apart
from tests.shared.effort import DEEP, SEED

x, y = symbols("x y", real=True)
s, t = symbols("s t", positive=True)
REAL, POSITIVE = (x, y, s, t), (s, t)
MOST_UNDECIDED = 0.02
# Parts of fifty, each its own test: the whole of them would keep one core long after
# the other has finished.
PARTS, IN_A_PART = (40, 50) if DEEP else (1, 25)

Rule = Callable[[Expr], Expr]
# What may stand for a node of this kind, whatever real numbers are put in.
RULES: dict[type, list[Rule]] = {
    sp.Add: [sp.factor_terms, sp.together, lambda u: ((u + 1) ** 2 - u**2 - 1) / 2],
    sp.Mul: [sp.expand_mul, lambda u: ((u + 2) ** 2 - u**2 - 4) / 4],
    sp.Pow: [
        sp.expand_multinomial,
        lambda u: ((u + 3) ** 2 - u**2 - 9) / 6,
    ],
    sp.exp: [
        lambda u: sp.cosh(u.args[0]) + sp.sinh(u.args[0]),
        lambda u: sigmoid(u.args[0]) / sigmoid(-u.args[0]),
    ],
    sp.sin: [
        lambda u: 2 * sp.sin(u.args[0] / 2) * sp.cos(u.args[0] / 2),
        lambda u: sp.sin(u.args[0] + 1) * sp.cos(1) - sp.cos(u.args[0] + 1) * sp.sin(1),
    ],
    sp.cos: [
        lambda u: 1 - 2 * sp.sin(u.args[0] / 2) ** 2,
        lambda u: 4 * sp.cos(u.args[0] / 3) ** 3 - 3 * sp.cos(u.args[0] / 3),
    ],
    sp.tanh: [
        lambda u: 2 * sigmoid(2 * u.args[0]) - 1,
        lambda u: 1 - 2 / (sp.exp(2 * u.args[0]) + 1),
    ],
    sp.log: [
        lambda u: -sp.log(1 / u.args[0]) if u.args[0].is_positive else u,
        lambda u: sp.log(3 * u.args[0]) - sp.log(3),
        lambda u: sp.log(u.args[0] ** 2) / 2 if u.args[0].is_positive else u,
    ],
    sp.Abs: [lambda u: sp.Max(u.args[0], 0) + sp.Max(-u.args[0], 0)],
    sigmoid: [
        lambda u: 1 - sigmoid(-u.args[0]),
        lambda u: (1 + sp.tanh(u.args[0] / 2)) / 2,
        lambda u: sp.exp(u.args[0]) / (1 + sp.exp(u.args[0])),
    ],
}
OF_A_KIND = {
    sp.Add: x + x * y,
    sp.Mul: x * (1 + y),
    sp.Pow: (1 + x**2) ** 2,
    **{kind: kind(1 + x**2) for kind in (sp.exp, sp.sin, sp.cos, sp.tanh, sp.log)},
    sp.Abs: sp.Abs(x - y),
    sigmoid: sigmoid(x),
}


@pytest.mark.parametrize(
    ("kind", "rule"), [(kind, rule) for kind, rules in RULES.items() for rule in rules]
)
def test_every_rule_changes_what_is_written(kind: type, rule: Rule) -> None:
    node = OF_A_KIND[kind]
    assert isinstance(node, kind)
    assert rule(node) != node


def expression(chance: random.Random, depth: int) -> Expr:
    if depth == 0:
        leaf = chance.choice([*REAL, Integer(chance.randint(1, 4)), S.Half])
        return leaf * chance.choice([1, 1, 1, -1])
    one, other = (expression(chance, depth - 1) for _ in range(2))
    function = chance.choice([sp.exp, sp.sin, sp.cos, sp.tanh, sp.Abs, sigmoid])
    return chance.choice(
        [
            lambda: one + other,
            lambda: one + other,
            lambda: one * other,
            lambda: function(one),
            lambda: sp.log(chance.choice(POSITIVE) + one**2),
            lambda: (1 + one**2) ** chance.choice([2, -1, S.Half, -S.Half]),
            lambda: one / (1 + other**2),
        ]
    )()


def rewritten(node: Expr, chance: random.Random) -> Expr:
    """The expression with a rule at some of its nodes."""
    if node.args:
        node = node.func(*(rewritten(argument, chance) for argument in node.args))
    rules = next((r for kind, r in RULES.items() if isinstance(node, kind)), [])
    if rules and chance.random() < 0.4:
        node = chance.choice(rules)(node)
    return node


def somewhere(chance: random.Random) -> dict[Symbol, Rational]:
    at = {v: Rational(chance.randint(-40, 40), chance.randint(1, 9)) for v in (x, y)}
    positive = {
        v: Rational(chance.randint(1, 40), chance.randint(1, 9)) for v in (s, t)
    }
    return at | positive


def statements(part: int) -> list[tuple[Expr, Expr]]:
    chance = random.Random(f"{SEED} {part}")
    found: dict[tuple[Expr, Expr], None] = {}
    while len(found) < IN_A_PART:
        left = expression(chance, chance.randint(1, 3))
        right = rewritten(left, chance)
        if left != right and left.free_symbols and not right.has(sp.nan, sp.zoo):
            found[left, right] = None
    return list(found)


def holds(left: Expr, right: Expr) -> bool | None:
    try:
        return decide_equal(left, right).holds
    except Undecidable:
        return None


in_parts = pytest.mark.parametrize("part", range(PARTS))


@in_parts
def test_what_is_true_is_never_refuted_and_seldom_undecided(part: int) -> None:
    decided = {(left, right): holds(left, right) for left, right in statements(part)}
    assert [pair for pair, verdict in decided.items() if verdict is False] == []
    undecided = [pair for pair, verdict in decided.items() if verdict is None]
    assert len(undecided) <= MOST_UNDECIDED * IN_A_PART, undecided


@in_parts
def test_the_judge_sees_no_difference_where_there_is_none(part: int) -> None:
    chance = random.Random(SEED)
    points = [somewhere(chance) for _ in range(3)]
    assert [pair for pair in statements(part) if are_apart(*pair, points)] == []


@in_parts
def test_what_is_false_by_one_change_is_never_accepted(part: int) -> None:
    chance = random.Random(SEED)
    points = [somewhere(chance) for _ in range(6)]
    tried, accepted = 0, []
    for left, right in statements(part):
        changed = list(mutants.mutants(right, list(REAL), 3, str(right)))
        for wrong in chance.sample(changed, min(2, len(changed))):
            if are_apart(left, wrong, points):
                tried += 1
                if holds(left, wrong):
                    accepted.append((left, wrong))
    assert accepted == []
    assert tried > IN_A_PART


@pytest.mark.parametrize("other", [sigmoid(x), sp.exp(-x), sp.log(s), x**2 + y])
def test_the_judge_tells_numbers_apart(other: Expr) -> None:
    at = somewhere(random.Random(SEED))
    assert are_apart(other, other + Rational(1, 10**150), [at])
    assert not are_apart(other, other, [at])
