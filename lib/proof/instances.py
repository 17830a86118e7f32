"""Random instances of an expression: values for all that it leaves open.

An instance gives sizes to matrices, formulas to unknown functions, finite laws to
unknown densities and numbers to symbols. All come from a fixed seed, so a check
decides alike on every machine.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

import mpmath
import sympy as sp
from sympy import Basic, Expr, Function, Integer, Rational, Symbol
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.function import AppliedUndef
from sympy.matrices.exceptions import NonInvertibleMatrixError
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr, MatrixSymbol

from .calculus import Elementwise, Jacobian, LayerNorm, Map, MatrixGradient
from .errors import Undecidable
from .expectation import (
    E,
    Int,
    Law,
    MultivariateNormal,
    Normal,
    Operator,
    density,
    density_variables,
    resolve,
)
from .points import (
    Point,
    admits,
    at_precision,
    kinks_of,
    roots,
    satisfies,
)


class Singular(Exception):  # noqa: N818
    """This instance has a singular matrix where an inverse is taken: choose another."""


class InverseRoot(sp.Function):
    """u^(-1/2), of whose sign SymPy asks nothing: it would take minutes to find out."""

    nargs = 1
    is_number = False

    def fdiff(self, index: int = 1) -> Expr:
        return -(InverseRoot(self.args[0]) ** 3) / 2

    @staticmethod
    def _imp_(u: Any) -> Any:
        """The value; SymPy's lambdify looks for it under this name."""
        return 1 / mpmath.sqrt(u)


# ------------------------------------------------- structure: sizes, functions, laws


class Model:
    """One choice for everything in ``expressions`` that is not a number.

    ``ground`` turns an expression into one of scalar symbols alone (or, for a matrix,
    into an explicit matrix of them). ``scalars`` are numbers already chosen.
    """

    def __init__(
        self,
        expressions: Sequence[Basic],
        given: Sequence[Basic],
        seed: int,
        scalars: Point,
    ) -> None:
        self._random = Random(seed)
        self._seed = seed
        self._facts = [g for g in given if isinstance(g, AppliedPredicate)]
        self.sizes = choose_sizes(expressions, given, seed)
        self.scalars = scalars
        self._turns = _turns_of_bound(expressions)
        operators = _nodes(expressions, Operator)
        self._bound = {v for node in operators for v in node.bound_symbols}
        self._supports: dict[Any, list[Any]] = {}
        self._functions: dict[tuple[Any, int], tuple[Formula, list[Any]]] = {}
        self._explicit = False
        self._noncommutative: dict[Symbol, sp.Matrix] = {}
        self._matrices: dict[str, sp.Matrix] = {}
        for matrix in sorted(_nodes(expressions, MatrixSymbol), key=str):
            if matrix.name in self._matrices:
                raise Undecidable(f"two matrices are called {matrix.name}")
            self._matrices[matrix.name] = self._matrix(matrix)

    # What is chosen

    def _rational(self) -> Rational:
        return Rational(self._random.randint(-7, 7), self._random.randint(1, 3))

    def _matrix(self, symbol: MatrixSymbol) -> sp.Matrix:
        rows, columns = (int(size.xreplace(self.sizes)) for size in symbol.shape)
        facts = [f.function.name for f in self._facts if f.arguments[0] == symbol]
        for _ in range(20):
            value = sp.Matrix(rows, columns, lambda i, j: self._rational())
            for fact in facts:
                value = _with_property(fact, value)
            if all(_has_property(fact, value) for fact in facts):
                return sp.ImmutableMatrix(value)
        raise Undecidable(f"no random matrix is {' and '.join(facts)}")

    def _support(self, variable: Symbol) -> list[Any]:
        """Where a bound variable has its mass; alike for variables of like assumptions.

        Among the values are both sides of the places where an integrand turns.
        """
        kind = _kind(variable)
        if kind not in self._supports:
            turns = self._turns.get(kind, [])
            start = self._seed % len(turns) if turns else 0
            support = list(dict.fromkeys((turns[start:] + turns[:start])[:2]))
            wanted, scale = self._extent(kind), (1, 1, 10, 1, 100, 1)[self._seed % 6]
            for attempt in itertools.count():
                value = Rational(self._random.randint(-40, 40), 13)
                value *= scale if len(support) == 1 else 1
                value = value if attempt % 2 else sp.floor(value)
                if admits(variable, value) and value not in support:
                    support.append(value)
                if len(support) >= wanted:
                    break
                if attempt > 400:
                    raise Undecidable(f"no values suit the assumptions on {variable}")
            self._supports[kind] = support
        return self._supports[kind]

    def _extent(self, kind: Any) -> int:
        """How many values a variable has: fewer where the sums are over many."""
        several = sum(_kind(v) == kind for v in self._bound) > 2
        return 2 + (self._seed % 3) // (2 if several else 1)

    def _function(self, applied: AppliedUndef) -> tuple[Formula, list[Any]]:
        """The formula for an unknown function, and where a density is to sum to one."""
        key = (applied.func, len(applied.args))
        if key not in self._functions:
            name = f"f_{self._seed}_{len(self._functions)}"
            supports = [self._support(v) for v in density_variables(applied)]
            cells = list(itertools.product(*supports)) if supports else []
            formula = Formula(name, applied, self._rational, self._seed)
            self._functions[key] = formula, cells
        return self._functions[key]

    def _apply(self, function: AppliedUndef, arguments: Sequence[Expr]) -> Expr:
        formula, cells = self._function(function)
        value = formula.at(arguments, self._explicit)
        if not cells:
            return value
        rest = arguments[len(cells[0]) :]
        return value / sp.Add(*(formula.at((*c, *rest), self._explicit) for c in cells))

    @property
    def functions(self) -> dict[str, Callable[..., Any]]:
        """The unknown functions and their derivatives by name, as numeric functions."""
        formulas = (formula for formula, _ in self._functions.values())
        return {name: f for formula in formulas for name, f in formula.numeric.items()}

    # Putting it in

    def ground(self, expression: Basic) -> Basic:
        # Not xreplace, which would put numbers in for bound variables of the same name.
        expression = resolve(expression.xreplace(self.sizes).subs(self.scalars))
        if any(not s.is_commutative for s in _nodes([expression], Symbol)):
            return self._ground_noncommutative(expression)
        grounded = self._ground(expression)
        if isinstance(grounded, sp.MatrixBase):
            return grounded.applyfunc(_without_indexed)
        return _without_indexed(grounded)

    def _ground(self, node: Basic) -> Basic:
        if isinstance(node, sp.MatrixBase):
            return node.applyfunc(self._ground)
        if isinstance(node, (MatrixExpr, MatrixElement, sp.Trace, sp.Determinant)):
            return self._ground_matrix(node)
        if isinstance(node, E):
            return self._expectation(node)
        if isinstance(node, Int):
            return self._integral(node)
        if isinstance(node, AppliedUndef):
            arguments = [self._ground(argument) for argument in node.args]
            return self._apply(node, arguments)
        if isinstance(node, sp.Derivative):
            return self._derivative(node)
        if isinstance(node, sp.Subs):
            inner = self._ground(node.expr)
            new = [self._ground(value) for value in node.point]
            return inner.subs(list(zip(node.variables, new, strict=True)))
        if isinstance(node, (sp.Sum, sp.Product, sp.Integral)):
            raise Undecidable(f"{node} has no closed form")
        if not node.args or isinstance(node, sp.Indexed):
            return node
        return node.func(*(self._ground(argument) for argument in node.args))

    def _expectation(self, node: E) -> Expr:
        """By a closed form, which the formulas of unknown functions often have."""
        with self._in_full():
            parts = [
                (law, map(self._ground_part, law.args[1:])) for law in node.args[1:]
            ]
            laws = [law.func(law.args[0], *rest) for law, rest in parts]
            value = resolve(E(self._ground(node.args[0]), *laws))
        if value.has(E):
            raise Undecidable(f"the expectation {node} has no closed form here")
        return value

    @contextmanager
    def _in_full(self) -> Iterator[None]:
        """Unknown functions by their formulas, not by a name for it."""
        before, self._explicit = self._explicit, True
        try:
            yield
        finally:
            self._explicit = before

    def _ground_part(self, part: Basic) -> Basic:
        if isinstance(part, sp.Tuple):
            return sp.Tuple(*map(self._ground_part, part))
        return self._ground(part)

    def _integral(self, node: Int) -> Expr:
        """By a closed form if it has one, else as a sum over the variable's support."""
        z = node.args[1]
        if any(z in e.free_symbols for e in node.args[0].atoms(sp.exp)):
            with self._in_full():
                value = resolve(Int(self._ground(node.args[0]), z))
            if not value.has(Int):
                return value
        if not node.has(AppliedUndef):
            raise Undecidable(f"the integral {node} has no closed form here")
        body = self._ground(node.args[0])
        return sp.Add(*(body.xreplace({z: value}) for value in self._support(z)))

    def _derivative(self, node: sp.Derivative) -> Expr:
        """Also with respect to f(x): a symbol holds its place meanwhile."""
        inner = [v for v, _ in node.variable_count if not isinstance(v, Symbol)]
        places = {v: sp.Dummy(real=True) for v in inner}
        body = self._ground(node.expr.xreplace(places))
        body = body.diff(*((places.get(v, v), n) for v, n in node.variable_count))
        return body.xreplace({place: self._ground(v) for v, place in places.items()})

    def _ground_matrix(self, node: Basic) -> Basic:
        if isinstance(node, MatrixSymbol):
            return self._matrices[node.name]
        if isinstance(node, Map):
            return self._map(node)
        if isinstance(node, Elementwise):
            return self._elementwise(node)
        if isinstance(node, LayerNorm):
            return self._layer_norm(node)
        if isinstance(node, (Jacobian, MatrixGradient)):
            return self._matrix_derivative(node)
        parts = [self._ground(argument) for argument in node.args]
        matrices = [p for p in parts if isinstance(p, sp.MatrixBase)]
        if isinstance(node, sp.MatMul):
            scalars = [p for p in parts if not isinstance(p, sp.MatrixBase)]
            product = matrices[0]
            for factor in matrices[1:]:
                product = product * factor
            return product * sp.Mul(*scalars)
        if isinstance(node, sp.MatAdd):
            return sum(matrices[1:], matrices[0])
        if isinstance(node, sp.MatPow):
            return _power(parts[0], parts[1])
        if isinstance(node, sp.Trace):
            return parts[0].trace()
        if isinstance(node, sp.Determinant):
            return parts[0].det()
        if isinstance(node, MatrixElement):
            return parts[0][parts[1], parts[2]]
        value = node.func(*parts).doit()
        value = value if isinstance(value, sp.MatrixBase) else value.as_explicit()
        return sp.ImmutableMatrix(value)

    def _map(self, node: Map) -> sp.Matrix:
        """A column of unknown functions, each of all the entries."""
        name, rows, *arguments = node.args
        entries = [entry for a in arguments for entry in self._ground(a)]
        functions = [Function(f"{name}_{i}", real=True) for i in range(int(rows))]
        values = [self._apply(function(*entries), entries) for function in functions]
        return sp.ImmutableMatrix(values)

    def _elementwise(self, node: Elementwise) -> sp.Matrix:
        name, matrix, order = node.args
        place = sp.Dummy(real=True)
        applied = Function(name.name, real=True)(place)
        value = self._apply(applied, [place]).diff(place, int(order))
        return self._ground(matrix).applyfunc(lambda e: value.xreplace({place: e}))

    def _layer_norm(self, node: LayerNorm) -> sp.Matrix:
        column, epsilon = map(self._ground, node.args)
        mean = sp.Add(*column) / len(column)
        centred = column.applyfunc(lambda entry: entry - mean)
        variance = sp.Add(*(entry**2 for entry in centred)) / len(column)
        return sp.ImmutableMatrix(centred * InverseRoot(variance + epsilon))

    def _matrix_derivative(self, node: Jacobian | MatrixGradient) -> sp.Matrix:
        """Entry by entry: symbols hold the places of what is differentiated by."""
        of, by, at = node.args
        point, kept = self._ground(at), self._matrices[by.name]
        places = sp.ImmutableMatrix(*point.shape, lambda i, j: sp.Dummy(real=True))
        self._matrices[by.name] = places
        try:
            value = self._ground(of)
        finally:
            self._matrices[by.name] = kept
        if isinstance(node, Jacobian):
            slopes = value.jacobian(list(places))
        else:
            number = value[0] if isinstance(value, sp.MatrixBase) else value
            slopes = places.applyfunc(number.diff)
        there = dict(zip(places, point, strict=True))
        return sp.ImmutableMatrix(slopes.xreplace(there))

    def _ground_noncommutative(self, node: Basic) -> sp.Matrix:
        """A polynomial in non-commuting symbols, with a random matrix for each."""
        n = 2 + self._seed % 2
        if node.is_commutative:
            return self._ground(node) * sp.eye(n)
        if isinstance(node, Symbol):
            if node not in self._noncommutative:
                value = sp.Matrix(n, n, lambda i, j: self._rational())
                self._noncommutative[node] = value
            return self._noncommutative[node]
        if isinstance(node, sp.Pow):
            return _power(self._ground_noncommutative(node.base), node.exp)
        if not isinstance(node, (sp.Add, sp.Mul)):
            raise Undecidable(f"{node.func.__name__} of non-commuting symbols")
        parts = [self._ground_noncommutative(argument) for argument in node.args]
        total = sp.zeros(n, n) if isinstance(node, sp.Add) else sp.eye(n)
        for part in parts:
            total = total + part if isinstance(node, sp.Add) else total * part
        return sp.ImmutableMatrix(total)


class Formula:
    """A formula for an unknown function, of which no derivative vanishes.

    It is c + sum_i s_i a_i + sum_ij m_ij a_i a_j + h sin(sum_i r_i a_i + p); for a
    function of one sign the exponential of this, or its square and a bit. In what is
    built from it stands a name for it, so that this stays small.
    """

    def __init__(
        self,
        name: str,
        applied: AppliedUndef,
        rational: Callable[[], Rational],
        seed: int,
    ) -> None:
        if applied.is_integer or applied.is_imaginary:
            raise Undecidable(f"no formula is known for {applied} with its assumptions")
        count = len(applied.args)
        real = applied.is_extended_real

        def coefficient() -> Expr:
            value = (rational() + Rational(1, 5)) / 4
            return value if real else value + sp.I * rational() / 4

        self._name, self._seed = name, seed
        self._constant, self._height, self._phase = (coefficient() for _ in range(3))
        self._slopes = [coefficient() for _ in range(count)]
        self._rates = [(rational() + Rational(2, 5)) / 3 for _ in range(count)]
        pairs = itertools.combinations(range(count), 2)
        self._mixed = {pair: coefficient() for pair in pairs}
        self._kind = "plain"
        if applied.is_extended_nonnegative:
            self._kind = "square" if seed % 2 else "exp"
        elif applied.is_extended_nonpositive:
            self._kind = "-exp"
        self._known = {
            "is_extended_positive": applied.is_extended_positive,
            "is_extended_real": real,
        }
        self._parts: dict[tuple[int, ...], type[sp.Function]] = {}
        self.numeric: dict[str, Callable[..., Any]] = {}
        self._numbers: dict[int, tuple[Any, ...]] = {}
        self._known_values: dict[tuple[Any, ...], Any] = {}

    def at(self, arguments: Sequence[Expr], explicit: bool = False) -> Expr:
        """Its value: a name applied to the arguments, or the ``explicit`` formula."""
        if not explicit:
            return self._part((0,) * len(arguments))(*arguments)
        waves = sp.Add(*(r * a for r, a in zip(self._rates, arguments, strict=True)))
        inner = sp.Add(
            self._constant,
            self._height * sp.sin(waves + self._phase),
            *(c * a for c, a in zip(self._slopes, arguments, strict=True)),
            *(c * arguments[i] * arguments[j] for (i, j), c in self._mixed.items()),
        )
        return {
            "plain": inner,
            "square": inner**2 + Rational(1, 3),
            "exp": sp.exp(inner),
            "-exp": -sp.exp(inner),
        }[self._kind]

    def _part(self, orders: tuple[int, ...]) -> type[sp.Function]:
        """The partial derivative of these orders, as a function SymPy can derive."""
        if orders not in self._parts:

            def fdiff(applied: Expr, index: int = 1) -> Expr:
                return self._part(_raised(orders, index - 1))(*applied.args)

            name = "_".join((self._name, *map(str, orders)))
            known = {"is_extended_real": self._known["is_extended_real"]}
            members = {"fdiff": fdiff, **(known if any(orders) else self._known)}
            members["is_number"] = False  # or SymPy looks for the sign of each product
            self._parts[orders] = type(name, (sp.Function,), members)
            self.numeric[name] = lambda *arguments: self._value(orders, arguments)
        return self._parts[orders]

    def _value(self, orders: tuple[int, ...], arguments: tuple[Any, ...]) -> Any:
        if self._kind == "plain":
            return self._inner(orders, arguments)
        if self._kind == "square":
            parts = list(_split(orders))
            left = [self._inner(low, arguments) for _, low, _ in parts]
            right = [self._inner(high, arguments) for _, _, high in parts]
            binomials = [c for c, _, _ in parts]
            total = sum(map(math.prod, zip(binomials, left, right, strict=True)))
            return total if any(orders) else total + mpmath.mpf(1) / 3
        sign = -1 if self._kind == "-exp" else 1
        return sign * self._exponential(orders, arguments)

    def _exponential(self, orders: tuple[int, ...], arguments: tuple[Any, ...]) -> Any:
        """D exp(h), by Leibniz' rule from D_i exp(h) = exp(h) D_i h."""
        if not any(orders):
            return mpmath.exp(self._inner(orders, arguments))
        index = next(i for i, n in enumerate(orders) if n)
        return sum(
            count
            * self._inner(_raised(low, index), arguments)
            * self._exponential(high, arguments)
            for count, low, high in _split(_raised(orders, index, -1))
        )

    def _inner(self, orders: tuple[int, ...], arguments: tuple[Any, ...]) -> Any:
        """A partial derivative of the sum, as a number."""
        key = (mpmath.mp.prec, orders, arguments)
        if key not in self._known_values:
            self._known_values[key] = self._inner_anew(orders, arguments)
        return self._known_values[key]

    def _inner_anew(self, orders: tuple[int, ...], arguments: tuple[Any, ...]) -> Any:
        constant, height, phase, rates, monomials = self._coefficients()
        degree = sum(orders)
        angle = phase + sum(map(operator.mul, rates, arguments))
        wave = (mpmath.sin, mpmath.cos)[degree % 2](angle) * (-1) ** (degree // 2)
        total = height * wave * math.prod(map(pow, rates, orders))
        for places, c in monomials.items():
            if all(n == 0 or (n == 1 and i in places) for i, n in enumerate(orders)):
                total += c * math.prod(arguments[i] for i in places if not orders[i])
        return total if degree else total + constant

    def _coefficients(self) -> tuple[Any, ...]:
        """All coefficients as numbers at the working precision."""
        if mpmath.mp.prec not in self._numbers:
            monomials = {(i,): c for i, c in enumerate(self._slopes)} | self._mixed
            self._numbers[mpmath.mp.prec] = (
                *map(at_precision, (self._constant, self._height, self._phase)),
                [at_precision(rate) for rate in self._rates],
                {places: at_precision(c) for places, c in monomials.items()},
            )
        return self._numbers[mpmath.mp.prec]


def _raised(orders: tuple[int, ...], index: int, by: int = 1) -> tuple[int, ...]:
    return tuple(n + by * (i == index) for i, n in enumerate(orders))


def _split(
    orders: tuple[int, ...],
) -> Iterator[tuple[int, tuple[int, ...], tuple[int, ...]]]:
    """Leibniz' rule: how often a derivative falls on one factor, how on the other."""
    for low in itertools.product(*(range(n + 1) for n in orders)):
        high = tuple(n - k for n, k in zip(orders, low, strict=True))
        yield math.prod(map(math.comb, orders, low)), low, high


def _power(base: sp.Matrix, exponent: Expr) -> sp.Matrix:
    if not exponent.is_Integer:
        raise Undecidable(f"a matrix to the power {exponent}")
    try:
        return sp.ImmutableMatrix(base ** int(exponent))
    except NonInvertibleMatrixError as error:
        raise Singular from error


def has_structure(expressions: Sequence[Basic]) -> bool:
    """Whether an instance must choose more than the values of scalar symbols."""
    return any(
        e.has(MatrixExpr, AppliedUndef, Operator, sp.Indexed, MatrixElement)
        or structural_integers([e])
        or any(not s.is_commutative for s in _nodes([e], Symbol))
        for e in expressions
    )


def structural_integers(expressions: Sequence[Basic]) -> set[Symbol]:
    """Symbols that stand for a size (of a matrix, of a sum) or for an index."""
    found: set[Symbol] = set()
    for node in _nodes(expressions, Basic):
        if isinstance(node, (sp.Sum, sp.Product)):
            for limits in node.limits:
                found |= sp.Tuple(*limits[1:]).free_symbols
        elif isinstance(node, MatrixExpr):
            found |= sp.Tuple(*node.shape).free_symbols
        elif isinstance(node, sp.Indexed):
            found |= sp.Tuple(*node.indices).free_symbols
        elif isinstance(node, MatrixElement):
            found |= sp.Tuple(*node.args[1:]).free_symbols
    bound = {
        s
        for node in _nodes(expressions, (sp.Sum, sp.Product))
        for s in node.bound_symbols
    }
    return {s for s in found if isinstance(s, Symbol) and s.is_integer} - bound


def choose_sizes(
    expressions: Sequence[Basic], given: Sequence[Basic], seed: int
) -> dict[Symbol, Integer]:
    """Values for the sizes and indices: small ones, unequal ones if they can be."""
    names = sorted(structural_integers(expressions), key=str)
    if not names:
        return {}
    conditions = [
        g
        for g in given
        if not isinstance(g, AppliedPredicate) and g.free_symbols <= set(names)
    ]
    conditions += _index_ranges(expressions)
    matrices = any(e.has(MatrixExpr) for e in expressions)
    ladder = sizes_to_try(expressions)
    random = Random(seed)
    for attempt in range(600):
        values = [ladder[(seed + attempt) % len(ladder)]]
        values += [random.choice(ladder) for _ in names[1:]]
        chosen = {n: Integer(v) for n, v in zip(names, values, strict=True)}
        equal = len(set(values)) < len(values) and attempt < 200 and matrices
        if (
            not equal
            and all(admits(n, v) for n, v in chosen.items())
            and satisfies(chosen, conditions)
        ):
            return chosen
    raise Undecidable(f"no sizes were found for {', '.join(map(str, names))}")


def sizes_to_try(expressions: Sequence[Basic]) -> list[int]:
    """Small sizes; where no matrix must be filled, also 0 and where something turns."""
    names = structural_integers(expressions)
    if any(e.has(Map) for e in expressions):
        return [2, 3, 1, 4]  # each entry of a map is a function of all the others
    if any(e.has(MatrixExpr) for e in expressions):
        return [2, 3, 1, 5, 4]
    turns = [
        int(root) + k
        for kink in itertools.chain(*map(kinks_of, expressions))
        if len(kink.free_symbols) == 1 and kink.free_symbols <= names
        for root in roots(kink, *kink.free_symbols)
        for k in (0, 1)
        if 4 <= root <= 40
    ]
    return [2, 3, 1, 7, 4, 0, *sorted(set(turns))]


def _index_ranges(expressions: Sequence[Basic]) -> list[Basic]:
    """An index that is free runs where the sums over its kind of terms run."""
    ranges: list[Basic] = []
    free = set().union(*(e.atoms(sp.Indexed) for e in expressions))
    for node in _nodes(expressions, (sp.Sum, sp.Product)):
        for index, first, last in node.limits:
            for term in node.function.atoms(sp.Indexed):
                if index not in term.free_symbols:
                    continue
                for other in free:
                    place = other.indices[0]
                    if (
                        other.base == term.base
                        and isinstance(place, Symbol)
                        and place != index
                    ):
                        ranges += [place >= term.indices[0].subs(index, first)]
                        ranges += [place <= term.indices[0].subs(index, last)]
    for element in _nodes(expressions, MatrixElement):
        for place, size in zip(element.args[1:], element.parent.shape, strict=True):
            ranges += [place >= 0, place < size]
    names = structural_integers(expressions)
    return [r for r in ranges if r.free_symbols and r.free_symbols <= names]


def _turns_of_bound(expressions: Sequence[Basic]) -> dict[Any, list[Any]]:
    """Both sides of where what stands under an integral turns, by kind of variable."""
    found: dict[Any, list[Any]] = {}
    for node in sorted(_nodes(expressions, Operator), key=sp.default_sort_key):
        for kink in kinks_of(node.args[0]):
            for variable in node.bound_symbols:
                if variable not in kink.free_symbols or kink.has(
                    AppliedUndef, Operator
                ):
                    continue
                others = kink.free_symbols - {variable}
                alone = kink.xreplace(dict.fromkeys(others, Rational(1, 2)))
                for root in roots(alone, variable):
                    sides = [root + k for k in (1, -1, Rational(1, 7))]
                    known = found.setdefault(_kind(variable), [])
                    known += [v for v in sides if v.is_Rational and admits(variable, v)]
    return found


def _kind(variable: Symbol) -> tuple[Any, ...]:
    return tuple(sorted(variable.assumptions0.items()))


def without_closed_form(expression: Basic) -> bool:
    """Whether some expectation under a Gaussian stays after ``resolve``."""
    return bool(_nodes([resolve(expression)], E))


def under_any_law(expression: Basic) -> Basic:
    """``expression`` with nothing known of each Gaussian but what moves with it.

    N(m, s^2) is the law of m + s e for an e whose law depends on neither m nor s; a
    Gaussian of several variables becomes an unknown law with the same parameters.
    """
    expression = resolve(expression)
    if isinstance(expression, E):
        body = under_any_law(expression.args[0])
        for law in expression.args[1:]:
            body = _under_unknown(body, law)
        return body
    if not expression.args or isinstance(expression, Law):
        return expression
    if isinstance(expression, sp.MatrixBase):
        return expression.applyfunc(under_any_law)
    return expression.func(*map(under_any_law, expression.args))


def _under_unknown(body: Expr, law: Law) -> Expr:
    if isinstance(law, Normal):
        noise = sp.Dummy("e", real=True)
        x, mean, std = law.args[:3]
        unknown = density("unknown", noise)
        return Int(body.subs(x, mean + std * noise) * unknown, noise)
    if isinstance(law, MultivariateNormal):
        parameters = sorted(law.free_symbols, key=str)
        body = body * density(f"{law.args}", *law.variables, given=parameters)
        for variable in law.variables:
            body = Int(body, variable)
        return body
    raise Undecidable(f"an expectation under {law} has no closed form here")


def _nodes(expressions: Iterable[Basic], kind: type) -> set[Any]:
    return {
        node
        for e in expressions
        for node in sp.preorder_traversal(e)
        if isinstance(node, kind)
    }


def _without_indexed(expression: Expr) -> Expr:
    """The terms of an indexed base as symbols of their own."""
    terms = expression.atoms(sp.Indexed)
    return expression.xreplace(
        {t: Symbol(str(t), **t.base.assumptions0) for t in terms}
    )


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
