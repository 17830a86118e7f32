r"""Whether two matrix expressions have one normal form: ``is_matrix_identity``.

Jacobians and gradients are worked out by the rules of derivatives: sums, products, the
chain rule.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp
from sympy import Basic, Expr
from sympy.matrices.expressions.matexpr import MatrixExpr, MatrixSymbol

from .calculus import Elementwise, Jacobian, LayerNorm, Map, MatrixGradient
from .expectation import resolve
from .matrix_forms import MatrixForms
from .terms import ONE, TooLarge
from .words import Form, Letter

LARGEST_WRITTEN = 6  # the size of a matrix whose determinant is worked out


def is_matrix_identity(left: Basic, right: Basic, given: Sequence[Basic] = ()) -> bool:
    """Whether two matrix expressions, or numbers made of such, have one normal form.

    Raises ``TooLarge`` where a bound is met, ``Misfit`` where sizes do not fit.
    """
    left, right = (_with_entries(resolve(side)) for side in (left, right))
    if isinstance(left, sp.MatrixBase) and isinstance(right, sp.MatrixBase):
        pairs = zip(left, right, strict=True)
        return all(is_matrix_identity(a, b, given) for a, b in pairs)
    forms = MatrixNormalForm(given)
    forms.prepare(left, right)
    return forms.are_equal(forms.form(left), forms.form(right))


class MatrixNormalForm(MatrixForms):
    """Matrix expressions with derivatives by matrices in them."""

    def _matrix(self, node: Basic) -> Form:
        if isinstance(node, LayerNorm):
            return self.matrix(_written_out(node))
        if isinstance(node, Jacobian):
            return self._at_its_place(node, self._jacobian)
        if isinstance(node, MatrixGradient):
            return self._at_its_place(node, self._gradient)
        return super()._matrix(node)

    def _at_its_place(
        self, node: Jacobian | MatrixGradient, derive: Callable[..., Form]
    ) -> Form:
        of, by, at = node.args
        outside = self._place, self._known, self._forms
        if at != by:
            self._place = {**self._place, by: self.matrix(at)}
            self._known, self._forms = {}, {}
        try:
            if getattr(of, "is_Matrix", False):
                self.matrix(of)  # its sizes must fit, also of what drops out
            return derive(of, by)
        finally:
            self._place, self._known, self._forms = outside

    def _jacobian(self, of: Basic, by: MatrixSymbol) -> Form:
        if of == by:
            return {(): ONE}
        if by not in of.free_symbols and not of.has(by):
            return {}
        if isinstance(of, sp.MatAdd):
            return self.plus([self._jacobian(a, by) for a in of.args])
        if isinstance(of, sp.MatMul):
            return self._jacobian_of_product(of, by)
        if isinstance(of, Map):
            return self._chain_rule(of, by)
        if isinstance(of, Elementwise):
            slope = self.elementwise(of, int(of.args[2]) + 1)
            outer = self.diagonal(slope, of.shape[0])
            return self.times(outer, self._jacobian(of.args[1], by))
        if isinstance(of, LayerNorm):
            return self._jacobian(_written_out(of), by)
        if isinstance(of, (Jacobian, MatrixGradient)):
            raise TooLarge("a derivative of a derivative")
        raise TooLarge(f"no rule is known for the derivative of {type(of).__name__}")

    def _jacobian_of_product(self, of: sp.MatMul, by: MatrixSymbol) -> Form:
        """A constant matrix stays in front; a number in front has a gradient too."""
        *front, column = [a for a in of.args if getattr(a, "is_Matrix", False)]
        number = sp.Mul(*(a for a in of.args if not getattr(a, "is_Matrix", False)))
        if any(a.has(by) for a in front):
            raise TooLarge("a product of two matrices that both vary")
        before: Form = {(): ONE}
        for matrix in front:
            before = self.times(before, self.matrix(matrix))
        inner = self.times(before, self._jacobian(column, by))
        found = [self.times_number(self.of(number), inner)]
        if number.has(by):
            row = self.transposed(self._gradient(number, by))
            found.append(self.times(self.times(before, self.matrix(column)), row))
        return self.plus(found)

    def _chain_rule(self, of: Map, by: MatrixSymbol) -> Form:
        name, rows, *arguments = of.args
        keys = tuple(self.form_key(self.matrix(a)) for a in arguments)
        found = []
        for i, argument in enumerate(arguments):
            if argument == by or argument.has(by):
                if argument.shape[1] != 1:
                    raise TooLarge("a Jacobian by a matrix")
                outer = self._slope_letter(name.name, i, keys, rows, argument.shape[0])
                found.append(self.times(outer, self._jacobian(argument, by)))
        return self.plus(found)

    def _slope_letter(
        self, name: str, i: int, keys: tuple[Any, ...], rows: Expr, columns: Expr
    ) -> Form:
        return {(Letter(("slope", name, i, keys), rows, columns),): ONE}

    def _gradient(self, of: Basic, by: MatrixSymbol) -> Form:
        """The derivatives of a number by each entry of ``by``, in its shape."""
        found: list[Form] = []
        if getattr(of, "is_Matrix", False):
            self._pull(of, {(): ONE}, by, found)
            return self.plus(found)
        traces = sorted(
            (t for t in of.atoms(sp.Trace) if t.has(by)), key=sp.default_sort_key
        )
        names = {t: sp.Dummy(f"t{i}", real=True) for i, t in enumerate(traces)}
        if any(not s.is_real for t in traces for s in t.free_symbols if s.is_Symbol):
            raise TooLarge("the gradient of a function of a trace that may be complex")
        outer = of.xreplace(names)
        if outer.has(by):
            raise TooLarge("a number that depends on a matrix otherwise than by traces")
        for trace, name in names.items():
            slope = outer.diff(name).xreplace({n: t for t, n in names.items()})
            inner: list[Form] = []
            self._pull(trace.arg, {(): ONE}, by, inner)
            found.append(self.times_number(self.of(slope), self.plus(inner)))
        return self.plus(found)

    def _pull(
        self, node: Basic, seed: Form, by: MatrixSymbol, found: list[Form]
    ) -> None:
        """Add what d node contributes to the gradient, the seed being node's own.

        If d(number) = sum of seed * d(node) over the entries, the gradient by ``by``
        collects the seed, carried back through each product, sum and function.
        """
        if node == by:
            found.append(seed)
        elif not node.has(by):
            return
        elif isinstance(node, sp.MatAdd):
            for part in node.args:
                self._pull(part, seed, by, found)
        elif isinstance(node, sp.Transpose):
            self._pull(node.arg, self.transposed(seed), by, found)
        elif isinstance(node, sp.MatMul):
            self._pull_through_product(node, seed, by, found)
        elif isinstance(node, Elementwise):
            slope = self.elementwise(node, int(node.args[2]) + 1)
            back = self.hadamard(seed, slope, node.shape)
            self._pull(node.args[1], back, by, found)
        elif isinstance(node, sp.HadamardProduct) and len(node.args) == 2:
            for one, other in (node.args, node.args[::-1]):
                back = self.hadamard(seed, self.matrix(other), node.shape)
                self._pull(one, back, by, found)
        elif isinstance(node, Map):
            self._pull_through_map(node, seed, by, found)
        elif isinstance(node, LayerNorm):
            raise TooLarge("a gradient through LayerNorm")
        else:
            raise TooLarge(f"no rule is known to go back through {type(node).__name__}")

    def _pull_through_product(
        self, node: sp.MatMul, seed: Form, by: MatrixSymbol, found: list[Form]
    ) -> None:
        matrices = [a for a in node.args if getattr(a, "is_Matrix", False)]
        number = sp.Mul(*(a for a in node.args if not getattr(a, "is_Matrix", False)))
        if number.has(by):
            raise TooLarge("a product with a number that varies")
        for i, factor in enumerate(matrices):
            if not factor.has(by):
                continue
            before: Form = {(): ONE}
            for a in matrices[:i]:
                before = self.times(before, self.matrix(a))
            after: Form = {(): ONE}
            for a in matrices[i + 1 :]:
                after = self.times(after, self.matrix(a))
            back = self.times(self.transposed(before), seed)
            back = self.times(back, self.transposed(after))
            self._pull(factor, self.times_number(self.of(number), back), by, found)

    def _pull_through_map(
        self, node: Map, seed: Form, by: MatrixSymbol, found: list[Form]
    ) -> None:
        name, rows, *arguments = node.args
        keys = tuple(self.form_key(self.matrix(a)) for a in arguments)
        for i, argument in enumerate(arguments):
            if not (argument == by or argument.has(by)):
                continue
            if argument.shape[1] == 1:
                slope = self._slope_letter(name.name, i, keys, rows, argument.shape[0])
                back = self.times(self.transposed(slope), seed)
            elif rows == 1:
                letter = Letter(("slope", name.name, i, keys), *argument.shape)
                back = self.times({(letter,): ONE}, seed)
            else:
                raise TooLarge("a map of a matrix to a vector")
            self._pull(argument, back, by, found)


def _with_entries(node: Basic) -> Basic:
    """Products and determinants of matrices that are written out, worked out."""
    if isinstance(node, sp.MatrixBase) or not node.args:
        return node
    arguments = [_with_entries(a) for a in node.args]
    if arguments != list(node.args):
        node = node.func(*arguments)
    written = [a for a in node.args if isinstance(a, sp.MatrixBase)]
    if not written or len(written) < len([a for a in node.args if a.is_Matrix]):
        return node
    if isinstance(node, (sp.MatMul, sp.MatAdd, sp.Transpose, sp.Trace)):
        return node.doit()
    if isinstance(node, sp.Determinant) and node.args[0].rows <= LARGEST_WRITTEN:
        return node.args[0].det(method="berkowitz")
    return node


@functools.lru_cache(256)
def _written_out(node: LayerNorm) -> MatrixExpr:
    """LayerNorm by its definition, C y / s with s^2 = y' C y / d + epsilon."""
    column, epsilon = node.args
    size = column.shape[0]
    ones = sp.OneMatrix(size, 1)
    centre = sp.Identity(size) - ones * ones.T / size
    spread = sp.sqrt(sp.Trace(column.T * centre * column) / size + epsilon)
    return (1 / spread) * centre * column
