"""Expressions print as a mathematician would write them, and reasons as prose."""

import pytest
from sympy import MatrixSymbol, Trace, floor, pi, symbols

from lib.proof.latex import as_latex, reason, remainder, width
from lib.proof.parsing import as_written

NAMES = {name: symbols(name, positive=True) for name in "abcx"}


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("a - 4*x**2", r"a - 4 x^{2}"),
        ("a - 5*x**3/3", r"a - \frac{5 x^{3}}{3}"),
        ("3 - 2*b*(a + 3*c)/x**2", r"3 - \frac{2 b \left(a + 3 c\right)}{x^{2}}"),
        ("a - (b + c)/2", r"a - \frac{b + c}{2}"),
        ("4*x/2 - 1/2", r"\frac{4 x}{2} - \frac{1}{2}"),
        ("a - 2*x*(b - 3*c)", r"a - 2 x \left(b - 3 c\right)"),
        ("2*3*x", r"2 \cdot 3 x"),
        ("1/x**2", r"\frac{1}{x^{2}}"),
        ("a*x**(-2)", r"\frac{a}{x^{2}}"),
        ("a - (b/c - x)", r"a - \left(\frac{b}{c} - x\right)"),
    ],
)
def test_products_keep_one_minus_and_one_fraction_bar(text: str, latex: str) -> None:
    assert as_latex(as_written(text, NAMES), verbatim=True) == latex


def test_reasons_break_between_words_and_never_within_mathematics() -> None:
    assert reason("by $x^2$") == [r"{\small \text{by }x^2}"]
    long = "the expectation of a sum is the sum of the expectations, term by term"
    assert len(reason(long)) == 2
    across = "what the other integral is: $a + b + c + d + e$"
    [row] = reason(across)
    assert row == r"{\small \text{what the other integral is: }a + b + c + d + e}"


def test_width_counts_what_takes_room() -> None:
    assert width(r"\alpha^{2} + b_{1}") == len("a2+b1")
    assert width(r"x \, y") == len("xy")


def test_remainder_names_what_shrinks() -> None:
    a, b = NAMES["a"], NAMES["b"]
    assert remainder([a], 3, True) == r" + O\left(a^{3}\right)"
    assert remainder([a, b], 2, True) == r" + O\left(\lVert (a, b) \rVert^{2}\right)"


def test_sums_put_positive_terms_first_unless_they_are_written_otherwise() -> None:
    a, b = NAMES["a"], NAMES["b"]
    assert as_latex(b - a) == "b - a"
    written = as_written("-a + b", NAMES)
    assert as_latex(written, verbatim=True) == "- a + b"


def test_a_trace_of_one_entry_prints_as_that_entry() -> None:
    size = symbols("n", integer=True, positive=True)
    column, square = MatrixSymbol("v", size, 1), MatrixSymbol("S", size, size)
    assert as_latex(Trace(column.T * column)) == "v^{T} v"
    assert as_latex(Trace(square)) == r"\operatorname{tr}\left(S \right)"


def test_a_coefficient_that_is_too_large_to_compare_prints() -> None:
    """SymPy orders terms by their coefficients' values, and gives up on this one."""
    total = NAMES["x"] + floor(pi**1000)
    assert as_latex(total) in (
        r"x + \left\lfloor{\pi^{1000}}\right\rfloor",
        r"\left\lfloor{\pi^{1000}}\right\rfloor + x",
    )
