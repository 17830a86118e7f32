"""Wrong variants of an expression: one error each, at each of its nodes."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sympy as sp
from sympy import Add, Basic, Expr, Indexed, Mul, Pow, Symbol
from sympy.core.function import AppliedUndef

from lib.proof.calculus import (
    Elementwise,
    Gradient,
    Jacobian,
    LayerNorm,
    Map,
    MatrixGradient,
)
from lib.proof.expectation import KL, E, Int, Var
from lib.proof.laws import Law, Normal
from tests.shared.effort import drawn


@dataclass(frozen=True)
class Error:
    """One error at one node, which the ``path`` of argument numbers leads to."""

    path: tuple[int, ...]
    node: Basic
    wrong: Any
    change: str


def mutants(
    expression: Basic, symbols: list[Symbol], most: int | None = None, name: str = ""
) -> dict[Basic, str]:
    """Mutants of ``expression`` with what was done; ``symbols`` may be swapped.

    All of them, or those of a sample of so many errors, which is named.
    """
    errors = list(_errors(expression, symbols, frozenset(), ()))
    if most is not None:
        errors = drawn(errors, most, name)
    found: dict[Basic, str] = {}
    for error in errors:
        try:
            mutant = _with(expression, error.path, error.wrong)
        except (TypeError, ValueError, AttributeError):
            continue
        if mutant != expression and not mutant.has(sp.nan, sp.zoo, sp.oo):
            found.setdefault(mutant, f"{error.change} of {error.node}")
    return found


def _with(node: Basic, path: tuple[int, ...], wrong: Any) -> Any:
    """``node`` with something else at the end of the path."""
    if not path:
        return wrong
    i, *rest = path
    changed = _with(node.args[i], tuple(rest), wrong)
    return node.func(*node.args[:i], changed, *node.args[i + 1 :])


def _errors(
    node: Basic, symbols: list[Symbol], bound: frozenset[Basic], path: tuple[int, ...]
) -> Iterator[Error]:
    for wrong, change in _here(node, symbols):
        yield Error(path, node, wrong, change)
    inner = bound | _bound_by(node)
    for i, argument in enumerate(node.args):
        if not (_is_name(node, i) or argument in inner):
            yield from _errors(argument, symbols, inner, (*path, i))


def _is_name(node: Basic, i: int) -> bool:
    """Whether an argument only names something: a variable, an index, a law's name."""
    if isinstance(node, (Law, Indexed)):
        return i == 0
    if isinstance(node, (sp.Sum, sp.Product)):
        return i > 0
    if isinstance(node, Gradient):
        return i > 0
    if isinstance(node, Map):
        return i < 2
    if isinstance(node, Elementwise):
        return i != 1
    if isinstance(node, (Jacobian, MatrixGradient)):
        return i == 1
    if isinstance(node, (sp.Derivative, sp.Subs)):
        return isinstance(node, sp.Derivative) or i == 1
    names = (sp.MatrixSymbol, sp.ZeroMatrix, sp.Identity, sp.core.symbol.Str)
    return isinstance(node, names)


def _bound_by(node: Basic) -> frozenset[Basic]:
    return frozenset(getattr(node, "bound_symbols", ()))


def _here(node: Basic, symbols: list[Symbol]) -> Iterator[tuple[Any, str]]:
    """The errors that can be made at one node, whatever is below it."""
    if isinstance(node, Expr) and not isinstance(node, sp.MatrixExpr):
        yield -node, "sign"
        yield 2 * node, "factor"
    if isinstance(node, sp.MatrixExpr) and not isinstance(node, sp.ZeroMatrix):
        yield 2 * node, "factor"
    if isinstance(node, sp.MatMul):
        yield from _reordered(node)
    if isinstance(node, Elementwise):
        name, matrix, order = node.args
        yield node.func(name, matrix, 1 - order), "function for derivative"
    if isinstance(node, LayerNorm):
        yield node.args[0], "norm dropped"
    if isinstance(node, sp.Transpose):
        yield node.arg, "transpose dropped"
    if isinstance(node, (Add, Mul, sp.HadamardProduct)):
        for i in range(len(node.args)):
            rest = [a for j, a in enumerate(node.args) if j != i]
            yield node.func(*rest), f"part {i} dropped"
    elif isinstance(node, Pow):
        yield node.base ** (node.exp + 1), "exponent"
        yield node.base ** (node.exp - 1), "smaller exponent"
        yield node.base, "exponent dropped"
    elif isinstance(node, sp.Float):
        yield from _other_digits(node)
    elif isinstance(node, sp.Number):
        yield node + 1, "one more"
        yield node - 1, "one less"
    elif isinstance(node, AppliedUndef):
        yield from _other_roles(node)
    elif isinstance(node, Symbol) and node in symbols:
        kin = [s for s in symbols if s.assumptions0 == node.assumptions0]
        yield kin[(kin.index(node) + 1) % len(kin)], "swapped symbol"
    elif isinstance(node, Indexed):
        yield node.base[tuple(i + 1 for i in node.indices)], "shifted index"
    elif isinstance(node, (sp.Sum, sp.Product)):
        yield from _other_limits(node)
        yield from _other_bound(node, node.args[0], symbols)
    elif isinstance(node, (Int, sp.Integral)):
        yield from _other_bound(node, node.args[0], symbols)
    elif isinstance(node, KL):
        yield node.func(*reversed(node.args)), "swapped laws"
    elif isinstance(node, (E, Var)):
        other = Var if isinstance(node, E) else E
        yield other(*node.args), "mean for variance"
        yield from _other_bound(node, node.args[0], symbols)
    elif isinstance(node, Gradient):
        yield node.args[0], "gradient dropped"
    elif isinstance(node, sp.Trace):
        if node.arg.shape != (1, 1):
            yield sp.Determinant(node.arg), "trace for determinant"
    elif isinstance(node, sp.Determinant):
        yield sp.Trace(node.arg), "determinant for trace"
    elif isinstance(node, Normal):
        yield node.func(node.args[0], node.mean + 1, *node.args[2:]), "mean"


def _other_digits(node: sp.Float) -> Iterator[tuple[Expr, str]]:
    """The decimal with another last digit."""
    written = Decimal(str(node)).normalize()
    unit = Decimal(1).scaleb(written.as_tuple().exponent)
    for other, change in ((written + unit, "up"), (written - unit, "down")):
        yield sp.Float(str(other)), f"last digit {change}"


def _other_roles(node: AppliedUndef) -> Iterator[tuple[Expr, str]]:
    """Two neighbouring arguments exchanged."""
    for i in range(len(node.args) - 1):
        first, second = node.args[i : i + 2]
        order = (*node.args[:i], second, first, *node.args[i + 2 :])
        yield node.func(*order), "roles exchanged"


def _reordered(node: sp.MatMul) -> Iterator[tuple[Basic, str]]:
    """Two neighbours change places, where both are square and so fit."""
    for i in range(len(node.args) - 1):
        first, second = node.args[i : i + 2]
        if not (first.is_Matrix and second.is_Matrix):
            continue
        if first.shape == second.shape == second.T.shape:
            order = (*node.args[:i], second, first, *node.args[i + 2 :])
            yield node.func(*order), "factors reordered"


def _other_limits(node: Expr) -> Iterator[tuple[Expr, str]]:
    other = sp.Product if isinstance(node, sp.Sum) else sp.Sum
    yield other(*node.args), "sum for product"
    (index, low, high), *rest = node.limits
    yield node.func(node.function, (index, low + 1, high), *rest), "lower limit"
    yield node.func(node.function, (index, low, high + 1), *rest), "upper limit"


def _other_bound(
    node: Basic, body: Basic, symbols: list[Symbol]
) -> Iterator[tuple[Basic, str]]:
    """A bound variable in the body takes the name of one that is not bound there."""
    for variable in sorted(_bound_by(node), key=str):
        others = [s for s in symbols if s not in _bound_by(node)]
        if not others or variable not in body.free_symbols:
            continue
        try:
            changed = body.xreplace({variable: others[0]})
            yield node.func(changed, *node.args[1:]), "bound variable"
        except ValueError:  # the other one is bound further inside
            continue
