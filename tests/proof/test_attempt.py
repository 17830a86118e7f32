"""What a reader writes between the lines of a derivation."""

import pytest
from sympy import exp, log, symbols

from lib.proof import KL, Derivation, E, Normal, nonnegative
from lib.proof.attempt import Exercise, arranged, changed, hint, text_of
from lib.proof.errors import DerivationError

x, m = symbols("x m", real=True)
s = symbols("s", positive=True)
p = Normal(x, m, s, "p")


@pytest.fixture
def second_moment() -> Derivation:
    chain = Derivation(E(x**2, p), name="the second moment")
    chain.step("E((x - m)**2 + 2*m*(x - m) + m**2, p)", because="around the mean")
    chain.step("s**2 + 2*m*0 + m**2", because="the moments")
    chain.step("m**2 + s**2", because="zero")
    return chain


@pytest.fixture
def exercise(second_moment: Derivation) -> Exercise:
    return Exercise(second_moment, forms=[["E"]])


def test_steps_of_ones_own_lead_to_the_goal(exercise: Exercise) -> None:
    first = exercise.check([], "E((x - m)**2, p) + E(2*x*m - m**2, p)")
    assert first.kind == "accepted"
    assert first.forms == (False,)
    taken = ["E((x - m)**2, p) + E(2*x*m - m**2, p)"]
    second = exercise.check(taken, "s**2 + 2*m**2 - m**2")
    assert second.kind == "accepted"
    assert second.forms == (True,)
    last = exercise.check([*taken, "s**2 + 2*m**2 - m**2"], "s**2 + m**2")
    assert last.kind == "done"
    assert "in 3 steps; the book takes 3" in last.message


def test_goal_at_once_is_a_leap(exercise: Exercise) -> None:
    answer = exercise.check([], "s**2 + m**2")
    assert answer.kind == "leap"
    assert "the book takes 3" in answer.message


def test_wrong_line_is_refuted_with_values(exercise: Exercise) -> None:
    answer = exercise.check([], "s**2 - m**2")
    assert answer.kind == "refuted"
    assert "at m = " in answer.message
    assert "left" in answer.message
    assert answer.latex == "s^{2} - m^{2}"


@pytest.mark.parametrize(
    "text", ["E(x**2, p)", "+E(x*x, p)*1", "1*E(x**2, p)", "-(-E(x**2, p))"]
)
def test_reordering_is_no_step(exercise: Exercise, text: str) -> None:
    kind = exercise.check([], text).kind
    assert kind == ("accepted" if "x*x" in text else "same")


def test_arrangement_keeps_what_is_another_line() -> None:
    a, b = symbols("a b")
    assert arranged(a - b) == arranged(-(b - a))
    assert arranged((a - b) ** 2) == arranged((b - a) ** 2)
    assert arranged((a - b) ** 3) != arranged((b - a) ** 3)
    assert arranged(a + b) != arranged(a - b)
    assert arranged(log(a * b)) != arranged(log(a) + log(b))
    assert arranged(exp(a - b)) == arranged(exp(-b + a))
    assert arranged(2 * (a + b)) != arranged(2 * a + b)


HOSTILE = [
    "__import__('os').system('true')",
    "E.__init__",
    "().__class__.__bases__",
    "lambda: 0",
    "(" * 1000 + "x" + ")" * 1000,
    "9**9**9",
    "exec(1)",
    "x if x else x",
    "x; x",
    "'x'",
    "x.real",
    "[x]",
    "",
    " ",
    "\x00",
    "x" * 5000,
    "factorial(10**9)",
    "1/0",
    "E(x)",
    "p",
    "E(p, x)",
    "Matrix((x, m), s)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_cannot_be_read_is_told_in_one_line(exercise: Exercise, text: str) -> None:
    answer = exercise.check([], text)
    assert answer.kind == "unreadable"
    assert answer.message
    assert "\n" not in answer.message
    assert "symbols=" not in answer.message


def test_hint_follows_what_was_reached(exercise: Exercise) -> None:
    reason, text = hint(exercise, [])
    assert reason == "around the mean"
    assert exercise.check([], text).kind == "accepted"
    assert hint(exercise, [text])[0] == "the moments"
    assert hint(exercise, ["E(x*x, p)"])[0] == "around the mean"


def test_part_of_a_derivation(second_moment: Derivation) -> None:
    part = Exercise(second_moment, first=1, last=2)
    assert text_of(second_moment, part.goal) == "s**2 + 2*m*0 + m**2"
    assert part.check([], text_of(second_moment, part.goal)).kind == "done"


def test_exercise_that_could_not_be_solved_is_refused(
    second_moment: Derivation,
) -> None:
    with pytest.raises(DerivationError, match=r"free of .*KL.* already"):
        Exercise(second_moment, forms=[["KL"]])
    with pytest.raises(DerivationError, match=r"no line free of .*'x'"):
        Exercise(second_moment, last=1, forms=[["x"]])
    bound = Derivation((x - 1) ** 2, name="a square")
    bound.ge(0, because="a square", by=nonnegative((x - 1) ** 2))
    with pytest.raises(DerivationError, match="equalities only"):
        Exercise(bound)


def test_changed_line_is_refuted_or_found_equal(second_moment: Derivation) -> None:
    assert changed(second_moment, 1, "s**2 + m**2").kind == "accepted"
    assert changed(second_moment, 1, "s**2 + 2*m**2").kind == "refuted"
    assert changed(second_moment, 1, "m**2 + s**2 + 2*m*0").kind == "same"
    assert changed(second_moment, 1, "s**2 +").kind == "unreadable"


def test_changed_bound() -> None:
    bound = Derivation(x**2 - 2 * x + 1, name="a bound")
    bound.step("(x - 1)**2", because="a square")
    bound.ge(0, because="not negative", by=nonnegative((x - 1) ** 2))
    assert changed(bound, 1, "0*x").kind == "accepted"
    assert changed(bound, 1, "1").kind == "refuted"
    below = changed(bound, 1, "-1")
    assert below.kind == "undecided"
    assert "not the one that the lemma gives" in below.message


def test_changed_approximation_keeps_its_order() -> None:
    e = symbols("e", real=True)
    series = Derivation(log(1 + e), name="series", given=[e > -1])
    series.approx("e - e**2/2", about=[e], order=3, because="Taylor")
    assert changed(series, 0, "e - e**2/2 + e**3").kind == "accepted"
    assert changed(series, 0, "e - e**2").kind == "refuted"


def test_conditions_and_abbreviations_hold_in_an_attempt() -> None:
    q, r = symbols("q r", positive=True)
    chain = Derivation(log(r * q), name="a ratio", where={r: 1 - q}, given=[q < 1])
    chain.step("log(r) + log(q)", because="a product")
    assert changed(chain, 0, "log(1 - q) + log(q)").kind == "accepted"
    assert chain.again().given == chain.given


def test_law_can_be_typed_and_divergence_checked() -> None:
    q = Normal(x, 0, 1, "q")
    chain = Derivation(KL(p, q), name="to the prior")
    chain.step("m**2/2 + s**2/2 - log(s) - 1/2", because="the closed form")
    assert changed(chain, 0, "E((x**2 - (x - m)**2/s**2)/2, p) - log(s)").kind == (
        "accepted"
    )
