"""Matrices at the edges of what conditions allow, and large ones.

Zero, singular and of few different entries; the identity, its negative and what is
close to it; eigenvalues of every scale beside one another. Such a matrix may satisfy an
equation by itself: it can refute, and its agreement tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import sympy as sp
from sympy import Rational

from .errors import Undecidable
from .extremes import far_number
from .matrices import KNOWN, SYMMETRIC, rotation

LARGEST_FILLED = 12  # rows of a matrix that has no zeros by rule
CORNER = 3  # rows that a larger one fills


def simplest_matrix(
    rows: int, columns: int, properties: Sequence[str]
) -> sp.ImmutableMatrix:
    """Zero, or the identity where the properties exclude that."""
    wanted = _known(properties)
    if wanted & {"positive_definite", "orthogonal", "invertible"}:
        return sp.ImmutableMatrix(sp.eye(rows))
    return sp.ImmutableMatrix(sp.zeros(rows, columns))


def _known(properties: Sequence[str]) -> set[str]:
    if unknown := set(properties) - KNOWN:
        raise Undecidable(f"no random matrix is known to be {min(unknown)}")
    return set(properties)


def extreme_matrix(
    rows: int, columns: int, properties: Sequence[str], random: Random, reach: int
) -> sp.ImmutableMatrix:
    """A matrix that has the properties; ``reach`` is the largest power of ten in it.

    One with more than ``LARGEST_FILLED`` rows or columns is filled at a corner and on
    its diagonal.
    """
    wanted = _known(properties)
    if max(rows, columns) > LARGEST_FILLED:
        return _large(rows, columns, wanted, random, reach)
    if wanted & SYMMETRIC:
        return _symmetric(rows, wanted, random, reach)
    if "orthogonal" in wanted:
        return sp.ImmutableMatrix(_orthogonal(rows, random))
    for _ in range(40):
        value = random.choice(_PLAIN)(rows, columns, random, reach)
        if "invertible" not in wanted or value.det() != 0:
            return sp.ImmutableMatrix(value)
    return sp.ImmutableMatrix(sp.eye(rows))


def _large(
    rows: int, columns: int, wanted: set[str], random: Random, reach: int
) -> sp.ImmutableMatrix:
    """A filled corner, and numbers on the rest of the diagonal."""
    square = rows == columns
    corner = [CORNER, CORNER] if square else [min(CORNER, n) for n in (rows, columns)]
    filled = extreme_matrix(*corner, tuple(wanted), random, reach)
    entries = {
        (i, j): filled[i, j] for i in range(filled.rows) for j in range(filled.cols)
    }
    for i in range(min(corner), min(rows, columns)):
        value = Rational(random.choice((1, 2, 3)))
        if "orthogonal" in wanted:
            value = sp.S.One
        sign = 1 if "positive_definite" in wanted else random.choice((1, -1))
        entries[i, i] = sign * value
    return sp.ImmutableMatrix(rows, columns, lambda i, j: entries.get((i, j), 0))


# ------------------------------------------------------------------------- symmetric


def _symmetric(
    size: int, wanted: set[str], random: Random, reach: int
) -> sp.ImmutableMatrix:
    values = _eigenvalues(size, wanted, random, reach)
    axes = sp.eye(size)
    if "diagonal" not in wanted:
        turned = rotation(size, random)
        axes = random.choice((axes, turned, turned, _orthogonal(size, random)))
    return sp.ImmutableMatrix(axes * sp.diag(*values) * axes.T)


def _eigenvalues(
    size: int, wanted: set[str], random: Random, reach: int
) -> list[Rational]:
    """Of every scale, all alike, or one and naught; of both signs if they may be."""
    spread = [far_number(random, reach) for _ in range(size)]
    alike = [far_number(random, reach)] * size
    values = random.choice((spread, spread, alike, [sp.S.One] * size))
    if "orthogonal" in wanted:
        values = [sp.S.One] * size
    if "positive_definite" in wanted:
        return values
    signs: tuple[int, ...] = (1, -1, 0)
    if wanted & {"orthogonal", "invertible"}:
        signs = (1, -1)
    one_sign = [random.choice(signs)] * size
    chosen = random.choice((one_sign, [random.choice(signs) for _ in range(size)]))
    return [sign * value for sign, value in zip(chosen, values, strict=True)]


def _orthogonal(size: int, random: Random) -> sp.Matrix:
    """One and minus one, exchanges of axes, small turns and any others."""
    turned = _signs(size, random) * rotation(size, random, random.choice((1, 10**6)))
    axes = random.sample(range(size), size)
    permuted = sp.Matrix(size, size, lambda i, j: int(axes[i] == j))
    return random.choice(
        (sp.eye(size), -sp.eye(size), permuted, _signs(size, random) * permuted, turned)
    )


def _signs(size: int, random: Random) -> sp.Matrix:
    return sp.diag(*(random.choice((1, -1)) for _ in range(size)))


# ----------------------------------------------------------------------------- plain


def _of_units(rows: int, columns: int, random: Random, reach: int) -> sp.Matrix:
    return sp.Matrix(rows, columns, lambda i, j: random.choice((-1, 0, 1)))


def _of_every_scale(rows: int, columns: int, random: Random, reach: int) -> sp.Matrix:
    def entry(i: int, j: int) -> Rational:
        return random.choice((1, -1)) * far_number(random, reach)

    return sp.Matrix(rows, columns, entry)


def _of_one_scale(rows: int, columns: int, random: Random, reach: int) -> sp.Matrix:
    def entry(i: int, j: int) -> Rational:
        return scale * random.randint(-9, 9)

    scale = far_number(random, reach)
    return sp.Matrix(rows, columns, entry)


def _of_rank_one(rows: int, columns: int, random: Random, reach: int) -> sp.Matrix:
    column = sp.Matrix(rows, 1, lambda i, j: random.randint(-3, 3))
    return column * sp.Matrix(1, columns, lambda i, j: random.randint(-3, 3))


def _constant(rows: int, columns: int, random: Random, reach: int) -> sp.Matrix:
    value = random.choice((0, 0, 1, -1))
    return sp.Matrix(rows, columns, lambda i, j: value)


def _diagonal(rows: int, columns: int, random: Random, reach: int) -> sp.Matrix:
    value = random.choice((1, -1)) * random.choice((sp.S.One, far_number(random, reach)))
    return sp.Matrix(rows, columns, lambda i, j: value * int(i == j))


_PLAIN: tuple[Callable[[int, int, Random, int], sp.Matrix], ...] = (
    _of_units,
    _of_every_scale,
    _of_one_scale,
    _of_rank_one,
    _constant,
    _diagonal,
)
