"""An interpretation: a choice for all that an expression leaves open but numbers.

It gives sizes to matrices, formulas to unknown functions and finite laws to unknown
densities. All come from a fixed seed, so a check decides alike on every machine.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from random import Random

import sympy as sp
from sympy import Basic, Expr, Integer, Rational, Symbol
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.matexpr import MatrixSymbol

from .errors import Undecidable
from .evaluation import Numeric, Point
from .extreme_matrices import extreme_matrix, simplest_matrix
from .formulas import Constant, Formula, extreme_formula, simplest_formula
from .laws import density_variables
from .matrices import random_matrix
from .reach import far_number, reach_of
from .sizes import choose_sizes
from .supports import Supports

SELDOM = 48  # from this seed on matrices are scaled: the usual ones meet no condition
MOST_SHOWN = 9  # entries of a matrix
# What a positive multiple of a matrix is as well.
SCALES = ("positive_definite", "symmetric", "invertible", "diagonal")
# The places at which a density has its mass, and how much of the space is at each.
Cells = dict[tuple[Rational, ...], Rational]


class Interpretation:
    """One choice for everything in ``expressions`` that is not a number.

    ``sizes`` and ``matrices`` are chosen at once, the rest when it is asked for.
    ``scalars`` are numbers already chosen; ``given`` says what matrices must be.
    With ``sizes`` it is an extreme one: matrices at the edges of what is given,
    functions that are constant or of any scale, mass anywhere, and of seed 0 naught.
    """

    def __init__(
        self,
        expressions: Sequence[Basic],
        given: Sequence[Basic],
        seed: int,
        scalars: Point,
        sizes: Mapping[Symbol, Integer] | None = None,
    ) -> None:
        self._random, self._seed = Random(seed), seed
        self.reach = 0 if sizes is None else reach_of([*expressions, *given])
        self.sizes = choose_sizes(expressions, given, seed) if sizes is None else sizes
        self.scalars = scalars
        self._supports = Supports(expressions, seed, self._random, self.reach)
        self._formulas: dict[
            tuple[type[Expr], int], tuple[Formula | Constant, Cells]
        ] = {}
        self._noncommuting: dict[Symbol, sp.Matrix] = {}
        together = sp.Tuple(*expressions)
        self._free = set(map(str, together.free_symbols))
        self._applied = together.atoms(AppliedUndef)
        slopes = together.atoms(sp.Derivative)
        self._order = max((len(node.variables) for node in slopes), default=0)
        self._conditions = given
        self._facts = [g for g in given if isinstance(g, AppliedPredicate)]
        self.drawn_facts: set[AppliedPredicate] = set()  # what matrices were drawn for
        self.matrices: dict[str, sp.ImmutableMatrix] = {}
        symbols = sp.Tuple(*expressions).atoms(MatrixSymbol)
        for symbol in sorted(symbols, key=str):
            if symbol.name in self.matrices:
                raise Undecidable(f"two matrices are called {symbol.name}")
            self.matrices[symbol.name] = self._matrix(symbol)

    @property
    def _is_simplest(self) -> bool:
        """Whether all is naught that may be: the first of the extreme ones."""
        return self.reach > 0 and self._seed == 0

    def _matrix(self, symbol: MatrixSymbol) -> sp.ImmutableMatrix:
        rows, columns = (int(size.xreplace(self.sizes)) for size in symbol.shape)
        about = [f.arguments[0] for f in self._facts]
        # What is known of an inverse or a transpose is known of the matrix itself.
        multiples = {m for m in about if _core(m) == symbol}
        if len(multiples) > 1:  # such as A and -A: drawn to suit what is said of A
            multiples = {symbol}
        known = [f for f in self._facts if f.arguments[0] in multiples]
        self.drawn_facts |= set(known)
        facts = [f.function.name for f in known]
        if self._is_simplest:
            drawn = simplest_matrix(rows, columns, facts)
        elif self.reach:
            random, reach = self._random, self.reach
            drawn = extreme_matrix(rows, columns, facts, random, self._seed, reach)
        else:
            drawn = random_matrix(rows, columns, facts, self._random, self._seed)
        scale = next((_factor(m) for m in multiples), sp.S.One)
        if self._seed >= SELDOM and "orthogonal" not in facts:
            reach = reach_of(self._conditions)
            scale *= far_number(self._random, reach)
        return sp.ImmutableMatrix(drawn / scale)

    def scale(self, name: str) -> bool:
        """Multiply a matrix by a symbol, if it stays what is known of it."""
        about = [f for f in self._facts if name in _names(f)]
        kept = (f in self.drawn_facts and f.function.name in SCALES for f in about)
        if not all(kept):
            return False
        symbol = Symbol("c", positive=True) if about else Symbol("c", nonzero=True)
        if symbol.name not in self._free:
            self.matrices[name] = sp.ImmutableMatrix(symbol * self.matrices[name])
        return symbol.name not in self._free

    def _rational(self) -> Rational:
        return Rational(self._random.randint(-7, 7), self._random.randint(1, 3))

    @property
    def noncommuting_size(self) -> int:
        """How many rows the matrices for non-commuting symbols have: 1 to 5, or 6."""
        if self.reach:
            return 6
        return (2, 3, 1, 5, 4)[self._seed % 5]

    def noncommuting(self, symbol: Symbol) -> sp.Matrix:
        """A square matrix for a symbol that does not commute."""
        if symbol not in self._noncommuting:
            n = self.noncommuting_size
            value = sp.Matrix(n, n, lambda i, j: self._rational())
            self._noncommuting[symbol] = value
        return self._noncommuting[symbol]

    def support(self, variable: Symbol) -> dict[Rational, Rational]:
        """Where a bound variable has its mass, and how much of the space is there."""
        return self._supports.of(variable)

    def apply(
        self, function: AppliedUndef, arguments: Sequence[Expr], explicit: bool
    ) -> Expr:
        """The value of an unknown function, also if it is a density, at ``arguments``.

        ``explicit``: by the formula itself, not by a name for it.
        """
        formula, cells = self._formula(function)
        value = formula.at(arguments, explicit)
        if not cells:
            return value
        rest = arguments[len(next(iter(cells))) :]
        total = sp.Add(
            *(mass * formula.at((*c, *rest), explicit) for c, mass in cells.items())
        )
        return value / total

    def _formula(self, applied: AppliedUndef) -> tuple[Formula | Constant, Cells]:
        """The formula for an unknown function, and where a density is to sum to one."""
        key = (applied.func, len(applied.args))
        if key not in self._formulas:
            name = f"f_{self._seed}_{len(self._formulas)}"
            supports = [self.support(v) for v in density_variables(applied)]
            cells = {
                tuple(value for value, _ in cell): sp.Mul(*(mass for _, mass in cell))
                for cell in itertools.product(*(s.items() for s in supports))
                if cell
            }
            jets = self._jets(applied)
            formula = self._made(name, applied, jets)
            self._formulas[key] = formula, cells
        return self._formulas[key]

    def _made(self, name: str, applied: AppliedUndef, jets: int) -> Formula | Constant:
        if self._is_simplest:
            return simplest_formula(applied)
        if self.reach:
            random, reach = self._random, self.reach
            return extreme_formula(name, applied, self._rational, random, reach)
        return Formula(name, applied, self._rational, self._seed, jets)

    def _jets(self, applied: AppliedUndef) -> int:
        """How many values and derivatives of a function there may be."""
        places = sum(f.func == applied.func for f in self._applied)
        if density_variables(applied):  # its values add up to one
            places = min(places, 3)
        count = len(applied.args)
        return min(places, 12) * int(sp.binomial(self._order + count, count))

    def described(self) -> tuple[str, ...]:
        """What was chosen, in words; a large matrix by its size, a formula by name."""
        numbers = {**self.sizes, **self.scalars}
        found = [f"{name} = {value}" for name, value in numbers.items()]
        matrices: dict[str, sp.MatrixBase] = dict(self.matrices)
        matrices |= {str(symbol): value for symbol, value in self._noncommuting.items()}
        for name in sorted(matrices.keys() & self._free):
            value = matrices[name]
            small = len(value) <= MOST_SHOWN
            size = f"some {value.rows} x {value.cols} matrix"
            found.append(f"{name} = {value.tolist() if small else size}")
        names = {function.__name__.partition("|")[0] for function, _ in self._formulas}
        if names:
            found.append(f"{', '.join(sorted(names))} at random")
        return tuple(found)

    @property
    def functions(self) -> dict[str, Numeric]:
        """The unknown functions and their derivatives by name, as numeric functions."""
        formulas = (formula for formula, _ in self._formulas.values())
        return {name: f for formula in formulas for name, f in formula.numeric.items()}

    @property
    def enclosures(self) -> dict[str, Numeric]:
        """The same as functions of enclosures."""
        formulas = (formula for formula, _ in self._formulas.values())
        return {n: f for formula in formulas for n, f in formula.enclosures.items()}


def _names(fact: AppliedPredicate) -> set[str]:
    return {symbol.name for symbol in fact.atoms(MatrixSymbol)}


def _core(matrix: Basic) -> Basic:
    """The matrix without a number in front that is not zero, or what turns it over."""
    if isinstance(matrix, (sp.Transpose, sp.Inverse)):
        return matrix.arg
    if isinstance(matrix, sp.MatMul) and len(matrix.args) == 2:
        number, inner = matrix.args
        return inner if number.is_Number and number != 0 else matrix
    return matrix


def _factor(matrix: Basic) -> Expr:
    return matrix.args[0] if isinstance(matrix, sp.MatMul) else sp.S.One
