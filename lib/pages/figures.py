"""The book's style, and the drawings that two chapters share.

A chapter's first cell calls `use_style()`. After that a figure is drawn in its own
cell with `plt.subplots()`, which ends with `plt.show()`, and the cell's
metadata say what a reader who does not see it should know:

    "mystnb": {
        "image": {"alt": "Two bells that overlap less as their means move apart"},
        "figure": {"caption": "The divergence grows with ...", "name": "fig-kl-bells"}
    }

`figure` is optional; its `name` is what {numref}`fig-kl-bells` cites. Figures are as
wide as the column of text; `"width": "60%"` beside `alt` makes one narrower.

Why a white card. Figures stand on white in both modes: ink of contrast 4.5 on white
and on near-black alike would have to be a mid grey, hard to read on either, and the
theme puts a light card behind pictures and HTML in dark mode anyway. The series'
colours are those of Okabe and Ito's palette for colour-blind readers (2008) that
reach contrast 3 on white; each also has its own dash, so that nothing hangs on
colour alone. They are for lines and areas; words are in `INK`.
"""

from collections.abc import Sequence

import matplotlib as mpl
import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.rcsetup import cycler
from numpy.typing import ArrayLike

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
    "axes.prop_cycle": cycler(color=COLOURS, linestyle=DASHES),
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
    mpl.style.use(STYLE)


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
    the grid; a cell shows it where the call is its last expression, but not before
    the notebook's first `plt.show()`. `row_labels` stand on the left. Raises
    ValueError for images or labels of another shape.
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
        size = scale * mosaic.shape[1] / DPI, scale * mosaic.shape[0] / DPI
        new = Figure(size, DPI, layout="none")  # type: ignore[arg-type]  # a stub's gap
        ax = new.add_axes((0, 0, 1, 1))
    # 32 greys look like 256, in a file smaller by 40 per cent.
    ink = mpl.colormaps["gray_r"].resampled(32).with_extremes(bad="#d0d0d0")
    ax.imshow(mosaic, cmap=ink, vmin=0, vmax=1, interpolation="nearest")
    ax.grid(False)
    ax.spines[:].set_visible(False)
    centres = np.arange(rows) * (height + 1) + (height + 1) / 2
    ax.set_xticks([])
    ax.set_yticks(centres if row_labels else [], row_labels or [])
    ax.tick_params(length=0)
    figure = ax.get_figure(root=True)
    assert figure is not None  # it was drawn on
    return figure
