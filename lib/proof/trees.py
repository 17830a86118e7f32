"""An expression as plain data, for JSON, and back: nothing is evaluated, nothing run.

A node is a list: its kind, then its parts. What may come back is what stands in
``KINDS``; whatever else the data name is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import sympy as sp
from sympy import Basic, Symbol
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.core.symbol import Str

from . import calculus, expectation, laws
from .errors import DerivationError
from .latex import as_latex

Tree: TypeAlias = list[Any]

_SYMPY = (
    "Abs Add Derivative Determinant DiagMatrix Equality GreaterThan HadamardProduct "
    "Heaviside Identity ImmutableDenseMatrix Indexed IndexedBase Integral Inverse "
    "KroneckerDelta LessThan MatAdd MatMul MatPow MatrixSymbol Max Min Mul OneMatrix "
    "Piecewise Pow Product StrictGreaterThan StrictLessThan Subs Sum Trace Transpose "
    "Tuple UnevaluatedExpr Unequality ZeroMatrix arg atan atan2 binomial ceiling "
    "conjugate cos cosh erf erfc exp factorial floor gamma im log re sign sin sinh tan "
    "tanh"
)
_OWN = {
    calculus: "Elementwise Gradient Jacobian LayerNorm Map MatrixGradient sigmoid",
    expectation: "E Int KL Var",
    laws: "Abstract Finite MultivariateNormal Normal",
}
KINDS: dict[str, type[Basic]] = {
    **{name: getattr(sp, name) for name in _SYMPY.split()},
    "ExprCondPair": sp.functions.elementary.piecewise.ExprCondPair,
    **{
        name: getattr(module, name)
        for module, names in _OWN.items()
        for name in names.split()
    },
}
_AS_WRITTEN = (sp.Add, sp.Mul, sp.Pow, sp.Function, Relational)
_CONSTANTS = {
    str(constant): constant
    for constant in (sp.pi, sp.S.Exp1, sp.I, sp.oo, -sp.oo, sp.true, sp.false)
}


def as_tree(node: Basic) -> Tree:
    """The data of an expression, a law or a condition.

    Raises ``DerivationError`` of what ``from_tree`` could not bring back.
    """
    if isinstance(node, sp.Rational):
        return ["number", str(node)]
    if isinstance(node, Str):
        return ["text", node.name]
    if type(node) is Symbol:
        return ["symbol", node.name, dict(sorted(node._assumptions_orig.items()))]
    if isinstance(node, AppliedUndef):
        return ["function", *_function(node), *map(as_tree, node.args)]
    if isinstance(node, AppliedPredicate):
        return ["fact", node.function.name, *map(as_tree, node.arguments)]
    if _CONSTANTS.get(str(node)) is node:
        return ["constant", str(node)]
    name = type(node).__name__
    if KINDS.get(name) is not type(node):
        raise DerivationError(f"{name} cannot be kept as data: add it to KINDS")
    return [name, *map(as_tree, node.args)]


def _function(applied: AppliedUndef) -> list[Any]:
    """Its name, what is assumed of it, a density's variables, and how it is printed."""
    function = applied.func
    known = dict(sorted(function._kwargs.items()))
    variables = [*map(as_tree, getattr(function, "variables", ()))]
    return [function.__name__, known, variables, _printed(applied)]


def _printed(applied: AppliedUndef) -> str:
    """Its LaTeX with ``{#1}``, ``{#2}`` for the arguments; empty if it is the usual."""
    own = getattr(applied.func, "_latex", None)
    if own is None or own is laws.density_latex:
        return ""
    places = [Symbol(f"{{#{k}}}") for k in range(1, len(applied.args) + 1)]
    return as_latex(applied.func(*places))


def from_tree(tree: Tree) -> Basic:
    """The expression of which these are the data.

    Raises ``DerivationError`` of data that name anything that is not in ``KINDS``.
    """
    kind, *parts = tree
    if kind == "number":
        return sp.Rational(parts[0])
    if kind == "text":
        return Str(parts[0])
    if kind == "symbol":
        return Symbol(parts[0], **parts[1])
    if kind == "function":
        return _made(*parts[:4])(*map(from_tree, parts[4:]))
    if kind == "fact":
        return getattr(sp.Q, parts[0])(*map(from_tree, parts[1:]))
    if kind == "constant" and parts[0] in _CONSTANTS:
        return _CONSTANTS[parts[0]]
    if kind not in KINDS:
        raise DerivationError(f"the data name {kind!r}, which is no kind of expression")
    arguments = [from_tree(part) for part in parts]
    if issubclass(KINDS[kind], _AS_WRITTEN):
        return KINDS[kind](*arguments, evaluate=False)
    return KINDS[kind](*arguments)


def _made(
    name: str, known: dict[str, bool], variables: list[Tree], printed: str
) -> Any:
    if variables:
        function = laws.density_function(name, tuple(map(from_tree, variables)))
    else:
        function = sp.Function(name, **known)
    if printed:
        function._latex = _printing(printed)
    return function


def _printing(printed: str) -> Callable[..., str]:
    """What prints a function so, with its arguments in their places."""

    def latex(applied: AppliedUndef, printer: Any, exp: str | None = None) -> str:
        text = printed
        for k, argument in enumerate(applied.args, start=1):
            text = text.replace(f"{{#{k}}}", printer._print(argument))
        return text + (f"^{{{exp}}}" if exp else "")

    return latex
