r"""A normal form of matrix expressions: sums of words in letters that do not commute.

A letter is a matrix symbol, a derivative of an unknown map, a diagonal matrix, a
Hadamard product, an inverse; it may stand transposed. Products and transposes are
multiplied out, an identity vanishes, a matrix cancels beside its inverse, what is 1 x 1
is a number, and a trace may be turned round and transposed. Jacobians and gradients are
worked out by the rules of derivatives: sums, products, the chain rule. Each rule holds
for every size; where none is known the expression is a letter of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy import Basic, Expr
from sympy.assumptions.assume import AppliedPredicate
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr, MatrixSymbol

from .calculus import Elementwise, Jacobian, LayerNorm, Map, MatrixGradient
from .expectation import resolve
from .normal_form import NormalForm
from .terms import ONE, Quotient, TooLarge, constant, power_of, product, total

MOST_WORDS = 400  # of a sum
LONGEST_WORD = 40
LARGEST_WRITTEN = 6  # the size of a matrix whose determinant is worked out
MOST_STEPS = 2000  # of rewriting with what inverses cancel

_ANY_SIZE = sp.Symbol("size", integer=True, positive=True)
_SYMMETRIC = ("symmetric", "positive_definite", "diagonal")


class Misfit(TooLarge):
    """Sizes that do not fit, or of which it is not seen that they do."""


@dataclass(frozen=True)
class Letter:
    """A matrix without parts: its key, its size before transposing, how it stands."""

    key: tuple[Any, ...]
    rows: Expr
    columns: Expr
    symmetric: bool = False
    transposed: bool = False

    @property
    def shape(self) -> tuple[Expr, Expr]:
        size = (self.rows, self.columns)
        return size[::-1] if self.transposed else size

    @property
    def T(self) -> Letter:  # noqa: N802 - as matrices have it
        if self.symmetric:
            return self
        return replace(self, transposed=not self.transposed)


Word = tuple[Letter, ...]
Form = dict[Word, Quotient]  # a sum of words, each with a number in front


def is_matrix_identity(left: Basic, right: Basic, given: Sequence[Basic] = ()) -> bool:
    """Whether two matrix expressions, or numbers made of such, have one normal form."""
    words = Words(given)
    if any(_is_noncommuting(side) for side in (left, right)):
        forms = [words.polynomial(resolve(side)) for side in (left, right)]
        return words.are_equal(*forms)
    left, right = (_with_entries(resolve(side)) for side in (left, right))
    if isinstance(left, sp.MatrixBase) and isinstance(right, sp.MatrixBase):
        pairs = zip(left, right, strict=True)
        return all(is_matrix_identity(a, b, given) for a, b in pairs)
    if not getattr(left, "is_Matrix", False):
        difference = sp.Add(left, sp.Mul(-1, right, evaluate=False), evaluate=False)
        words.prepare(difference)
        return words.is_zero(words.of(difference))
    for side in (left, right):
        words.matrix(side)
    for number in words.exponents:
        words.prepare(number)
    return words.are_equal(words.matrix(left), words.matrix(right))


def _is_noncommuting(side: Basic) -> bool:
    return any(not s.is_commutative for s in side.atoms(sp.Symbol))


class Words(NormalForm):
    """The normal forms of matrices and of the numbers that are made of them."""

    def __init__(self, given: Sequence[Basic] = ()) -> None:
        super().__init__()
        self.exponents: list[Expr] = []
        self._place: dict[MatrixSymbol, Form] = {}
        self._facts: dict[Basic, set[str]] = {}
        for fact in given:
            if isinstance(fact, AppliedPredicate):
                about = self._facts.setdefault(fact.arguments[0], set())
                about.add(fact.function.name)
        self._met: dict[tuple[Any, ...], int] = {}
        self._rules: list[tuple[Word, Form]] = []  # a word, and what it equals

    def are_equal(self, one: Form, other: Form) -> bool:
        less = self.times_number(constant(Fraction(-1)), other)
        gap = self.reduced(self.plus([one, less]))
        return all(self.is_zero(c) for c in gap.values())

    # ------------------------------------------------------------------- arithmetic

    def plus(self, forms: Sequence[Form]) -> Form:
        found: dict[Word, list[Quotient]] = {}
        for form in forms:
            for word, c in form.items():
                found.setdefault(word, []).append(c)
        shapes = {(w[0].shape[0], w[-1].shape[1]) for w in found if w}
        if len(shapes) > 1:
            raise Misfit(f"a sum of matrices of the sizes {shapes}")
        if len(found) > MOST_WORDS:
            raise TooLarge(f"a sum of more than {MOST_WORDS} words")
        sums = {w: total(self.kernels, cs) for w, cs in found.items()}
        return {w: c for w, c in sums.items() if c.above}

    def times_number(self, number: Quotient, form: Form) -> Form:
        return {w: product(self.kernels, number, c) for w, c in form.items()}

    def times(self, one: Form, other: Form) -> Form:
        if len(one) * len(other) > MOST_WORDS:
            raise TooLarge(f"a product of more than {MOST_WORDS} words")
        found = []
        for (v, a), (w, b) in itertools.product(one.items(), other.items()):
            if len(v) + len(w) > LONGEST_WORD:
                raise TooLarge(f"a word of more than {LONGEST_WORD} letters")
            if v and w and v[-1].shape[1] != w[0].shape[0]:
                sizes = f"{v[-1].shape} and {w[0].shape}"
                raise Misfit(f"a product of matrices of the sizes {sizes}")
            c = product(self.kernels, a, b)
            found.append(self.times_number(c, self._simplified((*v, *w))))
        return self.plus(found)

    def transposed(self, form: Form) -> Form:
        found = [
            self.times_number(c, self._simplified(tuple(a.T for a in reversed(word))))
            for word, c in form.items()
        ]
        return self.plus(found)

    def _simplified(self, word: Word) -> Form:
        """The word with what is 1 x 1 within it in front, and matrices cancelled."""
        for i in range(len(word) - 1):
            a, b = word[i : i + 2]
            if self._cancel(a, b):
                return self._simplified((*word[:i], *word[i + 2 :]))
        cuts = [i for i in range(len(word) + 1) if self._size_at(word, i) == 1]
        front, kept = ONE, word
        if len(cuts) >= 2:
            first, last = cuts[0], cuts[-1]
            for start, end in itertools.pairwise(cuts):
                front = product(self.kernels, front, self._number(word[start:end]))
            kept = (*word[:first], *word[last:])
        diagonal = self._as_hadamard(kept)
        return {diagonal: front}

    def _size_at(self, word: Word, i: int) -> Expr:
        if i < len(word):
            return word[i].shape[0]
        return word[-1].shape[1] if word else sp.S.Zero

    def _cancel(self, a: Letter, b: Letter) -> bool:
        if a.key[0] == "inverse of" and a.key[1] == (b.key, b.transposed):
            return not a.transposed or a.symmetric
        if b.key[0] == "inverse of" and b.key[1] == (a.key, a.transposed):
            return not b.transposed or b.symmetric
        orthogonal = a.key == b.key and a.transposed != b.transposed
        return orthogonal and "orthogonal" in a.key[2:3]

    def _number(self, word: Word) -> Quotient:
        """The trace of a word, turned and transposed into its least form."""
        if len(word) == 2 and word[0].key == word[1].key == ("ones", word[0].rows):
            return self.of(word[0].rows)  # the number of the ones
        turned = [word[i:] + word[:i] for i in range(len(word))]
        for turn in turned:
            if (found := self._matching_rule(turn)) is not None:
                i, (pattern, value) = found
                rest = {turn[i + len(pattern) :] + turn[:i]: ONE}
                return self._trace_of(self.times(value, rest), turn[0].shape[0])
        turned += [tuple(a.T for a in reversed(w)) for w in turned]
        least = min(turned, key=self._order)
        number = self._scalar(("trace", least), self._free(least))
        return self.kernels.quotient(number)

    def _scalar(
        self, key: tuple[Any, ...], free: Iterable[Basic], sign: bool = False
    ) -> int:
        return self.kernels.add_plain(key, free, nonnegative=sign, real=True)

    def _free(self, word: Word) -> set[Basic]:
        return set().union(*(_symbols_of(a.key) for a in word))

    def _as_hadamard(self, word: Word) -> Word:
        """A diagonal matrix times a column, as the product entry by entry."""
        for i in range(len(word) - 2, -1, -1):
            letter, rest = word[i], word[i + 1 :]
            if letter.key[0] == "diagonal" and rest and rest[-1].shape[1] == 1:
                column = letter.key[1]
                rows, one = letter.rows, sp.S.One
                key = (
                    "hadamard",
                    frozenset({column, rest}) if column != rest else (column, rest),
                )
                return (*word[:i], Letter(key, rows, one))
        return word

    def _order(self, word: Word) -> list[tuple[int, bool]]:
        """Letters in the order in which they were met first, alike on every machine."""
        places = (self._met.setdefault(a.key, len(self._met)) for a in word)
        return [(i, a.transposed) for i, a in zip(places, word, strict=True)]

    def _least_turn(self, word: Word) -> tuple[int, Word]:
        """A word turned round so that it comes first in the order, and by how much."""
        turned = [(i, word[i:] + word[:i]) for i in range(len(word))]
        return min(turned, key=lambda pair: self._order(pair[1]))

    def form_key(self, form: Form) -> frozenset[Any]:
        return frozenset((word, self.kernels.key(c)) for word, c in form.items())

    # ------------------------------------------------------------- by the expression

    def matrix(self, node: Basic) -> Form:
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
            return self._place.get(node) or self._symbol(node)
        if isinstance(node, (sp.Inverse, sp.MatPow)):
            return self._matrix_power(node)
        if isinstance(node, sp.DiagMatrix):
            return self._diagonal(self.matrix(node.args[0]), node.shape[0])
        if isinstance(node, sp.HadamardProduct):
            forms = [self.matrix(a) for a in node.args]
            found = forms[0]
            for form in forms[1:]:
                found = self._hadamard(found, form, node.shape)
            return found
        if isinstance(node, Map):
            keys = tuple(self.form_key(self.matrix(a)) for a in node.args[2:])
            return self._letter(("map", node.args[0].name, keys), node)
        if isinstance(node, Elementwise):
            return self._elementwise(node, int(node.args[2]))
        if isinstance(node, LayerNorm):
            return self.matrix(_written_out(node))
        if isinstance(node, Jacobian):
            return self._at_its_place(node, self._jacobian)
        if isinstance(node, MatrixGradient):
            return self._at_its_place(node, self._gradient)
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
                base = self._inverse(base, _ANY_SIZE)
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

    def _elementwise(self, node: Elementwise, order: int) -> Form:
        inner = self.form_key(self.matrix(node.args[1]))
        return self._letter(("each", node.args[0].name, order, inner), node)

    def _diagonal(self, column: Form, size: Expr) -> Form:
        found: list[Form] = []
        for word, c in column.items():
            letter = Letter(("diagonal", word), size, size, symmetric=True)
            found.append({(letter,): c})
        return self.plus(found)

    def _hadamard(self, one: Form, other: Form, shape: tuple[Expr, Expr]) -> Form:
        found: list[Form] = []
        for (v, a), (w, b) in itertools.product(one.items(), other.items()):
            both = frozenset({v, w}) if v != w else (v, w)
            letter = Letter(("hadamard", both), *shape)
            found.append({(letter,): product(self.kernels, a, b)})
        return self.plus(found)

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
            form = self._inverse(form, base.shape[0])
        if abs(power) > LONGEST_WORD:
            raise TooLarge(f"a power above {LONGEST_WORD}")
        found: Form = {(): ONE}
        for _ in range(abs(power)):
            found = self.times(found, form)
        return found

    def _inverse(self, form: Form, size: Expr) -> Form:
        """Letter by letter of one word; of a sum a letter that cancels beside it."""
        if len(form) == 1:
            [(word, c)] = form.items()
            square = all(a.rows == a.columns for a in word)
            if square and all(a.key[0] != "ones" for a in word):
                found: Form = {(): power_of(self.kernels, c, -1)}
                for letter in reversed(word):
                    found = self.times(found, {(self._inverse_letter(letter),): ONE})
                return found
        return self._inverse_of_sum(form, size)

    def _inverse_of_sum(self, form: Form, size: Expr) -> Form:
        """A letter that cancels beside the sum; by Woodbury's rule that of least size.

        (c I + U V)^-1 = (I - U (c I + V U)^-1 V) / c, and where one side exists the
        other does.
        """
        words = [word for word in form if word]
        if len(form) == 2 and len(words) == 1:
            [word] = words
            i, least = self._least_turn(word)
            if i:
                small = {(): form[()], least: form[word]}
                inner = self._inverse_of_sum(small, least[0].shape[0])
                found = self.times({word[:i]: form[word]}, inner)
                found = self.times(found, {word[i:]: constant(Fraction(-1))})
                over_c = power_of(self.kernels, form[()], -1)
                return self.times_number(over_c, self.plus([{(): ONE}, found]))
        key = self.form_key(form)
        symmetric = self.form_key(self.transposed(form)) == key
        letter = Letter(("inverse of sum", key), size, size, symmetric=symmetric)
        self._learn(form, letter)
        return {(letter,): ONE}

    def _inverse_letter(self, letter: Letter) -> Letter:
        if letter.key[0] == "inverse of":
            original: Letter = letter.key[2]
            return original if not letter.transposed else original.T
        key = ("inverse of", (letter.key, letter.transposed), letter)
        return Letter(key, letter.rows, letter.columns, symmetric=letter.symmetric)

    def _learn(self, form: Form, inverse: Letter) -> None:
        """S S^-1 = I as a rule for the longest word of S before its inverse."""
        longest = max(form, key=lambda w: (len(w), self._order(w)))
        if not longest or sum(len(w) == len(longest) for w in form) > 1:
            return
        c = power_of(self.kernels, form[longest], -1)
        rest = {w: k for w, k in form.items() if w != longest}
        less = self.times_number(constant(Fraction(-1)), rest)
        one: Form = {(): ONE}
        after = self.plus([one, {(*w, inverse): k for w, k in less.items()}])
        before = self.plus([one, {(inverse, *w): k for w, k in less.items()}])
        for pattern, value in (
            ((*longest, inverse), after),
            ((inverse, *longest), before),
        ):
            self._rules.append((pattern, self.times_number(c, value)))

    def reduced(self, form: Form) -> Form:
        """A form in which no inverse stands beside what it cancels."""
        for _ in range(MOST_STEPS):
            word = next((w for w in form if self._matching_rule(w)), None)
            if word is None:
                return form
            i, (pattern, value) = self._matching_rule(word) or (0, ((), {}))
            c = form[word]
            before: Form = {word[:i]: ONE}
            after: Form = {word[i + len(pattern) :]: ONE}
            put = self.times(self.times(before, value), after)
            rest = {w: k for w, k in form.items() if w != word}
            form = self.plus([rest, self.times_number(c, put)])
        raise TooLarge(f"more than {MOST_STEPS} steps of rewriting")

    def _matching_rule(self, word: Word) -> tuple[int, tuple[Word, Form]] | None:
        """The first place in a word at which a rule applies, and the rule."""
        for rule in self._rules:
            length = len(rule[0])
            for i in range(len(word) - length + 1):
                if word[i : i + length] == rule[0]:
                    return i, rule
        return None

    # ---------------------------------------------------- numbers made of matrices

    def _of(self, node: Basic) -> Quotient:
        if isinstance(node, sp.Trace):
            form = self.reduced(self.matrix(node.arg))
            return self._trace_of(form, node.arg.shape[0])
        if isinstance(node, sp.Determinant):
            return self._determinant(node.arg)
        if isinstance(node, MatrixElement):
            key = self.form_key(self.matrix(node.parent))
            place = tuple(self.kernels.key(self.of(i)) for i in node.args[1:])
            number = self._scalar(("entry", key, place), node.free_symbols)
            return self.kernels.quotient(number)
        if getattr(node, "is_Matrix", False):
            raise TooLarge(f"{node} where a number should stand")
        return super()._of(node)

    def _trace_of(self, form: Form, size: Expr) -> Quotient:
        """The trace of square matrices of that size, each word turned round."""
        parts = []
        for word, c in form.items():
            value = self._number(word) if word else self.of(size)
            parts.append(product(self.kernels, c, value))
        return total(self.kernels, parts)

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
        number = self._scalar(key, node.free_symbols, self._is_gram(form))
        return product(self.kernels, scale, self.kernels.quotient(number))

    def _by_sylvester(self, form: Form, size: Expr) -> tuple[Quotient, Form]:
        """det(c I + U V) = c^(n - m) det(c I + V U), where V U is m x m."""
        words = [word for word in form if word]
        if len(form) != 2 or len(words) != 1:
            return ONE, form
        [word] = words
        _, least = self._least_turn(word)
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
        number = self._scalar(("det", letter.key), _symbols_of(letter.key), positive)
        return self.kernels.quotient(number)

    # --------------------------------------------------------------------- derivatives

    def _at_its_place(
        self, node: Jacobian | MatrixGradient, derive: Callable[..., Form]
    ) -> Form:
        of, by, at = node.args
        kept = dict(self._place)
        place = self.matrix(at)
        known, self._known = self._known, {}
        self._place = {**kept, by: place} if at != by else dict(kept)
        try:
            if getattr(of, "is_Matrix", False):
                self.matrix(of)  # its sizes must fit, also of what drops out
            return derive(of, by)
        finally:
            self._place, self._known = kept, known

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
            slope = self._elementwise(of, int(of.args[2]) + 1)
            outer = self._diagonal(slope, of.shape[0])
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
        names = {t: sp.Dummy(f"t{i}", positive=True) for i, t in enumerate(traces)}
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
            slope = self._elementwise(node, int(node.args[2]) + 1)
            back = self._hadamard(seed, slope, node.shape)
            self._pull(node.args[1], back, by, found)
        elif isinstance(node, sp.HadamardProduct) and len(node.args) == 2:
            for one, other in (node.args, node.args[::-1]):
                back = self._hadamard(seed, self.matrix(other), node.shape)
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


def _written_out(node: LayerNorm) -> MatrixExpr:
    """LayerNorm by its definition, C y / s with s^2 = y' C y / d + epsilon."""
    column, epsilon = node.args
    size = column.shape[0]
    ones = sp.OneMatrix(size, 1)
    centre = sp.Identity(size) - ones * ones.T / size
    spread = sp.sqrt(sp.Trace(column.T * centre * column) / size + epsilon)
    return (1 / spread) * centre * column


def _symbols_of(key: Any) -> set[Basic]:
    """The symbols that occur in a key, which bound variables must tell."""
    if isinstance(key, Basic):
        return set(key.free_symbols)
    if isinstance(key, Letter):
        return _symbols_of(key.key)
    if isinstance(key, (tuple, frozenset)):
        return set().union(*map(_symbols_of, key))
    return set()
