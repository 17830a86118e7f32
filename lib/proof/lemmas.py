r"""The inequalities that a derivation may cite, each proved here.

A ``Bound`` says that its ``smaller`` side never exceeds its ``larger`` one. Every
function below makes one, after checking the condition under which it is true;
``prove_log_bound``, ``prove_jensen`` and ``prove_gibbs`` are the proofs. What each
bound said when it was made is kept here, and ``proved`` asks for it wherever one is
used: a bound that was made or changed elsewhere proves nothing.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any
from weakref import WeakKeyDictionary

import sympy as sp
from sympy import Expr, S

from .arguments import as_expression, shown
from .equality import decide_equal
from .expectation import KL, E, resolve
from .laws import Abstract, Finite, Law, Normal, density


class ConditionError(ValueError):
    """A lemma was cited where its condition is not known to hold."""


@dataclass(frozen=True, init=False, eq=False)
class Bound:
    """``smaller <= larger``, for the reason that ``name`` says.

    ``needs``: what must not be negative, and what the conditions of a derivation must
    show not to be, since SymPy alone does not see it: probabilities such as 1 - q.
    The lemmas of this module make it, and nothing else does.
    """

    smaller: Expr
    larger: Expr
    name: str
    needs: tuple[Expr, ...]

    def __init__(self, *said: Any, **also: Any) -> None:
        raise ConditionError(_MAKERS)


_MAKERS = (
    "a bound needs a certificate, made by the lemma that proves it: nonnegative(...), "
    "log_bound(...), jensen(...), gibbs(...), expected(...) or times(...)"
)
_Said = tuple[Expr, Expr, str, tuple[Expr, ...]]
_SAID: WeakKeyDictionary[Bound, _Said] = WeakKeyDictionary()


def _bound(
    smaller: Expr, larger: Expr, name: str, needs: tuple[Expr, ...] = ()
) -> Bound:
    bound = object.__new__(Bound)
    said = (smaller, larger, name, needs)
    for field, value in zip(fields(Bound), said, strict=True):
        object.__setattr__(bound, field.name, value)
    _SAID[bound] = said
    return bound


def proved(bound: Bound) -> Bound:
    """The bound, if a lemma made it and nobody has changed it since."""
    if type(bound) is not Bound:
        raise ConditionError(f"{shown(bound)} is no bound: {_MAKERS}")
    said = _SAID.get(bound)
    says = vars(bound).values()
    if said is None or len(said) != len(says) or not all(map(operator.is_, said, says)):
        raise ConditionError(f"this bound is not as a lemma made it: {_MAKERS}")
    return bound


def nonnegative(expression: Expr) -> Bound:
    """``0 <= expression``, where its form shows it: squares, products of positives."""
    expression = _number(expression, "nonnegative(expression)")
    if expression.is_nonnegative is not True:
        raise ConditionError(
            f"SymPy does not see that {expression} is nonnegative: write it as a sum "
            "of squares, or declare its symbols positive"
        )
    return _bound(S.Zero, expression, "nonnegative")


def log_bound(r: Expr) -> Bound:
    """``log r <= r - 1`` for positive r, {eq}`eq-log-bound`."""
    r = _number(r, "log_bound(r)")
    _need_positive(r, "log r <= r - 1")
    return _bound(sp.log(r), r - 1, "log bound")


def jensen(w: Expr, *laws: Law) -> Bound:
    """``E[log w] <= log E[w]`` for positive w, the mass being 1, {eq}`eq-jensen`."""
    w = _number(w, "jensen(w, law)")
    _need_positive(w, "Jensen's inequality for the logarithm")
    needs = _need_laws("Jensen's inequality", laws)
    _need_mass_one("Jensen's inequality", laws)
    return _bound(E(sp.log(w), *laws), sp.log(E(w, *laws)), "Jensen", needs)


def gibbs(p: Law, q: Law) -> Bound:
    """``0 <= KL(p, q)`` for two laws of mass 1, {eq}`eq-kl-nonnegative`."""
    needs = _need_laws("Gibbs' inequality", (p, q))
    _need_mass_one("Gibbs' inequality", (p, q))
    return _bound(S.Zero, KL(p, q), "Gibbs", needs)


def expected(bound: Bound, *laws: Law) -> Bound:
    """The expectation of both sides: E keeps an inequality that holds everywhere."""
    bound = proved(bound)
    needs = bound.needs + _need_laws("an expectation that keeps an inequality", laws)
    sides = E(bound.smaller, *laws), E(bound.larger, *laws)
    return _bound(*sides, bound.name, needs)


def times(bound: Bound, factor: Expr) -> Bound:
    """Both sides times a nonnegative factor."""
    bound, factor = proved(bound), _number(factor, "times(bound, factor): the factor")
    if factor.is_nonnegative is not True:
        raise ConditionError(
            f"a bound keeps its direction only times a factor >= 0, not {factor}"
        )
    sides = factor * bound.smaller, factor * bound.larger
    return _bound(*sides, bound.name, bound.needs)


def _need_positive(value: Expr, lemma: str) -> None:
    if value.is_positive is not True:
        raise ConditionError(
            f"{lemma} needs a positive argument, and SymPy does not see that {value} "
            "is: declare its symbols or functions positive"
        )


def _number(value: Any, what: str) -> Expr:
    value = as_expression(value, what, ConditionError)
    if isinstance(value, (sp.MatrixBase, sp.MatrixExpr)):
        raise ConditionError(f"{what} is {shown(value)}: a bound is between numbers")
    return value


def _need_laws(lemma: str, laws: Sequence[Law]) -> tuple[Expr, ...]:
    """Probabilities whose sign is to be seen yet; refuses laws of another sign."""
    if not laws:
        raise ConditionError(f"{lemma} needs a law, e.g. Normal(x, m, s)")
    needs: list[Expr] = []
    for law in laws:
        if not isinstance(law, Law):
            raise ConditionError(f"{lemma} needs a law, and {shown(law)} is none")
        if isinstance(law, Finite):
            needs += [mass for _, mass in law.args[1] if not mass.is_nonnegative]
        elif not law.is_nonnegative:
            raise ConditionError(
                f"{lemma} needs a law that is nowhere negative, and {law} is not known "
                "to be one: declare its density or its deviation positive"
            )
    return tuple(needs)


def _need_mass_one(lemma: str, laws: Sequence[Law]) -> None:
    for law in laws:
        declared = isinstance(law, (Normal, Finite))  # by their making
        mass = S.One if declared else resolve(E(S.One, law))
        if mass != 1:
            raise ConditionError(
                f"{lemma} needs a law with the total mass 1, and that of {law} comes "
                f"to {mass}: use a declared density(...), or divide by its integral"
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
