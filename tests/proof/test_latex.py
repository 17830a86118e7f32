"""What is written as text prints as a mathematician would write it."""

import pytest
from sympy import symbols

from lib.proof.latex import as_latex
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
    ],
)
def test_products_keep_one_minus_and_one_fraction_bar(text: str, latex: str) -> None:
    assert as_latex(as_written(text, NAMES), verbatim=True) == latex
