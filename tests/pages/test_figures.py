"""The book's figures: legible to all, laid out in order, the same to the letter."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from lib.pages import figures
from lib.pages.figures import COLOURS, PAPER, band, image_grid, use_style
from tests.shared.colours import contrast, linear

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def style() -> Iterator[None]:
    with mpl.rc_context():
        use_style()
        yield


# Colours


# Machado, Oliveira and Fernandes (2009), severity 1, on linear light.
EYES = {
    "all cones": np.eye(3),
    "no red cone": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "no green cone": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "no blue cone": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def lab(light: np.ndarray) -> np.ndarray:
    """CIELAB coordinates of linear light, for the white of sRGB."""
    to_xyz = np.array(
        [
            [0.4124, 0.3576, 0.1805],
            [0.2126, 0.7152, 0.0722],
            [0.0193, 0.1192, 0.9505],
        ]
    )
    ratio = to_xyz @ light.clip(0, 1) / to_xyz.sum(1)
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), ratio * 7.787 + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_contrast_is_the_guidelines_own() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colour", COLOURS)
def test_lines_stand_out_from_the_paper(colour: str) -> None:
    assert contrast(colour, PAPER) >= 3


@pytest.mark.parametrize("words", ["text.", "axes.label", "xtick.", "ytick."])
def test_words_read_well_on_the_paper(words: str) -> None:
    colour = mpl.rcParams[f"{words}color"]
    assert contrast(colour, PAPER) >= 7
    assert mpl.rcParams["figure.facecolor"] == PAPER


@pytest.mark.parametrize("eye", EYES)
def test_colours_differ_to_every_eye(eye: str) -> None:
    seen = {colour: lab(EYES[eye] @ linear(colour)) for colour in COLOURS}
    for one, other in itertools.combinations(COLOURS, 2):
        distance = np.linalg.norm(seen[one] - seen[other])
        assert distance > 15, f"{one} and {other}: {distance:.1f}"


def test_no_two_lines_share_a_colour_or_a_dash() -> None:
    ax = Figure().subplots()
    lines = [ax.plot([0, 1])[0] for _ in COLOURS]
    assert len({line.get_color() for line in lines}) == len(COLOURS)
    assert len({str(line._dash_pattern) for line in lines}) == len(COLOURS)


# Bands


def test_band_is_the_mean_and_one_sample_deviation() -> None:
    ax = Figure().subplots()
    runs = np.random.default_rng(0).normal(size=(5, 8))
    line = band(ax, np.arange(8), runs, label="loss", color=figures.GREEN)
    np.testing.assert_allclose(line.get_ydata(), runs.mean(0))
    assert (line.get_label(), line.get_color()) == ("loss", figures.GREEN)
    (area,) = ax.collections
    vertices = area.get_paths()[0].vertices
    for x in range(8):
        edges = vertices[vertices[:, 0] == x, 1]
        width = 2 * np.sqrt(runs[:, x].var() * 5 / 4)
        assert np.ptp(edges) == pytest.approx(width)
        assert (edges.max() + edges.min()) / 2 == pytest.approx(runs[:, x].mean())


@pytest.mark.parametrize("shape", [(1, 8), (8,), (3, 7), (2, 8, 1)])
def test_band_wants_two_runs_over_x(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="two seeds at least"):
        band(Figure().subplots(), np.arange(8), np.zeros(shape))


# Grids


def mosaic(figure: Figure) -> np.ndarray:
    (image,) = figure.axes[0].images
    assert image.get_clim() == (0, 1)
    return image.get_array().filled(np.nan)


@pytest.mark.parametrize(("count", "columns"), [(6, 3), (7, 3), (1, 1), (2, 5)])
def test_images_are_laid_out_like_text(count: int, columns: int) -> None:
    images = np.random.default_rng(0).uniform(size=(count, 4, 6))
    array = mosaic(image_grid(images, columns))
    rows = np.split(array[1:], range(5, len(array) - 1, 5))
    tiles = [
        tile[:4, :6]
        for row in rows
        for tile in np.split(row[:, 1:], range(7, array.shape[1] - 1, 7), axis=1)
    ]
    np.testing.assert_array_equal(tiles[:count], images)
    assert np.isnan(tiles[count:]).all()
    assert np.isnan(array).sum() == array.size - images.size


def test_grid_is_a_whole_number_of_dots_for_each_pixel() -> None:
    figure = image_grid(np.zeros((20, 28, 28)), 10)
    array = mosaic(figure)
    dots = figure.axes[0].get_window_extent()
    assert dots.width / array.shape[1] == pytest.approx(3)
    assert dots.height / array.shape[0] == pytest.approx(3)


def test_labels_stand_beside_their_rows() -> None:
    names = ("image", "reconstruction")
    ax = image_grid(np.zeros((6, 4, 4)), 3, row_labels=names).axes[0]
    assert [text.get_text() for text in ax.get_yticklabels()] == list(names)
    np.testing.assert_allclose(ax.get_yticks(), [2.5, 7.5])


def test_grid_goes_into_an_axes_that_is_given() -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert image_grid(np.zeros((4, 3, 3)), 2, ax=right) is figure
    assert (len(left.images), len(right.images)) == (0, 1)


@pytest.mark.parametrize(
    ("shape", "columns", "labels", "message"),
    [
        ((4, 784), 2, (), r"wants images \(n, height, width\).* got \(4, 784\)"),
        ((0, 28, 28), 2, (), "one at least"),
        ((4, 28, 28), 0, (), "one column"),
        ((4, 28, 28), 2, ("image",), "2 rows want as many labels; got 1"),
    ],
)
def test_grid_refuses_what_it_cannot_lay_out(shape, columns, labels, message) -> None:
    with pytest.raises(ValueError, match=message):
        image_grid(np.zeros(shape), columns, row_labels=labels)
