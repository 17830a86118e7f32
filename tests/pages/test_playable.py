"""Figures to play with: their data, what they refuse, and their still pictures."""

import base64
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
import torch

from lib.experiments.vae import kept_plane
from lib.models import vae
from lib.pages import stills
from lib.pages.marks import (
    Arrows,
    Axis,
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
    Setting,
    Verdict,
)
from lib.pages.playable import MIME, Playable
from lib.training import records
from tools.digest import ROOT

a, n, u, v, x = sp.symbols("a n u v x", real=True)
ACROSS, UP = Axis("x", 0, 6, "x"), Axis("y", -2, 2, "y")
LEVEL = Handle("height", 1, "a", {"a": "y"}, of="a sin x")
ORBIT = Orbit("orbit", {"u": a, "v": 1}, {"u": u - v / 2, "v": v + u / 2}, n, u, v)
source = np.random.default_rng(0)
NOISE = source.normal(size=300).round(3).tolist()
SPREAD = Histogram("spread", 3 + a * v**3, "v", NOISE, bins=12)
LAYERS = [
    Layer(source.normal(size=(5, 2)), source.normal(size=5), "relu"),
    Layer(source.normal(size=(9, 5)), source.normal(size=9), "sigmoid"),
]
WAVE = Playable(
    name="wave",
    settings={
        "a": Setting("height", -1, 1, 0.1, 0.5),
        "n": Setting("steps", 0, 9, 1, 3, plays=True),
    },
    panels=[
        Panel(
            "Wave", [Curve("a sin x", a * sp.sin(x), filled=True), LEVEL], UP, ACROSS
        ),
        Panel("Orbit", [Arrows(-v, u), ORBIT, Dot(0, 0)], UP, ACROSS, equal=True),
        Panel("Heights", [Bars({"a": a, "a sin x": 1})], UP),
        Panel(
            "Places", [Points([1, 2], [0, 1], "3")], UP, replace(ACROSS, variable="u")
        ),
        Picture("Image", LAYERS, [a, 1 - a]),
    ],
    numbers={"height": a, "<end>": ORBIT},
)
PHASE = replace(
    WAVE.panels[1], x=replace(ACROSS, variable="u"), y=replace(UP, variable="v")
)
WAVE = replace(WAVE, panels=[WAVE.panels[0], PHASE, *WAVE.panels[2:]])


def data(figure: Playable = WAVE) -> dict[str, Any]:
    return json.loads(figure.data())


def test_data_are_the_same_each_time_and_safe_in_html() -> None:
    assert WAVE.data() == replace(WAVE).data()
    assert "<" not in WAVE.data()
    assert data()["numbers"].keys() == {"height", "<end>"}


def test_formulas_are_trees() -> None:
    curve, handle = data()["panels"][0]["marks"]
    assert curve["y"] == ["Mul", "a", ["sin", "x"]]
    assert handle["sets"] == {"a": "y"}


def test_a_label_has_one_style_in_all_panels() -> None:
    assert data()["styles"] == {"a sin x": 0, "orbit": 1, "a": 2}


def test_a_notebook_gets_the_data_and_a_still_picture() -> None:
    bundle = WAVE._repr_mimebundle_()
    assert bundle.keys() == {MIME, "image/png"}
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert repr(WAVE) == "Playable('wave')"


# The still picture


def test_an_orbit_is_a_map_applied_again_and_again() -> None:
    place, expected = np.array([0.5, 1.0]), []
    for _ in range(4):
        expected.append(place)
        place = np.array([[1, -0.5], [0.5, 1]]) @ place
    found = stills.places(ORBIT, WAVE.starts)
    np.testing.assert_allclose(np.transpose(found), expected, rtol=1e-12)


def test_an_orbit_in_turns_sees_who_has_moved() -> None:
    """The shear of the second variable uses the first one's new value."""
    turns = replace(ORBIT, in_turns=True)
    place, expected = np.array([0.5, 1.0]), []
    for _ in range(4):
        expected.append(place)
        place = np.array([[1, 0], [0.5, 1]]) @ np.array([[1, -0.5], [0, 1]]) @ place
    found = np.transpose(stills.places(turns, WAVE.starts))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_an_image_is_what_the_network_makes() -> None:
    picture = WAVE.panels[-1]
    assert isinstance(picture, Picture)
    (first, b1), (last, b2) = ((layer.weights, layer.bias) for layer in LAYERS)
    hidden = np.maximum(first @ np.array([0.5, 0.5]) + b1, 0)
    expected = 1 / (1 + np.exp(-(last @ hidden + b2)))
    found = stills.image(picture, WAVE.starts)
    np.testing.assert_allclose(found, expected.reshape(3, 3), atol=1e-6)


def test_wide_panels_have_a_row_and_others_stand_in_pairs() -> None:
    panels = [replace(WAVE.panels[0], wide=True), *WAVE.panels[1:]]
    figure = stills.still(panels, WAVE.starts, WAVE.styles)
    assert [axes.get_title() for axes in figure.axes] == [p.title for p in panels]
    places = [axes.get_subplotspec() for axes in figure.axes]
    rows = [place.rowspan.start for place in places if place is not None]
    assert rows == [0, 1, 1, 2, 2]


def test_a_still_shows_the_settings_at_their_start() -> None:
    figure = stills.still(WAVE.panels, WAVE.starts, WAVE.styles)
    wave, heights = figure.axes[0], figure.axes[2]
    [curve] = [line for line in wave.lines if line.get_label() == "a sin x"]
    across, up = curve.get_data()
    np.testing.assert_allclose(up, 0.5 * np.sin(across), rtol=1e-12)
    assert [bar.get_height() for bar in heights.patches] == [0.5, 1]


def test_a_histogram_has_the_share_of_the_draws_in_each_bin() -> None:
    found = stills.shares(SPREAD, ACROSS, {"a": 2.0})
    places = 3 + 2 * np.power(NOISE, 3)
    expected, _ = np.histogram(places, bins=12, range=(0, 6))
    np.testing.assert_allclose(found, expected / 300, rtol=1e-12)
    assert 0.5 < found.sum() < 0.9  # the rest falls beside the axis
    figure = stills.still([Panel("", [SPREAD], UP, ACROSS)], {"a": 2.0}, {"spread": 0})
    heights = figure.axes[0].patches[-1].get_data().values
    np.testing.assert_allclose(heights, found, rtol=1e-12)


# The page's script computes the same; its drawing: tests/html/test_playables.py.

NODE = shutil.which("node", path=Path(sys.executable).parent) or shutil.which("node")
# What a page has around the script; then the code of a test.
IN_NODE = """
globalThis.window = globalThis;
globalThis.matchMedia = globalThis.addEventListener = () => ({});
require(process.argv[1]);
const { compile, compileOrbit, compileHistogram, compileNetwork } = playable;
const [figure, values] = process.argv.slice(2).map(text => JSON.parse(text));
"""


def in_node(code: str, figure: Playable, values: Any) -> Any:
    """What some code prints of ``figure`` and ``values``, beside the script."""
    if NODE is None:
        pytest.skip("no Node: run `make html`")
    script = str(ROOT / "book/_static/playable.js")
    command = [NODE, "-e", IN_NODE + code, script, figure.data(), json.dumps(values)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_the_page_computes_what_python_does() -> None:
    values = {"a": -0.7, "n": 9}
    curve, orbit, image = in_node(
        """
        const [wave, phase, , , picture] = figure.panels;
        const inputs = picture.inputs.map(compile).map(input => input(values));
        console.log(JSON.stringify([
          [0, 1, 2, 3].map(x => compile(wave.marks[0].y)({ ...values, x })),
          compileOrbit(phase.marks[1])(values),
          compileNetwork(picture.layers)(inputs),
        ]));
        """,
        WAVE,
        values,
    )
    np.testing.assert_allclose(curve, -0.7 * np.sin(range(4)), rtol=1e-12)
    expected = np.transpose(stills.places(ORBIT, values))
    np.testing.assert_allclose(orbit, expected, rtol=1e-12)
    picture = WAVE.panels[-1]
    assert isinstance(picture, Picture)
    drawn = stills.image(picture, values).ravel()
    np.testing.assert_allclose(image, drawn, rtol=1e-12)


def test_the_page_takes_turns_and_gives_verdicts() -> None:
    words = ["below", "there", "above"]
    turns = replace(ORBIT, in_turns=True)
    numbers = {"end": turns, "verdict": Verdict(a * 3, 0.3, words)}
    figure = replace(WAVE, numbers=numbers)
    orbit, verdicts = in_node(
        """
        const { end, verdict } = figure.numbers;
        console.log(JSON.stringify([
          compileOrbit(end)(values[0]), values.map(playable.compileVerdict(verdict)),
        ]));
        """,
        figure,
        [{"a": height, "n": 9} for height in (-0.7, 0.1, 0.2)],
    )
    expected = np.transpose(stills.places(turns, {"a": -0.7, "n": 9}))
    np.testing.assert_allclose(orbit, expected, rtol=1e-12)
    assert verdicts == words  # 3 times 0.1 is not quite 0.3


def test_the_page_counts_as_python_does() -> None:
    panel = Panel("", [SPREAD], UP, ACROSS)
    figure = replace(WAVE, panels=[panel], numbers={})
    assert figure.styles == {"spread": 0}
    found = in_node(
        """
        const [panel] = figure.panels;
        const shares = compileHistogram(panel.marks[0], panel.x);
        console.log(JSON.stringify(values.map(shares)));
        """,
        figure,
        [{"a": 0.5}, {"a": -1}],
    )
    expected = [stills.shares(SPREAD, ACROSS, {"a": height}) for height in (0.5, -1)]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_the_page_decodes_as_the_library_does() -> None:
    """The decoder of vae/training's latent plane, on a grid over the plane."""
    model = kept_plane(records.read(ROOT / "book/records/vae-plane-seed0.json"))
    first, last = model.decoder[0], model.decoder[2]
    layers = [
        Layer(first.weight.detach(), first.bias.detach(), "relu"),
        Layer(last.weight.detach(), last.bias.detach(), "sigmoid"),
    ]
    picture = Picture("", layers, ["x", "y"])
    figure = replace(WAVE, panels=[picture], numbers={})
    assert len(figure.data()) < 250_000
    side = torch.linspace(-3, 3, 13)
    grid = torch.cartesian_prod(side, side)
    found = in_node(
        "console.log(JSON.stringify("
        "values.map(compileNetwork(figure.panels[0].layers))));",
        figure,
        grid.tolist(),
    )
    np.testing.assert_allclose(found, vae.sample(model, grid), atol=2e-6)


# What is refused


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "My Figure"}, "must be like"),
        ({"settings": {"b": Setting("b", 0, 1, 1, 0)}}, "sets a, which is none of b"),
        ({"panels": [Panel("", [Dot(0, 0, of="b sin x")], UP)]}, "called 'b sin x'"),
        (
            {"panels": [Panel("", [Bars(dict.fromkeys("bcdefg", 1))], UP)]},
            "6 labels need more than 5",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        replace(WAVE, **change)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Setting("height", -1, 1, 0.1, 2), "a start between -1 and 1"),
        (lambda: Setting("height", -1, 1, 0, 0), "a step above 0"),
        (lambda: Setting("a", 0, 2, 1, 0, words=["b"]), "3 values; got 1 words"),
        (lambda: Verdict(a, 1, ["low", "high"]), "one of three words"),
        (lambda: Axis("x", 1, 1), "must go upwards"),
        (lambda: Axis("x", 0, 1, log=True), "from above 0"),
        (lambda: replace(ORBIT, start={"u": 1}), "both must name the same"),
        (lambda: Points([1], [], "3"), "got 1, 0 and '3'"),
        (lambda: Points([1], [1], "12"), "one character"),
        (lambda: replace(SPREAD, draws=[]), "needs draws and bins; got 0 and 12"),
        (lambda: replace(SPREAD, bins=0), "got 300 and 0"),
        (lambda: Handle("nothing", 0, 0, {}), "sets nothing"),
        (lambda: Layer([[1, 2]], [1, 2], "relu"), "a bias"),
        (lambda: Picture("", LAYERS, [a]), "takes 2 numbers, not 1"),
        (lambda: Picture("", LAYERS[:1], [a, a]), "5 pixels of '' make no square"),
    ],
)
def test_bad_parts_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
