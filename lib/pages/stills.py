"""The still picture of a figure to play with, as it is at first, drawn by Matplotlib.

It is what a reader sees in JupyterLab, in a PDF, and in the page without scripts.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from . import marks
from .figures import COLOURS, DASHES, DPI, GREY, INK
from .formulas import Array, evaluate, tree
from .graph import Graph, written
from .marks import (
    Arrows,
    Bars,
    Curve,
    Dot,
    Handle,
    Histogram,
    Layer,
    Orbit,
    Panel,
    Picture,
    Points,
)

BACK = "#b34700"  # the numbers of the way back, which are read: darker than the lines
Values = Mapping[str, ArrayLike]
Styles = Mapping[str, int]


Part = Panel | Picture | Graph


def still(panels: Sequence[Part], values: Values, styles: Styles) -> Figure:
    """The panels with their settings at ``values``, in pairs but for the wide ones.

    A graph is shown as it is after its last step.
    """
    rows = _rows(panels)
    figure = Figure((9, 3.3 * len(rows)), DPI, layout="constrained")
    grid = figure.add_gridspec(len(rows), 2)
    for number, row in enumerate(rows):
        for column, panel in enumerate(row):
            place = grid[number, column if len(row) == 2 else slice(None)]
            axes = figure.add_subplot(place)
            axes.set_title(panel.title)
            if isinstance(panel, Picture):
                axes.imshow(image(panel, values), cmap="gray_r", vmin=0, vmax=1)
                axes.set_axis_off()
            elif isinstance(panel, Graph):
                _draw_graph(axes, panel, values)
            else:
                _draw_panel(axes, panel, values, styles)
    handles, labels = [], []
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            if label not in labels:
                handles.append(handle)
                labels.append(label)
    if labels:
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _rows(panels: Sequence[Part]) -> list[list[Part]]:
    rows: list[list[Part]] = []
    for panel in panels:
        alone = _is_wide(panel)
        before = rows[-1] if rows else []
        full = len(before) != 1 or _is_wide(before[0])
        if alone or full:
            rows.append([panel])
        else:
            before.append(panel)
    return rows


def _is_wide(panel: Part) -> bool:
    return not isinstance(panel, Picture) and panel.wide


def _draw_panel(axes: Axes, panel: Panel, values: Values, styles: Styles) -> None:
    axes.set(ylim=(panel.y.low, panel.y.high), ylabel=panel.y.label)
    axes.set(yscale="log" if panel.y.log else "linear")
    if panel.x is None:
        axes.grid(axis="x", visible=False)
    else:
        axes.set(xlim=(panel.x.low, panel.x.high), xlabel=panel.x.label)
        axes.set(xscale="log" if panel.x.log else "linear")
    if panel.equal:
        axes.set_aspect("equal")
    for mark in panel.marks:
        _DRAWN[type(mark)](axes, panel, mark, values, styles)


def _draw_graph(axes: Axes, graph: Graph, values: Values) -> None:
    places = {box.label: (box.layer, -box.place) for box in graph.boxes}
    for link in graph.links:
        (x, y), (right, up) = places[link.start], places[link.end]
        broken = evaluate(tree(link.passes), values) == 0
        axes.plot(
            [x, right], [y, up], color=GREY, ls="--" if broken else "-", lw=1, zorder=1
        )
        parts = [] if link.weight is None else [(link.weight, COLOURS[0], "right")]
        parts += [(link.back.value, BACK, "left")] if link.back else []
        at = (x + 0.62 * (right - x), y + 0.62 * (up - y))
        for formula, colour, side in parts:
            words = f" {written(formula, values)} "
            paper = {"fc": "white", "ec": "none", "pad": 0}
            axes.text(
                *at, words, ha=side, va="center", color=colour, size=8, bbox=paper
            )
    for box in graph.boxes:
        axes.text(
            *places[box.label],
            "\n" * 2 + " " * 18,
            ha="center",
            va="center",
            size=8,
            bbox={"boxstyle": "round,pad=0.3", "fc": "white", "ec": INK},
        )
        lines = [(box.label, INK), (written(box.value.value, values), COLOURS[0])]
        if box.back:
            lines.append((written(box.back.value, values), BACK))
        for height, (words, colour) in zip((9, 0, -9), lines, strict=False):
            axes.annotate(
                words,
                places[box.label],
                (0, height),
                textcoords="offset points",
                ha="center",
                va="center",
                color=colour,
                size=8,
            )
    across = [place for place, _ in places.values()]
    heights = [place for _, place in places.values()]
    axes.set(xlim=(min(across) - 0.3, max(across) + 0.3))
    axes.set(ylim=(min(heights) - 0.5, max(heights) + 0.5))
    axes.set_axis_off()


def image(picture: Picture, values: Values) -> Array:
    """The pixels of a picture, ``(side, side)``, 1 for ink."""
    numbers = np.array([evaluate(tree(i), values) for i in picture.inputs])
    for layer in picture.layers:
        numbers = _applied(layer, numbers)
    return numbers.reshape(picture.side, picture.side)


def _applied(layer: Layer, numbers: Array) -> Array:
    weights, bias = (
        np.asarray(p, dtype="f4").astype(float) for p in (layer.weights, layer.bias)
    )
    sums = weights @ numbers + bias
    activated: Array = (
        np.maximum(sums, 0) if layer.activation == "relu" else 1 / (1 + np.exp(-sums))
    )
    return activated


def places(orbit: Orbit, values: Values) -> tuple[Array, Array]:
    """The points of an orbit, as arrays of x and of y."""
    here = {name: evaluate(tree(start), values) for name, start in orbit.start.items()}
    moves = {name: tree(move) for name, move in orbit.move.items()}
    found = []
    for step in range(int(evaluate(tree(orbit.steps), values)) + 1):
        now = {**values, **here, "step": step}
        found.append([evaluate(tree(part), now) for part in (orbit.x, orbit.y)])
        for name, move in moves.items():
            here[name] = evaluate(move, now)
            if orbit.in_turns:
                now[name] = here[name]
    x, y = np.array(found).T
    return x, y


def shares(histogram: Histogram, axis: marks.Axis, values: Values) -> Array:
    """The share of the draws in each bin of a histogram, ``(bins,)``."""
    draws = {**values, histogram.variable: np.asarray(histogram.draws)}
    found = np.broadcast_to(evaluate(tree(histogram.x), draws), len(histogram.draws))
    bins = np.floor((found - axis.low) / (axis.high - axis.low) * histogram.bins)
    inside = bins[(bins >= 0) & (bins < histogram.bins)].astype(int)
    counted: Array = np.bincount(inside, minlength=histogram.bins) / len(found)
    return counted


# Each kind of mark: where it is drawn, the panel, the mark, the values, the styles.


def _curve(axes: Axes, panel: Panel, mark: Curve, values: Values, s: Styles) -> None:
    assert panel.x is not None, f"the curve {mark.label!r} needs a horizontal axis"
    scale = np.geomspace if panel.x.log else np.linspace
    x = scale(panel.x.low, panel.x.high, 400)
    y = np.broadcast_to(
        evaluate(tree(mark.y), {**values, panel.x.variable: x}), x.shape
    )
    style = s[mark.label]
    if mark.filled:
        axes.fill_between(x, y, alpha=0.25, color=COLOURS[style], linewidth=0)
    axes.plot(x, y, color=COLOURS[style], ls=DASHES[style], label=mark.label)


def _orbit(axes: Axes, panel: Panel, mark: Orbit, values: Values, s: Styles) -> None:
    style = s[mark.label]
    axes.plot(
        *places(mark, values),
        color=COLOURS[style],
        ls=DASHES[style],
        lw=1,
        marker=".",
        ms=3,
        label=mark.label,
    )


def _arrows(axes: Axes, panel: Panel, mark: Arrows, values: Values, s: Styles) -> None:
    assert panel.x is not None, "arrows need a horizontal axis"
    ends = (panel.x, panel.y)
    parts = [np.linspace(a.low, a.high, mark.count + 2)[1:-1] for a in ends]
    x, y = np.meshgrid(*parts)
    place = {**values, panel.x.variable: x, panel.y.variable: y}
    along, up = (evaluate(tree(part), place) for part in (mark.x, mark.y))
    length = np.maximum(np.hypot(along, up), 1e-9)
    axes.quiver(x, y, along / length, up / length, color="#b0b0b0")


def _points(axes: Axes, panel: Panel, mark: Points, values: Values, s: Styles) -> None:
    for x, y in zip(mark.x, mark.y, strict=True):
        axes.text(
            x,
            y,
            mark.sign,
            ha="center",
            va="center",
            fontsize=7,
            color=colour_of(mark.sign),
        )


def _bars(axes: Axes, panel: Panel, mark: Bars, values: Values, s: Styles) -> None:
    heights = [evaluate(tree(height), values) for height in mark.heights.values()]
    axes.bar(list(mark.heights), heights, color=[COLOURS[s[n]] for n in mark.heights])


def _histogram(
    axes: Axes, panel: Panel, mark: Histogram, values: Values, s: Styles
) -> None:
    assert panel.x is not None, f"the histogram {mark.label!r} needs a horizontal axis"
    assert not panel.x.log, f"the histogram {mark.label!r} needs equal bins"
    edges = np.linspace(panel.x.low, panel.x.high, mark.bins + 1)
    colour, dash = COLOURS[s[mark.label]], DASHES[s[mark.label]]
    heights = shares(mark, panel.x, values)
    axes.stairs(heights, edges, fill=True, alpha=0.25, color=colour)
    axes.stairs(heights, edges, baseline=None, color=colour, ls=dash, label=mark.label)


def _dot(
    axes: Axes, panel: Panel, mark: Dot | Handle, values: Values, s: Styles
) -> None:
    x, y = (evaluate(tree(part), values) for part in (mark.x, mark.y))
    colour = COLOURS[s[mark.of]] if mark.of else INK
    edge = GREY if isinstance(mark, Dot) else "white"
    axes.plot(x, y, "o", color=colour, markeredgecolor=edge, ms=8, zorder=3)


_DRAWN: Mapping[type, Callable[[Axes, Panel, Any, Values, Styles], None]] = {
    Curve: _curve,
    Orbit: _orbit,
    Arrows: _arrows,
    Points: _points,
    Bars: _bars,
    Histogram: _histogram,
    Dot: _dot,
    Handle: _dot,
}


def colour_of(character: str) -> str:
    """A colour for the points of a sign; neighbours in the alphabet differ."""
    return COLOURS[ord(character) % len(COLOURS)]
