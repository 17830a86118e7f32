"""Figures to play with: what one consists of, and how it gets into a notebook.

A `Playable` has settings, which the reader moves by sliders or by handles in the
drawing, and panels, which show formulas of these settings. A formula is an expression
of SymPy's as the chapter has derived it, a variable's name, or a number:

    Playable(
        name="wave",
        settings={"a": Setting("height a", -1, 1, 0.1, start=0.5)},
        panels=[
            Panel(
                "A wave",
                x=Axis("x", 0, 6, variable="x"),
                y=Axis("y", -1, 1, variable="y"),
                marks=[
                    Curve("a sin x", a * sin(x)),
                    Handle("height", x=pi / 2, y=a, sets={"a": "y"}, of="a sin x"),
                ],
            )
        ],
        numbers={"height": a},
    )

The cell that ends in it needs alternative text and a caption like any other figure. In
JupyterLab it shows as a still picture; in the book ``tools/site`` puts its data into
the page, and ``book/_static/playable.js`` draws them. Lines are told apart by colour
and dash, which a label has in the whole figure: five labels at most.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .figures import COLOURS
from .formulas import Formula, tree
from .graph import Graph
from .marks import (
    Bars,
    Curve,
    Dot,
    Handle,
    Histogram,
    Layer,
    Orbit,
    Panel,
    Picture,
    Setting,
    Verdict,
)
from .stills import still

MIME = "application/vnd.checked-gradients.playable"  # the data, as JSON


@dataclass(frozen=True)
class Playable:
    """A figure to play with; its data depend on nothing but these fields.

    ``numbers`` stand beneath: formulas of the settings, verdicts on them, or orbits,
    whose last ``y`` counts. Those whose labels end alike after a comma stand together,
    and verdicts are folded. Raises ValueError where the parts do not fit together.
    """

    name: str
    settings: Mapping[str, Setting]
    panels: Sequence[Panel | Picture | Graph]
    numbers: Mapping[str, Formula | Orbit | Verdict] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9-]*", self.name):
            raise ValueError(f"the name {self.name!r} must be like 'kl-play'")
        for handle in self._marks(Handle):
            if unknown := handle.sets.keys() - self.settings:
                raise ValueError(
                    f"the handle {handle.label!r} sets {min(unknown)}, which is none "
                    f"of {', '.join(self.settings)}"
                )
        for panel in self.panels:
            if isinstance(panel, Graph):
                self._check_steps(panel)
        for mark in self._marks(Dot, Handle):
            if mark.of and mark.of not in self.styles:
                raise ValueError(f"nothing is called {mark.of!r}, as a dot's ``of`` is")
        if len(self.styles) > len(COLOURS):
            raise ValueError(
                f"{len(self.styles)} labels need more than {len(COLOURS)} colours"
            )

    def _check_steps(self, graph: Graph) -> None:
        setting, last = self.settings.get(graph.step), len(graph.says) - 1
        if setting is None:
            raise ValueError(
                f"the graph {graph.title!r} follows {graph.step}, which is none of "
                f"{', '.join(self.settings)}"
            )
        if (setting.low, setting.high, setting.step) != (0, last, 1):
            raise ValueError(
                f"the graph {graph.title!r} has steps from 0 to {last}, so the setting "
                f"{graph.step} must go there one by one"
            )

    def _marks(self, *kinds: type) -> list[Any]:
        panels = (panel for panel in self.panels if isinstance(panel, Panel))
        return [m for panel in panels for m in panel.marks if isinstance(m, kinds)]

    @property
    def styles(self) -> dict[str, int]:
        """Which colour and dash each label has."""
        found: dict[str, int] = {}
        for mark in self._marks(Curve, Orbit, Histogram, Bars):
            labels: Iterable[str] = (
                mark.heights if isinstance(mark, Bars) else [mark.label]
            )
            for label in labels:
                found.setdefault(label, len(found))
        return found

    @property
    def starts(self) -> dict[str, float]:
        """The settings as they are at first."""
        return {name: setting.start for name, setting in self.settings.items()}

    def data(self) -> str:
        """All of it as JSON, safe to stand in HTML."""
        content = {**_plain(self), "styles": self.styles}
        text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
        return text.replace("<", r"\u003c")

    def __repr__(self) -> str:
        return f"Playable({self.name!r})"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        picture = io.BytesIO()
        still(self.panels, self.starts, self.styles).savefig(picture, format="png")
        encoded = base64.b64encode(picture.getvalue()).decode()
        return {MIME: self.data(), "image/png": encoded}


def _plain(value: Any) -> Any:
    """Dataclasses as mappings that say their kind, formulas as trees."""
    if isinstance(value, Layer):
        return {
            "weights": _packed(value.weights),
            "bias": _packed(value.bias),
            "activation": value.activation,
        }
    if is_dataclass(value):
        content = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        return {"kind": type(value).__name__, **content}
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, bool | str | int | float):
        return value
    return tree(value)


def _packed(values: ArrayLike) -> str:
    """32-bit floats, the last index first to move and the least byte first, base64."""
    return base64.b64encode(np.asarray(values, dtype="<f4").tobytes()).decode()
