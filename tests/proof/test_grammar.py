"""Text as an expression: all of it is read, or it is refused with the place."""

import contextlib

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from sympy import Function, Integral, Rational, exp, log, oo, pi, sin, sqrt, symbols

from lib.proof.grammar import GrammarError, parse

x, y, i = symbols("x y i", real=True)
f = Function("f")
KNOWN = {"x": x, "y": y, "i": i, "f": f}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("x + y - 2*x", y - x),
        ("-x**2", -(x**2)),
        ("(-x)**2", x**2),
        ("2**-1", Rational(1, 2)),
        ("2**3**2", sp.Integer(512)),
        ("x/y/2", x / (2 * y)),
        ("x**-2*y", y / x**2),
        ("- - x", x),
        ("x * -y", -x * y),
        ("+x", x),
        ("((x))", x),
        ("x\n + y", x + y),
        ("1/(sqrt(2*pi))*exp(-x**2/2)", exp(-(x**2) / 2) / sqrt(2 * pi)),
        ("log(1/2)", log(Rational(1, 2))),
        ("f(x + 1)", f(x + 1)),
        ("Integral(exp(-x), (x, 0, oo))", Integral(exp(-x), (x, 0, oo))),
        ("Sum(i, (i, 1, x))", sp.Sum(i, (i, 1, x))),
        ("I**2", sp.Integer(-1)),
    ],
)
def test_it_means_what_it_says(text: str, meant: sp.Expr) -> None:
    assert parse(text, KNOWN).doit() == meant.doit()


def test_nothing_is_evaluated_and_the_order_is_kept() -> None:
    assert parse("y + x + 1", KNOWN).args == (y, x, 1)
    assert parse("2*3*x", KNOWN).args == (2, 3, x)
    assert parse("sin(0)", KNOWN) == sin(0, evaluate=False)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", "the text is empty"),
        ("  ", "the text is empty"),
        ("x + x; x**7", "letter 6 .* ';' is no sign"),
        ("x^2", "letter 2 .* write \\*\\* for a power"),
        ("x = 1", "letter 3 .* a step is one side of an equation"),
        ("x < 1", "use le or ge"),
        ("x, x", "',' is one thing too many"),
        ("2x", "'x' is one thing too many"),
        ("x y", "'y' is one thing too many"),
        ("x +", "an expression is missing"),
        ("(x", "a bracket is not closed"),
        ("x)", "one thing too many"),
        ("x + * y", "stands where a number or a name should"),
        ("0.1*x", "0.1 may be a rounded number: write 1/10"),
        ("1e5", "'e5' is one thing too many"),
        ("q", "unknown name 'q': known are f, i, x, y"),
        ("g(x)", "unknown function 'g'"),
        ("x(y)", "x is no function: write x\\*"),
        ("f + 1", "f is a function: write f"),
        ("x.real", "'.' is no sign"),
        ("x[0]", "round brackets"),
        ("x!", "'!' is no sign"),
        ("sin(x, y)", "sin takes"),
        ("(x, y)", "',' stands where"),
        ("__import__('os')", "unknown function '__import__'|is no sign"),
        ("exec(x)", "unknown function 'exec'"),
        ("open(x)", "unknown function 'open'"),
        ("lambda: x", "unknown name 'lambda'|is no sign"),
    ],
)
def test_what_is_no_expression_is_refused(text: str, remedy: str) -> None:
    with pytest.raises(GrammarError, match=remedy):
        parse(text, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9**9",
        "2**2**2**2**2**2",
        "(1 + x)**(2**2**2**2**2)",
        "10**100000",
        "factorial(10**9)",
        "gamma(10**400)",
        "binomial(10**8, 10**7)",
        "Sum(x, (x, 1, 10**10))",
        "Derivative(x, x, 10**6)",
        "9" * 40,
        "(" * 100 + "x" + ")" * 100,
        "-" * 200 + "x",
        "x" + " + x" * 1000,
    ],
)
def test_what_is_enormous_is_refused_before_it_is_computed(text: str) -> None:
    with pytest.raises(GrammarError):
        parse(text, KNOWN)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(GrammarError):
        assert isinstance(parse(text, KNOWN), sp.Basic)


LEAVES = st.sampled_from([x, y, sp.Integer(2), sp.Integer(7)])
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] - p[1] / 3),
        inner.map(lambda e: e**2),
        inner.map(sin),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS)
def test_what_sympy_writes_is_read_as_it_was(expression: sp.Expr) -> None:
    assert sp.expand(parse(str(expression), KNOWN).doit() - expression) == 0


@pytest.mark.parametrize(
    "text",
    [
        "2**(pi*10**9)",
        "2**(pi + 10**9)",
        "2**(sqrt(2)**100)",
        "2**exp(50)",
        "2**(pi**pi**pi)",
    ],
)
def test_a_large_exponent_is_refused_before_it_is_computed(text: str) -> None:
    with pytest.raises(GrammarError, match="a power above 1000"):
        parse(text, KNOWN)


@pytest.mark.parametrize(
    "text", ["2**sin(3)", "2**(1/pi)", "2**(1/2)**pi", "2**exp(-2)"]
)
def test_a_small_exponent_may_be_any_number(text: str) -> None:
    assert abs(sp.N(parse(text, KNOWN)) - sp.N(sp.sympify(text))) < 1e-12
