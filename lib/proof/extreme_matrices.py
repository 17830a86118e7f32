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
from .matrices import KNOWN, SYMMETRIC, rotation
from .reach import far_number

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
    rows: int,
    columns: int,
    properties: Sequence[str],
    random: Random,
    piece: int,
    reach: int,
) -> sp.ImmutableMatrix:
    """A matrix that has the properties; ``reach`` is the largest power of ten in it.

    Symmetric ones of like ``piece`` are alike in kind, so that several come with
    eigenvalues of every scale on axes of their own at once. One with more than
    ``LARGEST_FILLED`` rows or columns is filled at a corner and on its diagonal.
    """
    wanted = _known(properties)
    if max(rows, columns) > LARGEST_FILLED:
        return _large(rows, columns, wanted, random, piece, reach)
    if wanted & SYMMETRIC:
        return _symmetric(rows, wanted, random, piece, reach)
    if "orthogonal" in wanted:
        return sp.ImmutableMatrix(_orthogonal(rows, random))
    for _ in range(40):
        value = random.choice(_PLAIN)(rows, columns, random, reach)
        if "invertible" not in wanted or value.det() != 0:
            return sp.ImmutableMatrix(value)
    return sp.ImmutableMatrix(sp.eye(rows))


def _large(
    rows: int, columns: int, wanted: set[str], random: Random, piece: int, reach: int
) -> sp.ImmutableMatrix:
    """A filled corner, and numbers on the rest of the diagonal."""
    height, width = min(CORNER, rows), min(CORNER, columns)
    filled = extreme_matrix(height, width, tuple(wanted), random, piece, reach)
    entries = {
        (i, j): filled[i, j] for i in range(filled.rows) for j in range(filled.cols)
    }
    for i in range(min(height, width), min(rows, columns)):
        value = Rational(random.choice((1, 2, 3)))
        if "orthogonal" in wanted:
            value = sp.S.One
        sign = 1 if "positive_definite" in wanted else random.choice((1, -1))
        entries[i, i] = sign * value
    return sp.ImmutableMatrix(rows, columns, lambda i, j: entries.get((i, j), 0))


# ------------------------------------------------------------------------- symmetric


def _symmetric(
    size: int, wanted: set[str], random: Random, piece: int, reach: int
) -> sp.ImmutableMatrix:
    """Every second piece has eigenvalues of every scale on axes of its own."""
    spread = [far_number(random, reach) for _ in range(size)]
    alike = random.choice(([far_number(random, reach)] * size, [sp.S.One] * size))
    values = alike if piece % 4 == 0 else spread
    axes = (_orthogonal, _turned, _plain_axes, _turned)[piece % 4](size, random)
    if "diagonal" in wanted:
        axes = sp.eye(size)
    if "orthogonal" in wanted:
        values = [sp.S.One] * size
    if "positive_definite" not in wanted:
        values = _signed(values, wanted, random)
    return sp.ImmutableMatrix(axes * sp.diag(*values) * axes.T)


def _signed(
    values: Sequence[Rational], wanted: set[str], random: Random
) -> list[Rational]:
    """Of one sign or of several, and naught where nothing forbids it."""
    signs: tuple[int, ...] = (1, -1, 0)
    if wanted & {"orthogonal", "invertible"}:
        signs = (1, -1)
    one = [random.choice(signs)] * len(values)
    several = [random.choice(signs) for _ in values]
    chosen = random.choice((one, several))
    return [sign * value for sign, value in zip(chosen, values, strict=True)]


def _plain_axes(size: int, random: Random) -> sp.Matrix:
    return sp.eye(size)


def _turned(size: int, random: Random) -> sp.Matrix:
    return rotation(size, random)


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
    value = random.choice((1, -1)) * random.choice(
        (sp.S.One, far_number(random, reach))
    )
    return sp.Matrix(rows, columns, lambda i, j: value * int(i == j))


_PLAIN: tuple[Callable[[int, int, Random, int], sp.Matrix], ...] = (
    _of_units,
    _of_every_scale,
    _of_one_scale,
    _of_rank_one,
    _constant,
    _diagonal,
)
