r"""Text as an expression: numbers, names, + - * / ** and calls of known functions.

    sum      = product (("+" | "-") product)*
    product  = signed (("*" | "/") signed)*
    signed   = ("-" | "+") signed | power
    power    = atom ("**" signed)?
    atom     = number | name | name "(" argument ("," argument)* ")" | "(" sum ")"
    argument = sum | "(" sum ("," sum)+ ")"          the latter for a range: (i, 1, n)

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
from typing import Any, NoReturn

import sympy as sp
from sympy import Add, Basic, Expr, Mul, Pow

LONGEST = 2000  # characters
DEEPEST = 60  # brackets within brackets
MOST_FIGURES = 30  # of a number
LARGEST_POWER = 1000  # of a number, and argument of a factorial
LARGEST_RANGE = 1000  # of a sum between numbers

_EVALUATE = {"evaluate": False}
_PLAIN = (
    "Abs acos acosh arg asin asinh atan atanh conjugate cos cosh cot coth csc exp im "
    "log re sec sign sin sinh sqrt tan tanh"
)
_OTHER = (
    "Derivative Heaviside Integral KroneckerDelta Max Min Product Subs Sum atan2 "
    "binomial ceiling erf erfc factorial floor gamma"
)
FUNCTIONS: dict[str, Callable[..., Basic]] = {
    **{name: getattr(sp, name) for name in _OTHER.split()},
    **{name: partial(getattr(sp, name), **_EVALUATE) for name in _PLAIN.split()},
}
CONSTANTS: dict[str, Basic] = {"I": sp.I, "pi": sp.pi, "oo": sp.oo}

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*|\.\d+)|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|[-+*/(),]))"
)


class GrammarError(ValueError):
    """Text that is no expression; the message says where, and what to write."""


def parse(text: str, known: Mapping[str, Any]) -> Basic:
    """The expression that ``text`` spells; ``known`` gives names beside the table."""
    return _Reader(text, known).whole()


@dataclass(frozen=True)
class _Row:
    """A sum or a product that may still grow, so that a + b + c has three terms."""

    kind: type[Add] | type[Mul]
    parts: tuple[Basic, ...]


def _parts(node: Basic | _Row, kind: type[Add] | type[Mul]) -> tuple[Basic, ...]:
    if isinstance(node, _Row) and node.kind is kind:
        return node.parts
    return (_built(node),)


def _built(node: Basic | _Row) -> Basic:
    return node.kind(*node.parts, **_EVALUATE) if isinstance(node, _Row) else node


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str, known: Mapping[str, Any]) -> None:
        if len(text) > LONGEST:
            raise GrammarError(f"a step of {len(text)} letters: {LONGEST} at most")
        self._text, self._known = text, known
        self._place, self._depth = 0, 0
        self._kind: str = ""
        self._token: str = ""
        self._advance()

    def whole(self) -> Basic:
        if not self._kind:
            raise GrammarError("the text is empty: write an expression")
        found = _built(self._sum())
        if self._kind:
            self._refuse(f"{self._token!r} is one thing too many")
        return found

    # ------------------------------------------------------------------ the grammar

    def _sum(self) -> Basic | _Row:
        left = self._product()
        while self._token in ("+", "-"):
            sign, right = self._taken(), self._product()
            if sign == "-":
                right = _Row(Mul, (sp.S.NegativeOne, *_parts(right, Mul)))
            left = _Row(Add, (*_parts(left, Add), *_parts(right, Add)))
        return left

    def _product(self) -> Basic | _Row:
        left = self._signed()
        while self._token in ("*", "/"):
            sign, right = self._taken(), self._signed()
            if sign == "/":
                right = self._power_of(_built(right), sp.S.NegativeOne)
            left = _Row(Mul, (*_parts(left, Mul), *_parts(right, Mul)))
        return left

    def _signed(self) -> Basic | _Row:
        if self._token not in ("-", "+"):
            return self._power()
        sign = self._taken()
        self._descend()
        inner = _built(self._signed())
        self._depth -= 1
        return -inner if sign == "-" else inner

    def _power(self) -> Basic | _Row:
        base = self._atom()
        if self._token != "**":
            return base
        self._taken()
        self._descend()
        exponent = _built(self._signed())
        self._depth -= 1
        return self._power_of(_built(base), exponent)

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
        self._refuse_enormous(name, arguments)
        try:
            return function(*arguments)
        except (TypeError, ValueError, AttributeError) as error:
            raise GrammarError(f"{name}(...): {error}") from error

    def _argument(self) -> Basic | tuple[Basic, ...]:
        """An expression, or a range in brackets."""
        if self._token != "(":
            return _built(self._sum())
        start = self._place, self._kind, self._token, self._depth
        self._open()
        parts = [_built(self._sum())]
        while self._token == ",":
            self._taken()
            parts.append(_built(self._sum()))
        self._close()
        if len(parts) > 1:
            return tuple(parts)
        self._place, self._kind, self._token, self._depth = start
        return _built(self._sum())

    def _number(self, text: str) -> Basic:
        if len(text) > MOST_FIGURES:
            self._refuse(f"a number of {len(text)} figures: {MOST_FIGURES} at most")
        if "." in text:
            exact = sp.Rational(text)
            self._refuse(f"{text} may be a rounded number: write {exact}")
        return sp.Integer(int(text))

    def _named(self, name: str) -> Basic:
        found = self._known.get(name, CONSTANTS.get(name))
        if found is None:
            self._refuse_name(name, "name")
        if not isinstance(found, Basic):
            self._refuse(f"{name} is a function: write {name}(...)")
        return found

    # ------------------------------------------------------- what would be enormous

    def _power_of(self, base: Basic, exponent: Basic) -> Basic:
        if exponent.is_number and base.is_number and _size(exponent) > LARGEST_POWER:
            self._refuse(f"a power of a number above {LARGEST_POWER}")
        if not (isinstance(base, Expr) and isinstance(exponent, Expr)):
            self._refuse("a power of what is no number")
        return Pow(base, exponent, **_EVALUATE)

    def _refuse_enormous(self, name: str, arguments: list[Any]) -> None:
        numbers = [a for a in arguments if isinstance(a, Basic) and a.is_number]
        if name in ("factorial", "gamma", "binomial") and any(
            _size(number) > LARGEST_POWER for number in numbers
        ):
            self._refuse(f"{name} of a number above {LARGEST_POWER}")
        if name in ("Sum", "Product", "Derivative"):
            ranges = [part for a in arguments if isinstance(a, tuple) for part in a]
            ends = [p for p in (*ranges, *numbers) if p.is_number and p.is_finite]
            if any(_size(end) > LARGEST_RANGE for end in ends):
                self._refuse(f"{name} over more than {LARGEST_RANGE}")

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
        hint = f"known are {near}; name others in symbols=[...]"
        if kind == "function" and name in self._known:
            hint = f"{name} is no function: write {name}*(...) for a product"
        self._refuse(f"unknown {kind} {name!r}: {hint}")

    def _refuse(self, what: str) -> NoReturn:
        start = max(0, self._place - len(self._token))
        raise GrammarError(f"at letter {start + 1} of {self._text!r}: {what}")


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


def _size(number: Basic) -> float:
    """About how large a number is, without working it out."""
    if number.is_Rational:
        return abs(float(number.p)) / float(number.q) if number.q else math.inf
    if isinstance(number, Mul):
        return math.prod(map(_size, number.args))
    if isinstance(number, Add):
        return sum(map(_size, number.args))
    if isinstance(number, Pow):
        base, exponent = _size(number.base), _size(number.exp)
        if number.exp.could_extract_minus_sign():
            base, exponent = max(base, 1 / base if base else math.inf), exponent
        if base <= 1:
            return 1.0
        return math.exp(min(exponent * math.log(base), 700.0))
    if number.is_finite is False:
        return math.inf
    if isinstance(number, sp.exp):
        return math.exp(min(_size(number.args[0]), 700.0))
    return max([3.2, *map(_size, number.args)])
