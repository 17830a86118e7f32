"""The normal form of scalars: what it decides, and that it accepts nothing false."""

import random

import pytest
import sympy as sp
from sympy import (
    Abs,
    Function,
    IndexedBase,
    Integer,
    Max,
    Min,
    Rational,
    Sum,
    atan,
    atanh,
    cos,
    cosh,
    erf,
    exp,
    factorial,
    gamma,
    log,
    polygamma,
    sec,
    sin,
    sinh,
    sqrt,
    symbols,
    tan,
    tanh,
)

from lib.proof.calculus import sigmoid
from lib.proof.enclosures import Enclosure, digits_beyond
from lib.proof.expectation import E, Int
from lib.proof.intervals import Undefined, Unknown, meet
from lib.proof.laws import Abstract, MultivariateNormal, Normal, density
from lib.proof.normal_form import is_identity
from lib.proof.terms import TooLarge
from tests.shared.effort import examples

x, y, a, b, u = symbols("x y a b u", real=True)
s, t = symbols("s t", positive=True)
n = symbols("n", integer=True)
D = symbols("D", integer=True, positive=True)
i, j = symbols("i j", integer=True)
mu = IndexedBase("mu", real=True)
z = symbols("z")
half = Rational(1, 2)
f, g = Function("f"), Function("g")
z_1, z_2 = symbols("z_1 z_2", real=True)
q_1, q_2 = (Abstract(v, density("q", v), "q") for v in (z_1, z_2))
joint = density("p", x, z_1)
plane = MultivariateNormal([x, y], [0, 0], sp.eye(2))
aside = MultivariateNormal([x, y], [0, 1], sp.eye(2))
either = Normal(x, 0, b)  # b may be negative

TRUE = [
    ((x + y) ** 3, x**3 + 3 * x**2 * y + 3 * x * y**2 + y**3),
    (1 / (x * y) - 1 / (x * (x + y)), 1 / (y * (x + y))),
    (sinh(x) + cosh(x), exp(x)),
    (1 - tanh(x) ** 2, 1 / cosh(x) ** 2),
    (sin(x + y), sin(x) * cos(y) + cos(x) * sin(y)),
    (cos(3 * x), 4 * cos(x) ** 3 - 3 * cos(x)),
    (tan(x) ** 2 + 1, sec(x) ** 2),
    (1 / (1 + exp(-x)), exp(x) / (1 + exp(x))),
    (log(s * t), log(s) + log(t)),
    (log((1 + s**2) ** 2), 2 * log(1 + s**2)),
    (log(s**x), x * log(s)),
    (log(1 / (1 + exp(-u))), u - log(1 + exp(u))),
    (log(Integer(8)), 3 * log(2)),
    (log(-s), log(s) + sp.I * sp.pi),
    (sqrt(s * t), sqrt(s) * sqrt(t)),
    (sqrt(1 + s**2) ** 2, 1 + s**2),
    ((1 + s) ** Rational(3, 2) / (1 + s), sqrt(1 + s)),
    (1 / sqrt(Integer(2)), sqrt(2) / 2),
    (sqrt(Integer(6)), sqrt(2) * sqrt(3)),
    (Integer(-8) ** Rational(1, 3), 2 * Integer(-1) ** Rational(1, 3)),
    (sqrt(x**2), Abs(x)),
    (sqrt(x**2 + 2 * x * y + y**2), Abs(x + y)),
    (Abs(x) * Abs(y), Abs(x * y)),
    (Max(x, y) + Min(x, y), x + y),
    (Max(0, x), (x + Abs(x)) / 2),
    (-log(1 + exp(-u)), -log(1 + exp(-Abs(u))) - Max(0, -u)),
    (
        exp(x**2 / (1 + s**2) - x**2 / (2 + s**2)),
        exp(x**2 / ((1 + s**2) * (2 + s**2))),
    ),
    (exp(x / (1 + s)) * exp(x * s / (1 + s)), exp(x)),
    (x**n * x, x ** (n + 1)),
    (s**x * s**y, s ** (x + y)),
    (exp(2 * log(s) + x), s**2 * exp(x)),
    (Sum(2 * mu[i] + 1, (i, 1, D)), 2 * Sum(mu[j], (j, 1, D)) + D),
    (Sum(x * mu[i] ** 2 / s, (i, 1, D)) * s, x * Sum(mu[i] ** 2, (i, 1, D))),
    (f(x * (x + 1)), f(x**2 + x)),
    (E(f(z_1) + x, q_1), E(f(z_2), q_2) + x),
    (E(f(z_1) * g(z_2), q_1, q_2), E(f(z_1), q_1) * E(g(z_1), q_1)),
    (Int(Int(joint, z_1), x), Integer(1)),
    (exp(a + log(s) / 2), sqrt(s) * exp(a)),
    (exp((a + 1) * log(s) / 2 - a * log(s) / 2), sqrt(s)),
    (exp((a + 1) * log(s) - a * log(s)), s),
    (sqrt(sinh(a) + cosh(a) - exp(a)), Integer(0)),
    (2 * E(tanh(x), plane), E(2 * tanh(x), plane)),
    (E(tanh(x), plane), E(tanh(y), plane)),
    (E(a * tanh(x), either), a * E(tanh(x), either)),
    (
        Sum(mu[i] ** j, (i, 1, D), (j, 1, D)),
        Sum(Sum(mu[i] ** j, (i, 1, D)), (j, 1, D)),
    ),
]
FALSE = [
    ((x + y) ** 3, x**3 + 3 * x**2 * y + 3 * x * y**2 - y**3),
    (x**2 + Rational(1, 10**40), x**2),
    (sinh(x) + cosh(x), exp(-x)),
    (sin(2 * x), 2 * sin(x)),
    (sin(x) ** 2 - cos(x) ** 2, Integer(1)),
    (log(x * y), log(x) + log(y)),
    (log(x**2), 2 * log(x)),
    (log(exp(z)), z),
    (log(1 / z), -log(z)),
    (log(x**2 - 2 * x + 1), 2 * log(x - 1)),
    (sqrt(x**2), x),
    (sqrt(z**2), z),
    (sqrt(x * y), sqrt(x) * sqrt(y)),
    (sqrt(z) * sqrt(x), sqrt(z * x)),
    (exp(z) ** y, exp(z * y)),
    ((Integer(-1) ** x) ** y, Integer(-1) ** (x * y)),
    ((x**2) ** Rational(1, 4), sqrt(x)),
    ((z * y) ** Rational(1, 3), z ** Rational(1, 3) * y ** Rational(1, 3)),
    (Abs(x + y), Abs(x) + Abs(y)),
    (Max(x, y), x),
    (exp(x / (1 + s)), exp(x) / (1 + s)),
    (Sum(mu[i], (i, 1, D)), Sum(mu[i], (i, 1, D + 1))),
    (Sum(mu[i] ** 2, (i, 1, D)), Sum(mu[i], (i, 1, D)) ** 2),
    (f(x), f(-x)),
    (E(f(z_1) * g(z_1), q_1), E(f(z_1), q_1) * E(g(z_1), q_1)),
    (Int(joint, z_1), Integer(1)),
    (E(tanh(x), aside), E(tanh(y), aside)),
    (E(tanh(x), either), E(sinh(x) ** -1, either)),
    (Max(z, x), (z + x - Abs(z - x)) / 2),
    (Int(Int(joint**2, z_1), x), Integer(1)),
]


@pytest.mark.parametrize(("left", "right"), TRUE, ids=str)
def test_true_equality_is_proved(left: sp.Expr, right: sp.Expr) -> None:
    assert is_identity(left, right)


@pytest.mark.parametrize(("left", "right"), FALSE, ids=str)
def test_false_equality_is_not_proved(left: sp.Expr, right: sp.Expr) -> None:
    assert not is_identity(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((1 + x + y + a + b) ** 60, Integer(0)),
        (sp.Add(*(sp.Symbol(f"v{k}") for k in range(9000))), Integer(0)),
        (log(sp.Integer(2) ** 400 + 1), Integer(0)),
    ],
    ids=["power", "parts", "number"],
)
def test_what_exceeds_a_bound_is_not_decided(left: sp.Expr, right: sp.Expr) -> None:
    with pytest.raises(TooLarge):
        is_identity(left, right)


# Expressions at random, and what SymPy makes of them when it is told to assume more
# than it may: some of the pairs are equal, some are not. An enclosure judges.

SEED, PAIRS = 20261126, examples(60)
UNSOUND = (
    lambda e: sp.expand_log(e, force=True),
    lambda e: sp.logcombine(e, force=True),
    lambda e: sp.powsimp(e, force=True),
    lambda e: sp.powdenest(e, force=True),
    lambda e: sp.expand_power_base(e, force=True),
    lambda e: sp.expand(e),
    lambda e: sp.together(e),
    lambda e: e.subs(sqrt(x**2), x),
)
FUNCTIONS = (exp, log, sin, cos, sinh, cosh, tanh, sqrt, Abs)


def expression(chance: random.Random, depth: int) -> sp.Expr:
    if depth == 0:
        return chance.choice([x, y, s, t, z, x, s, Integer(chance.randint(-3, 3))])
    one, other = (expression(chance, depth - 1) for _ in range(2))
    return chance.choice(
        [
            lambda: one + other,
            lambda: one * other,
            lambda: one / other,
            lambda: one ** chance.choice([2, 3, -1, -2, half, -half, Rational(1, 3)]),
            lambda: chance.choice(FUNCTIONS)(one),
            lambda: chance.choice(FUNCTIONS)(one + other),
        ]
    )()


def differ_somewhere(left: sp.Expr, right: sp.Expr, chance: random.Random) -> bool:
    sides = Enclosure(left), Enclosure(right)
    for _ in range(6):
        at = {
            v: Rational(chance.randint(-30, 30), chance.randint(1, 9)) for v in (x, y)
        }
        at |= {v: Rational(chance.randint(1, 30), chance.randint(1, 9)) for v in (s, t)}
        at[z] = Rational(chance.randint(-30, 30), 7) + sp.I * chance.randint(-9, 9)
        try:
            digits = digits_beyond([v for e in sides for v in e.values_at(at, 60)])
            values = [e.at(at, digits) for e in sides]
        except (Undefined, Unknown):
            continue
        if not meet(*values):
            return True
    return False


def test_nothing_false_is_proved_of_random_expressions() -> None:
    chance = random.Random(SEED)
    proved = refuted = 0
    for _ in range(40 * PAIRS):
        if proved + refuted > PAIRS:
            break
        left = expression(chance, chance.randint(1, 3))
        right = chance.choice(UNSOUND)(left)
        if right == left or sp.Tuple(left, right).has(sp.zoo, sp.nan, sp.oo):
            continue
        try:
            equal = is_identity(left, right)
        except TooLarge:
            continue
        apart = differ_somewhere(left, right, chance)
        assert not (equal and apart), f"{left} = {right}"
        proved, refuted = proved + equal, refuted + apart
    assert proved > PAIRS / 4
    assert refuted > PAIRS / 20


# What is odd about the mean of a Gaussian has the mean zero, whatever its spread.


@pytest.mark.parametrize(
    "odd", [tanh(x), x**3, sin(x) * Abs(x), x / (1 + x**2), atan(x), erf(x), sinh(x)]
)
@pytest.mark.parametrize("spread", [Integer(1), s])
def test_odd_functions_vanish_under_a_centred_gaussian(odd, spread) -> None:
    assert is_identity(E(odd, Normal(x, 0, spread)), Integer(0))
    shifted = odd.subs(x, x - a)
    assert is_identity(E(shifted + y, Normal(x, a, spread)), y)
    assert not is_identity(E(odd, Normal(x, a, spread)), Integer(0))
    assert not is_identity(E(odd * x, Normal(x, 0, spread)), Integer(0))
    assert not is_identity(E(Abs(odd), Normal(x, 0, spread)), Integer(0))


def test_a_sigmoid_is_one_half_in_the_mean_if_the_mean_is_zero() -> None:
    assert is_identity(E(sigmoid(x), Normal(x, 0, s)), half)
    assert not is_identity(E(sigmoid(x), Normal(x, a, s)), half)
    assert not is_identity(E(sigmoid(x), Normal(x, 1, s)), half)
    law = Normal(x, a, s)
    assert is_identity(E(sigmoid(-x) + sigmoid(x), law), Integer(1))
    assert not is_identity(E(sigmoid(-x), law), E(sigmoid(x), law))


nothing = sinh(a) + cosh(a) - exp(a)


@pytest.mark.parametrize(
    ("left", "message"),
    [
        (sp.Add(*map(Abs, symbols("c:5", real=True))), "more than 16 cases of signs"),
        (
            1 / (sqrt(2) + sqrt(3) - sqrt(5 + 2 * sqrt(6))),
            "a division by a number that may be zero",
        ),
        (1 / sqrt(nothing), "a negative power of zero"),
        (1 / nothing, "a division by zero"),
        (1 / sp.airyai(1), "a division by a number that may be zero"),
    ],
)
def test_why_it_is_not_decided_is_said(left: sp.Expr, message: str) -> None:
    with pytest.raises(TooLarge, match=message):
        is_identity(left, Integer(1))


def test_zero_to_a_power_that_may_be_zero_is_not_taken_for_zero() -> None:
    power = sp.Pow(0, (x - Rational(37, 11)) ** 2, evaluate=False)
    with pytest.raises(TooLarge, match="zero to a power that may be zero"):
        is_identity(power, sp.S.Zero)


# The gamma function: u gamma(u) = gamma(u + 1), and what follows from it.

GAMMA = [
    (gamma(s + 1), s * gamma(s)),
    (gamma(s - 1), gamma(s) / (s - 1)),
    (gamma(x + Rational(5, 2)), (x + Rational(3, 2)) * gamma(x + Rational(3, 2))),
    (gamma(z + 3) / gamma(z), z * (z + 1) * (z + 2)),
    (log(gamma(s + 1)), log(s) + log(gamma(s))),
    (factorial(n + 2), (n + 2) * (n + 1) * factorial(n)),
    (polygamma(0, s + 2), polygamma(0, s) + 1 / s + 1 / (s + 1)),
    (atanh(tanh(x)), x),
    (tanh(atanh(t)), t),
]


@pytest.mark.parametrize(("left", "right"), GAMMA)
def test_the_gamma_function_is_shifted(left, right) -> None:
    assert is_identity(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        *((left, 2 * right) for left, right in GAMMA),
        (gamma(s + 1), (s + 1) * gamma(s)),
        (gamma(s - 1), gamma(s) / s),
        (gamma(s + half), s * gamma(s)),
        (log(gamma(x + 1)), log(x) + log(gamma(x))),  # not where x < 0
        (polygamma(1, s + 1), polygamma(1, s) + 1 / s),
        (polygamma(0, s + 1), polygamma(0, s) - 1 / s),
        (atanh(tanh(z)), z),  # a multiple of pi i away
        (atanh(x), log((1 + x) / (1 - x)) / 2),  # not where x > 1
    ],
)
def test_the_gamma_function_is_shifted_by_nothing_else(left, right) -> None:
    assert not is_identity(left, right)


def test_a_shift_by_much_is_not_worked_out() -> None:
    with pytest.raises(TooLarge, match="a shift of the gamma function"):
        is_identity(gamma(s + 1000), gamma(s))


NEIGHBOURS = [
    (sp.besselj, -1, 1),
    (sp.bessely, -1, 1),
    (sp.hankel1, -1, 1),
    (sp.hankel2, -1, 1),
    (sp.besseli, 1, -1),
    (sp.besselk, 1, 1),
]


@pytest.mark.parametrize(
    "order", [u, u + 7, n - 2, sp.S.Zero, 3, -3, Rational(7, 3), -half]
)
@pytest.mark.parametrize(("kind", "before", "last"), NEIGHBOURS)
def test_neighbouring_orders_are_tied(kind, before, last, order) -> None:
    said = before * kind(order - 1, z) + last * 2 * order / z * kind(order, z)
    assert is_identity(kind(order + 1, z), said)
    assert not is_identity(kind(order + 1, z), said + kind(order, z))
    wrong = before * kind(order - 1, z) + last * (2 * order + 1) / z * kind(order, z)
    assert not is_identity(kind(order + 1, z), wrong)


@pytest.mark.parametrize(
    ("left", "right", "wrong"),
    [
        (sp.besselj(30, s), 62 * sp.besselj(31, s) / s - sp.besselj(32, s), 0),
        (
            sp.besseli(half, s),
            sqrt(2 / (sp.pi * s)) * sinh(s),
            exp(s) / sqrt(2 * sp.pi * s),
        ),
        (sp.jn(2, x), (3 / x**3 - 1 / x) * sin(x) - 3 * cos(x) / x**2, sin(x) / x),
        (sp.zeta(s), sp.zeta(s, 3) + 1 + 2**-s, 1 + 2**-s),
        (
            sp.zeta(s, a + 2),
            sp.zeta(s, a) - a**-s - (a + 1) ** -s,
            sp.zeta(s, a) - a**-s,
        ),
        (
            sp.zeta(s, 5 * half),
            sp.zeta(s, half) - 2**s - (2 / sp.S(3)) ** s,
            sp.zeta(s),
        ),
        (sp.dirichlet_eta(s), (1 - 2 ** (1 - s)) * sp.zeta(s), 1),
        (sp.asinh(z), log(z + sqrt(z**2 + 1)), log(z + sqrt(z**2 - 1))),
        (
            sp.acosh(z),
            log(z + sqrt(z - 1) * sqrt(z + 1)),
            log(z + sqrt(z**2 - 1)),
        ),
        (s * sp.hyper((1, 1), (2,), -s), log(1 + s), log(2 + s)),
        (Max(exp(exp(x)), exp(exp(20))), exp(exp(Max(x, 20))), exp(exp(x))),
        (Min(exp(x), exp(y)), exp(Min(x, y)), exp(Max(x, y))),
    ],
)
def test_special_functions_have_one_form(left, right, wrong) -> None:
    assert is_identity(left, right)
    assert not is_identity(left, sp.sympify(wrong))
