"""How a point that refutes is told: in simpler values, where these refute, too."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator

import sympy as sp
from sympy import Expr, Rational, S

from .errors import Undecidable
from .evaluation import Found, Point
from .instances import Instance
from .kinks import admits, satisfies

SIMPLE = tuple(map(Rational, ("0", "1", "-1", "2", "-2", "3", "1/2", "-1/2", "10")))
MOST_BITS = 4000  # of a number that is written in full
MOST_SHOWN = 12  # values of a point
PLAIN_WORDS = {
    "}{": "/",  # of a fraction
    r"\frac": "",
    r"\operatorname": "",
    r"\partial": "d",
    r"\circ": "o",
}
PLAIN = 3  # characters of a value that needs no simpler one
MOST_TRIES = 24  # at simpler points


def told(
    instance: Instance,
    entry: int,
    point: Point,
    found: str,
    look: Callable[[Point], str | Found],
) -> str:
    """The point, what was chosen beside it, the entry, and what is ``found`` there.

    ``look`` says it of another point.
    """
    point, found = _simplest(instance, point, found, look)
    return f"{place(point, instance)} {_entry(instance, entry)}{found}"


def place(point: Point, instance: Instance | None = None) -> str:
    """Where something is so, as a counterexample starts."""
    shown = [f"{symbol} = {_written(value)}" for symbol, value in point.items()]
    if len(shown) > MOST_SHOWN:
        shown[MOST_SHOWN:] = [f"{len(shown) - MOST_SHOWN} more"]
    numbers = ", ".join(shown)
    choices = ", ".join(instance.choices) if instance else ""
    parts = [f"at {numbers}"] if numbers else []
    parts += [f"with {choices}"] if choices else []
    return f"{_plain(', '.join(parts))}:" if parts else "always:"


def _written(value: Expr) -> str:
    """A value in full, or by its first figures where it has thousands."""
    parts = value.atoms(Rational)
    if any(max(abs(p.p), p.q).bit_length() > MOST_BITS for p in parts):
        return f"about {sp.N(value, 8)}"
    return str(value)


def _plain(text: str) -> str:
    """The names in it as they read outside of mathematics: x_{0} is x_0."""
    for latex, word in PLAIN_WORDS.items():
        text = text.replace(latex, word)
    return re.sub(r"[\\{}]", "", text)


def _entry(instance: Instance, entry: int) -> str:
    if len(instance.pairs) == 1:
        return ""
    row, column = divmod(entry, instance.columns)
    return f"entry ({row + 1}, {column + 1}), "


def _simplest(
    instance: Instance, point: Point, found: str, look: Callable[[Point], str | Found]
) -> tuple[Point, str]:
    """The point with simpler values, one symbol after another, as far as it refutes."""
    tries = 0
    for symbol in point:
        for value in _simpler(point[symbol]):
            near = {**point, symbol: value}
            if not (admits(symbol, value) and satisfies(near, instance.given)):
                continue
            if (tries := tries + 1) > MOST_TRIES:
                return point, found
            with contextlib.suppress(Undecidable):
                if isinstance(seen := look(near), str):
                    point, found = near, seen
                    break
    return point, found


def _simpler(value: Expr) -> Iterator[Rational]:
    """Numbers that are easier to read, the easiest first."""
    length = len(_written(value))
    if length <= PLAIN:
        return
    yield from SIMPLE
    if value.is_Rational:
        size = abs(value)
        power = S(10) ** int(sp.floor(sp.log(size, 10))) if size else S.One
        rounded = [sp.floor(value), sp.floor(value / power) * power]
        yield from (other for other in rounded if len(_written(other)) < length)
