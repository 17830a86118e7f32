"""A small network to step through: numbers fill its boxes, forward and then back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .formulas import Formula, evaluate, tree


@dataclass(frozen=True)
class Filled:
    """A number that stands there from a step on."""

    value: Formula
    step: int


@dataclass(frozen=True)
class Box:
    """A quantity: its value and, beneath, what comes back to it.

    It stands in a ``layer``, counted from 0, and there at a ``place``: 0 is in the
    middle, and two places are 1 apart.
    """

    label: str
    layer: int
    place: float
    value: Filled
    back: Filled | None = None


@dataclass(frozen=True)
class Link:
    """What leads from a box to one of the next layer, both named by their labels.

    Beside it stands its weight, if it has one, and from a step on what belongs to the
    way back. It is drawn broken where ``passes`` is 0.
    """

    start: str
    end: str
    weight: Formula | None = None
    back: Filled | None = None
    passes: Formula = 1


@dataclass(frozen=True)
class Graph:
    """Boxes and links, as far as the setting named ``step`` has filled them.

    ``says`` tells what happens at each step, from step 0 on. Raises ValueError for two
    boxes with one label, a link from or to a box that is not there, and a number
    without a step.
    """

    title: str
    boxes: Sequence[Box]
    links: Sequence[Link]
    step: str
    says: Sequence[str]
    wide: bool = True

    def __post_init__(self) -> None:
        labels = [box.label for box in self.boxes]
        if len(set(labels)) < len(labels):
            raise ValueError(f"two boxes of {self.title!r} have one label")
        for link in self.links:
            for end in (link.start, link.end):
                if end not in labels:
                    raise ValueError(f"no box of {self.title!r} is called {end!r}")
        for filled in self.filled():
            if not 0 <= filled.step < len(self.says):
                raise ValueError(
                    f"a number of {self.title!r} appears at step {filled.step}, and "
                    f"its steps go from 0 to {len(self.says) - 1}"
                )

    def filled(self) -> Iterator[Filled]:
        """The numbers that appear at a step: of the boxes, then of the links."""
        for box in self.boxes:
            yield from (part for part in (box.value, box.back) if part)
        yield from (link.back for link in self.links if link.back)


def written(formula: Formula, values: Mapping[str, ArrayLike]) -> str:
    """A formula's value as a graph shows it: with three decimals at most."""
    number = round(float(evaluate(tree(formula), values)), 3) + 0.0
    digits = np.format_float_positional(number, trim="-")
    return digits.replace("-", "\N{MINUS SIGN}")
