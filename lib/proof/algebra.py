"""What can be proved: that a difference is zero, wherever both sides have a value.

By our own normal forms first; SymPy's ways, of which some search, come after instances.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy as sp
from sympy import Basic, Expr, S
from sympy.matrices.expressions.matexpr import MatrixExpr

from .bounded import expand
from .expectation import resolve
from .induction import by_induction
from .matrix_normal_form import is_matrix_identity
from .normal_form import is_identity
from .terms import TooLarge

MOST_OPERATIONS = 400  # of what SymPy is asked about

NOWHERE = (S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity)

Attempt = Callable[[Expr], Expr]


def has_one_normal_form(left: Basic, right: Basic, given: Sequence[Basic]) -> bool:
    """Whether both sides have the same normal form."""
    if left == right and not left.has(*NOWHERE):
        return True
    try:
        structured = (side.has(MatrixExpr, sp.MatrixBase) for side in (left, right))
        symbols = sp.Tuple(left, right).atoms(sp.Symbol)
        if any(structured) or any(not s.is_commutative for s in symbols):
            return is_matrix_identity(left, right, given)
        return is_identity(left, right) or by_induction(left, right)
    except (TooLarge, RecursionError):
        return False


def is_zero(left: Basic, right: Basic, attempts: Sequence[Attempt]) -> bool:
    """Whether SymPy shows that both sides are equal, without assuming more than it may.

    What is large it is not asked about: the size is bounded, never the time, for a
    verdict must not depend on the speed of the machine.
    """
    left, right = resolve(left), resolve(right)
    if sp.count_ops([left, right]) > MOST_OPERATIONS:
        return False
    if isinstance(left, sp.MatrixBase) and isinstance(right, sp.MatrixBase):
        return all(is_zero(a, b, attempts) for a, b in zip(left, right, strict=True))
    try:
        if isinstance(left, (sp.MatrixBase, MatrixExpr)):
            return (left - right).expand().doit().is_ZeroMatrix is True
        return any(attempt(left - right) == 0 for attempt in attempts)
    except TooLarge:
        return False
    except (TypeError, ValueError, AttributeError, NotImplementedError, RecursionError):
        return False


def _without_logs(difference: Expr) -> Expr:
    return expand(sp.expand_log(expand(difference)))


def _rational(difference: Expr) -> Expr:
    return sp.cancel(sp.together(_without_logs(difference)))


def _exponential(difference: Expr) -> Expr:
    rewritten = difference.rewrite(sp.exp)
    return _rational(rewritten) if rewritten != difference else difference


# The first ones use identities that hold wherever both sides have a value; the others
# count only where instances have confirmed the equality.
SOUND: tuple[Attempt, ...] = (
    lambda difference: difference,
    expand,
    _without_logs,
    _rational,
)
ATTEMPTS = (*SOUND, _exponential)
