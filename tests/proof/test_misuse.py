"""Every wrong argument is refused by one error of our own, before any mathematics."""

import re
import traceback
from fractions import Fraction

import pytest
import sympy as sp
from sympy import Eq, Rational, S, symbols

from lib.proof.derivation import Derivation
from lib.proof.errors import DerivationError
from lib.proof.expectation import KL, E
from lib.proof.laws import Finite, Normal
from lib.proof.lemmas import ConditionError, gibbs, nonnegative
from lib.report.claims import state
from tests.shared.corpora.misuse import MISUSES, Misuse

x, y = symbols("x y", real=True)


def coin(face: sp.Symbol, one: sp.Expr) -> Finite:
    return Finite(face, {0: 1 - one, 1: one})


LEMMAS = ("nonnegative", "log_bound", "jensen", "gibbs", "expected", "times")
LAWS = re.compile(
    r"E\b|Var\b|Int\b|KL\b|the (mean|deviation) of a Normal|a Normal's|an? Abstract's|"
    r"a Finite's|an? (negative |complex |infinite )?(deviation|mean)\b|"
    r"a Gaussian|its own variable|an? (number|expression) as the variable|"
    r"(a negative|no) mass|masses|a covariance|one variable|no variable|two laws|"
    r"a divergence of laws|a density's|a density given|a Jacobian of"
)


def promised(misuse: Misuse) -> tuple[type[Exception], ...]:
    """The kinds of error that the door promises."""
    if misuse.name.startswith(LEMMAS) or misuse.name == "a bound of nothing":
        # A divergence of two laws that do not fit is refused by KL itself.
        return (ValueError,) if "gibbs of" in misuse.name else (ConditionError,)
    return (TypeError, ValueError) if LAWS.match(misuse.name) else (DerivationError,)


@pytest.mark.parametrize("misuse", MISUSES, ids=lambda misuse: misuse.name)
def test_it_is_refused_by_an_error_of_our_own(misuse: Misuse) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        misuse.call()
    assert isinstance(caught.value, promised(misuse)), repr(caught.value)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert "raise" in str(last.line) or "_refuse" in str(last.line), last
    assert 10 < len(str(caught.value)) < 400


@pytest.mark.parametrize("wrong", [0.1, S("0.1"), 0.1 * x])
def test_a_rounded_number_is_told_the_exact_one(wrong: object) -> None:
    with pytest.raises(DerivationError, match=r"Rational\(1, 10\)"):
        Derivation(wrong, name="n")


@pytest.mark.parametrize("sign", ["zoo", "nan", "oo", "-oo"])
def test_what_has_no_value_is_no_line(sign: str) -> None:
    with pytest.raises(DerivationError, match="is no number"):
        Derivation(E(S(sign) * sp.exp(x, evaluate=False), Normal(x, 0, 1)), name="n")
    with pytest.raises(DerivationError, match="is no number"):
        state(S(sign), "=", x)


@pytest.mark.parametrize(
    "start",
    [1, Fraction(1, 2), "x + 1", sp.eye(2), sp.Integral(sp.exp(-x), (x, 0, sp.oo))],
)
def test_what_a_careful_reader_could_mean_stays_allowed(start: object) -> None:
    Derivation(start, name="n", symbols=(s for s in [x]), given={x > 0, y > 0})


def test_conditions_may_come_in_any_collection_and_keep_an_order() -> None:
    found = [
        Derivation(x, name="n", given=kind([x > 0, Eq(y, 1)])).given
        for kind in (list, tuple, iter, set, frozenset)
    ]
    assert len({frozenset(given) for given in found}) == 1
    assert found[3] == found[4]


def test_a_start_brings_its_conditions_and_abbreviations() -> None:
    first = Derivation(y, name="n", given=[x > 1], where={y: x - 1})
    assert Derivation(first, name="m", given=[x < 2]).given == (x < 2, x > 1)
    assert Derivation(first, name="m").where == {y: x - 1}


def test_a_meaning_may_have_its_sign_by_the_conditions() -> None:
    s = sp.Symbol("s", positive=True)
    Derivation(s, name="n", where={s: 1 - x}, given=[x < 1])
    with pytest.raises(DerivationError, match=r"s is declared .*, but at x = "):
        Derivation(s, name="n", where={s: 1 - x})


def test_probabilities_may_have_their_sign_by_the_conditions() -> None:
    c = sp.Symbol("c", integer=True)
    p = sp.Symbol("p", positive=True)
    coins = [coin(c, p), coin(c, Rational(1, 2))]
    step = Derivation(S.Zero, name="n", symbols=[p], given=[p < 1])
    step.le(KL(*coins), because="r", by=gibbs(*coins))
    loose = Derivation(S.Zero, name="n", symbols=[p])
    with pytest.raises(DerivationError, match="0 <= 1 - p"):
        loose.le(KL(*coins), because="r", by=gibbs(*coins))


def test_a_positive_number_bounds_what_it_is_added_to() -> None:
    step = Derivation(x, name="n")
    step.le(x + 1, because="r", by=nonnegative(1))
    assert step.relation == "<="
