"""The book's style, and the drawings that two chapters share.

A chapter's first cell calls `use_style()`. After that a figure is drawn in its own
cell with `plt.subplots()`, whose last line ends in a semicolon, and the cell's
metadata say what a reader who does not see it should know:

    "mystnb": {
        "image": {"alt": "Two bells that overlap less as their means move apart"},
        "figure": {"caption": "The divergence grows with ...", "name": "fig-kl-bells"}
    }

`figure` is optional; its `name` is what {numref}`fig-kl-bells` cites. Figures are as
wide as the column of text; `"width": "60%"` beside `alt` makes one narrower.

`flipbook()` is a slider over drawings made beforehand, for what no formula in the
browser can draw; `lib.playable` evaluates formulas there. Its HTML holds its own
alternative text, needs no metadata, and is compared to the letter like any output.

Why a white card. Figures stand on white in both modes: ink of contrast 4.5 on white
and on near-black alike would have to be a mid grey, hard to read on either, and the
theme puts a light card behind pictures and HTML in dark mode anyway. The series'
colours are those of Okabe and Ito's palette for colour-blind readers (2008) that
reach contrast 3 on white; each also has its own dash, so that nothing hangs on
colour alone. They are for lines and areas; words are in `INK`.
"""

import html
import io
import json
import re
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

Value = TypeVar("Value")

BLUE, VERMILLION, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
INK, GREY, PAPER = "#222222", "#6b6b6b", "#ffffff"
COLOURS = (BLUE, VERMILLION, GREEN, INK, PURPLE)
DASHES = ("-", "--", "-.", ":", (0, (6, 2, 1, 2, 1, 2)))

DPI = 175  # 1,120 pixels across: sharp in a column of about 700 on most screens
STYLE = {
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": INK,
    "axes.prop_cycle": mpl.cycler(color=COLOURS, linestyle=DASHES),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "figure.constrained_layout.use": True,
    "figure.dpi": DPI,
    "figure.facecolor": PAPER,
    "figure.figsize": (6.4, 3.2),
    # DejaVu comes with matplotlib, so that figures are alike on every machine; at 11
    # points it is as large as the text beside it.
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "grid.color": "#e4e4e4",
    "image.cmap": "cividis",
    "legend.fontsize": 10,
    "legend.framealpha": 0.9,
    "lines.linewidth": 1.8,
    "mathtext.fontset": "dejavusans",
    "savefig.bbox": "tight",
    "savefig.dpi": DPI,
    "text.color": INK,
    "xtick.color": INK,
    "xtick.labelsize": 10,
    "ytick.color": INK,
    "ytick.labelsize": 10,
}


def use_style() -> None:
    """Draw every later figure in the book's style."""
    mpl.rcParams.update(STYLE)


def band(
    ax: Axes,
    x: ArrayLike,
    runs: ArrayLike,
    *,
    label: str | None = None,
    color: str | None = None,
) -> Line2D:
    """Draw the mean of `runs` (seeds, n) over `x` (n,), in a band of its spread.

    The band reaches one sample standard deviation (over the seeds) to either side.
    Raises ValueError for fewer than two runs, which have no spread: plot the line.
    """
    x, runs = np.asarray(x), np.asarray(runs)
    if runs.ndim != 2 or runs.shape[1:] != x.shape or len(runs) < 2:
        raise ValueError(
            "runs must be (seeds, len(x)) with two seeds at least; got "
            f"{runs.shape} over x {x.shape}"
        )
    mean, spread = runs.mean(0), runs.std(0, ddof=1)
    (line,) = ax.plot(x, mean, label=label, color=color)
    ax.fill_between(
        x, mean - spread, mean + spread, color=line.get_color(), alpha=0.2, linewidth=0
    )
    return line


def image_grid(
    images: ArrayLike,
    columns: int,
    *,
    ax: Axes | None = None,
    row_labels: Sequence[str] = (),
) -> Figure:
    """Lay out `images` (n, height, width), values in [0, 1], in rows, ink on paper.

    Reads like text: the first `columns` images are the first row, and a last row that
    is not full stays empty at its end. Without `ax` the figure is new, and made for
    the grid; a cell shows it where the call is its last expression. `row_labels`
    stand on the left. Raises ValueError for images or labels of another shape.
    """
    images = np.asarray(images, dtype=float)
    if images.ndim != 3 or len(images) == 0 or columns < 1:
        raise ValueError(
            "image_grid wants images (n, height, width), one at least, and one column "
            f"or more; got {images.shape} in {columns}"
        )
    count, height, width = images.shape
    rows = -(-count // columns)
    if row_labels and len(row_labels) != rows:
        raise ValueError(f"{rows} rows want as many labels; got {len(row_labels)}")
    # One mosaic, with a line of one pixel around each image: NaN is drawn grey.
    mosaic = np.full((rows * (height + 1) + 1, columns * (width + 1) + 1), np.nan)
    for index, image in enumerate(images):
        top = index // columns * (height + 1) + 1
        left = index % columns * (width + 1) + 1
        mosaic[top : top + height, left : left + width] = image
    if ax is None:
        scale = 3 if columns <= 10 else 2  # whole pixels for each pixel of an image
        size = scale * np.array(mosaic.shape[::-1]) / DPI
        ax = Figure(figsize=size, dpi=DPI, layout="none").add_axes((0, 0, 1, 1))
    # 32 greys look like 256, in a file smaller by 40 per cent.
    ink = mpl.colormaps["gray_r"].resampled(32).with_extremes(bad="#d0d0d0")
    ax.imshow(mosaic, cmap=ink, vmin=0, vmax=1, interpolation="nearest")
    ax.grid(False)
    ax.spines[:].set_visible(False)
    centres = np.arange(rows) * (height + 1) + (height + 1) / 2
    ax.set_xticks([])
    ax.set_yticks(centres if row_labels else [], row_labels or [])
    ax.tick_params(length=0)
    return ax.get_figure(root=True)


@dataclass(frozen=True, repr=False)
class Flipbook:
    """A figure with a slider, as a piece of HTML that needs nothing else."""

    html: str
    frames: int

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"<flipbook of {self.frames} drawings>"


def flipbook(
    draw: Callable[[Figure, Value], str],
    values: Sequence[Value],
    *,
    label: str,
    alt: str,
    start: int = 0,
    size: tuple[float, float] = (6.4, 3.2),
) -> Flipbook:
    """A slider over `values`, with one drawing for each: it plays without a kernel.

    `draw(figure, value)` draws on an empty figure of `size` inches, with the same
    limits for all values, and returns a line of plain text that is shown beneath and
    read aloud ("standard deviation 2.0: 0.32 nats"). `label` names the slider, `alt`
    says what the drawing shows, `start` is the index shown first, and the one shown
    where scripts do not run. Draw lines and areas, not bitmaps, whose bytes differ
    between machines. Raises ValueError for fewer than two values, or a bad start.

    The drawings are SVG, of which each element is stored once however many frames
    it is in; the same call gives the same HTML, to the letter.
    """
    if len(values) < 2 or not 0 <= start < len(values):
        raise ValueError(
            "flipbook wants two values at least, and the index of one of them to "
            f"start from; got {len(values)} values and start {start}"
        )
    frames, texts, positions = [], [], []
    for value in values:
        figure = Figure(figsize=size, layout="none" if frames else "constrained")
        texts.append(draw(figure, value))
        # The axes of every frame stand where the first frame's layout put them.
        for ax, position in zip(figure.axes, positions, strict=False):
            ax.set_position(position)
        frames.append(_svg(figure))
        positions = [ax.get_position() for ax in figure.axes]
    parts = [re.split(r"(?<=>)(?=<)", frame) for frame in frames]
    place: dict[str, int] = {}
    order = [[place.setdefault(part, len(place)) for part in frame] for frame in parts]
    data = json.dumps(
        {"parts": list(place), "frames": order, "texts": texts},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    page = FLIPBOOK.format(
        alt=html.escape(alt),
        label=html.escape(label),
        last=len(values) - 1,
        start=start,
        text=html.escape(texts[start]),
        source="data:image/svg+xml," + urllib.parse.quote(frames[start]),
        data=data.replace("<", "\\u003c"),  # so that no tag in it ends the script
    )
    return Flipbook(page, len(values))


def _svg(figure: Figure) -> str:
    """The figure as SVG, the same every time, with two decimals of a point."""
    file = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    # Words as outlines, for a reader's machine may lack the fonts.
    with mpl.rc_context({"svg.fonttype": "path", "savefig.bbox": None}):
        figure.savefig(file, format="svg", metadata=nothing)
    svg = file.getvalue()
    svg = re.sub(r"\s+", " ", svg[svg.index("<svg") :]).replace("> <", "><")
    # Matplotlib's ids are hashes, salted at random, of numbers to their last bit.
    names = dict.fromkeys(re.findall(r'id="([a-z][0-9a-f]{10})"', svg))
    for index, name in enumerate(names):
        svg = svg.replace(name, f"i{index}")
    return re.sub(r' (?:d|x|y)="[^"]*"|translate\([^)]*\)', _rounded, svg)


def _rounded(numbers: re.Match[str]) -> str:
    def shorter(number: re.Match[str]) -> str:
        # Adding zero turns -0.0, which a last bit could make of 0.0, into 0.0.
        return f"{round(float(number[0]), 2) + 0.0:.2f}".rstrip("0").rstrip(".")

    return re.sub(r"-?\d+\.\d+", shorter, numbers[0])


# In dark mode the theme frames and dims pictures; here the whole card is dimmed as one.
# The slider speaks for itself: the line beneath is not announced a second time.
FLIPBOOK = """\
<figure class="flipbook">
<style>
.flipbook {{ background: #fff; color: #222; margin: 0; max-width: 720px; }}
.flipbook img {{ display: block; width: 100%; background: #fff !important;
  padding: 0 !important; filter: none !important; }}
html[data-theme=dark] .flipbook {{ filter: brightness(0.87); }}
.flipbook div {{ display: flex; flex-wrap: wrap; align-items: center; gap: 0.75rem;
  padding: 0.25rem 0.75rem 0.75rem; }}
.flipbook label {{ display: flex; flex: 1 1 16rem; align-items: center; gap: 0.5rem; }}
.flipbook input {{ flex: 1; min-width: 8rem; height: 2rem; accent-color: #0072b2; }}
.flipbook button {{ min-width: 5rem; min-height: 2rem; border: 1px solid #6b6b6b;
  border-radius: 0.25rem; background: #fff; color: #222; cursor: pointer; }}
.flipbook output {{ flex: 1 1 100%; font-variant-numeric: tabular-nums; }}
</style>
<img alt="{alt}" src="{source}">
<div>
<button type="button">Play</button>
<label>{label}
<input type="range" min="0" max="{last}" step="1" value="{start}"
aria-valuetext="{text}"></label>
<output aria-live="off">{text}</output>
</div>
<script type="application/json">{data}</script>
<script>
(() => {{
  const figure = document.currentScript.parentElement;
  const {{ parts, frames, texts }} = JSON.parse(
    figure.querySelector("script[type='application/json']").textContent);
  const [image, button, slider, output] =
    ["img", "button", "input", "output"].map((name) => figure.querySelector(name));
  let timer = null;
  const show = (index) => {{
    const svg = frames[index].map((part) => parts[part]).join("");
    image.src = "data:image/svg+xml," + encodeURIComponent(svg);
    slider.value = index;
    slider.setAttribute("aria-valuetext", texts[index]);
    output.textContent = texts[index];
  }};
  const pause = () => {{
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
  }};
  const step = () => {{
    if (!figure.isConnected || slider.value === slider.max) return pause();
    show(Number(slider.value) + 1);
  }};
  slider.addEventListener("input", () => {{ pause(); show(Number(slider.value)); }});
  // JupyterLab would take the arrow keys for itself.
  slider.addEventListener("keydown", (event) => event.stopPropagation());
  button.addEventListener("click", () => {{
    if (timer !== null) return pause();
    if (slider.value === slider.max) show(0);
    timer = setInterval(step, 120);
    button.textContent = "Pause";
  }});
}})();
</script>
</figure>
"""
