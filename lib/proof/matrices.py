"""Random matrices that have the properties which the conditions ask for.

A condition often holds on several separate pieces: an orthogonal matrix has the
determinant 1 or -1, a positive definite one eigenvalues above one, below it or alike.
``piece``, a whole number, chooses one; a few in a row come by all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import sympy as sp
from sympy import Expr, Rational
from sympy.matrices.exceptions import NonInvertibleMatrixError

from .errors import Undecidable

SYMMETRIC = frozenset({"symmetric", "positive_definite", "diagonal"})
NEARLY_SINGULAR = 3  # every fourth piece
KNOWN = SYMMETRIC | {"orthogonal", "invertible"}


class Singular(Exception):  # noqa: N818
    """This instance has a singular matrix where an inverse is taken: choose another."""


def random_matrix(
    rows: int, columns: int, properties: Sequence[str], random: Random, piece: int
) -> sp.ImmutableMatrix:
    """A matrix that has the properties, in whatever order they are named."""
    wanted = set(properties)
    if unknown := wanted - KNOWN:
        raise Undecidable(f"no random matrix is known to be {min(unknown)}")
    if wanted & SYMMETRIC:
        values = _eigenvalues(rows, wanted, random, piece)
        axes = sp.eye(rows)
        if "diagonal" not in wanted:
            axes = _orthogonal(rows, random, piece)
        return sp.ImmutableMatrix(axes * sp.diag(*values) * axes.T)
    if "orthogonal" in wanted:
        return sp.ImmutableMatrix(_orthogonal(rows, random, piece))
    entry = _ENTRIES[piece % len(_ENTRIES)] if piece else _small
    for _ in range(20):
        value = sp.Matrix(rows, columns, lambda i, j: entry(random))
        if piece % 4 == NEARLY_SINGULAR and rows > 1:  # a row nearly another one
            value[-1, :] = value[0, :] + value[-1, :] / 10**12
        value = sp.ImmutableMatrix(value)
        if "invertible" not in wanted or value.det() != 0:
            return value
    raise Undecidable("no invertible matrix was found")


def has_property(name: str, value: sp.MatrixBase) -> bool:
    """Whether a matrix of numbers has a property."""
    if name not in KNOWN:
        raise Undecidable(f"it is not known how to see that a matrix is {name}")
    square = value.rows == value.cols
    return (
        square
        and {
            "positive_definite": lambda: value.is_positive_definite is True,
            "symmetric": value.is_symmetric,
            "diagonal": value.is_diagonal,
            "orthogonal": lambda: value * value.T == sp.eye(value.rows),
            "invertible": lambda: value.det() != 0,
        }[name]()
    )


def power(base: sp.MatrixBase, exponent: Expr) -> sp.ImmutableMatrix:
    """``base`` times itself; raises ``Singular`` if it has no inverse and needs one."""
    if not exponent.is_Integer:
        raise Undecidable(f"a matrix to the power {exponent}")
    try:
        return sp.ImmutableMatrix(base ** int(exponent))
    except NonInvertibleMatrixError as error:
        raise Singular from error


def _small(random: Random) -> Rational:
    """For the first matrix, so that a counterexample reads well."""
    return Rational(random.choice((-3, -2, -1, 1, 2, 3)))


def _plain(random: Random) -> Rational:
    return Rational(random.randint(-7, 7), random.randint(1, 3))


def _generic(random: Random) -> Rational:
    """Without a denominator in common with any other."""
    return Rational(random.randint(-(10**6), 10**6), random.randint(10**5, 10**6))


def _of_any_scale(random: Random) -> Rational:
    return _plain(random) * Rational(10) ** random.randint(-4, 4)


_ENTRIES: tuple[Callable[[Random], Rational], ...] = (_plain, _generic, _of_any_scale)


def _eigenvalues(
    size: int, wanted: set[str], random: Random, piece: int
) -> list[Rational]:
    """Below one, above it, on both sides or all alike, and not all of one sign."""
    low = [Rational(random.randint(1, 19), 20) for _ in range(size)]
    high = [1 + Rational(random.randint(1, 90), 20) for _ in range(size)]
    both = [random.choice(pair) for pair in zip(low, high, strict=True)]
    if size > 1:
        both[:2] = low[0], high[1]
    alike = [random.choice(low + high)] * size
    far = [value * Rational(10) ** (6 if piece % 2 else -6) for value in low]
    values = (both, low, high, alike, far, [sp.S.One] * size)[piece % 6]
    if "orthogonal" in wanted:
        values = [sp.S.One] * size
    if "positive_definite" in wanted:
        return values
    signs = (random.choice((1, -1)) for _ in values)
    kept = [random.choice((1, -1))] * size if piece % 3 == 2 else signs
    signed = [s * v for s, v in zip(kept, values, strict=True)]
    if not wanted & {"orthogonal", "invertible"} and piece % 7 == 6:
        signed[0] = sp.S.Zero
    return signed


def _orthogonal(size: int, random: Random, piece: int) -> sp.Matrix:
    """A rotation; for odd ``piece`` one axis turned over."""
    turned = rotation(size, random)
    signs = [random.choice((1, -1)) for _ in range(size)]
    if sp.prod(signs) != (-1) ** (piece % 2):
        signs[0] = -signs[0]
    return turned * sp.diag(*signs)


def rotation(size: int, random: Random, divisor: int = 1) -> sp.Matrix:
    """A rotation by Cayley's formula; the larger the divisor, the smaller the turn."""
    value = sp.Matrix(size, size, lambda i, j: random.randint(-3, 3))
    skew = (value - value.T) / divisor
    return (sp.eye(size) - skew) * (sp.eye(size) + skew).inv()
