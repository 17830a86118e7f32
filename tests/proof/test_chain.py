"""How a chain reads: its relation, its remainders, and its lines on the page."""

import os
import subprocess
import sys

import pytest
from sympy import exp, symbols

from lib.proof.chain import Chain, Line, Relation, Step, spelt_out
from lib.proof.derivation import Derivation
from lib.proof.equality import Verdict

x, y = symbols("x y", real=True)
PROVED, AGREED = Verdict(True, "normal form"), Verdict(True, instances=12)


def chain(*relations: Relation, verdict: Verdict = PROVED) -> Chain:
    """x related to x + 1, to x + 2, ..."""
    made = Chain("count", Line(x))
    for i, relation in enumerate(relations, start=1):
        order = ((x,), i + 1) if relation == "approx" else None
        step = Step(made.last, relation, Line(x + i), "next", verdict, order)
        made.steps.append(step)
    return made


@pytest.mark.parametrize(
    ("relations", "weakest"),
    [
        ([], "="),
        (["=", "="], "="),
        (["=", "approx"], "approx"),
        (["<=", "approx", "="], "<="),
        (["=", ">="], ">="),
    ],
)
def test_relation_is_the_weakest_used(relations, weakest: str) -> None:
    assert chain(*relations).relation == weakest


def test_lines_follow_from_the_start_and_the_steps() -> None:
    made = chain("=", "=")
    assert [line.expression for line in made.lines] == [x, x + 1, x + 2]
    assert chain().last == Line(x)
    assert made.result == x + 2


def test_abbreviations_are_put_in_also_within_meanings() -> None:
    a, b = symbols("a b")
    assert spelt_out(a + 1, {a: b + 1, b: x}) == x + 2
    made = Chain("short", Line(a), where={a: b, b: x})
    assert made.result == x


def test_a_line_prints_as_written_only_where_it_was() -> None:
    assert Line(1 + x).latex == "x + 1"
    assert Line(1 + x, verbatim=True).latex == "1 + x"


def test_every_line_has_its_reason_and_its_sign() -> None:
    made = chain("=", "<=", verdict=AGREED)
    made.label = "eq-count"
    assert made._repr_markdown_() == (
        "$$\n\\begin{aligned}\n& x \\\\\n"
        "& \\quad {\\small \\text{next}} \\\\\n"
        "\\overset{*}{=} {} & x + 1 \\\\\n"
        "& \\quad {\\small \\text{next}} \\\\\n"
        "\\overset{*}{\\le} {} & x + 2\n\\end{aligned}\n$$ (eq-count)\n\n"
        "*2 steps checked, marked $\\overset{*}{=}$, at random instances.* `eq-count`"
    )


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
def test_a_short_chain_shows_its_conclusion_once(steps: int) -> None:
    """As its last line, which the label then means; a longer one repeats its ends."""
    made = chain(*["="] * steps)
    made.label = "eq-count"
    shown = made._repr_markdown_()
    assert shown.count("next") == steps
    assert shown.count("$$") == (2 if steps <= 3 else 4)
    assert shown.count(f"x + {steps}\n") == (1 if steps <= 3 else 2)
    assert "$$ (eq-count)" in shown


@pytest.mark.parametrize(("steps", "displays"), [(1, 1), (2, 2), (3, 2), (4, 2)])
def test_a_conclusion_of_another_form_is_displayed(steps: int, displays: int) -> None:
    made = chain(*["="] * (steps - 1))
    made.steps.append(Step(made.last, "=", Line(y), "", PROVED))
    made.label = "eq-form"
    shown = made._repr_markdown_()
    assert shown.count("$$") == 2 * displays
    assert shown.count("y\n$$ (eq-form)") == 1
    assert shown.count("next") == steps - 1


def test_a_line_carries_the_remainder_of_the_coarsest_approximation() -> None:
    shown = chain("approx", "approx", "=")._repr_markdown_()
    assert shown.count(r"+ O\left(x^{2}\right)") == 3
    assert r"x^{3}" not in shown


def test_a_wide_conclusion_takes_two_lines() -> None:
    wide = sum((x + y) ** n / n for n in range(2, 9))
    made = Chain("wide", Line(x), label="eq-wide")
    made.steps.append(Step(Line(x), "=", Line(wide), "", PROVED))
    assert made._repr_markdown_().startswith("$$\n\\begin{aligned}\n& x \\\\\n= {} &")


def test_summary_counts_what_was_proved() -> None:
    made = chain("=", "=")
    made.label = "eq-sum"
    assert "*2 steps checked, by normal form.*" in made._repr_markdown_()
    made.steps.append(Step(made.last, "=", Line(y), "so", AGREED))
    assert "*3 steps checked: 2 by normal form, 1 marked" in made._repr_markdown_()
    made.steps.append(Step(made.last, "=", Line(x), "so", Verdict(True, "SymPy", 24)))
    assert ": 2 by normal form, 1 by SymPy, 1 marked" in made._repr_markdown_()
    assert repr(made) == (
        "Derivation(count: 4 steps, 3 proved, 1 by instances, ends in eq-sum)"
    )


RENDER = """
from sympy import exp, symbols
from lib.proof import KL, Derivation, Normal
x, m, n = symbols("x m n", real=True); s, t = symbols("s t", positive=True)
d = Derivation(KL(Normal(x, m, s, "p"), Normal(x, n, t, "q")), name="KL")
d.step("log(t/s) + (s**2 + (n - m)**2)/(2*t**2) - 1/2", because="moments")
print(d.ends_with(label="eq-x")._repr_markdown_())
"""


def test_rendering_does_not_depend_on_the_hash_seed() -> None:
    shown = {
        subprocess.run(
            [sys.executable, "-c", RENDER],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(shown) == 1
    assert "eq-x" in shown.pop()


def test_a_remainder_that_only_rays_show_is_printed_as_such() -> None:
    a, b = symbols("a b", real=True)
    smooth = Derivation(exp(a + b), name="a sum")
    smooth.approx(1 + a + b, about=[a, b], order=2, because="Taylor")
    rough = Derivation(1 + b**4 / a, name="a quotient")
    rough.approx(1, about=[a, b], order=2, because="the rest is small")
    assert "along every ray" not in smooth._repr_markdown_()
    assert r"O\left(\lVert (a, b) \rVert^{2}\right)\ \text{along every ray}" in (
        rough._repr_markdown_()
    )
