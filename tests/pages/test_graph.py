"""A small network to step through: what it refuses, its still picture, its page."""

import json
from dataclasses import replace
from typing import Any

import pytest
import sympy as sp

from lib.pages import stills
from lib.pages.graph import Box, Filled, Graph, Link, written
from lib.pages.marks import Setting
from lib.pages.playable import Playable
from tests.pages.test_playable import in_node

x, w = sp.symbols("x w", real=True)
RELU, SLOPE = sp.Max(0, w * x), sp.Heaviside(w * x, 0)
GRAPH = Graph(
    "One unit",
    [
        Box("x", 0, 0, Filled(x, 0), Filled(w * SLOPE, 4)),
        Box("u", 1, 0, Filled(w * x, 1), Filled(SLOPE, 3)),
        Box("h", 2, 0, Filled(RELU, 2)),
    ],
    [
        Link("x", "u", w, Filled(x * SLOPE, 4)),
        Link("u", "h", None, Filled(SLOPE, 3), passes=SLOPE),
    ],
    "n",
    ["the input", "times w", "the ReLU", "its slope", "back"],
)
FIGURE = Playable(
    "one-unit",
    {
        "n": Setting("step", 0, 4, 1, 0, walks=True),
        "x": Setting("x", -2, 2, 0.5, 1.5),
        "w": Setting("w", -2, 2, 0.5, -1),
    },
    [GRAPH],
)


def test_the_still_shows_all_numbers_whatever_the_step() -> None:
    figure = stills.still(FIGURE.panels, FIGURE.starts, FIGURE.styles)
    axes = figure.axes[0]
    words = [text.get_text().strip() for text in axes.texts if text.get_text().strip()]
    minus = "\N{MINUS SIGN}"
    beside = [f"{minus}1", "0", "0"]  # the weight and its gradient, and the slope
    inside = ["x", "1.5", "0", "u", f"{minus}1.5", "0", "h", "0"]
    assert words == beside + inside
    assert [line.get_linestyle() for line in axes.lines] == ["-", "--"]
    on = stills.still(FIGURE.panels, {"n": 0, "x": 1.5, "w": 2}, FIGURE.styles)
    assert [line.get_linestyle() for line in on.axes[0].lines] == ["-", "-"]


def test_a_number_is_written_as_short_as_it_is() -> None:
    for value, text in (
        (0.5, "0.5"),
        (3, "3"),
        (-0.0, "0"),
        (-1.23456, "\N{MINUS SIGN}1.235"),
        (1234.567, "1234.567"),
        (2e6, "2000000"),
    ):
        assert written("x", {"x": value}) == text


def test_the_page_knows_the_step_function() -> None:
    places = [-1.0, 0.0, 2.0]
    found = in_node(
        """
        const slope = compile(figure.panels[0].boxes[1].back.value);
        console.log(JSON.stringify(values.map(x => slope({ x, w: 1 }))));
        """,
        FIGURE,
        places,
    )
    assert found == [0, 0, 1]


def test_a_graph_says_its_kind_and_its_numbers_are_trees() -> None:
    panel = json.loads(FIGURE.data())["panels"][0]
    assert (panel["kind"], panel["step"], panel["wide"]) == ("Graph", "n", True)
    assert panel["links"][0]["weight"] == "w"
    assert panel["links"][1]["weight"] is None
    assert panel["boxes"][2]["value"]["value"] == ["Max", 0, ["Mul", "w", "x"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"boxes": [*GRAPH.boxes, GRAPH.boxes[0]]}, "have one label"),
        ({"links": [Link("x", "y")]}, "no box of 'One unit' is called 'y'"),
        ({"says": ["one", "two"]}, "appears at step 4, and its steps go from 0 to 1"),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        replace(GRAPH, **change)


def test_a_graph_follows_a_setting_of_its_figure() -> None:
    with pytest.raises(ValueError, match="follows m, which is none of n, x, w"):
        replace(FIGURE, panels=[replace(GRAPH, step="m")])


@pytest.mark.parametrize(("low", "high", "step"), [(1, 4, 1), (0, 5, 1), (0, 4, 0.5)])
def test_a_graphs_setting_goes_through_its_steps(
    low: float, high: float, step: float
) -> None:
    settings = {**FIGURE.settings, "n": Setting("step", low, high, step, 2)}
    with pytest.raises(ValueError, match=r"has steps from 0 to 4, so the setting n"):
        replace(FIGURE, settings=settings)
