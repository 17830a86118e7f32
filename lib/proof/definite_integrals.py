"""Integrals of x^n exp(a x^2 + b x + d) between two ends, also of broken lines of x.

``Abs``, ``Max`` and their like turn where what is affine in x has its root, or a sine
has, or a polynomial of the second degree; a floor jumps at the whole numbers between
its values at the ends. Between the roots the integrand is smooth, and its
antiderivative is known.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import sympy as sp
from sympy import Add, Expr, S, Symbol
from sympy.core.relational import Relational

from .bounded import terms_within
from .gaussian_integrals import expand_for_gaussian, is_expandable, power_and_exponent

MOST_POWER = 60  # of the variable, between ends
MOST_TERMS = 200  # of what may be affine, multiplied out
MOST_ROOTS = 12


def definite_integral(g: Expr, x: Symbol, low: Expr, high: Expr) -> Expr | None:
    """The integral of ``g`` from ``low`` to ``high``, or None where none is known."""
    if low == high:
        return S.Zero
    if _is_less(high, low):
        backwards = definite_integral(g, x, high, low)
        return None if backwards is None else -backwards
    if g.has(sp.frac):
        g = g.replace(sp.frac, lambda u: u - sp.floor(u))
    if (roots := _roots(g, x, low, high)) is None:
        return None
    ends = [low, *(r for r in roots if _is_between(low, r, high)), high]
    if roots and not all(_is_less(a, b) for a, b in itertools.pairwise(ends)):
        return None
    values = []
    for a, b in itertools.pairwise(ends):
        if (piece := _on_one_side(g, x, _inside(a, b)) if roots else g) is None:
            return None
        values.append(_of_smooth(piece, x, a, b))
    return None if None in values else Add(*values)


def _of_smooth(g: Expr, x: Symbol, low: Expr, high: Expr) -> Expr | None:
    if not is_expandable(g, x):
        return None
    found: list[Expr] = []
    expanded = expand_for_gaussian(g)
    for term in Add.make_args(expanded) if expanded != 0 else ():
        constant, rest = term.as_independent(x, as_Add=False)
        form = power_and_exponent(rest, x)
        if form is None or form[0] > MOST_POWER:
            return None
        n, a, b, d = form
        above, below = (_antiderivative(n, a, b, end) for end in (high, low))
        if above is None or below is None:
            return None
        found.append(constant * sp.exp(d) * (above - below))
    return Add(*found)


def _antiderivative(n: int, a: Expr, b: Expr, end: Expr) -> Expr | None:
    """What has the derivative x^n exp(a x^2 + b x), at an end, or its limit there."""
    infinite = end in (S.Infinity, S.NegativeInfinity)
    if a == 0 and b == 0:
        return None if infinite else end ** (n + 1) / (n + 1)
    if a == 0:
        return _of_exponential(n, b, end)
    if not a.is_negative:
        return None
    centre = -b / (2 * a)
    edge = S.Zero if infinite else sp.exp(a * end**2 + b * end)
    turned = (1 if end is S.Infinity else -1) if infinite else None
    bell = turned if infinite else sp.erf(sp.sqrt(-a) * (end - centre))
    found = [sp.sqrt(sp.pi / -a) / 2 * sp.exp(-(b**2) / (4 * a)) * bell]
    for k in range(1, n + 1):
        value = centre * found[k - 1]
        value += edge / (2 * a) * (1 if k == 1 or infinite else end ** (k - 1))
        if k > 1:
            value -= (k - 1) / (2 * a) * found[k - 2]
        found.append(value)
    return found[n]


def _of_exponential(n: int, b: Expr, end: Expr) -> Expr | None:
    if end in (S.Infinity, S.NegativeInfinity):
        falls = b.is_negative if end is S.Infinity else b.is_positive
        return S.Zero if falls else None
    if b.is_zero is not False:
        return None
    found = sp.exp(b * end) / b
    for k in range(1, n + 1):
        found = end**k * sp.exp(b * end) / b - k / b * found
    return found


# ---------------------------------------------------------------------- broken lines

JUMPING = (sp.floor, sp.ceiling)
TURNING = (sp.Abs, sp.sign, sp.Heaviside, sp.Max, sp.Min, *JUMPING, sp.Piecewise)


def _turning_parts(g: Expr, x: Symbol) -> list[Expr]:
    """What changes its sign where ``g`` changes its formula."""
    found: list[Expr] = []
    for node in g.atoms(*TURNING):
        if isinstance(node, (sp.Max, sp.Min)):
            found += [a - b for a, b in itertools.combinations(node.args, 2)]
        elif isinstance(node, sp.Piecewise):
            relations = (r for c in node.args for r in c[1].atoms(Relational))
            found += [r.lhs - r.rhs for r in relations]
        elif not isinstance(node, JUMPING):
            found.append(node.args[0])
    return [part for part in found if part.has(x)]


def _roots(g: Expr, x: Symbol, low: Expr, high: Expr) -> list[Expr] | None:
    """Where the parts turn, from left to right; None if that is not known."""
    found: set[Expr] = set()
    if (parts := _levels(g, x, low, high)) is None:
        return None
    for part in (*parts, *_turning_parts(g, x)):
        if (roots := _roots_of(part, x, low, high)) is None:
            return None
        found |= roots
    ordered = sorted(found, key=sp.default_sort_key)
    if len(ordered) > MOST_ROOTS:
        return None
    for _ in ordered:
        for i, (one, other) in enumerate(itertools.pairwise(ordered)):
            if _is_less(other, one):
                ordered[i : i + 2] = other, one
    return ordered


def _levels(g: Expr, x: Symbol, low: Expr, high: Expr) -> list[Expr] | None:
    """What is zero where a floor jumps between the ends; None if there is more."""
    found: list[Expr] = []
    for node in g.atoms(*JUMPING):
        if not (inner := node.args[0]).has(x):
            continue
        ends = [inner.xreplace({x: end}) for end in (low, high)]
        numbers = all(end.is_number and end.is_finite for end in ends)
        if not numbers or affine_root(inner, x) is None:
            return None
        first, last = sp.ceiling(min(ends)), sp.floor(max(ends))
        if last - first > MOST_ROOTS:
            return None
        found += [inner - k for k in range(int(first), int(last) + 1)]
    return found


def _roots_of(part: Expr, x: Symbol, low: Expr, high: Expr) -> set[Expr] | None:
    """The roots of what is affine in x, of a sine between numbers, of products."""
    if isinstance(part, sp.Mul):
        factors = [_roots_of(f, x, low, high) for f in part.args if f.has(x)]
        return None if None in factors else set().union(*(f for f in factors if f))
    if isinstance(part, (sp.sin, sp.cos)):
        return _roots_of_sine(part, x, low, high)
    if nested := part.atoms(*TURNING):
        inner = min(nested, key=sp.count_ops)
        formulas = [part.xreplace({inner: value}) for value in _formulas_of(inner)]
        found = [_roots_of(f, x, low, high) for f in formulas if f.has(x)]
        return None if None in found else set().union(*(f for f in found if f))
    if (root := affine_root(part, x)) is None:
        return _roots_of_square(part, x)
    return {root}


def _roots_of_square(part: Expr, x: Symbol) -> set[Expr] | None:
    """The real roots of a polynomial of the second degree in numbers."""
    if part.free_symbols != {x} or not part.is_polynomial(x):
        return None
    polynomial = sp.Poly(part, x)
    a, b, c = (polynomial.coeff_monomial(x**k) for k in (2, 1, 0))
    if polynomial.degree() != 2 or not all(k.is_Rational for k in (a, b, c)):
        return None
    if (square := b**2 - 4 * a * c) < 0:
        return set()
    return {(-b + side * sp.sqrt(square)) / (2 * a) for side in (1, -1)}


def _formulas_of(node: Expr) -> list[Expr]:
    """What a broken line may be, on one side of where it turns or on another."""
    if isinstance(node, (sp.Max, sp.Min)):
        return list(node.args)
    if isinstance(node, sp.Abs):
        return [node.args[0], -node.args[0]]
    return [S.One, S.NegativeOne if isinstance(node, sp.sign) else S.Zero]


def affine_root(part: Expr, x: Symbol) -> Expr | None:
    """The root of a x + b, or None for anything else; a is known not to be zero."""
    if terms_within(part) > MOST_TERMS:
        return None
    expanded = sp.expand(part)
    slope = expanded.coeff(x, 1)
    rest = sp.expand(expanded - slope * x)
    if rest.has(x) or slope.has(x) or not slope.is_nonzero:
        return None
    return sp.expand(-rest / slope)


def _roots_of_sine(part: Expr, x: Symbol, low: Expr, high: Expr) -> set[Expr] | None:
    if low.free_symbols or high.free_symbols or not (high - low).is_finite:
        return None
    shift = sp.pi / 2 if isinstance(part, sp.cos) else S.Zero
    ends = [part.args[0].xreplace({x: end}) for end in (low, high)]
    affine = affine_root(part.args[0], x) is not None  # its angle never turns back
    if not affine or any(end.free_symbols for end in ends):
        return None
    turns = sorted((end - shift) / sp.pi for end in ends)
    first, last = sp.ceiling(turns[0]), sp.floor(turns[1])
    if last - first > MOST_ROOTS:
        return None
    levels = (shift + k * sp.pi for k in range(int(first), int(last) + 1))
    roots = [affine_root(part.args[0] - level, x) for level in levels]
    return None if None in roots else {root for root in roots if root is not None}


def _is_less(one: Expr, other: Expr) -> bool:
    if one is S.NegativeInfinity or other is S.Infinity:
        return one != other
    return (other - one).is_positive is True


def _is_between(low: Expr, value: Expr, high: Expr) -> bool:
    """Unless it is known to be outside, where it makes no difference."""
    return not (_is_less(value, low) or _is_less(high, value) or value in (low, high))


def _inside(low: Expr, high: Expr) -> Expr:
    if low is S.NegativeInfinity:
        return S.Zero if high is S.Infinity else high - 1
    return low + 1 if high is S.Infinity else (low + high) / 2


def _on_one_side(g: Expr, x: Symbol, inside: Expr) -> Expr | None:
    """The formula of ``g`` on the piece in which ``inside`` lies."""

    def side(part: Expr) -> Expr | None:
        there = sp.expand(part.xreplace({x: inside}))
        if there.is_positive:
            return S.One
        return S.NegativeOne if there.is_negative else None

    smooth = g
    # The inner ones first: each makes the outer ones others.
    while nodes := [node for node in smooth.atoms(*TURNING) if node.has(x)]:
        node = min(nodes, key=lambda n: (sp.count_ops(n), sp.default_sort_key(n)))
        if isinstance(node, (sp.Max, sp.Min)):
            value = _chosen(node, side)
        elif isinstance(node, JUMPING):
            value = node.func(node.args[0].xreplace({x: inside}))
            value = value if value.is_Integer else None
        elif isinstance(node, sp.Piecewise):
            value = _piece(node, x, inside)
        elif (sign := side(node.args[0])) is None:
            value = None
        elif isinstance(node, sp.Abs):
            value = sign * node.args[0]
        else:
            value = sign if isinstance(node, sp.sign) else (sign + 1) / 2
        if value is None:
            return None
        smooth = smooth.xreplace({node: value})
    return None if smooth.has(*TURNING) and _turning_parts(smooth, x) else smooth


def _piece(node: Expr, x: Symbol, inside: Expr) -> Expr | None:
    """The formula that is meant on the piece in which ``inside`` lies."""
    for formula, condition in node.args:
        if (met := condition.xreplace({x: inside})) == True:  # noqa: E712
            return formula
        if met != False:  # noqa: E712
            return None
    return None


def _chosen(node: Expr, side: Callable[[Expr], Expr | None]) -> Expr | None:
    """Which of several is the largest, or the smallest, on the piece."""
    wanted = 1 if isinstance(node, sp.Max) else -1
    for one in node.args:
        signs = [side(one - other) for other in node.args if other is not one]
        if all(sign == wanted for sign in signs):
            return one
    return None
