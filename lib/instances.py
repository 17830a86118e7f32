"""Random instances of an expression: values for all that it leaves open.

An instance gives sizes to matrices, polynomials to unknown functions, finite laws to
unknown densities and numbers to symbols. All come from a fixed seed, so a check
decides alike on every machine.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import Any

import mpmath
import sympy as sp
from sympy import Basic, Expr, Integer, Rational, S, Symbol
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.matexpr import MatrixExpr, MatrixSymbol

from lib.expectation import Abstract, E, Int, Law, Operator, normalised_over, resolve

Point = dict[Symbol, Any]


class Undecidable(Exception):
    """Neither SymPy nor instances can tell; the message says what is in the way."""


# ------------------------------------------------- structure: sizes, functions, laws


class Model:
    """One choice for everything in ``expressions`` that is not a number.

    ``ground`` turns an expression into one of scalar symbols alone (or, for a matrix,
    into an explicit matrix of them).
    """

    def __init__(
        self, expressions: Sequence[Basic], given: Sequence[Basic], seed: int
    ) -> None:
        self._random = Random(seed)
        self._sizes = self._choose_sizes(expressions)
        self._support = [
            Rational(k, 2) for k in self._random.sample(range(-5, 6), self._extent())
        ]
        self._functions: dict[tuple[Any, int], Callable[..., Expr]] = {}
        self._noncommutative: dict[Symbol, sp.Matrix] = {}
        self._block = 2 + seed % 2
        self._given = [g for g in given if isinstance(g, AppliedPredicate)]
        self._matrices = {
            m.name: self._matrix(m)
            for m in sorted(_nodes(expressions, MatrixSymbol), key=str)
        }
        self._scalars = self._choose_scalars(expressions, given, seed)

    def _extent(self) -> int:
        return self._random.choice([2, 3])

    def _choose_sizes(self, expressions: Sequence[Basic]) -> dict[Symbol, Integer]:
        names = sorted(structural_integers(expressions), key=str)
        allowed = [
            n
            for n in itertools.permutations(range(1, 6), len(names))
            if all(_admits(name, n[i]) for i, name in enumerate(names))
        ]
        if names and not allowed:
            raise Undecidable(f"no sizes from 1 to 5 suit {', '.join(map(str, names))}")
        chosen = self._random.choice(allowed) if names else ()
        return {name: Integer(n) for name, n in zip(names, chosen, strict=True)}

    def _matrix(self, symbol: MatrixSymbol) -> sp.Matrix:
        rows, columns = (int(size.xreplace(self._sizes)) for size in symbol.shape)
        entry = self._rational
        value = sp.Matrix(rows, columns, lambda i, j: entry())
        for fact in self._given:
            if fact.arguments[0] == symbol:
                value = _with_property(fact.function.name, value)
        return sp.ImmutableMatrix(value)

    def _choose_scalars(
        self, expressions: Sequence[Basic], given: Sequence[Basic], seed: int
    ) -> Point:
        """Numbers for scalars beside matrices: a symbolic inverse takes minutes."""
        if not any(e.has(MatrixExpr) for e in expressions):
            return {}
        free = set().union(*(e.free_symbols for e in expressions))
        indexed = {base.label for base in _nodes(expressions, sp.IndexedBase)}
        scalars = {s for s in free if isinstance(s, Symbol) and s.is_commutative}
        found = list(points(scalars - indexed - set(self._sizes), (), given, 12, seed))
        # Simple numbers in one instance, numbers of mixed scales in the next.
        return found[seed % 2 * -1] if found else {}

    def _rational(self) -> Rational:
        return Rational(self._random.randint(-7, 7), self._random.randint(1, 3))

    def ground(self, expression: Basic) -> Basic:
        expression = resolve(expression)
        if any(not s.is_commutative for s in _nodes([expression], Symbol)):
            return self._ground_noncommutative(expression)
        values = {m: self._matrices[m.name] for m in expression.atoms(MatrixSymbol)}
        chosen = {**values, **self._sizes, **self._scalars}
        expression = expression.xreplace(chosen)
        if expression.has(MatrixExpr):
            expression = _explicit(expression)
        expression = self._ground(resolve(expression))
        indexed = {i: _plain_symbol(i) for i in expression.atoms(sp.Indexed)}
        return expression.xreplace(indexed)

    def _ground(self, node: Basic) -> Basic:
        if isinstance(node, sp.MatrixBase):
            return node.applyfunc(self._ground)
        if isinstance(node, E):
            raise Undecidable(f"the expectation {node} has no closed form here")
        if isinstance(node, Int):
            body, z = self._ground(node.args[0]), node.args[1]
            return sp.Add(*(body.xreplace({z: value}) for value in self._support))
        if isinstance(node, AppliedUndef):
            arguments = [self._ground(argument) for argument in node.args]
            return self._function(node)(*arguments)
        if isinstance(node, sp.Derivative):
            return self._derivative(node)
        if isinstance(node, sp.Subs):
            inner = self._ground(node.expr)
            new = [self._ground(value) for value in node.point]
            return inner.subs(list(zip(node.variables, new, strict=True)))
        if not node.args or isinstance(node, sp.Indexed):
            return node
        return node.func(*(self._ground(argument) for argument in node.args))

    def _derivative(self, node: sp.Derivative) -> Expr:
        """Also with respect to f(x): a symbol holds its place meanwhile."""
        inner = [v for v, _ in node.variable_count if isinstance(v, AppliedUndef)]
        places = {v: sp.Dummy(real=True) for v in inner}
        body = self._ground(node.expr.xreplace(places))
        body = body.diff(*((places.get(v, v), n) for v, n in node.variable_count))
        return body.xreplace({place: self._ground(v) for v, place in places.items()})

    def _function(self, applied: AppliedUndef) -> Callable[..., Expr]:
        key = (applied.func, len(applied.args))
        if key not in self._functions:
            free = len(normalised_over(applied))
            raw = self._polynomial(len(applied.args), bool(applied.is_positive))
            support = self._support

            def normalised(*arguments: Expr) -> Expr:
                rest = arguments[free:]
                cells = itertools.product(support, repeat=free)
                total = sp.Add(*(raw(*cell, *rest) for cell in cells))
                return raw(*arguments) / total

            self._functions[key] = normalised if free else raw
        return self._functions[key]

    def _polynomial(self, count: int, positive: bool) -> Callable[..., Expr]:
        powers = [p for p in itertools.product(range(4), repeat=count) if sum(p) <= 3]
        terms = [(self._rational() / 4, p) for p in powers]

        def polynomial(*arguments: Expr) -> Expr:
            monomials = (
                c * sp.Mul(*(a**n for a, n in zip(arguments, p, strict=True)))
                for c, p in terms
            )
            value = sp.Add(*monomials)
            return value**2 + Rational(1, 3) if positive else value

        return polynomial

    def _ground_noncommutative(self, node: Basic) -> sp.Matrix:
        """A polynomial in non-commuting symbols, with a random matrix for each."""
        n = self._block
        if node.is_commutative:
            return self._ground(node) * sp.eye(n)
        if isinstance(node, Symbol):
            if node not in self._noncommutative:
                value = sp.Matrix(n, n, lambda i, j: self._rational())
                self._noncommutative[node] = value
            return self._noncommutative[node]
        if not isinstance(node, (sp.Add, sp.Mul, sp.Pow)):
            raise Undecidable(f"{node.func.__name__} of non-commuting symbols")
        if isinstance(node, sp.Pow):
            return self._ground_noncommutative(node.base) ** node.exp
        parts = [self._ground_noncommutative(argument) for argument in node.args]
        total = sp.zeros(n, n) if isinstance(node, sp.Add) else sp.eye(n)
        for part in parts:
            total = total + part if isinstance(node, sp.Add) else total * part
        return sp.ImmutableMatrix(total)


def has_structure(expressions: Sequence[Basic]) -> bool:
    """Whether an instance must choose more than the values of scalar symbols."""
    return any(
        e.has(MatrixExpr, AppliedUndef, Operator, sp.Indexed)
        or structural_integers([e])
        or any(not s.is_commutative for s in _nodes([e], Symbol))
        for e in expressions
    )


def structural_integers(expressions: Sequence[Basic]) -> set[Symbol]:
    """Symbols that stand for a size: of a matrix, or in the limits of a sum."""
    found: set[Symbol] = set()
    for node in _nodes(expressions, Basic):
        if isinstance(node, (sp.Sum, sp.Product)):
            for limits in node.limits:
                found |= sp.Tuple(*limits[1:]).free_symbols
        elif isinstance(node, MatrixExpr):
            found |= sp.Tuple(*node.shape).free_symbols
    return {s for s in found if isinstance(s, Symbol)}


def without_closed_form(expression: Basic) -> set[Law]:
    """The laws under which some expectation stays after ``resolve``."""
    return {law for e in _nodes([resolve(expression)], E) for law in e.args[1:]}


def with_unknown_laws(expression: Basic, laws: Iterable[Law]) -> Basic:
    """``expression`` with each law replaced by one of which nothing is known."""
    from lib.expectation import density

    unknown = {
        law: Abstract(law.variables[0], density(f"unknown{i}", law.variables[0]))
        for i, law in enumerate(sorted(laws, key=str))
    }
    return expression.xreplace(unknown)


def _nodes(expressions: Iterable[Basic], kind: type) -> set[Any]:
    return {
        node
        for e in expressions
        for node in sp.preorder_traversal(e)
        if isinstance(node, kind)
    }


def _explicit(expression: Basic) -> Basic:
    sizes = {i: int(i.shape[0]) for i in expression.atoms(sp.Identity)}
    identities = {i: sp.ImmutableMatrix(sp.eye(n)) for i, n in sizes.items()}
    expression = expression.xreplace(identities).doit()
    if isinstance(expression, MatrixExpr):
        expression = expression.as_explicit()
    return expression


def _plain_symbol(indexed: sp.Indexed) -> Symbol:
    facts = {
        fact: getattr(indexed, f"is_{fact}")
        for fact in ("real", "positive", "integer", "nonnegative")
    }
    return Symbol(str(indexed), **{k: v for k, v in facts.items() if v is not None})


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


# ------------------------------------------------------------------ scalar symbols


def points(
    symbols: Iterable[Symbol],
    kinks: Sequence[Expr] = (),
    given: Sequence[Basic] = (),
    count: int = 24,
    seed: int = 0,
) -> Iterator[Point]:
    """Values for ``symbols`` that respect their assumptions and the conditions.

    Simple values first, then scales from 1e-3 to 1e3 of both signs, then both sides
    of every root of every expression in ``kinks``, and the root where it is rational.
    """
    ordered = sorted(symbols, key=lambda s: (str(s), s.class_key()))
    conditions = [g for g in given if not isinstance(g, AppliedPredicate)]
    random = Random(seed)
    base = list(_generic_points(ordered, conditions, random, count))
    yield from base
    for kink in kinks:
        for point in _around_roots(kink, base[:3] + base[-3:]):
            if _satisfies(point, conditions):
                yield point


def _generic_points(
    symbols: list[Symbol], conditions: list[Basic], random: Random, count: int
) -> Iterator[Point]:
    if not symbols:
        yield {}
        return
    pools = {s: _pool(s, random) for s in symbols}
    found = 0
    for attempt in range(60 * count):
        point = {s: _draw(pools[s], attempt, random) for s in symbols}
        if _satisfies(point, conditions):
            yield point
            found += 1
        if found == count:
            return


def _draw(pool: list[Any], attempt: int, random: Random) -> Any:
    """From the simple values at first, so that a counterexample reads well."""
    return random.choice(pool[:12] if attempt < 8 else pool)


def _pool(symbol: Symbol, random: Random) -> list[Any]:
    """Candidate values of a symbol, the simple ones in front."""
    simple = [Rational(k, 2) for k in (1, 3, 5, 1, 4, 7, 2, 6, 10)]
    scales = [
        Rational(random.randint(11, 99), 10) * Rational(10) ** e
        for e in (-3, -2, -1, -1, 0, 0, 0, 1, 1, 2)
        for _ in range(2)
    ]
    numbers = [n for v in simple for n in (v, -v)] + [0, 1, -1]
    numbers += [n for v in scales for n in (v, -v)]
    if symbol.is_integer:
        numbers = [*range(-4, 9), *range(9, 15), -7, 20, 37, 101, 350, -36, -101]
    values = [sp.sympify(n) for n in numbers]
    if symbol.is_extended_real is None and not symbol.is_integer:
        values += [a + b * sp.I for a, b in zip(values, values[5:], strict=False)]
        values = values[-len(values) // 2 :] + values
    admitted = [v for v in values if _admits(symbol, v)]
    if not admitted:
        raise Undecidable(f"no value is known that suits the assumptions on {symbol}")
    return admitted


def _admits(symbol: Symbol, value: Any) -> bool:
    """Whether no assumption on the symbol excludes the value."""
    value = sp.sympify(value)
    return all(
        getattr(value, f"is_{fact}") is truth
        for fact, truth in symbol.assumptions0.items()
        if fact in _FACTS
    )


_FACTS = (
    *("positive", "negative", "zero", "nonzero", "nonnegative", "nonpositive"),
    *("real", "integer", "even", "odd", "prime", "rational", "irrational", "imaginary"),
)


def _satisfies(point: Point, conditions: Sequence[Basic]) -> bool:
    return all(c.xreplace(point) == True for c in conditions)  # noqa: E712


def kinks_of(expression: Basic) -> list[Expr]:
    """Expressions whose roots are the places where ``expression`` changes its formula."""
    found: list[Expr] = []
    for node in sp.preorder_traversal(expression):
        if isinstance(node, (sp.Abs, sp.sign, sp.Heaviside, sp.log, sp.arg)):
            found.append(node.args[0])
        elif isinstance(node, (sp.Max, sp.Min)):
            found += [a - b for a, b in itertools.combinations(node.args, 2)]
        elif isinstance(node, (sp.floor, sp.ceiling)):
            found += [node.args[0] - k for k in (-1, 0, 1)]
        elif isinstance(node, sp.Mod):
            found += [node.args[0] - k * node.args[1] for k in (0, 1)]
        elif isinstance(node, sp.core.relational.Relational):
            found.append(node.lhs - node.rhs)
        elif isinstance(node, sp.Pow) and not node.exp.is_integer:
            found.append(node.base)
    unique = sorted(set(found), key=sp.default_sort_key)
    return [k for k in unique if k.free_symbols and _may_vanish(k)]


def _may_vanish(kink: Expr) -> bool:
    """Whether it may have a root, so that a search for one is worth its time."""
    one_sign = kink.is_positive or kink.is_negative
    return not one_sign and kink.is_extended_real is not False


def _around_roots(kink: Expr, base: Sequence[Point]) -> Iterator[Point]:
    for symbol in sorted(kink.free_symbols, key=str):
        if symbol.is_extended_real is None:
            continue
        roots: set[Any] = set()
        for point in base:
            others = {s: v for s, v in point.items() if s != symbol}
            for root in _roots(kink.xreplace(others), symbol):
                if root in roots:
                    continue
                roots.add(root)
                for value in _both_sides(root, symbol):
                    if _admits(symbol, value):
                        yield {**point, symbol: value}


def _both_sides(root: Rational, symbol: Symbol) -> list[Rational]:
    if symbol.is_integer:
        return [sp.floor(root) + k for k in range(-1, 3)]
    width = max(S.One, abs(root))
    steps = [width * Rational(1, 10**k) for k in (1, 6)]
    return [root, *(root + s for s in steps), *(root - s for s in steps)]


def _roots(kink: Expr, symbol: Symbol) -> list[Rational]:
    """Roots of an expression in one symbol: exact if linear, else by bisection."""
    if kink.free_symbols != {symbol}:
        return []
    slope = sp.diff(kink, symbol)
    if slope.is_Rational and slope != 0:
        root = symbol - sp.expand(kink) / slope
        root = sp.expand(root)
        return [root] if root.is_Rational else []
    return [r for r in _sign_changes(kink, symbol) if r is not None]


def _sign_changes(kink: Expr, symbol: Symbol) -> Iterator[Rational]:
    function = sp.lambdify(symbol, kink, modules=MODULES)
    grid = sorted({Rational(s * m, 8) for s in (-1, 1) for m in _GRID})
    previous: tuple[Rational, Any] | None = None
    for x in grid:
        if not _admits(symbol, x) and not symbol.is_integer:
            continue
        value = _real_value(function, x)
        if value is not None and previous is not None and value * previous[1] <= 0:
            yield _bisect(function, previous[0], x)
        previous = None if value is None else (x, value)


_GRID = (0, *(2**k for k in range(-4, 15)), *(3 * 2**k for k in range(-3, 13)))


def _bisect(function: Callable[[Any], Any], low: Rational, high: Rational) -> Rational:
    sign = _real_value(function, low) or mpmath.mpf(0)
    for _ in range(40):
        middle = (low + high) / 2
        value = _real_value(function, middle)
        if value is None or value == 0:
            return middle
        low, high = (middle, high) if value * sign > 0 else (low, middle)
    return Rational(round(low * 10**9), 10**9)


def _real_value(function: Callable[[Any], Any], x: Rational) -> Any:
    value = number(lambda: function(mpmath.mpf(x.p) / x.q))
    return None if value is None or mpmath.im(value) != 0 else mpmath.re(value)


# ------------------------------------------------------------------------- numbers


def _heaviside(x: Any, at_zero: Any = 0.5) -> Any:
    return mpmath.mpf(at_zero) if x == 0 else mpmath.mpf(x > 0)


MODULES = [{"Heaviside": _heaviside, "DiracDelta": lambda x: mpmath.nan}, "mpmath"]

_FAILURES = (ArithmeticError, ValueError, TypeError, mpmath.libmp.NoConvergence)


def number(compute: Callable[[], Any]) -> Any:
    """The finite number that ``compute`` returns, or None if there is none."""
    try:
        value = mpmath.mpmathify(compute())
    except _FAILURES:
        return None
    return value if mpmath.isfinite(value) else None


def at_precision(value: Any) -> Any:
    """An exact SymPy number as an mpmath number at the working precision."""
    real, imaginary = value.as_real_imag()
    real, imaginary = (mpmath.mpf(part.p) / part.q for part in (real, imaginary))
    return mpmath.mpc(real, imaginary) if imaginary else real
