r"""Sums of words in letters that do not commute: the arithmetic of matrices.

A letter is a matrix symbol, a derivative of an unknown map, a diagonal matrix, a
Hadamard product, an inverse; it may stand transposed. Products and transposes are
multiplied out, an identity vanishes, a matrix cancels beside its inverse, what is 1 x 1
is a number, and a trace may be turned round and transposed.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy import Basic, Expr
from sympy.matrices.expressions.matexpr import MatrixSymbol

from .normal_form import NormalForm
from .terms import (
    ONE,
    Quotient,
    QuotientKey,
    TooLarge,
    constant,
    power_of,
    product,
    total,
)

MOST_WORDS = 800  # of a sum
LONGEST_WORD = 40
MOST_STEPS = 2000  # of rewriting with what inverses cancel


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


class Words(NormalForm):
    """Sums of words, added, multiplied, transposed, inverted and traced."""

    def __init__(self) -> None:
        super().__init__()
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
                return self.trace_of(self.times(value, rest), turn[0].shape[0])
        turned += [tuple(a.T for a in reversed(w)) for w in turned]
        least = min(turned, key=self._order)
        return self.scalar(("trace", least))

    def scalar(self, key: tuple[Any, ...], sign: bool = False) -> Quotient:
        """A number that is known by its key; ``sign``: it is nowhere negative."""
        number = self.kernels.add_plain(
            key, self._symbols_of(key), nonnegative=sign, real=self._is_real(key)
        )
        return self.kernels.quotient(number)

    def _symbols_of(self, key: Any) -> set[Basic]:
        """The symbols that occur in a key, which bound variables must tell."""
        if isinstance(key, Basic):
            return set(key.free_symbols)
        if isinstance(key, QuotientKey):
            return self.kernels.free_of(key)
        if isinstance(key, Letter):
            return self._symbols_of(key.key)
        if isinstance(key, (tuple, frozenset)):
            return set().union(*map(self._symbols_of, key))
        return set()

    def _is_real(self, key: Any) -> bool:
        """Whether what a key is made of is real: then so are traces, determinants."""
        if isinstance(key, Basic):
            return isinstance(key, MatrixSymbol) or key.is_extended_real is True
        if isinstance(key, QuotientKey):
            return self.kernels.is_real(key)
        if isinstance(key, Letter):
            return self._is_real(key.key)
        if isinstance(key, (tuple, frozenset)):
            return all(map(self._is_real, key))
        return True

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

    def least_turn(self, word: Word) -> tuple[int, Word]:
        """A word turned round so that it comes first in the order, and by how much."""
        turned = [(i, word[i:] + word[:i]) for i in range(len(word))]
        return min(turned, key=lambda pair: self._order(pair[1]))

    def form_key(self, form: Form) -> frozenset[Any]:
        return frozenset((word, self.kernels.key(c)) for word, c in form.items())

    def diagonal(self, column: Form, size: Expr) -> Form:
        found: list[Form] = []
        for word, c in column.items():
            letter = Letter(("diagonal", word), size, size, symmetric=True)
            found.append({(letter,): c})
        return self.plus(found)

    def hadamard(self, one: Form, other: Form, shape: tuple[Expr, Expr]) -> Form:
        found: list[Form] = []
        for (v, a), (w, b) in itertools.product(one.items(), other.items()):
            if _is_all_ones(v) or _is_all_ones(w):
                found.append({w if _is_all_ones(v) else v: product(self.kernels, a, b)})
                continue
            both = frozenset({v, w}) if v != w else (v, w)
            letter = Letter(("hadamard", both), *shape)
            found.append({(letter,): product(self.kernels, a, b)})
        return self.plus(found)

    # -------------------------------------------------------------------- inverses

    def inverse(self, form: Form, size: Expr) -> Form:
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
            i, least = self.least_turn(word)
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

    def trace_of(self, form: Form, size: Expr) -> Quotient:
        """The trace of square matrices of that size, each word turned round."""
        parts = []
        for word, c in form.items():
            value = self._number(word) if word else self.of(size)
            parts.append(product(self.kernels, c, value))
        return total(self.kernels, parts)


def _is_all_ones(word: Word) -> bool:
    """Whether it is a column, a row or a matrix of ones."""
    ones = all(letter.key[0] == "ones" for letter in word)
    turned = [letter.transposed for letter in word]
    return ones and turned in ([False], [True], [False, True])
