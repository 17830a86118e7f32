"""Random matrices that have the properties which the conditions ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy as sp
from sympy import Expr, Rational
from sympy.matrices.exceptions import NonInvertibleMatrixError

from .errors import Undecidable


class Singular(Exception):  # noqa: N818
    """This instance has a singular matrix where an inverse is taken: choose another."""


def random_matrix(
    rows: int,
    columns: int,
    properties: Sequence[str],
    rational: Callable[[], Rational],
) -> sp.ImmutableMatrix:
    """A matrix with entries from ``rational``, changed until it has the properties."""
    for _ in range(20):
        value = sp.Matrix(rows, columns, lambda i, j: rational())
        for name in properties:
            value = _with_property(name, value)
        if all(_has_property(name, value) for name in properties):
            return sp.ImmutableMatrix(value)
    raise Undecidable(f"no random matrix is {' and '.join(properties)}")


def power(base: sp.MatrixBase, exponent: Expr) -> sp.ImmutableMatrix:
    """``base`` times itself; raises ``Singular`` if it has no inverse and needs one."""
    if not exponent.is_Integer:
        raise Undecidable(f"a matrix to the power {exponent}")
    try:
        return sp.ImmutableMatrix(base ** int(exponent))
    except NonInvertibleMatrixError as error:
        raise Singular from error


def _with_property(name: str, value: sp.Matrix) -> sp.Matrix:
    size = value.shape[0]
    if name == "positive_definite":
        return value * value.T + sp.eye(size)
    if name == "symmetric":
        return value + value.T
    if name == "diagonal":
        return sp.diag(*(value[i, i] for i in range(size)))
    if name == "orthogonal":
        skew = value - value.T
        return (sp.eye(size) - skew) * (sp.eye(size) + skew).inv()
    if name == "invertible":
        return value if value.det() != 0 else value + sp.eye(size) * 11
    raise Undecidable(f"no random matrix is known to be {name}")


def _has_property(name: str, value: sp.Matrix) -> bool:
    size = value.shape[0]
    return {
        "positive_definite": lambda: bool(value.is_positive_definite),
        "symmetric": value.is_symmetric,
        "diagonal": value.is_diagonal,
        "orthogonal": lambda: value * value.T == sp.eye(size),
        "invertible": lambda: value.det() != 0,
    }[name]()
