"""Names that can be typed, for all that expressions name.

A symbol may be called ``x_{0}``, a law ``p(z \\mid x)``, a density ``p|1|z,x``: in text
they are ``x_0``, ``p_z_given_x`` and ``p``, or ``p_z_given_x`` where a p(x) stands
beside it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Container, Iterable
from typing import Any, TypeAlias

import sympy as sp
from sympy import Basic, Symbol
from sympy.core.function import AppliedUndef
from sympy.tensor.indexed import IndexedBase

from .calculus import Elementwise, Map
from .laws import Law

# A symbol, a matrix, a law; an operator, a function, or what makes an expression.
Name: TypeAlias = Basic | type[Basic] | Callable[..., Basic]
# What a name stands for: a symbol, a matrix, a law, a function; of an unknown map of
# vectors its kind and what is fixed of it.
Thing: TypeAlias = Basic | type[Basic] | tuple[Any, ...]

_WORDS = {
    r"\mid": " given ",
    r"\partial": " d ",
    "^*": " star ",
    "^{+}": " plus ",
    "'": " prime ",
}
_MARKS = re.compile(r"\\(mathrm|operatorname|left|right|frac|circ)\b")


def identifier(latex: str) -> str:
    r"""A name in letters, digits and low lines: ``x_0`` of ``x_{0}``."""
    if latex.isidentifier():
        return latex
    for sign, word in _WORDS.items():
        latex = latex.replace(sign, word)
    return "_".join(re.findall(r"[^\W_]+", _MARKS.sub(" ", latex)))


def typeable(expressions: Iterable[Basic]) -> dict[str, Name]:
    """What text may name: all that these expressions name.

    Of two things with one short name it is the one that comes later; the other one
    keeps a longer name.
    """
    return {name: _made(thing) for name, thing in _catalogue(expressions).items()}


def spellings(expressions: Iterable[Basic]) -> dict[Thing, str]:
    """Of each thing that expressions name the shortest name that ``typeable`` gives."""
    catalogue = _catalogue(expressions)
    names = sorted(catalogue, key=len, reverse=True)
    return {catalogue[name]: name for name in names}


def thing(node: Basic) -> Thing | None:
    """What a node names: itself, its function, or the kind of map that it is."""
    found = _named(node)
    return None if found is None else found[0]


def _catalogue(expressions: Iterable[Basic]) -> dict[str, Thing]:
    names: dict[Thing, tuple[str, str]] = {}
    for expression in expressions:
        nodes = sp.preorder_traversal(expression)
        for node in nodes:
            if (found := _named(node)) is not None:
                names.pop(found[0], None)  # the last place counts
                names[found[0]] = found[1:]
            if isinstance(node, IndexedBase):
                nodes.skip()  # its label names the same thing
    known = {short: named for named, (short, _) in names.items()}
    for named, (_, long) in names.items():
        if named not in known.values():
            known[_free(long, known)] = named
    return known


def _free(name: str, known: Container[str]) -> str:
    """The name, or with the first number behind it that makes it a new one."""
    if name not in known:
        return name
    return next(new for n in itertools.count(2) if (new := f"{name}_{n}") not in known)


def _named(node: Basic) -> tuple[Thing, str, str] | None:
    """What a node names, its short name and a longer one."""
    if isinstance(node, Law):
        name = identifier(node.name)
        return node, name, f"law_{name}"
    if isinstance(node, (Symbol, sp.MatrixSymbol)):
        return node, identifier(node.name), identifier(node.name)
    if isinstance(node, AppliedUndef):
        return node.func, *_function(node.func.__name__)
    if isinstance(node, IndexedBase):
        return node, identifier(str(node.label)), identifier(str(node.label))
    if isinstance(node, Map):
        name = identifier(node.args[0].name)
        return (Map, *node.args[:2]), name, name
    if isinstance(node, Elementwise):
        name = identifier(node.args[0].name)
        return (Elementwise, node.args[0]), name, name
    return None


def _function(name: str) -> tuple[str, str]:
    """The names of an unknown function; that of a density holds what it is made of."""
    if "|" not in name:
        return identifier(name), identifier(name)
    stem, count, stems = name.rsplit("|", 2)
    variables = stems.split(",")
    given = variables[int(count) :]
    parts = [stem, *variables[: int(count)], *(["given", *given] if given else [])]
    return identifier(stem), identifier(" ".join(parts).replace("vector", ""))


def _made(thing: Any) -> Name:
    """What text that names a thing gets: itself, or what makes an expression of it."""
    if isinstance(thing, IndexedBase):
        return lambda *places: thing[places]
    if isinstance(thing, tuple):
        kind, *fixed = thing
        return lambda *arguments: kind(*fixed, *arguments)
    return thing
