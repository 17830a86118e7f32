r"""The inequalities that a derivation may cite, each proved here.

A ``Bound`` says that its ``smaller`` side never exceeds its ``larger`` one. Every
function below makes one, after checking the condition under which it is true;
``prove_log_bound``, ``prove_jensen`` and ``prove_gibbs`` are the proofs.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy import Expr, S

from .equality import decide_equal
from .expectation import KL, E
from .laws import Abstract, Law, density


class ConditionError(ValueError):
    """A lemma was cited where its condition is not known to hold."""


@dataclass(frozen=True)
class Bound:
    """``smaller <= larger``, for the reason that ``name`` says."""

    smaller: Expr
    larger: Expr
    name: str


def nonnegative(expression: Expr) -> Bound:
    """``0 <= expression``, where its form shows it: squares, products of positives."""
    expression = sp.sympify(expression)
    if expression.is_nonnegative is not True:
        raise ConditionError(
            f"SymPy does not see that {expression} is nonnegative: write it as a sum "
            "of squares, or declare its symbols positive"
        )
    return Bound(S.Zero, expression, "nonnegative")


def log_bound(r: Expr) -> Bound:
    """``log r <= r - 1`` for positive r, {eq}`eq-log-bound`."""
    _need_positive(r, "log r <= r - 1")
    return Bound(sp.log(r), r - 1, "log bound")


def jensen(w: Expr, *laws: Law) -> Bound:
    """``E[log w] <= log E[w]`` for positive w, {eq}`eq-jensen`."""
    _need_positive(w, "Jensen's inequality for the logarithm")
    return Bound(E(sp.log(w), *laws), sp.log(E(w, *laws)), "Jensen")


def gibbs(p: Law, q: Law) -> Bound:
    """``0 <= KL(p, q)``, {eq}`eq-kl-nonnegative`."""
    return Bound(S.Zero, KL(p, q), "Gibbs")


def expected(bound: Bound, *laws: Law) -> Bound:
    """The expectation of both sides: E keeps an inequality that holds everywhere."""
    return Bound(E(bound.smaller, *laws), E(bound.larger, *laws), bound.name)


def times(bound: Bound, factor: Expr) -> Bound:
    """Both sides times a nonnegative factor."""
    factor = sp.sympify(factor)
    if factor.is_nonnegative is not True:
        raise ConditionError(
            f"a bound keeps its direction only times a factor >= 0, not {factor}"
        )
    return Bound(factor * bound.smaller, factor * bound.larger, bound.name)


def _need_positive(value: Expr, lemma: str) -> None:
    if sp.sympify(value).is_positive is not True:
        raise ConditionError(
            f"{lemma} needs a positive argument, and SymPy does not see that {value} "
            "is: declare its symbols or functions positive"
        )


def prove_log_bound() -> tuple[Expr, Expr, Expr]:
    """Why r - 1 - log r >= 0: its value at 1, its derivative, and that one's sign.

    The derivative is (r - 1) / r: negative below 1, positive above. So the function
    falls to its value at 1, which is 0, and rises after it. Raises if any part fails.
    """
    r, above = sp.symbols("r u", positive=True)
    excess = r - 1 - sp.log(r)
    slope = sp.factor(sp.diff(excess, r))
    falls = slope.subs(r, 1 / (1 + above))
    rises = slope.subs(r, 1 + above)
    if excess.subs(r, 1) != 0 or not sp.simplify(falls).is_negative:
        raise ConditionError("r - 1 - log r does not fall to 0 at r = 1")
    if not sp.simplify(rises).is_positive:
        raise ConditionError("r - 1 - log r does not rise beyond r = 1")
    return excess, slope, excess.subs(r, 1)


def prove_jensen() -> None:
    """Why E[log w] <= log E[w]: the log bound at r = w / E[w], under the expectation.

    Its right side, E[r - 1], is 0; its left side is E[log w] - log E[w].
    """
    z = sp.Symbol("z", real=True)
    law = Abstract(z, density("q", z), "q")
    w = sp.Function("w", positive=True)(z)
    mean = E(w, law)
    bound = expected(log_bound(w / mean), law)
    _need_equal(bound.larger, S.Zero)
    _need_equal(bound.smaller, E(sp.log(w), law) - sp.log(mean))


def prove_gibbs() -> None:
    """Why KL(p, q) >= 0: the log bound at r = q / p, under the expectation of p."""
    z = sp.Symbol("z", real=True)
    p, q = (Abstract(z, density(name, z), name) for name in "pq")
    bound = expected(log_bound(q.density / p.density), p)
    _need_equal(bound.larger, S.Zero)
    _need_equal(bound.smaller, -KL(p, q))


def _need_equal(left: Expr, right: Expr) -> None:
    verdict = decide_equal(left, right)
    if not verdict.holds:
        raise ConditionError(f"{left} is not {right}: {verdict.counterexample}")
