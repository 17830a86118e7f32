"""Figures with sliders: what they refuse, and that their HTML is safe and the same."""

from dataclasses import replace

import pytest

from lib.pages.playable import Playable, Slider

WAVE = Playable(
    name="wave",
    title='A wave, "a<b"',
    variable="x",
    x_range=(0, 6),
    y_range=(-2, 2),
    curves={"a sin x": "a*Math.sin(x)"},
    numbers={"height": "a"},
    sliders={"a": Slider("height", -1, 1, 0.1, 0.5)},
)


def test_html_is_the_same_and_asks_for_nothing() -> None:
    html = WAVE._repr_html_()
    assert html == replace(WAVE)._repr_html_()
    assert "src=" not in html
    assert html.count("http") == 1, "only the namespace of SVG"


def test_words_cannot_break_the_page() -> None:
    html = WAVE._repr_html_()
    assert 'aria-label="A wave, &quot;a&lt;b&quot;"' in html


def test_formulas_take_the_sliders_and_the_variable() -> None:
    html = WAVE._repr_html_()
    assert "const curves = [(a, x) => a*Math.sin(x)];" in html
    assert 'min="-1" max="1" step="0.1" value="0.5"' in html


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "My Figure"}, "must be like"),
        ({"sliders": {"a": Slider("height", -1, 1, 0.1, 2)}}, "within its range"),
        ({"sliders": {"a b": Slider("height", -1, 1, 0.1, 0)}}, "name of a variable"),
        ({"filled": ("b sin x",)}, "names no curve: b sin x"),
    ],
)
def test_bad_fields_are_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(WAVE, **change)
