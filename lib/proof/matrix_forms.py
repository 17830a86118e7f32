r"""A normal form of matrix expressions, by their parts.

Each rule holds for every size; where none is known the expression is a letter of its
own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy import Basic, Expr
from sympy.assumptions.assume import AppliedPredicate
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixSymbol

from .calculus import EXP, Elementwise, Map
from .terms import ONE, Quotient, TooLarge, power_of, product
from .words import LONGEST_WORD, Form, Letter, Words

_ANY_SIZE = sp.Symbol("size", integer=True, positive=True)
_SYMMETRIC = ("symmetric", "positive_definite", "diagonal")


class MatrixForms(Words):
    """The normal forms of matrices and of the numbers that are made of them."""

    def __init__(self, given: Sequence[Basic] = ()) -> None:
        super().__init__()
        self._place: dict[MatrixSymbol, Form] = {}
        self._forms: dict[Basic, Form] = {}
        self._facts: dict[Basic, set[str]] = {}
        for fact in given:
            if isinstance(fact, AppliedPredicate):
                about = self._facts.setdefault(fact.arguments[0], set())
                about.add(fact.function.name)

    def _prepare(self, expression: Basic) -> None:
        self.form(expression)

    def _forget(self) -> None:
        super()._forget()
        self._forms.clear()
        self._rules.clear()  # their words are not yet made of the common kernels

    def form(self, node: Basic) -> Form:
        """The normal form of a matrix, of a number or of symbols in any order."""
        if getattr(node, "is_Matrix", False):
            return self.matrix(node)
        return self.polynomial(node)

    # ------------------------------------------------------------- by the expression

    def matrix(self, node: Basic) -> Form:
        if node not in self._forms:
            self._forms[node] = self._matrix(node)
        return self._forms[node]

    def _matrix(self, node: Basic) -> Form:
        if isinstance(node, sp.MatAdd):
            return self.plus([self.matrix(a) for a in node.args])
        if isinstance(node, (sp.MatMul, sp.Mul)):
            return self._product_of_matrices(node)
        if isinstance(node, sp.Transpose):
            return self.transposed(self.matrix(node.arg))
        if isinstance(node, sp.Identity):
            return {(): ONE}
        if isinstance(node, sp.ZeroMatrix):
            return {}
        if isinstance(node, sp.OneMatrix):
            return self._ones(node)
        if isinstance(node, MatrixSymbol):
            return self._place[node] if node in self._place else self._symbol(node)
        if isinstance(node, (sp.Inverse, sp.MatPow)):
            return self._matrix_power(node)
        if isinstance(node, sp.DiagMatrix):
            return self.diagonal(self.matrix(node.args[0]), node.shape[0])
        if isinstance(node, sp.HadamardProduct):
            forms = [self.matrix(a) for a in node.args]
            found = forms[0]
            for form in forms[1:]:
                found = self.hadamard(found, form, node.shape)
            return found
        if isinstance(node, Map):
            keys = tuple(self.form_key(self.matrix(a)) for a in node.args[2:])
            return self._letter(("map", node.args[0].name, keys), node)
        if isinstance(node, Elementwise):
            return self.elementwise(node, int(node.args[2]))
        return self._letter(("matrix", node), node)

    def polynomial(self, node: Basic) -> Form:
        """Of symbols that do not commute, each a square matrix of any size."""
        if node.is_commutative:
            return {(): self.of(node)}
        if isinstance(node, sp.Symbol):
            return {(Letter(("symbol", node, ""), _ANY_SIZE, _ANY_SIZE),): ONE}
        if isinstance(node, sp.Add):
            return self.plus([self.polynomial(a) for a in node.args])
        if isinstance(node, sp.Mul):
            found: Form = {(): ONE}
            for factor in node.args:
                found = self.times(found, self.polynomial(factor))
            return found
        if isinstance(node, sp.Pow) and node.exp.is_Integer:
            base = self.polynomial(node.base)
            if node.exp < 0:
                base = self.inverse(base, _ANY_SIZE)
            found = {(): ONE}
            for _ in range(min(abs(int(node.exp)), LONGEST_WORD + 1)):
                found = self.times(found, base)
            return found
        raise TooLarge(f"{type(node).__name__} of symbols that do not commute")

    def _letter(self, key: tuple[Any, ...], node: Basic, **more: Any) -> Form:
        return {(Letter(key, *node.shape, **more),): ONE}

    def _symbol(self, node: MatrixSymbol) -> Form:
        facts = self._facts.get(node, set())
        kind = "orthogonal" if "orthogonal" in facts else ""
        symmetric = bool(facts & set(_SYMMETRIC))
        return self._letter(("symbol", node, kind), node, symmetric=symmetric)

    def _ones(self, node: sp.OneMatrix) -> Form:
        rows, columns = node.shape
        found: Form = {(): ONE}
        if rows != 1 or columns == 1:
            found = {(Letter(("ones", rows), rows, sp.S.One),): ONE}
        if columns != 1:
            row: Form = {(Letter(("ones", columns), columns, sp.S.One).T,): ONE}
            found = row if rows == 1 else self.times(found, row)
        return found

    def _product_of_matrices(self, node: Basic) -> Form:
        found: Form = {(): ONE}
        front = ONE
        for factor in node.args:
            if getattr(factor, "is_Matrix", False):
                found = self.times(found, self.matrix(factor))
            else:
                front = product(self.kernels, front, self.of(factor))
        return self.times_number(front, found)

    def elementwise(self, node: Elementwise, order: int) -> Form:
        inner = self.form_key(self.matrix(node.args[1]))
        order = 0 if node.args[0].name == EXP else order
        return self._letter(("each", node.args[0].name, order, inner), node)

    def _matrix_power(self, node: Basic) -> Form:
        if isinstance(node, sp.Inverse):
            base, power = node.arg, -1
        else:
            base, power = node.base, node.exp
            if not power.is_Integer:
                return self._letter(("matrix", node), node)
            power = int(power)
        form = self.matrix(base)
        if power < 0:
            form = self.inverse(form, base.shape[0])
        if abs(power) > LONGEST_WORD:
            raise TooLarge(f"a power above {LONGEST_WORD}")
        found: Form = {(): ONE}
        for _ in range(abs(power)):
            found = self.times(found, form)
        return found

    # ---------------------------------------------------- numbers made of matrices

    def _of(self, node: Basic) -> Quotient:
        if isinstance(node, sp.Trace):
            form = self.reduced(self.matrix(node.arg))
            return self.trace_of(form, node.arg.shape[0])
        if isinstance(node, sp.Determinant):
            return self._determinant(node.arg)
        if isinstance(node, MatrixElement):
            key = self.form_key(self.matrix(node.parent))
            place = tuple(self.kernels.key(self.of(i)) for i in node.args[1:])
            return self.scalar(("entry", key, place))
        if getattr(node, "is_Matrix", False):
            raise TooLarge(f"{node} where a number should stand")
        return super()._of(node)

    def _determinant(self, node: Basic) -> Quotient:
        form, size = self.matrix(node), node.shape[0]
        if len(form) == 1:
            [(word, c)] = form.items()
            if all(a.rows == a.columns for a in word):
                scale = self._to_the_size(c, size)
                for letter in word:
                    scale = product(self.kernels, scale, self._det_of_letter(letter))
                return scale
        scale, form = self._by_sylvester(form, size)
        key = ("determinant", self.form_key(form))
        number = self.scalar(key, self._is_gram(form))
        return product(self.kernels, scale, number)

    def _by_sylvester(self, form: Form, size: Expr) -> tuple[Quotient, Form]:
        """det(c I + U V) = c^(n - m) det(c I + V U), where V U is m x m."""
        words = [word for word in form if word]
        if len(form) != 2 or len(words) != 1:
            return ONE, form
        [word] = words
        _, least = self.least_turn(word)
        scale = self._to_the_size(form[()], size - least[0].shape[0])
        return scale, {(): form[()], least: form[word]}

    def _is_gram(self, form: Form) -> bool:
        """Whether it is a sum of matrices v v' with factors that are not negative."""
        for word, c in form.items():
            half = len(word) // 2
            mirrored = tuple(a.T for a in reversed(word[half:]))
            if word[:half] != mirrored or len(word) % 2:
                return False
            if c.below or self.kernels.sign(c.above) < 1:
                return False
        return True

    def _to_the_size(self, c: Quotient, size: Expr) -> Quotient:
        if c == ONE or size == 0:
            return ONE
        if size.is_Integer:
            return power_of(self.kernels, c, int(size))
        log = self.logarithm(c)
        return self.exponential(product(self.kernels, self.of(size), log))

    def _det_of_letter(self, letter: Letter) -> Quotient:
        if letter.key[0] == "inverse of":
            inner = self._det_of_letter(letter.key[2])
            return power_of(self.kernels, inner, -1)
        positive = letter.key[0] == "symbol" and "positive_definite" in self._facts.get(
            letter.key[1], set()
        )
        return self.scalar(("det", letter.key), positive)
