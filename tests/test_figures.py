"""The book's figures: legible to all, laid out in order, the same to the letter."""

import itertools
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import matplotlib as mpl
import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from lib import figures
from lib.figures import COLOURS, PAPER, band, flipbook, image_grid, use_style

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def style() -> Iterator[None]:
    with mpl.rc_context():
        use_style()
        yield


# Colours


def linear(colour: str) -> np.ndarray:
    """The colour's light in red, green and blue, by the sRGB standard."""
    value = np.array(to_rgb(colour))
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of the Web Content Accessibility Guidelines, from 1 to 21."""
    light, dark = sorted(
        (linear(colour) @ (0.2126, 0.7152, 0.0722) for colour in (one, other)),
        reverse=True,
    )
    return (light + 0.05) / (dark + 0.05)


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


# Flipbooks

X = np.linspace(-4, 4, 50)


def bell(figure: Figure, std: float) -> str:
    ax = figure.subplots()
    ax.plot(X, np.exp(-((X / std) ** 2) / 2) / std, label=r"$\sigma$")
    ax.fill_between(X, np.exp(-(X**2) / 2), alpha=0.2)
    ax.set(xlabel="x", ylim=(0, 2))
    ax.legend()
    return f"<{std:.1f}> & </script><script>"


def book_of_bells(**changes: object) -> figures.Flipbook:
    settings = {"label": "<i>Width</i>", "alt": 'A "bell"', "start": 1}
    return flipbook(bell, (0.5, 1.0, 2.0), **(settings | changes))


@pytest.fixture(scope="module")
def page() -> str:
    with mpl.rc_context():
        use_style()
        return book_of_bells()._repr_html_()


def frames(page: str) -> tuple[list[str], list[str]]:
    """Put the drawings together as the page's script does."""
    data = json.loads(BeautifulSoup(page, "html.parser").find("script").text)
    assert len(set(data["parts"])) == len(data["parts"])
    drawings = ["".join(data["parts"][i] for i in frame) for frame in data["frames"]]
    return drawings, data["texts"]


def test_page_is_the_same_in_another_process(page: str) -> None:
    code = (
        "from lib.figures import use_style; from tests.test_figures import *;"
        "use_style(); print(book_of_bells()._repr_html_(), end='')"
    )
    environment = os.environ | {"PYTHONHASHSEED": "7", "MPLBACKEND": "agg"}
    again = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert again.stdout == page


def test_page_asks_nothing_of_other_hosts(page: str) -> None:
    addresses = set(re.findall(r"(?:https?:)?//[^\s\"'<>)\\]+", unquote(page)))
    assert {address.split("/")[2] for address in addresses} == {"www.w3.org"}


def test_drawings_are_whole_and_differ(page: str) -> None:
    drawings, texts = frames(page)
    assert len(set(drawings)) == len(texts) == 3
    for drawing in drawings:
        assert ElementTree.fromstring(drawing).tag == "{http://www.w3.org/2000/svg}svg"
    assert texts[2] == "<2.0> & </script><script>"


def test_page_shows_its_start_without_a_script(page: str) -> None:
    soup = BeautifulSoup(page, "html.parser")
    drawings, texts = frames(page)
    assert unquote(soup.img["src"]) == "data:image/svg+xml," + drawings[1]
    assert soup.output.text == texts[1]
    slider = soup.input
    assert (slider["min"], slider["max"], slider["value"]) == ("0", "2", "1")


def test_controls_have_names_and_texts_cannot_break_out(page: str) -> None:
    soup = BeautifulSoup(page, "html.parser")
    assert soup.img["alt"] == 'A "bell"'
    assert soup.button.text == "Play"
    assert soup.input.find_parent("label").text.strip() == "<i>Width</i>"
    assert soup.input["aria-valuetext"] == frames(page)[1][1]
    assert len(soup.find_all("script")) == 2
    assert soup.find_all(id=True) == []  # two on a page would share their ids


def test_what_frames_share_is_stored_once() -> None:
    """Four times as many frames take less than twice as much room."""

    def size(count: int) -> int:
        values = np.linspace(0.5, 2, count)
        return len(flipbook(bell, values, label="width", alt="A bell").html)

    assert size(8) < 2 * size(2)


def test_rounding_errors_do_not_change_the_page() -> None:
    def draw(figure: Figure, factor: float) -> str:
        figure.subplots().plot(X, factor * np.cos(X))
        return "A wave"

    def html(factors: list[float]) -> str:
        return flipbook(draw, factors, label="height", alt="A wave").html

    assert html([1.0, 2.0]) == html([1 + 1e-8, 2 - 1e-8])


def test_axes_stand_still_from_frame_to_frame() -> None:
    seen = []

    def draw(figure: Figure, unit: str) -> str:
        seen.append(figure.subplots(1, 2))
        seen[-1][1].set_ylabel(unit)
        return unit

    flipbook(draw, ("m", "two\nlines", "m"), label="unit", alt="Two empty panels")
    for axes in seen[1:]:
        for one, other in zip(seen[0], axes, strict=True):
            assert one.get_position().bounds == other.get_position().bounds


def test_flipbook_leaves_the_style_as_it_was() -> None:
    before = dict(mpl.rcParams)
    result = book_of_bells()
    assert dict(mpl.rcParams) == before
    assert repr(result) == "<flipbook of 3 drawings>"


@pytest.mark.parametrize(("values", "start"), [((), 0), ((1,), 0), ((1, 2), 2)])
def test_flipbook_wants_values_and_one_to_start_from(values, start) -> None:
    with pytest.raises(ValueError, match="two values at least"):
        flipbook(bell, values, label="width", alt="A bell", start=start)
