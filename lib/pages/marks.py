"""What a figure to play with consists of: settings, axes, marks, panels, pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .formulas import Formula


@dataclass(frozen=True)
class Setting:
    """A number that the reader sets, from ``low`` to ``high`` in steps of ``step``.

    With ``slider=False`` it is set by handles alone. ``plays`` gives the slider two
    buttons, which go on by one step, and by step after step; ``walks`` two that go back
    and forward by one step. ``words`` make it a choice: one for each value, shown in
    its place.
    """

    label: str
    low: float
    high: float
    step: float
    start: float
    slider: bool = True
    plays: bool = False
    walks: bool = False
    words: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.low <= self.start <= self.high or not self.step > 0:
            raise ValueError(
                f"the setting {self.label!r} needs a step above 0 and a start between "
                f"{self.low:g} and {self.high:g}; got {self.step:g} and {self.start:g}"
            )
        values = round((self.high - self.low) / self.step) + 1
        if self.words and len(self.words) != values:
            raise ValueError(
                f"the setting {self.label!r} has {values} values; got "
                f"{len(self.words)} words for them"
            )


@dataclass(frozen=True)
class Axis:
    """A labelled scale; ``variable`` is what formulas call a place on it."""

    label: str
    low: float
    high: float
    variable: str = ""
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError(
                f"the axis {self.label!r} must go upwards, and from above 0 if it is "
                f"logarithmic; got {self.low:g} to {self.high:g}"
            )


@dataclass(frozen=True)
class Curve:
    """``y`` over the panel's horizontal variable; ``filled`` down to zero."""

    label: str
    y: Formula
    filled: bool = False


@dataclass(frozen=True)
class Orbit:
    """A path: ``move`` applied again and again, from ``start``.

    Both map the same variables, those of the orbit, to formulas. All move at once, or
    ``in_turns``, in the order of ``move``: each sees those that have moved before it.
    After each of the ``steps`` there is a point at (``x``, ``y``), formulas in these
    variables and in ``step``, the number of steps so far.
    """

    label: str
    start: Mapping[str, Formula]
    move: Mapping[str, Formula]
    steps: Formula
    x: Formula
    y: Formula
    in_turns: bool = False

    def __post_init__(self) -> None:
        if self.start.keys() != self.move.keys():
            raise ValueError(
                f"the orbit {self.label!r} starts with {', '.join(self.start)} and "
                f"moves {', '.join(self.move)}: both must name the same variables"
            )


@dataclass(frozen=True)
class Arrows:
    """The directions of (``x``, ``y``) at the places of a grid, all of one length."""

    x: Formula
    y: Formula
    count: int = 8


@dataclass(frozen=True)
class Points:
    """Places that do not change, each marked with the character ``sign``."""

    x: Sequence[float]
    y: Sequence[float]
    sign: str

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y) or len(self.sign) != 1:
            raise ValueError(
                "points need as many x as y and one character; got "
                f"{len(self.x)}, {len(self.y)} and {self.sign!r}"
            )


@dataclass(frozen=True)
class Bars:
    """A bar from zero for each label, in a panel without a horizontal axis."""

    heights: Mapping[str, Formula]


@dataclass(frozen=True)
class Histogram:
    """Steps as high as the share of the draws whose ``x`` falls into each bin.

    ``draws`` are numbers that never change; ``variable`` is what ``x`` calls one of
    them. The bins divide the panel's horizontal axis, which must not be logarithmic,
    into equal parts. A draw that falls beside the axis counts, but is in no bin.
    """

    label: str
    x: Formula
    variable: str
    draws: Sequence[float]
    bins: int = 40

    def __post_init__(self) -> None:
        if not len(self.draws) or self.bins < 1:
            raise ValueError(
                f"the histogram {self.label!r} needs draws and bins; got "
                f"{len(self.draws)} and {self.bins}"
            )


@dataclass(frozen=True)
class Dot:
    """A point at (``x``, ``y``), in the colour of the label ``of``, else in ink."""

    x: Formula
    y: Formula
    of: str = ""


@dataclass(frozen=True)
class Handle:
    """A dot that can be dragged, or moved with the arrow keys.

    ``sets`` says what becomes of the settings when it is put somewhere, as formulas in
    the settings and in the variables of both axes; its place follows from ``x``, ``y``.
    """

    label: str
    x: Formula
    y: Formula
    sets: Mapping[str, Formula]
    of: str = ""

    def __post_init__(self) -> None:
        if not self.sets:
            raise ValueError(f"the handle {self.label!r} sets nothing")


Mark = Curve | Orbit | Arrows | Points | Bars | Histogram | Dot | Handle


@dataclass(frozen=True)
class Panel:
    """Marks on two axes, or over none where bars stand, which label themselves.

    ``wide`` panels have a row for themselves, others stand in pairs where there is
    room. ``equal`` gives both axes the same unit.
    """

    title: str
    marks: Sequence[Mark]
    y: Axis
    x: Axis | None = None
    wide: bool = False
    equal: bool = False


@dataclass(frozen=True)
class Verdict:
    """A word for ``number``: the first of ``words`` if it is below ``limit``, the
    second if it is there, to within 1e-9, the third if it is above.
    """

    number: Formula
    limit: float
    words: Sequence[str]

    def __post_init__(self) -> None:
        if len(self.words) != 3:
            raise ValueError(f"a verdict is one of three words; got {self.words}")


@dataclass(frozen=True)
class Layer:
    """``activation(weights @ x + bias)``, with weights ``(out, in)``, bias ``(out,)``.

    They are kept as 32-bit floats, which pages get exactly.
    """

    weights: ArrayLike
    bias: ArrayLike
    activation: Literal["relu", "sigmoid"]

    def __post_init__(self) -> None:
        shapes = np.shape(self.weights), np.shape(self.bias)
        if len(shapes[0]) != 2 or shapes[1] != shapes[0][:1]:
            raise ValueError(
                f"a layer needs weights (out, in) and a bias (out,); got {shapes}"
            )


@dataclass(frozen=True)
class Picture:
    """The square grey image that a network makes of ``inputs``, 1 for ink."""

    title: str
    layers: Sequence[Layer]
    inputs: Sequence[Formula]

    def __post_init__(self) -> None:
        sizes = [len(self.inputs)]
        for layer in self.layers:
            out, into = np.shape(layer.weights)
            if into != sizes[-1]:
                raise ValueError(
                    f"a layer of {self.title!r} takes {into} numbers, not {sizes[-1]}"
                )
            sizes.append(out)
        if self.side**2 != sizes[-1]:
            raise ValueError(f"{sizes[-1]} pixels of {self.title!r} make no square")

    @property
    def side(self) -> int:
        """The height and width in pixels."""
        return math.isqrt(len(np.asarray(self.layers[-1].bias)))
