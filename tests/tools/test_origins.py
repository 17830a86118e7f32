"""Lines that say which outputs come from records, and which from a training."""

import pytest

from tools.site.origins import with_origins

TEXT = [{"output_type": "stream", "text": "1"}]
TABLE = [{"output_type": "execute_result", "data": {"text/markdown": "1"}}]


def origins(*codes: str, outputs: list[dict] = TABLE) -> list[str]:
    """What is said below cells of these codes, each with an output."""
    cells = [
        {"cell_type": "code", "metadata": {}, "source": code, "outputs": outputs}
        for code in codes
    ]
    found = list(with_origins(cells))
    assert [cell for cell in found if cell["cell_type"] == "code"] == cells
    below = zip(found, [*found[1:], {"cell_type": "code"}], strict=True)
    return [
        following["source"].split("\n")[0].removeprefix("```{origin} ")
        if following["cell_type"] == "markdown"
        else ""
        for cell, following in below
        if cell["cell_type"] == "code"
    ]


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (["records.read(path)"], ["recorded"]),
        (
            ["one = records.read(path)", "x = 2", "print(one)"],
            ["recorded", "", "recorded"],
        ),
        (
            ["runs = {}\nfor k in range(3):\n    runs[k] = records.read(k)", "runs"],
            ["recorded", "recorded"],
        ),
        (["all = [records.read(k) for k in range(3)]", "all[0]"], ["recorded"] * 2),
        (["one = records.read(path)", "one = 1", "one"], ["recorded", "", ""]),
        (
            ["one = records.read(path)", "def f(one):\n    return one\nf(2)"],
            ["recorded", ""],
        ),
        (["from lib.training import records", "folder = records"], ["", ""]),
        (["model, history = train_vae(run)", "plot(history)"], ["trained", "trained"]),
        (
            ["past = train_gan(run), records.read(path)", "past"],
            ["recorded trained"] * 2,
        ),
    ],
)
def test_outputs_say_what_their_code_names(codes: list[str], said: list[str]) -> None:
    assert origins(*codes) == said


def test_a_printed_line_and_no_output_say_nothing_of_a_training() -> None:
    assert origins("history = train_vae(run)", outputs=TEXT) == [""]
    assert origins("seeds = records.read(path)", outputs=TEXT) == ["recorded"]
    both = "past = train_gan(run), records.read(path)"
    assert origins(both, outputs=TEXT) == ["recorded trained"]
    assert origins("seeds = records.read(path)", outputs=[]) == [""]
