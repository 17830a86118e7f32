"""Grounding: an interpretation put in, so that numbers alone stay open.

Expectations and integrals are worked out on the way, and matrices entry by entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import mpmath
import sympy as sp
from sympy import Basic, Expr, Function, S, Symbol
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr, MatrixSymbol

from .calculus import EXP, Elementwise, Jacobian, LayerNorm, Map, MatrixGradient
from .errors import Undecidable
from .evaluation import Number
from .expectation import E, Int, resolve, with_value
from .interpretation import Interpretation
from .laws import Law
from .matrices import power
from .partials import partials

MOST_FACTORS = 3000  # that do not commute, each a product of matrices


@dataclass(frozen=True)
class Scope:
    """What holds where an expression stands.

    ``matrices``: the values of the matrix symbols, by name; ``explicit``: whether
    unknown functions are put in by their formulas, not by names for them.
    """

    interpretation: Interpretation
    matrices: Mapping[str, sp.ImmutableMatrix]
    explicit: bool = False

    def apply(self, function: AppliedUndef, arguments: Sequence[Expr]) -> Expr:
        return self.interpretation.apply(function, arguments, self.explicit)


def ground(expression: Basic, interpretation: Interpretation) -> Basic:
    """``expression`` in scalar symbols alone, a matrix as an explicit matrix of them.

    Raises ``Undecidable`` where an expectation, an integral or a sum stays, and
    ``Singular`` where a matrix has no inverse.
    """
    # Not xreplace, which would put numbers in for bound variables of the same name.
    sized = expression.xreplace(interpretation.sizes).subs(interpretation.scalars)
    expression = resolve(sized)
    scope = Scope(interpretation, interpretation.matrices)
    if any(not s.is_commutative for s in expression.atoms(Symbol)):
        nodes = sp.preorder_traversal(expression)
        if sum(1 for n in nodes if not n.is_commutative) > MOST_FACTORS:
            raise Undecidable(f"more than {MOST_FACTORS} factors that do not commute")
        return _noncommutative(expression, scope)
    grounded = _ground(expression, scope)
    if isinstance(grounded, sp.MatrixBase):
        return grounded.applyfunc(_without_indexed)
    return _without_indexed(grounded)


def _ground(node: Basic, scope: Scope) -> Basic:
    if isinstance(node, sp.MatrixBase):
        return node.applyfunc(lambda entry: _ground(entry, scope))
    if isinstance(node, (MatrixExpr, MatrixElement, sp.Trace, sp.Determinant)):
        return _ground_matrix(node, scope)
    if isinstance(node, E):
        return _expectation(node, scope)
    if isinstance(node, Int):
        return _integral(node, scope)
    if isinstance(node, AppliedUndef):
        arguments = [_ground(argument, scope) for argument in node.args]
        return scope.apply(node, arguments)
    if isinstance(node, sp.Derivative):
        return _derivative(node, scope)
    if isinstance(node, sp.Subs):
        inner = _ground(node.expr, scope)
        new = [_ground(value, scope) for value in node.point]
        return inner.subs(list(zip(node.variables, new, strict=True)))
    if isinstance(node, sp.Integral) and node.has(AppliedUndef):
        return _between_ends(node, scope)
    if isinstance(node, (sp.Sum, sp.Product, sp.Integral)):
        raise Undecidable(f"{node} has no closed form")
    if not node.args or isinstance(node, sp.Indexed):
        return node
    arguments = [_ground(argument, scope) for argument in node.args]
    if isinstance(node, (sp.Max, sp.Min)):
        return _greatest(node, arguments)
    return node.func(*arguments)


def _greatest(node: sp.Max | sp.Min, arguments: Sequence[Expr]) -> Expr:
    try:
        return node.func(*arguments)
    except ValueError as error:  # of numbers that are equal and do not look so
        raise Undecidable(f"SymPy does not compare the arguments of {node}") from error


def _expectation(node: E, scope: Scope) -> Expr:
    """By a closed form, which the formulas of unknown functions often have."""
    scope = replace(scope, explicit=True)
    laws = [_law(law, scope) for law in node.args[1:]]
    value = resolve(E(_ground(node.args[0], scope), *laws))
    if value.has(E):
        raise Undecidable(f"the expectation {node} has no closed form here")
    return value


def _law(law: Law, scope: Scope) -> Law:
    """The law with its parameters grounded, and its variable as it is."""
    variable, *parameters = law.args
    return law.func(variable, *(_parameter(part, scope) for part in parameters))


def _parameter(part: Basic, scope: Scope) -> Basic:
    if isinstance(part, sp.Tuple):
        return sp.Tuple(*(_parameter(inner, scope) for inner in part))
    return _ground(part, scope)


def _integral(node: Int, scope: Scope) -> Expr:
    """By a closed form if it has one, else as a sum over the variable's support."""
    z = node.args[1]
    if any(z in e.free_symbols for e in node.args[0].atoms(sp.exp)):
        in_full = replace(scope, explicit=True)
        value = resolve(Int(_ground(node.args[0], in_full), z))
        if not value.has(Int):
            return value
    if not node.has(AppliedUndef):
        raise Undecidable(f"the integral {node} has no closed form here")
    body = _ground(node.args[0], scope)
    support = scope.interpretation.support(z)
    return sp.Add(
        *(mass * with_value(body, z, value) for value, mass in support.items())
    )


def _between_ends(node: sp.Integral, scope: Scope) -> Expr:
    """An integral between ends, by the formulas of the functions in it."""
    body = _ground(node.function, replace(scope, explicit=True))
    limits = [
        (limit[0], *(_ground(end, scope) for end in limit[1:])) for limit in node.limits
    ]
    value = resolve(sp.Integral(body, *limits))
    if value.has(sp.Integral):
        raise Undecidable(f"{node} has no closed form")
    return value


def _derivative(node: sp.Derivative, scope: Scope) -> Expr:
    """Also with respect to f(x): a symbol holds its place meanwhile."""
    inner = [v for v, _ in node.variable_count if not isinstance(v, Symbol)]
    places = {v: sp.Dummy(real=True) for v in inner}
    body = _ground(node.expr.xreplace(places), scope)
    body = body.diff(*((places.get(v, v), n) for v, n in node.variable_count))
    return body.xreplace({place: _ground(v, scope) for v, place in places.items()})


# ------------------------------------------------------------------------- matrices


def _ground_matrix(node: Basic, scope: Scope) -> Basic:
    if isinstance(node, MatrixSymbol):
        return scope.matrices[node.name]
    if isinstance(node, Map):
        return _map(node, scope)
    if isinstance(node, Elementwise):
        return _elementwise(node, scope)
    if isinstance(node, LayerNorm):
        return _layer_norm(node, scope)
    if isinstance(node, (Jacobian, MatrixGradient)):
        return _matrix_derivative(node, scope)
    parts = [_ground(argument, scope) for argument in node.args]
    return _matrix_operation(node, parts)


def _matrix_operation(node: Basic, parts: list[Basic]) -> Basic:
    """What ``node`` does, done to its grounded arguments."""
    matrices = [p for p in parts if isinstance(p, sp.MatrixBase)]
    if isinstance(node, sp.MatMul):
        scalars = [p for p in parts if not isinstance(p, sp.MatrixBase)]
        product = matrices[0]
        for factor in matrices[1:]:
            product = product * factor
        return product * sp.Mul(*scalars)
    if isinstance(node, sp.MatAdd):
        return sum(matrices[1:], matrices[0])
    if isinstance(node, sp.MatPow):
        return power(parts[0], parts[1])
    if isinstance(node, sp.Trace):
        return parts[0].trace()
    if isinstance(node, sp.Determinant):
        return parts[0].det()
    if isinstance(node, MatrixElement):
        return parts[0][parts[1], parts[2]]
    value = node.func(*parts).doit()
    value = value if isinstance(value, sp.MatrixBase) else value.as_explicit()
    return sp.ImmutableMatrix(value)


def _map(node: Map, scope: Scope) -> sp.Matrix:
    """A column of unknown functions, each of all the entries."""
    name, rows, *arguments = node.args
    entries = [entry for a in arguments for entry in _ground(a, scope)]
    # No function of a text has a name with a bar, which densities have, too.
    functions = [Function(f"{name}|entry|{i}", real=True) for i in range(int(rows))]
    values = [scope.apply(function(*entries), entries) for function in functions]
    return sp.ImmutableMatrix(values)


def _elementwise(node: Elementwise, scope: Scope) -> sp.Matrix:
    name, matrix, order = node.args
    if name.name == EXP:
        return _ground(matrix, scope).applyfunc(sp.exp)
    place = sp.Dummy(real=True)
    applied = Function(name.name, real=True)(place)
    value = scope.apply(applied, [place]).diff(place, int(order))
    return _ground(matrix, scope).applyfunc(lambda e: value.xreplace({place: e}))


def _layer_norm(node: LayerNorm, scope: Scope) -> sp.Matrix:
    column, epsilon = (_ground(argument, scope) for argument in node.args)
    mean = sp.Add(*column) / len(column)
    centred = column.applyfunc(lambda entry: entry - mean)
    variance = sp.Add(*(entry**2 for entry in centred)) / len(column)
    return sp.ImmutableMatrix(centred * InverseRoot(variance + epsilon))


class InverseRoot(sp.Function):
    """u^(-1/2), of whose sign SymPy asks nothing: it would take minutes to find out."""

    nargs = 1
    is_number = False

    def fdiff(self, index: int = 1) -> Expr:
        return -(InverseRoot(self.args[0]) ** 3) / 2

    @staticmethod
    def _imp_(u: Number) -> Number:
        """The value; SymPy's lambdify looks for it under this name."""
        return 1 / mpmath.sqrt(u)


def _matrix_derivative(node: Jacobian | MatrixGradient, scope: Scope) -> sp.Matrix:
    """Entry by entry: symbols hold the places of what is differentiated by."""
    of, by, at = node.args
    point = _ground(at, scope)
    places = sp.ImmutableMatrix(*point.shape, lambda i, j: sp.Dummy(real=True))
    inner = replace(scope, matrices={**scope.matrices, by.name: places})
    value = _ground(of, inner)
    column = value if isinstance(value, sp.MatrixBase) else sp.Matrix([value])
    rows = [[p.get(x, S.Zero) for x in places] for p in partials(column, places)]
    if isinstance(node, Jacobian):
        slopes = sp.Matrix(rows)
    else:
        slopes = sp.Matrix(*places.shape, rows[0])
    there = dict(zip(places, point, strict=True))
    return sp.ImmutableMatrix(slopes.xreplace(there))


def _noncommutative(node: Basic, scope: Scope) -> sp.Matrix:
    """A polynomial in non-commuting symbols, with a random matrix for each."""
    n = scope.interpretation.noncommuting_size
    if node.is_commutative:
        return _ground(node, scope) * sp.eye(n)
    if isinstance(node, Symbol):
        return scope.interpretation.noncommuting(node)
    if isinstance(node, sp.Pow):
        return power(_noncommutative(node.base, scope), node.exp)
    if not isinstance(node, (sp.Add, sp.Mul)):
        raise Undecidable(f"{node.func.__name__} of non-commuting symbols")
    parts = [_noncommutative(argument, scope) for argument in node.args]
    total = sp.zeros(n, n) if isinstance(node, sp.Add) else sp.eye(n)
    for part in parts:
        total = total + part if isinstance(node, sp.Add) else total * part
    return sp.ImmutableMatrix(total)


def _without_indexed(expression: Expr) -> Expr:
    """The terms of an indexed base as symbols of their own."""
    terms = expression.atoms(sp.Indexed)
    return expression.xreplace({t: _symbol_for(t) for t in terms})


@lru_cache(4096)
def _symbol_for(term: sp.Indexed) -> Symbol:
    return sp.Dummy(str(term), **term.base.assumptions0)
