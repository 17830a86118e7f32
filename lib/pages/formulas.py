"""Formulas as data, which a page computes without running code that stands in it.

A formula is written as a tree: a number, the name of a variable, or a list of a
function's name and its arguments, ``["Mul", 2, ["exp", "x"]]``. The names are those of
SymPy's classes. `evaluate` computes a tree here, for still pictures and tests, and
``book/_static/playable.js`` computes the same trees in the page: no ``eval``, so that a
content-security policy can forbid it, and no file of code for each figure.
"""

import math
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Expression(Protocol):
    """What is used of SymPy's expressions: these pages do not import it."""

    @property
    def args(self) -> tuple[Any, ...]: ...


Formula = Expression | str | float  # of a SymPy expression, a variable's name, a number
Tree = list[Any] | str | float
Array = NDArray[np.float64]


def _lookup(index: ArrayLike, *values: ArrayLike) -> Any:
    """The value of that number, from 0 on, to the nearest whole one; else NaN."""
    wanted, *choices = np.broadcast_arrays(index, *values)
    number = np.floor(wanted + 0.5)
    there = (number >= 0) & (number < len(choices))
    chosen = np.where(there, number, 0).astype(int)[np.newaxis]
    found = np.take_along_axis(np.stack(choices), chosen, 0)[0]
    return np.where(there, found, np.nan)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Add": lambda *terms: reduce(np.add, terms),
    "Mul": lambda *factors: reduce(np.multiply, factors),
    "Pow": np.power,
    "Abs": np.abs,
    "Max": lambda *values: reduce(np.maximum, values),
    "Min": lambda *values: reduce(np.minimum, values),
    "Heaviside": np.heaviside,  # the second argument is the value at zero
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "Lookup": _lookup,  # sympy.Function("Lookup")(number, value 0, value 1, ...)
}


def tree(formula: Formula) -> Tree:
    """The tree of a formula.

    Raises ValueError for a function that the pages cannot compute, and for what is
    neither a formula nor a finite real number.
    """
    if isinstance(formula, str):
        return formula
    if isinstance(formula, int | float):
        return _number(formula)
    kind = type(formula).__name__
    if kind in ("Symbol", "Dummy"):
        return str(formula)
    if not formula.args:
        return _number(formula)
    if kind not in FUNCTIONS:
        known = ", ".join(FUNCTIONS)
        raise ValueError(
            f"a page cannot compute {kind}, in {formula}: rewrite it in {known}"
        )
    return [kind, *map(tree, formula.args)]


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"a formula holds {value}, which is no finite real number")
    return int(number) if number.is_integer() else number


def evaluate(formula: Tree, values: Mapping[str, ArrayLike]) -> Array:
    """What a tree gives at ``values``, numbers or arrays; NaN where it is undefined.

    Raises ValueError for a variable that has no value.
    """
    with np.errstate(all="ignore"):
        return np.asarray(_evaluate(formula, values), dtype=float)


def _evaluate(formula: Tree, values: Mapping[str, ArrayLike]) -> Any:
    if isinstance(formula, str):
        if formula not in values:
            raise ValueError(
                f"a formula holds {formula!r}, which is none of {', '.join(values)}"
            )
        return np.asarray(values[formula], dtype=float)
    if isinstance(formula, int | float):
        return np.float64(formula)
    name, *arguments = formula
    return FUNCTIONS[name](*(_evaluate(part, values) for part in arguments))
