"""Symbols that do not commute: square matrices of one size, whatever it is.

Hard because matrices of each size obey identities that larger ones do not: those of
Amitsur and Levitzki, of Hall, and of Cayley and Hamilton.
"""

from itertools import permutations

import sympy as sp
from sympy import Expr, S, Symbol, symbols
from sympy.combinatorics import Permutation

from tests.shared.corpora import Twin

KIND = "noncommuting"

a, b, c, d, e, f = symbols("a b c d e f", commutative=False)
s = Symbol("s", positive=True)


def bracket(x: Expr, y: Expr) -> Expr:
    return x * y - y * x


def standard(*letters: Expr) -> Expr:
    """The sum of the products in every order, with the sign of the order.

    It vanishes for 2n letters that are n x n matrices, by Amitsur and Levitzki, and
    for letters that depend on each other linearly.
    """
    return sp.Add(
        *(
            Permutation(order).signature() * sp.Mul(*(letters[i] for i in order))
            for order in permutations(range(len(letters)))
        )
    )


def algebraic(n: int) -> Expr:
    """It vanishes where a^n is a sum of lower powers, as it is for n x n matrices."""
    return standard(*(bracket(a**k, b) for k in range(1, n + 1)))


def split(*letters: Expr) -> Expr:
    """``standard`` again, expanded by its last letter's place."""
    first, last = letters[:-1], letters[-1]
    return sp.Add(
        *(
            (-1) ** (len(first) - i) * _with_inserted(first, last, i)
            for i in range(len(letters))
        )
    )


def _with_inserted(letters: tuple[Expr, ...], last: Expr, i: int) -> Expr:
    return sp.Add(
        *(
            Permutation(order).signature()
            * sp.Mul(*(letters[k] for k in order[:i]), last)
            * sp.Mul(*(letters[k] for k in order[i:]))
            for order in permutations(range(len(letters)))
        )
    )


hall = bracket(bracket(a, b) ** 2, c)

TWINS = [
    # For 2 x 2, not for 3 x 3 matrices.
    Twin(
        "Hall",
        KIND,
        hall,
        bracket(a, b) * bracket(bracket(a, b), c)
        + bracket(bracket(a, b), c) * bracket(a, b),
        S.Zero,
    ),
    Twin(
        "Amitsur and Levitzki, four letters",
        KIND,
        standard(a, b, c, d),
        split(a, b, c, d),
        S.Zero,
    ),
    Twin(
        "five letters", KIND, standard(a, b, c, d, e) + a, split(a, b, c, d, e) + a, a
    ),
    # For 3 x 3, not for 4 x 4 matrices; the powers so too, each for its size.
    Twin(
        "Amitsur and Levitzki, six letters",
        KIND,
        standard(a, b, c, d, e, f) + a,
        split(a, b, c, d, e, f) + a,
        a,
    ),
    Twin(
        "powers up to the second",
        KIND,
        algebraic(2),
        bracket(bracket(a, b), bracket(a**2, b)),
        S.Zero,
    ),
    Twin(
        "powers up to the third",
        KIND,
        algebraic(3) + a,
        split(*(bracket(a**k, b) for k in (1, 2, 3))) + a,
        a,
    ),
    Twin(
        "powers up to the fourth",
        KIND,
        algebraic(4) + a,
        split(*(bracket(a**k, b) for k in (1, 2, 3, 4))) + a,
        a,
    ),
    Twin(
        "powers up to the third, times a letter",
        KIND,
        algebraic(3) * c + c * a,
        split(*(bracket(a**k, b) for k in (1, 2, 3))) * c + c * a,
        c * a,
    ),
    # A commutator's trace is zero, so its square is a number for 2 x 2 matrices.
    Twin(
        "square of a commutator",
        KIND,
        bracket(a, b) ** 2 * c * d,
        (a * b * a * b - a * b * b * a - b * a * a * b + b * a * b * a) * c * d,
        c * bracket(a, b) ** 2 * d,
    ),
    Twin(
        "Jacobi",
        KIND,
        bracket(a, bracket(b, c)) + bracket(b, bracket(c, a)),
        -bracket(c, bracket(a, b)),
        bracket(c, bracket(a, b)),
    ),
    Twin(
        "a derivation",
        KIND,
        bracket(a, b * c * d),
        bracket(a, b) * c * d + b * bracket(a, c) * d + b * c * bracket(a, d),
        bracket(a, b) * c * d + bracket(a, c) * b * d + b * c * bracket(a, d),
    ),
    Twin(
        "cube of a sum",
        KIND,
        (a + b) ** 3,
        a**3 + a**2 * b + a * b * a + b * a**2 + a * b**2 + b * a * b + b**2 * a + b**3,
        a**3 + 2 * a**2 * b + b * a**2 + a * b**2 + b * a * b + b**2 * a + b**3,
    ),
    Twin(
        "geometric sum of a letter",
        KIND,
        (1 - a) * (1 + a + a**2 + a**3),
        1 - a**4,
        1 - a**3,
    ),
    Twin(
        "difference of powers",
        KIND,
        a**3 - b**3,
        a**2 * (a - b) + a * (a - b) * b + (a - b) * b**2,
        (a - b) * (a**2 + a * b + b**2),
    ),
    # Hua: a - (a^-1 + (b^-1 - a)^-1)^-1 = a b a.
    Twin(
        "Hua",
        KIND,
        a - (a**-1 + (b**-1 - a) ** -1) ** -1,
        a * b * a,
        a * a * b,
    ),
    Twin(
        "inverse of a sum",
        KIND,
        (a + b) ** -1,
        a**-1 - a**-1 * (a**-1 + b**-1) ** -1 * a**-1,
        a**-1 - a**-1 * (a + b) ** -1 * a**-1,
    ),
    Twin(
        "resolvents",
        KIND,
        (s - a) ** -1 - (s - b) ** -1,
        (s - a) ** -1 * (a - b) * (s - b) ** -1,
        (s - a) ** -1 * (b - a) * (s - b) ** -1,
    ),
    Twin(
        "conjugated power",
        KIND,
        (a * b * a**-1) ** 3,
        a * b**3 * a**-1,
        a**3 * b**3 * a**-3,
    ),
    Twin(
        "a letter beside its inverse",
        KIND,
        a * (b * a) ** -1 * b,
        S.One,
        b * (b * a) ** -1 * a,
    ),
    # The first holds for commuting factors only.
    Twin(
        "residual blocks of three",
        KIND,
        (1 + c) * (1 + b) * (1 + a) - (1 + c) * (1 + b) * a,
        (1 + c) * (1 + b),
        (1 + b) * (1 + c),
    ),
]
