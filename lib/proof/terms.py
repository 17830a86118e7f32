r"""Sums of monomials in kernels, and fractions of them: the arithmetic of normal forms.

A kernel is known by its number. A monomial gives the powers of some of them; a power
that is no integer is allowed for a kernel that is nowhere negative, and for an
exponential, whose power q means the exponential of q times the exponent.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import sympy as sp
from sympy import Basic, Expr, Symbol

from .errors import Undecidable

MOST_TERMS = 3000  # of a sum of monomials
MOST_PRODUCTS = 100_000  # of two monomials, in all that is done over one table
MOST_DEGREE = 64  # of a power that is multiplied out
MOST_FACTORED = (40, 12)  # terms and degree of a sum that is factored
LARGEST_NUMBER = 2**48  # numbers under roots and logarithms are factored up to here

Monomial = tuple[tuple[int, Fraction], ...]  # kernels by number, each with its power
Terms = dict[Monomial, Fraction]  # a sum of monomials with their coefficients


class TooLarge(Undecidable):
    """The normal form would exceed a bound, which the message names."""


@dataclass(frozen=True)
class Quotient:
    """A sum of monomials over a product of powers of sums, by their numbers."""

    above: Terms
    below: dict[int, int] = field(default_factory=dict)


class QuotientKey(NamedTuple):
    """A quotient as it is looked up."""

    above: frozenset[tuple[Monomial, Fraction]]
    below: frozenset[tuple[int, int]]


ONE = Quotient({(): Fraction(1)})


def constant(value: Fraction) -> Quotient:
    return Quotient({(): value} if value else {})


@dataclass
class _Kernel:
    """What is known of one: ``node`` of SymPy, where it has one; ``base``, a sum."""

    key: tuple[Any, ...]
    node: Basic | None
    free: frozenset[Basic]
    nonnegative: bool
    real: bool
    base: Terms | None = None
    exponent: Quotient | None = None
    inside: Quotient | None = None  # of a logarithm


class Kernels:
    """The table of kernels, and what they are to one another."""

    def __init__(self) -> None:
        self._table: list[_Kernel] = []
        self._products = 0
        self._numbers: dict[tuple[Any, ...], int] = {}
        self.imaginary = self._new(("i",), sp.I, frozenset(), False, False)

    def _new(
        self,
        key: tuple[Any, ...],
        node: Basic | None,
        free: Iterable[Basic],
        nonnegative: bool,
        real: bool,
        **more: Any,
    ) -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self._table)
            self._table.append(
                _Kernel(key, node, frozenset(free), nonnegative, real, **more)
            )
        return self._numbers[key]

    def spend(self, products: int) -> None:
        """Count products of monomials, of which one expression may take so many."""
        self._products += products
        if self._products > MOST_PRODUCTS:
            raise TooLarge(f"more than {MOST_PRODUCTS} products of terms")

    def node(self, number: int) -> Basic | None:
        return self._table[number].node

    def key_of(self, number: int) -> tuple[Any, ...]:
        return self._table[number].key

    def free(self, number: int) -> frozenset[Basic]:
        return self._table[number].free

    def _free_of(self, quotient: Quotient) -> set[Basic]:
        numbers = {n for m in quotient.above for n, _ in m} | set(quotient.below)
        return set().union(*(self.free(n) for n in numbers))

    # --------------------------------------------------------------- making kernels

    def add(self, key: tuple[Any, ...], node: Expr) -> int:
        """A symbol, or a function without a rule."""
        nonnegative = node.is_nonnegative is True
        real = node.is_extended_real is True
        return self._new(key, node, node.free_symbols, nonnegative, real)

    def add_plain(
        self, key: tuple[Any, ...], free: Iterable[Basic], nonnegative: bool, real: bool
    ) -> int:
        """A number that is known by its key alone, such as a trace."""
        return self._new(key, None, free, nonnegative, real)

    def add_prime(self, prime: int) -> int:
        return self._new(("prime", prime), sp.Integer(prime), (), True, True)

    def add_sum(self, terms: Terms) -> int:
        """A sum of several monomials, as a denominator or under a root."""
        free = self._free_of(Quotient(terms))
        real = all(self._real(m) for m in terms)
        key = ("terms", frozenset(terms.items()))
        nonnegative = self.sign(terms) > 0
        return self._new(key, None, free, nonnegative, real, base=dict(terms))

    def add_base(self, quotient: Quotient) -> int:
        """What stands under a root and does not factor further."""
        if not quotient.below:
            return self.add_sum(quotient.above)
        key = ("base", self.key(quotient))
        free = self._free_of(quotient)
        return self._new(key, None, free, False, False, inside=quotient)

    def add_exponential(
        self, key: tuple[Any, ...], monomial: Monomial, below: Mapping[int, int]
    ) -> int:
        exponent = Quotient({monomial: Fraction(1)}, dict(below))
        real = self._real(monomial) and all(self._table[n].real for n in below)
        free = self._free_of(exponent)
        return self._new(key, None, free, real, real, exponent=exponent)

    def add_logarithm(self, number: int) -> int:
        """The logarithm of a positive kernel."""
        kernel = self._table[number]
        inside = self.quotient(number)
        return self._new(("log", number), None, kernel.free, False, True, inside=inside)

    def add_logarithm_of(self, quotient: Quotient) -> int:
        if len(quotient.above) == 1 and not quotient.below:
            [(monomial, c)] = quotient.above.items()
            if c == 1 and len(monomial) == 1 and monomial[0][1] == 1:
                kernel = self._table[monomial[0][0]]
                return self._new(
                    ("log", monomial[0][0]),
                    None,
                    kernel.free,
                    False,
                    kernel.nonnegative,
                    inside=quotient,
                )
        key = ("log of", self.key(quotient))
        free = self._free_of(quotient)
        return self._new(key, None, free, False, False, inside=quotient)

    def add_bound(
        self,
        key: tuple[Any, ...],
        inside: Monomial,
        below: tuple[tuple[int, int], ...],
        bound: set[Symbol],
        beside: Iterable[Basic],
    ) -> int:
        """A sum or an integral over a bound variable; its ends hold ``beside``."""
        numbers = [n for n, _ in (*inside, *below)]
        free = set().union(*(self.free(n) for n in numbers)) - bound
        free = free.union(beside)
        real = self._real(inside) and all(self._table[n].real for n, _ in below)
        return self._new(key, None, free, False, real)

    # ------------------------------------------------------------- what they are

    def quotient(self, number: int, power: Fraction = Fraction(1)) -> Quotient:
        return Quotient(
            {((number, power),): Fraction(1)} if power else {(): Fraction(1)}
        )

    def power(self, number: int, exponent: Fraction) -> Quotient:
        """A power of one kernel, whole parts of roots multiplied out."""
        kernel = self._table[number]
        if kernel.key[0] == "prime":
            whole = math.floor(exponent)
            rest = self.quotient(number, exponent - whole)
            scale = constant(Fraction(kernel.key[1]) ** whole)
            return product(self, scale, rest)
        if kernel.base is not None:
            whole = math.floor(exponent)
            rest = self.quotient(number, exponent - whole)
            if whole >= 0:
                return product(self, power_of(self, Quotient(kernel.base), whole), rest)
            return product(self, Quotient(ONE.above, {number: -whole}), rest)
        return self.quotient(number, exponent)

    def logarithm_of(self, number: int) -> Quotient | None:
        """What a kernel is the logarithm of, if it is one."""
        kernel = self._table[number]
        return kernel.inside if str(kernel.key[0]).startswith("log") else None

    def exponent_of(self, number: int) -> Quotient | None:
        """The exponent of an exponential, if the kernel is one and it is real."""
        kernel = self._table[number]
        return kernel.exponent if kernel.real else None

    def key(self, quotient: Quotient) -> QuotientKey:
        above, below = quotient.above.items(), quotient.below.items()
        return QuotientKey(frozenset(above), frozenset(below))

    def free_of(self, key: QuotientKey) -> set[Basic]:
        return self._free_of(Quotient(dict(key.above), dict(key.below)))

    def is_real(self, key: QuotientKey) -> bool:
        """Whether a quotient has real values only, as far as its kernels tell."""
        above = all(self._real(monomial) for monomial, _ in key.above)
        return above and all(self._table[n].real for n, _ in key.below)

    def _real(self, monomial: Monomial) -> bool:
        return all(
            self._table[n].real and (self._table[n].nonnegative or p.denominator == 1)
            for n, p in monomial
        )

    def _nonnegative(self, monomial: Monomial) -> bool:
        """Whether a monomial is nowhere negative, by the powers of its kernels."""
        return all(
            self._table[n].nonnegative
            or (self._table[n].real and p.denominator == 1 and p % 2 == 0)
            for n, p in monomial
        )

    def sign(self, terms: Terms) -> int:
        """1 or -1 if a sum is known to be nowhere negative or nowhere positive, else 0.

        That is enough for roots and logarithms: where a factor is zero, both sides of
        a rule are zero or undefined.
        """
        if not all(map(self._nonnegative, terms)):
            return 0
        if all(c > 0 for c in terms.values()):
            return 1
        return -1 if all(c < 0 for c in terms.values()) else 0

    def factors(
        self, quotient: Quotient
    ) -> tuple[int, list[tuple[int, Fraction]], Quotient | None] | None:
        """A sign, the positive kernels with their powers, and one other factor.

        None where there are several factors whose sign is not known: a root or a
        logarithm of their product is not the product, or sum, of theirs.
        """
        if not quotient.above:
            return None
        positive: list[tuple[int, Fraction]] = []
        unknown: list[tuple[int, Fraction]] = []
        content, common, rest = _content(quotient.above)
        sign = 1 if content > 0 else -1
        positive += self._primes(abs(content))
        parts = list(common) + [(n, Fraction(-p)) for n, p in quotient.below.items()]
        for terms, times in self._irreducible(rest):
            if self.sign(terms) < 0:
                terms = {m: -c for m, c in terms.items()}
                sign *= -1 if times % 2 else 1
            parts.append((self.add_sum(terms), Fraction(times)))
        for number, power in parts:
            known = positive if self._table[number].nonnegative else unknown
            known.append((number, power))
        if not unknown:
            return sign, positive, None
        if len(unknown) > 1 or unknown[0][1].denominator != 1:
            return None
        number, power = unknown[0]
        return sign, positive, self._integer_power(number, int(power))

    def _integer_power(self, number: int, power: int) -> Quotient:
        base = self._table[number].base
        if base is None:
            return self.quotient(number, Fraction(power))
        if power < 0:
            return Quotient(ONE.above, {number: -power})
        return power_of(self, Quotient(base), power)

    def _primes(self, value: Fraction) -> list[tuple[int, Fraction]]:
        if max(value.numerator, value.denominator) > LARGEST_NUMBER:
            raise TooLarge("a large number under a root or a logarithm")
        found = []
        for part, sign in ((value.numerator, 1), (value.denominator, -1)):
            for prime, power in sp.factorint(part).items():
                found.append((self.add_prime(int(prime)), Fraction(sign * int(power))))
        return found

    def _irreducible(self, terms: Terms) -> list[tuple[Terms, int]]:
        """The factors of a sum without a content; itself where it is large."""
        if len(terms) < 2:
            return []
        numbers = sorted({n for m in terms for n, _ in m})
        plain = all(p.denominator == 1 and p > 0 for m in terms for _, p in m)
        degree = max(sum(p for _, p in m) for m in terms)
        if not plain or len(terms) > MOST_FACTORED[0] or degree > MOST_FACTORED[1]:
            return [(terms, 1)]
        dummies = {n: sp.Dummy(f"k{n}") for n in numbers}
        expression = sp.Add(
            *(
                sp.Rational(c.numerator, c.denominator)
                * sp.Mul(*(dummies[n] ** int(p) for n, p in m))
                for m, c in terms.items()
            )
        )
        scale, factors = sp.factor_list(expression, *dummies.values())
        names = list(dummies)
        found = []
        for factor, power in factors:
            polynomial = sp.Poly(factor, *dummies.values())
            found.append((_from_polynomial(polynomial, names), int(power)))
        if scale != 1:
            first, power = found[0]
            if power != 1:
                return [(terms, 1)]
            found[0] = (
                {m: c * Fraction(int(scale.p), int(scale.q)) for m, c in first.items()},
                1,
            )
        return found

    # -------------------------------------------------------------------- arithmetic

    def over(self, quotient: Quotient, below: Mapping[int, int]) -> Terms:
        """The numerator that the quotient has over another, larger denominator."""
        found = Quotient(quotient.above)
        for number, power in below.items():
            missing = power - quotient.below.get(number, 0)
            base = Quotient(self._base_terms(number))
            found = product(self, found, power_of(self, base, missing))
        return found.above

    def _base_terms(self, number: int) -> Terms:
        base = self._table[number].base
        assert base is not None
        return base

    def times(self, one: Monomial, other: Monomial) -> Quotient | Monomial:
        """The product of two monomials; a quotient where a root becomes whole."""
        powers = dict(one)
        for number, power in other:
            powers[number] = powers.get(number, Fraction(0)) + power
        for number, power in powers.items():
            kernel = self._table[number]
            kind = kernel.key[0]
            if (
                (kind == "i" and power not in (0, 1))
                or (kind == "prime" and not 0 <= power < 1)
                or (kernel.base is not None and power >= 1)
            ):
                return self._reduced(powers)
        return tuple(sorted((n, p) for n, p in powers.items() if p))

    def _reduced(self, powers: dict[int, Fraction]) -> Quotient:
        found = ONE
        plain: list[tuple[int, Fraction]] = []
        for number, power in powers.items():
            kernel = self._table[number]
            if kernel.key[0] == "i":
                turns = int(power) % 4
                sign = Fraction(-1 if turns >= 2 else 1)
                found = product(self, found, constant(sign))
                if turns % 2:
                    plain.append((number, Fraction(1)))
            elif kernel.key[0] == "prime" or (kernel.base is not None and power >= 1):
                found = product(self, found, self.power(number, power))
            elif power:
                plain.append((number, power))
        return product(self, Quotient({tuple(sorted(plain)): Fraction(1)}), found)

    def without_negative_roots(self, terms: Terms) -> Terms:
        """A sum times what takes the roots of denominators away; zero stays zero."""
        lowest: dict[int, Fraction] = {}
        for monomial in terms:
            for number, power in monomial:
                if self._table[number].base is not None:
                    lowest[number] = min(lowest.get(number, Fraction(0)), power)
        factor = tuple(sorted((n, -p) for n, p in lowest.items() if p < 0))
        if not factor:
            return terms
        return product(self, Quotient(terms), Quotient({factor: Fraction(1)})).above


def _content(terms: Terms) -> tuple[Fraction, Monomial, Terms]:
    """A sum as a number times a monomial times a sum that has neither in common."""
    monomials = list(terms)
    numbers = {n for m in monomials for n, _ in m}
    powers = [dict(m) for m in monomials]
    common = {
        n: low
        for n in numbers
        if (low := min(p.get(n, Fraction(0)) for p in powers)) != 0
    }
    gcd = math.gcd(*(c.numerator for c in terms.values()))
    lcm = math.lcm(*(c.denominator for c in terms.values()))
    leading = max(monomials)
    content = Fraction(gcd, lcm) * (1 if terms[leading] > 0 else -1)
    rest = {}
    for monomial, power in zip(monomials, powers, strict=True):
        left = {
            n: power.get(n, Fraction(0)) - common.get(n, Fraction(0))
            for n in {*power, *common}
        }
        key = tuple(sorted((n, p) for n, p in left.items() if p))
        rest[key] = terms[monomial] / content
    return content, tuple(sorted(common.items())), rest


def _from_polynomial(polynomial: sp.Poly, numbers: Sequence[int]) -> Terms:
    found: Terms = {}
    for powers, c in polynomial.terms():
        monomial = tuple(
            (n, Fraction(p)) for n, p in zip(numbers, powers, strict=True) if p
        )
        found[monomial] = Fraction(int(c.p), int(c.q))
    return found


def total(kernels: Kernels, parts: Sequence[Quotient]) -> Quotient:
    """The sum of fractions, over the denominator that they have in common."""
    below: dict[int, int] = {}
    for part in parts:
        for number, power in part.below.items():
            below[number] = max(below.get(number, 0), power)
    above: Terms = {}
    for part in parts:
        for monomial, c in kernels.over(part, below).items():
            above[monomial] = above.get(monomial, Fraction(0)) + c
    above = {m: c for m, c in above.items() if c}
    if len(above) > MOST_TERMS:
        raise TooLarge(f"a sum of more than {MOST_TERMS} terms")
    return Quotient(above, below if above else {})


def product(kernels: Kernels, one: Quotient, other: Quotient) -> Quotient:
    """The product of fractions; nothing is cancelled but powers of one kernel."""
    if len(one.above) * len(other.above) > 4 * MOST_TERMS:
        raise TooLarge(f"a product of more than {4 * MOST_TERMS} terms")
    kernels.spend(len(one.above) * len(other.above))
    above: Terms = {}
    whole: list[Quotient] = []
    for (m, a), (n, b) in itertools.product(one.above.items(), other.above.items()):
        monomial = kernels.times(m, n)
        if isinstance(monomial, Quotient):
            scaled = {k: a * b * c for k, c in monomial.above.items()}
            whole.append(Quotient(scaled, monomial.below))
        else:
            above[monomial] = above.get(monomial, Fraction(0)) + a * b
    found = Quotient({m: c for m, c in above.items() if c})
    if whole:
        found = total(kernels, [found, *whole])
    below = dict(found.below)
    for part in (one, other):
        for number, power in part.below.items():
            below[number] = below.get(number, 0) + power
    return Quotient(found.above, below if found.above else {})


def power_of(kernels: Kernels, base: Quotient, exponent: int) -> Quotient:
    """A whole power of a fraction, a negative one of what is not zero."""
    if exponent < 0:
        return power_of(kernels, _inverse(kernels, base), -exponent)
    if len(base.above) == 1 and not base.below:
        [(monomial, c)] = base.above.items()
        simple = tuple((n, p * exponent) for n, p in monomial if exponent)
        return product(kernels, Quotient({simple: c**exponent}), ONE)
    if exponent > MOST_DEGREE:
        raise TooLarge(f"a power above {MOST_DEGREE}")
    found = ONE
    for _ in range(exponent):
        found = product(kernels, found, base)
    return found


def _inverse(kernels: Kernels, quotient: Quotient) -> Quotient:
    if not quotient.above:
        raise TooLarge("a division by zero")
    content, common, rest = _content(quotient.above)
    turned = tuple((n, -p) for n, p in common)
    found = Quotient({turned: 1 / content})
    found = product(kernels, found, ONE)
    for number, power in quotient.below.items():
        base = Quotient(kernels._base_terms(number))
        found = product(kernels, found, power_of(kernels, base, power))
    if len(rest) > 1:
        number = kernels.add_sum(rest)
        below = {**found.below, number: found.below.get(number, 0) + 1}
        return Quotient(found.above, below)
    return found


def whole_and_rest(kernels: Kernels, quotient: Quotient) -> tuple[Quotient, Quotient]:
    """A fraction as a sum without a bar, and one that the bar does not divide further.

    Of two fractions over the same sums that differ by one without a bar the rests are
    alike.
    """
    below = Quotient(ONE.above)
    for number, power in quotient.below.items():
        base = Quotient(kernels._base_terms(number))
        below = product(kernels, below, power_of(kernels, base, power))
    if not quotient.below or below.below:
        return quotient, Quotient({})
    whole, rest = _divided(quotient.above, below.above)
    return Quotient(whole), Quotient(rest, quotient.below if rest else {})


def _divided(above: Terms, base: Terms) -> tuple[Terms, Terms]:
    """Division of sums of monomials, by the greatest monomial of the divisor."""
    numbers = sorted({n for m in (*above, *base) for n, _ in m})
    lowest = {n: min(dict(m).get(n, Fraction(0)) for m in above) for n in numbers}

    def powers(monomial: Monomial) -> tuple[Fraction, ...]:
        known = dict(monomial)
        return tuple(known.get(n, Fraction(0)) for n in numbers)

    def named(place: tuple[Fraction, ...]) -> Monomial:
        return tuple((n, p) for n, p in zip(numbers, place, strict=True) if p)

    open_terms = {powers(m): c for m, c in above.items()}
    divisor = {powers(m): c for m, c in base.items()}
    first = max(divisor)
    least = tuple(min(lowest[n], Fraction(0)) for n in numbers)
    whole: Terms = {}
    rest: Terms = {}
    while open_terms:
        if len(whole) + len(rest) > MOST_TERMS:
            raise TooLarge(f"a division with more than {MOST_TERMS} terms")
        leading = max(open_terms)
        c = open_terms.pop(leading)
        shift = tuple(a - b for a, b in zip(leading, first, strict=True))
        if any(s < low for s, low in zip(shift, least, strict=True)):
            rest[named(leading)] = c
            continue
        factor = c / divisor[first]
        whole[named(shift)] = factor
        for place, k in divisor.items():
            there = tuple(a + b for a, b in zip(place, shift, strict=True))
            left = open_terms.pop(there, Fraction(0)) - factor * k
            if left and there != leading:
                open_terms[there] = left
    return whole, rest
