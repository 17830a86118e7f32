"""Wrong kinds of argument to a derivation, a statement, a law and a lemma.

Each must be refused by one error of the library's own that names what is wrong; hard,
because SymPy accepts much that is no expression and fails late and far away.
"""

# ruff: noqa: E501

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from sympy import Eq, MatrixSymbol, Q, S, Symbol, oo, symbols

from lib.proof.calculus import Jacobian
from lib.proof.derivation import Derivation
from lib.proof.expectation import KL, E, Int, Var
from lib.proof.laws import Abstract, Finite, MultivariateNormal, Normal, density
from lib.proof.lemmas import (
    Bound,
    expected,
    gibbs,
    jensen,
    log_bound,
    nonnegative,
    times,
)
from lib.report.claims import state


@dataclass(frozen=True)
class Misuse:
    """A call that must be refused."""

    name: str
    call: Callable[[], Any]


x, y, z, t = symbols("x y z t", real=True)
s = symbols("s", positive=True)
n = Symbol("n", integer=True, positive=True)
n_half = Symbol("m", integer=True, positive=True) / 2
A, B, C = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n), MatrixSymbol("C", 2, 3)
law = Normal(x, 0, 1)
q = Abstract(z, density("q", z), "q")
coin = Finite(t, {0: S.Half, 1: S.Half})


class Own:
    """Something that no library knows."""


# What is no expression at all, by name.
STRANGE: dict[str, Any] = {
    "None": None,
    "a list": [x, 1],
    "a tuple": (x, 1),
    "a set": {x},
    "a dictionary": {x: 1},
    "True": True,
    "SymPy's true": S.true,
    "a relation": Eq(x, 1),
    "an inequality": x < 1,
    "a law": law,
    "a class": sp.sin,
    "an unknown function": sp.Function("f"),
    "a NumPy array": np.zeros(2),
    "a NumPy matrix": np.zeros((2, 2)),
    "a NumPy number": np.float64(0.5),
    "a float": 0.5,
    "a complex number": 1j,
    "a decimal": Decimal("0.1"),
    "not a number": float("nan"),
    "an infinite float": float("inf"),
    "bytes": b"x",
    "an object": Own(),
    "a function": lambda: x,
    "a module": sp,
    "a generator": (v for v in (x,)),
    "a range": range(3),
    "a SymPy tuple": sp.Tuple(x, 1),
    "a SymPy set": sp.Interval(0, 1),
    "NaN": S.NaN,
    "complex infinity": S.ComplexInfinity,
    "a predicate": Q.positive_definite(A),
    "an indexed base": sp.IndexedBase("a"),
    "a lambda of SymPy": sp.Lambda(x, x),
    "an empty text": "",
    "a text of two things": "x, x",
    "a text that divides by zero": "x + 1/0",
    "a text of an equation": "x = 1",
    "a derivation's class": Derivation,
    "a bound": nonnegative(s),
}


def started(**options: Any) -> Derivation:
    return Derivation(x**2 - 1, name="start", **options)


def finished() -> Derivation:
    chain = started()
    chain.step((x - 1) * (x + 1), because="factors")
    return chain.ends_with(label="eq-start")


def step(entry: Any, **options: Any) -> None:
    started().step(entry, **{"because": "reason", **options})


def approx(entry: Any = S.NegativeOne, **options: Any) -> None:
    full = {"about": [x], "order": 2, "because": "reason", **options}
    started().approx(entry, **full)


def bounded(entry: Any = x**2, **options: Any) -> None:
    full = {"by": nonnegative(S.One), "because": "reason", **options}
    started().le(entry, **full)


def each(place: str, call: Callable[[Any], Any], kinds: str = "") -> list[Misuse]:
    """The call with each strange thing, or with those that are named."""
    chosen = kinds.split(", ") if kinds else [*STRANGE]
    return [
        Misuse(f"{place}: {kind}", lambda kind=kind: call(STRANGE[kind]))
        for kind in chosen
    ]


def one(name: str, call: Callable[[], Any]) -> Misuse:
    return Misuse(name, call)


NO_TEXT = "None, a list, a tuple, a dictionary, True, a relation, a law, a class, a NumPy array, a float, an object, a function, bytes"
NO_OPTION = "None, True, a relation, a law, a class, a NumPy array, a float, an object, a function, an empty text, bytes, a bound"
# E of NaN stays as it is written: SymPy builds an operator again while it puts values in.
# The derivation or the statement that is given it refuses it.
UNDER_AN_OPERATOR = ", ".join(
    k for k in STRANGE if k not in ("NaN", "complex infinity")
)
NO_LAW = "None, a list, a tuple, a dictionary, True, a relation, a class, a NumPy array, a float, an object, a function, a text of two things, a bound, a predicate"

MISUSES = [
    # What is no expression, wherever one is wanted.
    *each("Derivation", lambda v: Derivation(v, name="n")),
    *each("step", step),
    *each("approx", approx),
    *each("le", bounded),
    *each("ends_with", lambda v: started().ends_with(v, label="eq-start"), ", ".join(k for k in STRANGE if k != "None")),
    *each("state, left", lambda v: state(v, "=", x)),
    *each("state, right", lambda v: state(x, "=", v)),
    *each("nonnegative", nonnegative),
    *each("log_bound", log_bound),
    *each("jensen", lambda v: jensen(v, q)),
    *each("times", lambda v: times(nonnegative(s), v)),
    *each("E", lambda v: E(v, law), UNDER_AN_OPERATOR),
    *each("Var", lambda v: Var(v, law), UNDER_AN_OPERATOR),
    *each("Int", lambda v: Int(v, x), UNDER_AN_OPERATOR),
    *each("a derivation under E", lambda v: Derivation(E(v, law), name="n"), "NaN, complex infinity"),
    *each("a derivation under Int", lambda v: Derivation(Int(v, x), name="n"), "NaN, complex infinity"),
    *each("the mean of a Normal", lambda v: Normal(y, v, 1)),
    *each("the deviation of a Normal", lambda v: Normal(y, 0, v)),
    # Names and reasons.
    *each("a derivation's name", lambda v: Derivation(x, name=v), NO_TEXT),
    *each("a step's reason", lambda v: step((x - 1) * (x + 1), because=v), NO_TEXT),
    *each("a label", lambda v: started().ends_with(label=v), NO_TEXT),
    one("a blank name", lambda: Derivation(x, name="  ")),
    one("a blank reason", lambda: step((x - 1) * (x + 1), because=" ")),
    one("a label without its eq", lambda: finished_with("start")),
    one("a label with a blank", lambda: finished_with("eq-a b")),
    one("a label with a line's end", lambda: finished_with("eq-start\n")),
    # Conditions, abbreviations, symbols.
    *each("given", lambda v: started(given=v), NO_OPTION),
    *each("one condition", lambda v: started(given=(v,)), "None, True, a list, a law, a class, a NumPy array, a float, an object, an empty text, a bound, a SymPy set"),
    *each("where", lambda v: started(where=v), "True, a list, a tuple, a relation, a law, a class, a NumPy array, a float, an object, an empty text"),
    *each("what an abbreviation means", lambda v: started(where={y: v}), "None, True, a list, a law, a class, a NumPy array, a float, an object, an empty text, a relation, NaN"),
    *each("what is abbreviated", lambda v: started(where={v: y}), "None, True, a tuple, a law, a class, a float, an empty text, a relation, NaN"),
    *each("symbols", lambda v: started(symbols=v), NO_OPTION),
    *each("one symbol", lambda v: started(symbols=[v]), "None, True, a list, a class, a NumPy array, a float, an object, an empty text, a bound"),
    one("given one relation, not in a tuple", lambda: started(given=x < 1)),
    one("given one predicate, not in a tuple", lambda: started(given=Q.invertible(A))),
    one("symbols that is one symbol", lambda: started(symbols=y)),
    one("symbols that are names", lambda: started(symbols=["y"])),
    one("symbols that is a name", lambda: started(symbols="y")),
    one("an abbreviation of a number", lambda: started(where={S.One: S(2)}).step(x**2 - 2, because="r")),
    one("an abbreviation of itself", lambda: started(where={x: x + 1}).step((x - 1) * (x + 1), because="r")),
    one("two abbreviations of each other", lambda: started(where={x: y, y: x}).step(y**2 - 1, because="r")),
    one("an abbreviation of another shape", lambda: Derivation(A * B, name="n", where={A: C}).step(B * A, because="r")),
    one("a condition that is never true", lambda: started(given=(x**2 < 0,)).step(x, because="r")),
    one("conditions that exclude each other", lambda: started(given=(x < 0, x > 1)).step(x, because="r")),
    one("a predicate on a number", lambda: started(given=(Q.positive(x),)).step(x, because="r")),
    one("a predicate on a rectangle", lambda: Derivation(C, name="n", given=(Q.invertible(C),)).step(2 * C, because="r")),
    one("predicates that exclude each other", lambda: Derivation(A, name="n", given=(Q.positive_definite(A), ~Q.invertible(A))).step(2 * A, because="r")),
    # approx.
    *each("about", lambda v: approx(about=v), NO_OPTION),
    *each("one of about", lambda v: approx(about=[v]), "None, True, a list, a class, a float, an object, an empty text"),
    *each("order", lambda v: approx(order=v), "None, a list, a relation, a class, a float, an object, an empty text, not a number, an infinite float, a text of two things, a NumPy array"),
    one("about that is one symbol", lambda: approx(about=x)),
    one("about that is a name", lambda: approx(about="x")),
    one("about nothing", lambda: approx(about=[])),
    one("order 0", lambda: approx(order=0)),
    one("a negative order", lambda: approx(order=-1)),
    one("order 3/2", lambda: approx(order=Fraction(3, 2))),
    one("an order of SymPy's infinity", lambda: approx(order=oo)),
    one("an order that is a symbol", lambda: approx(order=n)),
    one("order a million", lambda: approx(order=10**6)),
    one("about a matrix", lambda: approx(about=[A])),
    one("about a positive symbol at a matrix", lambda: Derivation(A, name="n").approx(2 * A, about=[s], order=1, because="r")),
    # le, ge.
    *each("by", lambda v: bounded(by=v), NO_OPTION + ", a list, a tuple"),
    one("by a lemma that is not called", lambda: bounded(by=gibbs)),
    one("le then ge", lambda: le_then_ge()),
    one("a matrix bounded", lambda: Derivation(A, name="n").le(2 * A, because="r", by=nonnegative(s))),
    # Shapes and sizes.
    one("a number for a matrix", lambda: Derivation(A, name="n").step(S.One, because="r")),
    one("a matrix for a number", lambda: step(A)),
    one("a rectangle for a square", lambda: Derivation(A, name="n").step(C, because="r")),
    one("an explicit matrix of another shape", lambda: Derivation(sp.eye(2), name="n").step(sp.eye(3), because="r")),
    one("an explicit matrix of floats", lambda: Derivation(sp.Matrix([[0.5]]), name="n")),
    one("a matrix of no rows", lambda: Derivation(sp.zeros(0, 0), name="n").step(sp.zeros(0, 1), because="r")),
    one("a text that multiplies a rectangle by itself", lambda: Derivation(C, name="n").step("C*C", because="r")),
    one("a text that inverts a rectangle", lambda: Derivation(C, name="n").step("C**-1", because="r")),
    one("a text that adds a number to a matrix", lambda: Derivation(C, name="n").step("C + 1", because="r")),
    # Steps out of turn, or of unknown names.
    one("a step after the end", lambda: finished().step(x, because="r")),
    one("a second end", lambda: finished().ends_with(label="eq-again")),
    one("an end without a step", lambda: started().ends_with(label="eq-start")),
    one("the same line again", lambda: step(x**2 - 1)),
    one("an unknown symbol", lambda: step(x**2 - 1 + y - y**2)),
    one("a symbol of other assumptions", lambda: step(Symbol("x") ** 2 - 1)),
    one("a derivation as a step", lambda: step(started())),
    one("a symbol called as a function", lambda: step("x(1)")),
    # state.
    *each("a relation of state", lambda v: state(x, v, x), NO_OPTION),
    *each("names", lambda v: state("x", "=", x, names=v), "True, a list, a tuple, a relation, a law, a class, a float, an object, an empty text"),
    *each("under", lambda v: state(x, "=", x, under=v), NO_OPTION + ", a list"),
    *each("given of state", lambda v: state(x, "=", x, given=v), NO_OPTION + ", a list"),
    *each("about of state", lambda v: state(x, "~", x, about=v, order=1), NO_OPTION + ", a list"),
    *each("order of state", lambda v: state(x, "~", x, about=(x,), order=v).decide(), "None, a list, a relation, a class, a float, an object, an empty text, not a number, True"),
    *each("within", lambda v: state(x, "~", x, within=v).decide(), "a list, a relation, a class, a float, an object, an empty text, not a number, True, a decimal"),
    *each("words", lambda v: state(x, "=", x, words=v).latex, "None, a list, True, a relation, a float, an object"),
    *each("tests", lambda v: state(x, "=", x, tests=v).decide(), "None, a list, True, a float, an object, a class"),
    *each("where of state", lambda v: state(x, "=", x, where=v), "True, a list, a tuple, a relation, a law, a class, a float, an object, an empty text"),
    one("state of nothing", lambda: state()),
    one("state of one thing", lambda: state(x)),
    one("state that ends in a relation", lambda: state(x, "=")),
    one("an unknown relation", lambda: state(x, "==", x)),
    one("a strict relation", lambda: state(x, "<", x + 1)),
    one("an order below 0", lambda: state(x, "~", x, about=(x,), order=-2).decide()),
    one("an order without about", lambda: state(x, "~", x + x**2, order=2).decide()),
    one("a tolerance below 0", lambda: state(x, "~", x, within=-S.One).decide()),
    one("neither order nor tolerance", lambda: state(x, "~", x).decide()),
    one("a matrix at most another", lambda: state(A, "<=", B).decide()),
    one("a complex number at most another", lambda: state(sp.I, "<=", S.One).decide()),
    one("a matrix approximated", lambda: state(A, "~", B, within=S.One).decide()),
    # Lemmas and laws.
    *each("jensen's law", lambda v: jensen(s, v), NO_LAW),
    *each("gibbs, first", lambda v: gibbs(v, q), NO_LAW),
    *each("gibbs, second", lambda v: gibbs(q, v), NO_LAW),
    *each("expected, the bound", lambda v: expected(v, q), NO_OPTION.replace(", a bound", "")),
    *each("expected, the law", lambda v: expected(nonnegative(s), v), NO_LAW),
    *each("times, the bound", lambda v: times(v, s), NO_OPTION.replace(", a bound", "")),
    *each("E's law", lambda v: E(x, v), NO_LAW),
    *each("Int's variable", lambda v: Int(x, v), NO_LAW),
    *each("KL", lambda v: KL(v, q), NO_LAW),
    *each("a Normal's variable", lambda v: Normal(v, 0, 1), NO_LAW),
    *each("an Abstract's density", lambda v: Abstract(z, v), "None, a list, a relation, a law, a class, a NumPy array, a float, an object, an empty text"),
    *each("a density's name", lambda v: density(v, z), NO_TEXT),
    *each("a density's variable", lambda v: density("p", v), NO_LAW),
    *each("a density's given", lambda v: density("p", z, given=v), NO_OPTION),
    one("a density given one symbol", lambda: density("p", z, given=x)),
    *each("a Jacobian of", lambda v: Jacobian(v, MatrixSymbol("u", 2, 1)), NO_LAW),
    one("a Jacobian of a number", lambda: Jacobian(x, MatrixSymbol("u", 2, 1))),
    one("the start is a quaternion", lambda: Derivation(sp.Quaternion(1, 2, 3, 4), name="n")),
    *each("a Finite's masses", lambda v: Finite(z, v), NO_LAW.replace(", a dictionary", "")),
    one("jensen without a law", lambda: jensen(s)),
    one("expected without a law", lambda: expected(nonnegative(s))),
    one("E without a law", lambda: E(x)),
    one("gibbs of two variables", lambda: gibbs(q, Abstract(y, density("q", y), "q"))),
    one("gibbs of a coin and a density", lambda: gibbs(coin, Normal(t, 0, 1))),
    one("a bound of nothing", lambda: Bound()),  # type: ignore[call-arg]
    one("a deviation of 0", lambda: Normal(y, 0, 0)),
    one("a negative deviation", lambda: Normal(y, 0, -s)),
    one("a complex deviation", lambda: Normal(y, 0, sp.I)),
    one("an infinite mean", lambda: Normal(y, oo, 1)),
    one("a Gaussian of a positive variable", lambda: Normal(s, 0, 1)),
    one("a Gaussian of an integer", lambda: Normal(n, 0, 1)),
    one("its own variable as the mean", lambda: Normal(y, y, 1)),
    # A law at a point stands for its density there; what binds its variable needs a symbol.
    one("a number as the variable", lambda: E(x, Normal(S.One, 0, 1))),
    one("an expression as the variable", lambda: E(x, Normal(x + y, 0, 1))),
    one("a divergence of laws at a point", lambda: KL(Normal(S.One, 0, 1), Normal(S.One, 0, 2))),
    # A meaning must be all that is assumed of its name.
    one("an abbreviation of the other sign", lambda: started(where={s: -1 - x**2})),
    one("an abbreviation of either sign", lambda: started(where={s: x})),
    one("an abbreviation that may be zero", lambda: started(where={s: x**2})),
    one("an abbreviation of a whole number by half of one", lambda: started(where={n: n_half})),
    one("an abbreviation of a real number by I", lambda: started(where={y: sp.I})),
    one("a density abbreviates twice a density", lambda: started(where={density("q", z): 2 * density("p", z)})),
    one("masses that add up to 2", lambda: Finite(z, {0: 1, 1: 1})),
    one("a negative mass", lambda: Finite(z, {0: 2, 1: -1})),
    one("no mass at all", lambda: Finite(z, {})),
    one("masses of floats", lambda: Finite(z, {0: 0.1, 1: 0.9})),
    one("masses of names", lambda: Finite(z, {"a": S.Half, "b": S.Half})),
    one("a covariance that is not symmetric", lambda: MultivariateNormal([x, y], [0, 0], sp.Matrix([[1, 2], [0, 1]]))),
    one("a covariance that is not definite", lambda: MultivariateNormal([x, y], [0, 0], sp.Matrix([[1, 2], [2, 1]]))),
    one("a covariance of another size", lambda: MultivariateNormal([x, y], [0, 0], sp.eye(3))),
    one("a covariance that is a number", lambda: MultivariateNormal([x, y], [0, 0], 1)),
    one("one variable twice", lambda: MultivariateNormal([x, x], [0, 0], sp.eye(2))),
    one("no variable at all", lambda: MultivariateNormal([], [], sp.zeros(0, 0))),
    one("two laws of one variable", lambda: E(x, law, Normal(x, 0, s))),
]  # fmt: skip


def finished_with(label: str) -> Derivation:
    chain = started()
    chain.step((x - 1) * (x + 1), because="factors")
    return chain.ends_with(label=label)


def le_then_ge() -> None:
    chain = started()
    chain.le(x**2, because="r", by=nonnegative(S.One))
    chain.ge(x**2 - 1, because="r", by=nonnegative(S.One))
