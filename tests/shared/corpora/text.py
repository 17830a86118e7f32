"""Lines of text: what each must be read to, and what must be refused and how.

Hard, because text may be read otherwise than it looks, may ask for more than any
machine has, or may try to run something. Each line must end within a second.
"""

# ruff: noqa: E501

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import (
    Abs,
    Basic,
    Function,
    I,
    Integer,
    Max,
    Rational,
    Sum,
    binomial,
    cos,
    exp,
    factorial,
    log,
    oo,
    pi,
    sin,
    sqrt,
    symbols,
)

x, y = symbols("x y", real=True)
s = symbols("s", positive=True)
i, n = symbols("i n", integer=True)
lam = symbols("lambda", real=True)
f = Function("f")
KNOWN: Mapping[str, Basic | type[Basic]] = {
    str(name): name for name in (x, y, s, i, n, lam, f)
}


@dataclass(frozen=True)
class Reading:
    """``text`` over ``KNOWN`` is read to an expression equal to ``meaning``."""

    text: str
    meaning: Basic


@dataclass(frozen=True)
class Refusal:
    """``text`` is refused, by one ``DerivationError`` that contains ``says``."""

    name: str
    text: str
    says: str = ""


READINGS = [
    # Precedence and associativity.
    Reading("-x**2", -(x**2)),
    Reading("(-x)**2", x**2),
    Reading("2**-x", 2 ** (-x)),
    Reading("2**3**2", Integer(512)),
    Reading("(2**3)**2", Integer(64)),
    Reading("x**y**2", x ** (y**2)),
    Reading("x/y/s", x / (y * s)),
    Reading("x/(y/s)", x * s / y),
    Reading("x/y*s", x * s / y),
    Reading("x - y - s", x - y - s),
    Reading("x - (y - s)", x - y + s),
    Reading("-x - -y", -x + y),
    Reading("- - -x", -x),
    Reading("+x", x),
    Reading("x*-y", -x * y),
    Reading("x/-y", -x / y),
    Reading("x**-1*y", y / x),
    Reading("-2**2", Integer(-4)),
    Reading("2*-3**2", Integer(-18)),
    Reading("1/2*x", x / 2),
    Reading("1/2/x", 1 / (2 * x)),
    Reading("-1/2", Rational(-1, 2)),
    Reading("2/4", Rational(1, 2)),
    Reading("x - 2*(x - y)/3", x - 2 * (x - y) / 3),
    Reading("-(x + y)**2/2", -((x + y) ** 2) / 2),
    Reading("x**(1/2)", sqrt(x)),
    Reading("x**1/2", x / 2),
    Reading("-x**-2", -(x**-2)),
    # Calls, constants, ranges, names.
    Reading("exp(-x**2/2)/sqrt(2*pi)", exp(-(x**2) / 2) / sqrt(2 * pi)),
    Reading("sin(x)**2 + cos(x)**2", sin(x) ** 2 + cos(x) ** 2),
    Reading("log(exp(x))", x),
    Reading("f(x)*f(y)", f(x) * f(y)),
    Reading("Sum(i**2, (i, 1, n))", Sum(i**2, (i, 1, n))),
    Reading("Sum(1/2**i, (i, 0, oo))", Sum(2 ** (-i), (i, 0, oo))),
    Reading("Max(x, y, 0)", Max(x, y, 0)),
    Reading("Abs(-x)", Abs(x)),
    Reading("binomial(n, 2)", binomial(n, 2)),
    Reading("factorial(5)", factorial(5)),
    Reading("I*I", I**2),
    Reading("lambda*x", lam * x),
    Reading("x\n+ y", x + y),
    Reading("\t x\t+\ty ", x + y),
    Reading("((((x))))", x),
    Reading("log(s)*(x)", log(s) * x),
    Reading("0*x", Integer(0)),
    Reading("x - x", Integer(0)),
    Reading("007*x", 7 * x),
    Reading("x + " * 200 + "x", 201 * x),
    Reading("(" * 50 + "x" + ")" * 50, x),
    Reading("12345678901234567890*x", 12345678901234567890 * x),
]

REFUSALS = [
    # Nothing, or more than one thing.
    Refusal("empty", "", "empty"),
    Refusal("blank", " \n\t ", "empty"),
    Refusal("two statements", "x + x; x**7", "letter"),
    Refusal("two expressions", "x y", "letter"),
    Refusal("a pair", "x, y", "letter"),
    Refusal("a comment", "x # y", "letter"),
    Refusal("a second line", "x\ny", "letter"),
    Refusal("a bracket open", "(x + y", "closed"),
    Refusal("a bracket too many", "x + y)", "letter"),
    Refusal("an operator at the end", "x +", "missing"),
    Refusal("an operator at the start", "*x", "letter"),
    Refusal("two operators", "x */ y", "letter"),
    Refusal("empty brackets", "()", "letter"),
    Refusal("an empty call", "sin()", "letter"),
    Refusal("a comma at the end", "Max(x, )", "letter"),
    # Signs of other languages.
    Refusal("a caret", "x^2", "**"),
    Refusal("an equation", "x = 1", "="),
    Refusal("a comparison", "x == 1", "="),
    Refusal("an inequality", "x < 1", "le"),
    Refusal("a walrus", "(x := 1)", "letter"),
    Refusal("implied multiplication", "2x", "letter"),
    Refusal("implied multiplication of brackets", "2(x)", "letter"),
    Refusal("implied multiplication of a name", "x(y)", "*"),
    Refusal("bars", "|x|", "letter"),
    Refusal("a factorial sign", "x!", "letter"),
    Refusal("floor division", "x//2", "letter"),
    Refusal("a remainder", "x%2", "letter"),
    Refusal("a matrix product", "x@y", "letter"),
    Refusal("square brackets", "[x]", "round"),
    Refusal("braces", "{x}", "round"),
    Refusal("a text", "'x'", "letter"),
    Refusal("LaTeX", "\\frac{x}{y}", "letter"),
    Refusal("a backtick", "`x`", "letter"),
    Refusal("keyword arguments", "sin(x, evaluate=True)", "letter"),
    Refusal("a star argument", "Max(*x)", "letter"),
    # Numbers that are not exact, or not numbers here.
    Refusal("a decimal", "0.1*x", "1/10"),
    Refusal("a decimal without a nought", ".5", "1/2"),
    Refusal("an exponent of ten", "1e3", "letter"),
    Refusal("an imaginary number", "2j", "letter"),
    Refusal("a hexadecimal number", "0x10", "letter"),
    Refusal("underscores", "1_000", "letter"),
    # Names.
    Refusal("an unknown name", "x + q", "q"),
    Refusal("an unknown function", "g(x)", "g"),
    Refusal("a function without its bracket", "sin + 1", "sin(...)"),
    Refusal("a constant called", "pi(x)"),
    Refusal("a law's name", "Normal(x, 0, 1)"),
    Refusal("too many arguments", "sin(x, y)"),
    Refusal("too few arguments", "binomial(x)"),
    Refusal("a range for a number", "sin((x, 1, 2))"),
    Refusal("a sum without a range", "Sum(x)"),
    Refusal("a sum over a number", "Sum(x, (1, 2, 3))"),
    Refusal("a sum over an expression", "Sum(x, (x + 1, 2, 3))"),
    Refusal("a derivative by a number", "Derivative(x**2, 3)"),
    Refusal("a derivative of a negative order", "Derivative(x**2, (x, -1))"),
    Refusal("a derivative of order 1/2", "Derivative(x**2, (x, 1/2))"),
    Refusal("an integral by a number", "Integral(x, (2, 0, 1))"),
    Refusal("an expectation without a law", "E(x)"),
    Refusal("an expectation under a number", "E(x, 2)"),
    Refusal("a divergence of numbers", "KL(x, y)"),
    Refusal("a maximum of a complex number", "Max(I, x)"),
    Refusal("a range as a factor", "2*(x, y)"),
    # What has no value.
    Refusal("division by zero", "x + 1/0"),
    Refusal("division by a difference that is zero", "1/(2 - 2)"),
    Refusal("zero to a negative power", "0**-1"),
    Refusal("log of zero", "log(0)"),
    Refusal("infinity less infinity", "oo - oo"),
    Refusal("infinity times zero", "0*oo"),
    Refusal("infinity as a number", "x + oo"),
    # Attempts to run something.
    Refusal("an import", "__import__('os').system('id')", "letter"),
    Refusal("a dunder name", "__class__"),
    Refusal("an attribute", "x.__class__", "letter"),
    Refusal("an attribute's call", "x.subs(x, 1)", "letter"),
    Refusal("a lambda", "(lambda: x)()", "letter"),
    Refusal("a comprehension", "[x for x in y]", "letter"),
    Refusal("eval", "eval(x)"),
    Refusal("open", "open(x)"),
    Refusal("exec with a text", 'exec("x")', "letter"),
    Refusal("a SymPy name of no expression", "Symbol(x)"),
    Refusal("S", "S(x)"),
    Refusal("sympify", "sympify(x)"),
    Refusal("solve", "solve(x)"),
    Refusal("a conditional", "x if y else s", "letter"),
    Refusal("a format", "f'{x}'", "letter"),
    Refusal("print", "print(x)"),
    # Letters that look alike, and that cannot be seen.
    Refusal("a Cyrillic x", "\u0445 + 1", "letter"),
    Refusal("a wide x", "\uff58 + 1", "letter"),
    Refusal("a superscript", "x\u00b2", "letter"),
    Refusal("Arabic digits", "\u0663*x", "letter"),
    Refusal("a fraction sign", "\u00bd*x", "letter"),
    Refusal("a minus sign", "x \u2212 y", "letter"),
    Refusal("a dot for a product", "x\u00b7y", "letter"),
    Refusal("a root sign", "\u221ax", "letter"),
    Refusal("a zero-width space", "x\u200b + y", "letter"),
    Refusal("text from right to left", "x \u202e+ y", "letter"),
    Refusal("a null", "x\0y", "letter"),
    Refusal("half a surrogate", "x + \ud800", "letter"),
    Refusal("an emoji", "\U0001f600", "letter"),
    Refusal("a combining accent", "x\u0301 + 1", "letter"),
    Refusal("a byte order mark", "\ufeffx", "letter"),
    Refusal("a logarithm to a base", "log(x, 2)", "one argument"),
    # Enormous.
    Refusal("a million signs", "x+" * 500_000 + "x"),
    Refusal("a million brackets", "(" * 500_000 + "x" + ")" * 500_000),
    Refusal("a million digits", "1" * 1_000_000),
    Refusal("a million spaces", "x" + " " * 1_000_000 + "+"),
    Refusal("deep brackets", "(" * 900 + "x" + ")" * 900),
    Refusal("deep signs", "-" * 1900 + "x"),
    Refusal("deep powers", "x**" * 600 + "x"),
    Refusal("deep calls", "sin(" * 400 + "x" + ")" * 400),
    Refusal("deep arguments in ranges", "Max((" * 300 + "x" + "))" * 300),
    Refusal("a tower of powers", "9**9**9**9**9"),
    Refusal("a tower in the base", "((9**999)**999)**999"),
    Refusal("a tower by products", "(9**999*9**999)**999"),
    Refusal("a tower under a bar", "1/9**9**9"),
    Refusal("a tower of a symbol's power", "x**(9**9**9)"),
    Refusal("a tower in an exponential", "exp(9**9**9)"),
    Refusal("a tower of factorials", "factorial(factorial(factorial(9)))"),
    Refusal("a large factorial", "factorial(10**9)"),
    Refusal("a large binomial", "binomial(10**12, 5*10**11)"),
    Refusal("a large gamma", "gamma(10**10)"),
    Refusal("a long sum", "Sum(sin(i), (i, 1, 10**9))"),
    Refusal("a long sum of sums", "Sum(Sum(Sum(Sum(x, (i, 1, 999)), (i, 1, 999)), (i, 1, 999)), (i, 1, 999))"),
    Refusal("a long product", "Product(i, (i, 1, 10**9))"),
    Refusal("a derivative of a large order", "Derivative(x**x, (x, 10**6))"),
    Refusal("a large power of a sum", "(x + y)**(10**9)"),
    Refusal("a power of powers of a sum", "(((x + y)**999)**999)**999"),
    Refusal("a root of a large prime product", "(10**29 + 1)**(1/999)*(10**28 + 1)**(1/998)*(9**999 + 1)**(1/2)"),
    Refusal("a floor of a tower", "floor(exp(exp(exp(9))))"),
    Refusal("a sine of a tower", "sin(exp(exp(exp(9))))"),
    Refusal("a maximum of towers", "Max(exp(exp(exp(9))), exp(exp(exp(9))) + 1)"),
    Refusal("a sign of nearly nothing", "sign(exp(-exp(exp(9))))"),
    Refusal("a complex tower", "(1 + I)**(10**9)"),
]  # fmt: skip
