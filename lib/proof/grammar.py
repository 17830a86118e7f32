r"""Text as an expression: numbers, names, + - * / ** and calls of known functions.

    sum      = product (("+" | "-") product)*
    product  = signed (("*" | "/") signed)*
    signed   = ("-" | "+") signed | power
    power    = atom ("**" signed)?
    atom     = number | name | name "(" argument ("," argument)* ")" | "(" sum ")"
    argument = sum | "(" sum ("," sum)+ ")"          the latter for a range: (i, 1, n),
                                                     or the row of a Matrix

Nothing is evaluated, neither as Python nor by SymPy: the expression keeps the order in
which it was written. All of the text is read, or it is refused with the place. Text
that asks for enormous numbers is refused here, before anything is computed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, TypeAlias

import sympy as sp
from sympy import Add, Basic, Expr, Mul, Pow

LONGEST = 2000  # characters
DEEPEST = 60  # brackets within brackets
MOST_FIGURES = 30  # of a number
MOST_DIGITS = 1000  # of a number's value, before the point or after it
MOST_ROOT_DIGITS = 100  # of a number under a root: roots are worked out by factoring
LARGEST_POWER = 1000  # also of powers of powers, and the argument of a factorial
LARGEST_RANGE = 1000  # of a sum between numbers
MOST_TERMS = 10_000  # of a sum of sums
QUOTED = 30  # letters on each side of a place

_EVALUATE = {"evaluate": False}
_PLAIN = (
    "Abs acos acosh arg asin asinh atan atanh conjugate cos cosh cot coth csc exp im "
    "log re sec sign sin sinh sqrt tan tanh"
)
_OTHER = (
    "Derivative Heaviside Integral KroneckerDelta Max Min Product Subs Sum atan2 "
    "binomial ceiling erf erfc factorial floor gamma "
    "Determinant DiagMatrix HadamardProduct Identity Inverse OneMatrix Trace Transpose "
    "ZeroMatrix"
)
FUNCTIONS: dict[str, Callable[..., Basic]] = {
    **{name: getattr(sp, name) for name in _OTHER.split()},
    **{name: partial(getattr(sp, name), **_EVALUATE) for name in _PLAIN.split()},
}
FUNCTIONS["Matrix"] = lambda *rows: sp.ImmutableMatrix(
    [list(row) if isinstance(row, tuple) else [row] for row in rows]
)
RANGED = ("Derivative", "Integral", "Matrix", "Product", "Subs", "Sum")
CONSTANTS: dict[str, Basic] = {"I": sp.I, "pi": sp.pi, "oo": sp.oo}

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+\.?[0-9]*|\.[0-9]+)|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|[-+*/(),]))"
)


_INFINITE = "oo is no number: it stands as the end of a sum or an integral only"
# What SymPy raises of arguments that it cannot take.
_FAILURES = (
    ArithmeticError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)


Kind: TypeAlias = type[Add] | type[Mul]
_OF_NUMBERS: dict[Kind, Callable[..., Basic]] = {
    Add: partial(Add, **_EVALUATE),
    Mul: partial(Mul, **_EVALUATE),
}
_OF_MATRICES: dict[Kind, Callable[..., Basic]] = {
    Add: partial(sp.MatAdd, **_EVALUATE),
    Mul: partial(sp.MatMul, **_EVALUATE),
}


class GrammarError(ValueError):
    """Text that is no expression; the message says where, and what to write."""


class UnknownName(GrammarError):  # noqa: N818
    """Text with a name that nobody has introduced."""


def parse(text: str, known: Mapping[str, Any]) -> Basic:
    """The expression that ``text`` spells; ``known`` gives names beside the table."""
    return _Reader(text, known).whole()


@dataclass(frozen=True)
class _Row:
    """A sum or a product that may still grow, so that a + b + c has three terms."""

    kind: Kind
    parts: tuple[Basic, ...]


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str, known: Mapping[str, Any]) -> None:
        if len(text) > LONGEST:
            raise GrammarError(f"a step of {len(text)} letters: {LONGEST} at most")
        self._text, self._known = text, known
        self._place, self._depth = 0, 0
        self._read = 0  # where the last token that was read starts
        self._at_end = False  # of a range, where infinity may stand
        self._kind: str = ""
        self._token: str = ""
        self._advance()

    def whole(self) -> Basic:
        if not self._kind:
            raise GrammarError("the text is empty: write an expression")
        found = self._expression()
        if self._kind:
            self._refuse(f"{self._token!r} is one thing too many")
        return found

    # ------------------------------------------------------------------ the grammar

    def _expression(self) -> Basic:
        return self._sound(self._built(self._sum()))

    def _built(self, node: Basic | _Row) -> Basic:
        if not isinstance(node, _Row):
            return node
        matrices = [part for part in node.parts if part.is_Matrix]
        try:
            return (_OF_MATRICES if matrices else _OF_NUMBERS)[node.kind](*node.parts)
        except sp.ShapeError:
            raise
        except _FAILURES as error:
            self._refuse_read(f"it does not fit together: {error}")

    def _parts(self, node: Basic | _Row, kind: Kind) -> tuple[Basic, ...]:
        if isinstance(node, _Row) and node.kind is kind:
            return node.parts
        return (self._built(node),)

    def _sum(self) -> Basic | _Row:
        left = self._product()
        while self._token in ("+", "-"):
            sign, right = self._taken(), self._product()
            if sign == "-":
                right = _Row(Mul, (sp.S.NegativeOne, *self._parts(right, Mul)))
            left = _Row(Add, (*self._parts(left, Add), *self._parts(right, Add)))
        return left

    def _product(self) -> Basic | _Row:
        left = self._signed()
        while self._token in ("*", "/"):
            sign, right = self._taken(), self._signed()
            if sign == "/":
                right = self._power_of(self._built(right), sp.S.NegativeOne)
            left = _Row(Mul, (*self._parts(left, Mul), *self._parts(right, Mul)))
        return left

    def _signed(self) -> Basic | _Row:
        if self._token not in ("-", "+"):
            return self._power()
        sign = self._taken()
        self._descend()
        inner = self._built(self._signed())
        self._depth -= 1
        return -inner if sign == "-" else inner

    def _power(self) -> Basic | _Row:
        base = self._atom()
        if self._token != "**":
            return base
        self._taken()
        self._descend()
        exponent = self._built(self._signed())
        self._depth -= 1
        return self._power_of(self._built(base), exponent)

    def _atom(self) -> Basic | _Row:
        if self._kind == "number":
            return self._number(self._taken())
        if self._kind == "name":
            name = self._taken()
            return self._call(name) if self._token == "(" else self._named(name)
        if self._token != "(":
            self._refuse(
                "an expression is missing"
                if not self._kind
                else f"{self._token!r} stands where a number or a name should"
            )
        self._open()
        inner = self._sum()
        self._close()
        if isinstance(inner, _Row):
            self._sound(self._built(inner))
        return inner

    def _call(self, name: str) -> Basic:
        function = self._known.get(name) or FUNCTIONS.get(name)
        if function is None or not callable(function):
            self._refuse_name(name, "function")
        self._open()
        arguments = [self._argument()]
        while self._token == ",":
            self._taken()
            arguments.append(self._argument())
        self._close()
        if name in _PLAIN.split() and name not in self._known and len(arguments) > 1:
            self._refuse_read(f"{name} takes one argument")
        self._refuse_enormous(name, arguments)
        try:
            return self._sound(function(*arguments))
        except GrammarError:
            raise
        except _FAILURES as error:
            self._refuse_read(f"{name}(...): {error}")

    def _argument(self) -> Basic | tuple[Basic, ...]:
        """An expression, or a range in brackets."""
        if self._token != "(" or not self._has_comma():
            return self._expression()
        self._open()
        parts = [self._end()]
        while self._token == ",":
            self._taken()
            parts.append(self._end())
        self._close()
        return tuple(parts)

    def _has_comma(self) -> bool:
        """Whether the bracket that opens here holds several things."""
        depth = 1
        for letter in self._text[self._place :]:
            depth += (letter == "(") - (letter == ")")
            if depth == 0 or (depth == 1 and letter == ","):
                return depth == 1
        return False

    def _end(self) -> Basic:
        """A part of a range, which may be infinite."""
        self._at_end = True
        part = self._built(self._sum())
        self._at_end = False
        if part in (sp.oo, -sp.oo):
            return part
        if part.has(sp.oo, -sp.oo):
            self._refuse(_INFINITE)
        return self._sound(part)

    def _number(self, text: str) -> Basic:
        if len(text) > MOST_FIGURES:
            self._refuse(f"a number of {len(text)} figures: {MOST_FIGURES} at most")
        if "." in text:
            exact = sp.Rational(text)
            self._refuse(f"{text} may be a rounded number: write {exact}")
        return sp.Integer(int(text))

    def _named(self, name: str) -> Basic:
        found = self._known.get(name, CONSTANTS.get(name))
        if found is None and name in FUNCTIONS:
            self._refuse(f"{name} needs an argument: write {name}(...)")
        if found is None:
            self._refuse_name(name, "name")
        if found is sp.oo and not self._at_end:
            self._refuse(_INFINITE)
        if not isinstance(found, Basic):
            self._refuse(f"{name} is a function: write {name}(...)")
        return found

    # --------------------------------------- what would be enormous, or has no value

    def _power_of(self, base: Basic, exponent: Basic) -> Basic:
        if not (isinstance(base, Expr) and isinstance(exponent, Expr)):
            self._refuse_read("a power of what is no number")
        if base.is_Matrix or exponent.is_Matrix:
            return self._power_of_matrix(base, exponent)
        power = Pow(base, exponent, **_EVALUATE)
        if exponent.is_number and _degree(power) > LARGEST_POWER:
            self._refuse_read(f"a power above {LARGEST_POWER}")
        root = exponent.is_number and exponent.is_integer is not True
        if base.is_number and root and abs(_digits(base)) > MOST_ROOT_DIGITS:
            self._refuse_read(
                f"a root of a number of more than {MOST_ROOT_DIGITS} digits"
            )
        return self._sound(power)

    def _power_of_matrix(self, base: Expr, exponent: Expr) -> Basic:
        if exponent.is_Matrix or not exponent.is_Integer or exponent < 0:
            self._refuse_read(
                "a matrix has whole powers, such as A**2: write Inverse(A) for A**(-1)"
            )
        if exponent > LARGEST_POWER:
            self._refuse_read(f"a power above {LARGEST_POWER}")
        return sp.MatPow(base, exponent)

    def _sound(self, node: Basic) -> Basic:
        """The expression, unless it is a number that is enormous or has no value."""
        if not node.is_number:
            return node
        if abs(_digits(node)) > MOST_DIGITS:
            self._refuse_read(f"a number of more than {MOST_DIGITS} digits")
        try:
            value = _value(node)
        except _FAILURES as error:
            self._refuse_read(f"it has no value: {error}")
        if value.has(sp.nan, sp.zoo) or value in (sp.oo, -sp.oo):
            self._refuse_read("it has no value, like 1/0 and log(0)")
        return node

    def _refuse_enormous(self, name: str, arguments: list[Any]) -> None:
        numbers = [a for a in arguments if isinstance(a, Basic) and a.is_number]
        if name in ("factorial", "gamma", "binomial") and any(
            _digits(number) > math.log10(LARGEST_POWER) for number in numbers
        ):
            self._refuse_read(f"{name} of a number above {LARGEST_POWER}")
        ranges = [a for a in arguments if isinstance(a, tuple)]
        if ranges and name not in RANGED:
            self._refuse_read(f"{name} takes no range: write one expression")
        if name in ("Sum", "Product", "Derivative"):
            ends = [p for p in (*numbers, *sum(ranges, ())) if p.is_number]
            if any(_digits(e) > math.log10(LARGEST_RANGE) for e in ends if e.is_finite):
                self._refuse_read(f"{name} over more than {LARGEST_RANGE}")
            if _terms(arguments[0]) * math.prod(map(_length, ranges)) > MOST_TERMS:
                self._refuse_read(f"sums within sums, of more than {MOST_TERMS} terms")
        if name == "Derivative":
            orders = [pair[1] for pair in ranges if len(pair) == 2] + numbers
            if any(o.is_number and not _is_count(_value(o)) for o in orders):
                self._refuse_read("Derivative: the order is a whole number >= 0")

    # --------------------------------------------------------------------- the text

    def _advance(self) -> None:
        rest = self._text[self._place :]
        if not rest.strip():
            self._place, self._kind, self._token = len(self._text), "", ""
            return
        match = _TOKEN.match(self._text, self._place)
        if match is None:
            self._place += len(rest) - len(rest.lstrip())
            self._token = ""
            self._refuse(_remedy(self._text[self._place]))
        self._place = match.end()
        self._kind = str(match.lastgroup)
        self._token = match[self._kind]

    def _taken(self) -> str:
        token = self._token
        self._read = self._place - len(token)
        self._advance()
        return token

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            self._refuse(f"more than {DEEPEST} levels of brackets and signs")

    def _open(self) -> None:
        self._descend()
        self._taken()

    def _close(self) -> None:
        if self._token != ")":
            self._refuse(
                "a bracket is not closed"
                if not self._kind
                else f"{self._token!r} stands where ')' should"
            )
        self._depth -= 1
        self._taken()

    def _refuse_name(self, name: str, kind: str) -> NoReturn:
        near = ", ".join([*sorted(self._known), *CONSTANTS])
        hint = f"known are {near}"
        if kind == "function" and name in self._known:
            hint = f"{name} is no function: write {name}*(...) for a product"
        place = max(0, self._place - len(self._token))
        raise UnknownName(self._told(place, f"unknown {kind} {name!r}: {hint}"))

    def _refuse(self, what: str) -> NoReturn:
        self._refuse_at(max(0, self._place - len(self._token)), what)

    def _refuse_read(self, what: str) -> NoReturn:
        """Refuse what has just been read."""
        self._refuse_at(self._read, what)

    def _refuse_at(self, start: int, what: str) -> NoReturn:
        raise GrammarError(self._told(start, what))

    def _told(self, start: int, what: str) -> str:
        return f"at letter {start + 1} of {self._quoted(start)}: {what}"

    def _quoted(self, place: int) -> str:
        """The text around a place."""
        first, last = max(0, place - QUOTED), place + QUOTED
        before = "... " if first else ""
        after = " ..." if last < len(self._text) else ""
        return f"{before}{self._text[first:last]!r}{after}"


def _remedy(sign: str) -> str:
    return {
        "^": "'^' is no sign here: write ** for a power",
        "=": "'=' is no sign here: a step is one side of an equation",
        "<": "'<' is no sign here: a step is one side; use le or ge",
        ">": "'>' is no sign here: a step is one side; use le or ge",
        "[": "'[' is no sign here: write round brackets",
        "{": "'{' is no sign here: write round brackets",
        ".": "'.' is no sign here: write the name alone",
    }.get(sign, f"{sign!r} is no sign here")


def _digits(number: Basic) -> float:
    """About how many digits a number has before the point, or less than 0 after it.

    The decimal logarithm of its size, without working it out: of a sum that of the
    largest term, as if none cancelled.
    """
    if isinstance(number, sp.Rational):
        return _log10(number.p) - _log10(number.q)
    parts = [_digits(part) for part in number.args]
    if isinstance(number, Mul):
        return sum(parts)
    if isinstance(number, Add):
        return max(parts) + math.log10(len(parts))
    if isinstance(number, Pow):
        return _signed_size(number.exp, parts[1]) * parts[0]
    if isinstance(number, (sp.exp, sp.sinh, sp.cosh)):
        return _signed_size(number.args[0], parts[0]) * math.log10(math.e)
    if isinstance(number, (sp.factorial, sp.gamma)):
        size = _signed_size(number.args[0], parts[0])
        return math.lgamma(size + 2) / math.log(10) if 0 < size < math.inf else 0.0
    return max([0.5, *map(abs, parts)])


def _log10(number: int) -> float:
    return math.log10(abs(number)) if number else 0.0


def _signed_size(number: Basic, digits: float) -> float:
    """About the number itself, from its number of digits."""
    if number.is_zero:
        return 0.0
    size = 10.0**digits if digits < 300 else math.inf
    return -size if number.could_extract_minus_sign() else size


def _degree(node: Basic) -> float:
    """How often what is written is multiplied by itself, in powers of powers."""
    if isinstance(node, Pow):
        exponent = node.exp
        by = abs(_signed_size(exponent, _digits(exponent))) if exponent.is_number else 1
        return max(by, 1) * _degree(node.base)
    parts = [_degree(part) for part in node.args]
    if isinstance(node, Mul):
        return max(parts) if node.is_number else sum(parts)
    return max(parts, default=1)


def _length(limits: tuple[Basic, ...]) -> float:
    """How many terms a range between numbers has."""
    if len(limits) != 3 or not all(end.is_Integer for end in map(_value, limits[1:])):
        return 1
    return abs(int(_value(limits[2]) - _value(limits[1]))) + 1


def _terms(node: Any) -> float:
    if not isinstance(node, Basic):
        return 1
    parts = max(map(_terms, node.args), default=1)
    if isinstance(node, (sp.Sum, sp.Product)):
        return parts * math.prod(_length(tuple(limits)) for limits in node.limits)
    return parts


def _value(node: Basic) -> Basic:
    """A number worked out; sums, integrals and the like stay as they are."""
    if isinstance(node, (Add, Mul, Pow, sp.Function)) and node.is_number:
        return node.func(*map(_value, node.args))
    return node


def _is_count(number: Basic) -> bool:
    return bool(number.is_integer and number.is_nonnegative)
