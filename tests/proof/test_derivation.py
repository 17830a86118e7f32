"""How a derivation grows: what it accepts, what it refuses, and what it says then."""

import pytest
from sympy import MatMul, MatrixSymbol, Rational, Symbol, exp, log, sin, symbols, tanh

from lib.proof.derivation import Derivation
from lib.proof.errors import DerivationError
from lib.proof.expectation import E
from lib.proof.laws import Abstract, Normal, density
from lib.proof.lemmas import jensen, log_bound, nonnegative

x, y = symbols("x y", real=True)
s = symbols("s", positive=True)
p = Normal(x, 0, s, "p")


def square() -> Derivation:
    return Derivation((x + y) ** 2, name="square")


def finished() -> Derivation:
    chain = square()
    chain.step("x**2 + 2*x*y + y**2", because="multiply out")
    return chain.ends_with(label="eq-square")


def test_wrong_step_is_refused_with_a_counterexample() -> None:
    with pytest.raises(DerivationError, match=r"square, step 1 .*x = .*left .*right"):
        square().step("x**2 + y**2", because="freshman's dream")


def test_undecidable_step_is_refused() -> None:
    chain = Derivation(E(tanh(x) ** 2, p), name="no closed form")
    with pytest.raises(DerivationError, match="cannot be decided"):
        chain.step(1 - E(1 / (1 + x**2), p), because="a guess")


def test_step_whose_sizes_do_not_fit_is_refused() -> None:
    rows, columns = symbols("M D", integer=True, positive=True)
    tall = MatrixSymbol("W", rows, columns)
    wrong = MatMul(tall, tall.T, tall.T, check=False)
    with pytest.raises(DerivationError, match="does not fit together"):
        Derivation(tall * tall.T, name="sizes").step(wrong, because="a slip")


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda d: d.step("x**2 + q", because="?"), "unknown name 'q'"),
        (lambda d: d.step(Symbol("q", real=True), because="?"), "unknown symbol q"),
        (lambda d: d.step(Symbol("x") + y, because="?"), "other assumptions"),
        (lambda d: d.step(x**2, because=" "), "needs a reason"),
        (lambda d: d.step((x + y) ** 2, because="same"), "reads like the one before"),
        (lambda d: d.step(0.5 * x, because="?"), "rounded number"),
        (lambda d: d.step("x +* y", because="?"), "where a number or a name should"),
        (lambda d: d.ends_with(label="square"), "not of the form"),
        (lambda d: d.ends_with(label="eq-square"), "no step yet"),
        (lambda d: d.ends_with((x + y) ** 2, label="eq-square"), "no step yet"),
        (lambda d: d.le(x**2, because="?", by="faith"), "needs a certificate"),
        (lambda d: d.approx(x, about=[], order=2, because="?"), "approx needs about"),
        (lambda d: Derivation(x, name=" "), "needs a name"),
    ],
)
def test_bad_input_is_told_what_to_do(act, message: str) -> None:
    with pytest.raises(DerivationError, match=message):
        act(square())


def test_finished_chain_takes_no_step() -> None:
    with pytest.raises(DerivationError, match="is finished"):
        finished().step(x, because="one more")


def test_conclusion_must_equal_the_last_line() -> None:
    chain = square()
    chain.step("x**2 + 2*x*y + y**2", because="multiply out")
    with pytest.raises(DerivationError, match="does not hold"):
        chain.ends_with(x**2 + y**2, label="eq-square")


def test_taylor_step_is_checked_by_the_order_of_its_remainder() -> None:
    chain = Derivation(sin(x), name="sine")
    with pytest.raises(DerivationError, match="not t\\^5"):
        chain.approx(x - x**3 / 5, about=[x], order=5, because="Taylor")
    chain.approx(x - x**3 / 6, about=[x], order=5, because="Taylor")
    assert chain.relation == "approx"
    assert r"O\left(x^{5}\right)" in chain._repr_markdown_()


def test_bound_holds_in_one_direction_and_needs_its_lemma() -> None:
    chain = Derivation(log(s), name="tangent")
    with pytest.raises(DerivationError, match="does not hold"):
        chain.ge(s - 1, because="wrong way", by=log_bound(s))
    with pytest.raises(DerivationError, match="does not hold"):
        chain.le(s, because="true, but not by this", by=log_bound(s))
    chain.le(s - 1, because="the tangent", by=log_bound(s))
    with pytest.raises(DerivationError, match="cannot mix"):
        chain.ge(s - 2, because="turn round", by=nonnegative(Rational(1)))


def test_jensen_bounds_an_expectation_under_an_unknown_law() -> None:
    q = Abstract(x, density("q", x), "q")
    chain = Derivation(E(log(exp(x)), q), name="mean of logs")
    chain.le(log(E(exp(x), q)), because="Jensen", by=jensen(exp(x), q))
    assert chain.relation == "<="


def test_abbreviations_are_put_in_before_checking() -> None:
    v = symbols("v", positive=True)
    chain = Derivation(E(x**2, p), name="second moment", where={v: s**2})
    chain.step(v, because="the variance")
    assert chain.result == s**2


def test_text_prints_as_written_and_the_line_says_how_it_was_decided() -> None:
    shown = finished()._repr_markdown_()
    assert "x^{2} + 2 x y + y^{2}" in shown
    assert "$$ (eq-square)" in shown
    assert "*1 step checked, by normal form.*" in shown


def test_derivation_goes_on_from_where_another_ended() -> None:
    chain = Derivation(finished(), name="back")
    chain.step((x + y) ** 2, because="a binomial")
    assert repr(chain) == "Derivation(back: 1 steps, 1 proved, 0 by instances)"
