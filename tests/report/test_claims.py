"""A statement is decided by its tests, and misuse of either is refused."""

from dataclasses import replace
from typing import Any

import pytest
import sympy as sp
from sympy import Rational, symbols

from lib.proof.errors import DerivationError, Undecidable
from lib.report.claims import Claim, Part, Statement, state
from lib.report.concordance import equation

a, t = symbols("a t", real=True)
s = symbols("s", positive=True)


@pytest.mark.parametrize(
    ("statement", "holds"),
    [
        (state((a + 1) ** 2, "=", a**2 + 2 * a + 1), True),
        (state((a + 1) ** 2, "=", a**2 + 2 * a + 2), False),
        (state(a, "<=", a + s), True),
        (state(a, "<=", a * s), False),
        (state(a + s, ">=", a), True),
        (state(a - s, ">=", a), False),
        (state(a, "!=", a + s), True),
        (state((a + s) ** 2, "!=", a**2 + 2 * a * s + s**2), False),
        (state(sp.exp(t), "O", 1 + t, about=(t,), order=2), True),
        (state(sp.exp(t), "O", 1 + t, about=(t,), order=3), False),
        (state(sp.sqrt(2), "~", sp.Float("1.41", 3), within=Rational(1, 200)), True),
        (state(sp.sqrt(2), "~", sp.Float("1.41", 3), within=Rational(1, 2000)), False),
        (state(sp.Integral(t, (t, 0, s)), "=", s**2 / 2), True),
        (state(sp.Integral(t, (t, 0, s)), "=", s**2 / 3), False),
        (state(sp.Integral(t, (t, 0, s)), "!=", s**2 / 3), True),
        (state(sp.Integral(t, (t, 0, s)), "!=", s**2 / 2), False),
        (state(a, "=", a + 0, "=", 2 * a / 2, "=", a + s - s), True),
        (state(a, "=", 2 * a / 2, "=", a + s), False),
    ],
)
def test_statement_is_decided(statement: Statement, holds: bool) -> None:
    decision = statement.decide()
    assert decision.holds == holds
    assert bool(decision.counterexample) != holds


def test_decimals_are_exact() -> None:
    assert state(sp.Float("0.1", 3), "=", Rational(1, 10)).decide().holds


def test_member_given_as_text_is_printed_as_written() -> None:
    stated = state(a, "=", "(a + 100*a)/2 - 99*a/2", names={"a": a})
    assert stated.latex == r"a = \frac{a + 100 a}{2} - \frac{99 a}{2}"


@pytest.mark.parametrize(
    ("chain", "options", "said"),
    [
        ((a, "="), {}, "alternate"),
        ((), {}, "alternate"),
        ((a, "==", a), {}, "no relation '=='"),
        ((a, ["="], a), {}, "no relation"),
        ((None, "=", a), {}, "a member of the statement: None is no expression"),
        (([a], "=", a), {}, r"a member of the statement: \[a\] is no expression"),
        ((sp.Eq(a, 1), "=", a), {}, "is a relation .*: write one side of it"),
        (("", "=", a), {}, "the text is empty: write an expression"),
        (("a, a", "=", a), {}, "'a, a'"),
        (("a)", "=", a), {}, r"'a\)'"),
        (("a > 1", "=", a), {}, "'a > 1'"),
        (("b", "=", a), {}, "unknown name 'b'"),
        ((a, "=", a), {"given": s > 1}, r"given takes several .* given=\[...\]"),
        ((a, "=", a), {"given": (s,)}, "given holds s: given takes conditions"),
        ((a, "=", a), {"given": (True,)}, "given holds True: given takes conditions"),
        ((a, "=", a), {"about": s}, r"about takes several .* about=\[...\]"),
        ((a, "=", a), {"under": s}, "under takes several laws"),
        ((a, "=", a), {"where": (s,)}, "where takes a dictionary, {name: meaning}"),
        ((a, "=", a), {"names": s}, "names takes a dictionary, {name"),
        ((a, "=", a), {"within": 0.1}, "within takes an exact number"),
        ((a, "=", a), {"order": 1.5}, "the order is a whole number"),
        ((a, "=", a), {"tests": 3}, "tests takes a function"),
    ],
)
def test_misuse_of_state_is_one_error_with_the_remedy(
    chain: tuple[Any, ...], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(DerivationError, match=said):
        state(*chain, **{"names": {"a": a}, **options})


def test_relation_that_nothing_decides_is_refused() -> None:
    with pytest.raises(DerivationError, match="needs an order"):
        state(a, "~", a).decide()


@pytest.mark.parametrize(
    ("right", "given", "holds"),
    [
        (s**3, (s > 100,), False),  # the moderate values are none
        (s + s / 100, (s > 100,), True),
        (s + s / 5, (s > 100,), False),
    ],
)
def test_values_are_drawn_inside_what_is_given(
    right: sp.Expr, given: tuple[sp.Basic, ...], holds: bool
) -> None:
    stated = state(s, "~", right, within=Rational(1, 10), given=given)
    assert stated.decide().holds == holds


@pytest.mark.parametrize("given", [(s > 2, s < 1), (sp.Eq(s, 150),)])
def test_conditions_that_leave_too_little_leave_it_undecided(
    given: tuple[sp.Basic, ...],
) -> None:
    with pytest.raises(Undecidable):
        state(s, "~", s, within=Rational(1, 10), given=given).decide()


def test_integral_is_not_worked_out_at_extreme_values() -> None:
    integral = sp.Integral(sp.sin(t) / (1 + t), (t, 0, s))
    with pytest.raises(Undecidable, match=r"too few moderate values of \[s\] with"):
        state(integral, "=", s, given=(s > 100,)).decide()


@pytest.mark.parametrize(
    ("integral", "value", "reason"),
    [
        (sp.Integral(1 / t, (t, 0, s)), s, "is not sure"),  # it diverges
        (sp.Integral(sp.sin(t) / t, (t, 0, sp.oo)), sp.pi / 2, "is not sure"),
        (
            sp.Integral(sp.floor(t**2), (t, 0, 2)),
            5 - sp.sqrt(2) - sp.sqrt(3),
            "changes its formula",
        ),
        (sp.Integral(1 / (1 + t * s), (t, 0, 1), (s, 0, 1)), sp.S(2), "within an"),
        (sp.Integral(sp.log(t), (t, 0, 1)), Rational(1, 10**13) - 1, "agree, but not"),
    ],
)
def test_integral_whose_digits_are_not_sure_decides_nothing(
    integral, value, reason: str
) -> None:
    with pytest.raises(Undecidable, match=reason):
        state(integral, "=", value).decide()


def test_integral_with_an_antiderivative_is_proved() -> None:
    kink, third = sp.Integral(sp.Abs(t - Rational(1, 3)), (t, 0, 1)), Rational(5, 18)
    assert state(kink, "=", third).decide().how == "by normal form"
    assert not state(kink, "=", third + Rational(1, 10**15)).decide().holds
    needle = sp.Integral(sp.exp(-(10**12) * t**2), (t, -sp.oo, sp.oo))
    assert not state(needle, "=", sp.S.Zero).decide().holds


@pytest.mark.parametrize(
    ("left", "right", "given"),
    [
        (sp.exp(s), sum(s**j / sp.factorial(j) for j in range(12)), (s < 10,)),
        (s, s + sp.Max(s - 100, 0), ()),
        (s + Rational(1, 10**6), s, ()),
        (s, s + s * sp.Max(0, 1 - 10**8 * (s - sp.pi) ** 2), ()),
    ],
)
def test_tolerance_is_kept_wherever_the_conditions_hold(left, right, given) -> None:
    near = (*given, s > 1, s < 2)
    assert state(left, "~", right, within=Rational(1, 100), given=near).decide().holds
    decision = state(left, "~", right, within=Rational(1, 100), given=given).decide()
    assert not decision.holds
    assert decision.counterexample


def test_statement_and_claim_are_shown_in_one_line() -> None:
    assert repr(state(a, "=", 2 * a / 2, "<=", a + s)) == "Statement(a = a <= a + s)"
    long = repr(state(a, "=", sum(symbols("b:99"))))
    assert len(long) <= 120
    assert long.endswith("...)")
    assert repr(equation(7)) == "Claim(Equation 7: correct, general)"


def test_reading_changes_what_a_name_means() -> None:
    b = sp.Symbol("b", real=True)
    stated = state(a, "=", b, where={b: t})
    read = stated.read({a: t})
    assert not stated.decide().holds
    assert read.decide().holds
    assert not read.read({}, where={}).decide().holds


def test_malformed_claim_is_refused() -> None:
    good, sloppy = equation(7), equation(1)
    with pytest.raises(ValueError, match="verdict 'right'"):
        replace(good, verdict="right")
    with pytest.raises(ValueError, match="scope 'always'"):
        replace(good, scope="always")
    for claim in (
        {"claim": good, "verdict": "sloppy"},
        {"claim": good, "holds_if": good.corrected},
        {"claim": sloppy, "fails_if": None},
        {"claim": sloppy, "verdict": "wrong"},
    ):
        with pytest.raises(ValueError, match="holds_if and fails_if are given of a"):
            replace(claim.pop("claim"), **claim)


def test_claim_is_built_once_and_under_its_own_number() -> None:
    part = Part()

    @part.claim("8")
    def misfiled() -> Claim:
        return equation(7)

    with pytest.raises(ValueError, match="claim 7 is registered as 8"):
        part["8"]
    assert equation(7) is equation(7)
