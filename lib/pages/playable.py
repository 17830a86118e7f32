"""Figures with sliders that run in the browser, without a kernel and without a network.

The curves and numbers are JavaScript expressions, which SymPy's ``jscode`` prints from
the expressions that a chapter has derived: the reader plays with the checked formula.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

WIDTH, HEIGHT = 480, 220  # of the drawing, in its own units; the page scales it


@dataclass(frozen=True)
class Slider:
    """A range input: its label, its range and step, and where it starts."""

    label: str
    low: float
    high: float
    step: float
    start: float


@dataclass(frozen=True)
class Playable:
    """Curves over one variable, with sliders for the others and numbers beneath.

    ``curves`` and ``numbers`` map a label to a JavaScript expression in ``variable``
    and in the names of ``sliders``. A label in ``filled`` is drawn as an area. The
    object shows itself in a notebook, and its HTML depends on nothing but these fields.
    """

    name: str
    title: str
    variable: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    curves: Mapping[str, str]
    numbers: Mapping[str, str]
    sliders: Mapping[str, Slider]
    filled: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9-]*", self.name):
            raise ValueError(f"Playable: the name {self.name!r} must be like 'kl-play'")
        for name, slider in self.sliders.items():
            if not name.isidentifier() or not slider.low <= slider.start <= slider.high:
                raise ValueError(
                    f"Playable: the slider {name!r} needs the name of a variable and a "
                    "start within its range"
                )
        if unknown := set(self.filled) - set(self.curves):
            raise ValueError(f"Playable: filled names no curve: {', '.join(unknown)}")

    def _repr_html_(self) -> str:
        return _PAGE.format(
            name=self.name,
            title=html.escape(self.title),
            width=WIDTH,
            height=HEIGHT,
            legend="".join(self._legend()),
            sliders="".join(self._slider(name) for name in self.sliders),
            numbers="".join(
                f"<span>{html.escape(label)} = <output></output></span>"
                for label in self.numbers
            ),
            script=self._script(),
        )

    def _legend(self) -> list[str]:
        return [
            f'<span><i style="background:{_COLOURS[i]}"></i>{html.escape(label)}</span>'
            for i, label in enumerate(self.curves)
        ]

    def _slider(self, name: str) -> str:
        s = self.sliders[name]
        return (
            f"<label><span>{html.escape(s.label)} = <output></output></span>"
            f'<input type="range" data-name="{name}" min="{s.low}" max="{s.high}" '
            f'step="{s.step}" value="{s.start}"></label>'
        )

    def _script(self) -> str:
        names = [*self.sliders, self.variable]
        arguments = ", ".join(names)

        def functions(expressions: Mapping[str, str]) -> str:
            return ", ".join(f"({arguments}) => {e}" for e in expressions.values())

        return _SCRIPT % {
            "id": json.dumps(self.name),
            "x": json.dumps(self.x_range),
            "y": json.dumps(self.y_range),
            "size": json.dumps([WIDTH, HEIGHT]),
            "colours": json.dumps(_COLOURS[: len(self.curves)]),
            "filled": json.dumps([label in self.filled for label in self.curves]),
            "curves": functions(self.curves),
            "numbers": functions(self.numbers),
        }


# Okabe and Ito's colours that keep a contrast of 3 on white, as in `figures`.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")

_PAGE = """\
<figure class="playable" id="{name}">
<style>
#{name} {{ background: #fff; color: #222; padding: .6em; max-width: 720px; }}
#{name} svg {{ width: 100%; height: auto; display: block; }}
#{name} .line {{ display: flex; flex-wrap: wrap; gap: .4em 1.4em; margin: .4em 0; }}
#{name} label {{ flex: 1 1 14em; display: block; }}
#{name} input {{ width: 100%; }}
#{name} .line i {{ display: inline-block; width: 1.2em; height: .3em;
  margin-right: .4em; vertical-align: middle; }}
#{name} output {{ font-variant-numeric: tabular-nums; }}
</style>
<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}"></svg>
<div class="line">{legend}</div>
<div class="line">{sliders}</div>
<div class="line numbers" aria-live="polite">{numbers}</div>
<script>
{script}
</script>
</figure>"""

_SCRIPT = """\
(() => {
  const root = document.getElementById(%(id)s);
  const [x0, x1] = %(x)s, [y0, y1] = %(y)s, [width, height] = %(size)s;
  const colours = %(colours)s, filled = %(filled)s;
  const curves = [%(curves)s];
  const numbers = [%(numbers)s];
  const svg = root.querySelector("svg");
  const inputs = [...root.querySelectorAll("input")];
  const bottom = height - 24;
  const px = x => (x - x0) / (x1 - x0) * width;
  const py = y => (y1 - Math.max(y0, Math.min(y1, y))) / (y1 - y0) * bottom;
  const add = (kind, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", kind);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    if (text !== undefined) node.textContent = text;
    return svg.appendChild(node);
  };
  add("line", {x1: 0, x2: width, y1: py(0), y2: py(0), stroke: "currentColor",
    "stroke-width": 1});
  for (let t = Math.ceil(x0 + .5); t < x1; t++) {
    add("line", {x1: px(t), x2: px(t), y1: py(0) - 3, y2: py(0) + 3,
      stroke: "currentColor"});
    if (t %% 2 === 0) add("text", {x: px(t), y: height - 5, "text-anchor": "middle",
      "font-size": 14, fill: "currentColor"}, t);
  }
  const paths = colours.map((colour, i) => add("path", {
    stroke: colour, "stroke-width": 2.5, fill: filled[i] ? colour : "none",
    "fill-opacity": .3, "stroke-linejoin": "round"}));
  const draw = () => {
    const values = inputs.map(input => parseFloat(input.value));
    inputs.forEach(input => {
      input.parentNode.querySelector("output").textContent =
        parseFloat(input.value).toFixed(2);
    });
    curves.forEach((curve, i) => {
      const points = [];
      for (let k = 0; k <= 320; k++) {
        const x = x0 + (x1 - x0) * k / 320;
        points.push(px(x).toFixed(1) + "," + py(curve(...values, x)).toFixed(1));
      }
      const ends = filled[i] ? [px(x0) + "," + py(0), px(x1) + "," + py(0)] : [];
      const all = filled[i] ? [ends[0], ...points, ends[1]] : points;
      paths[i].setAttribute("d", "M" + all.join("L"));
    });
    root.querySelectorAll(".numbers output").forEach((output, i) => {
      output.textContent = numbers[i](...values).toFixed(3);
    });
  };
  inputs.forEach(input => input.addEventListener("input", draw));
  draw();
})();"""
