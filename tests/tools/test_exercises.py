"""Exercises are read from the cells without their solutions, with their times."""

import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from tools.digest import ROOT
from tools.site.contents import chapters
from tools.site.exercises import exercises, sections

ONE = """Before.

```{exercise}
:label: ex-one
:class: minutes-10
The first. What is asked?
```

Given with it.
"""
TWO = """
````{exercise-start}
:label: ex-two
:class: wide minutes-15
````
The second.
"""
SOLUTION = """
```{solution-start} ex-two
:class: dropdown
```
Solved."""


def test_what_is_asked_is_told_from_what_is_solved() -> None:
    cells = [
        new_code_cell("before"),
        new_markdown_cell(ONE),
        new_code_cell("complete me"),
        new_markdown_cell(
            "```{solution} ex-one\n:class: dropdown\nSolved.\n```\n" + TWO
        ),
        new_code_cell("and me"),
        new_markdown_cell("```{exercise-end}\n```\n" + SOLUTION),
        new_code_cell("solved"),
        new_markdown_cell("```{solution-end}\n```\n\n## Sources\n\nAfter."),
        new_code_cell("after"),
    ]
    one, two = exercises(cells)
    assert (one.label, one.minutes) == ("ex-one", 10)
    assert one.text == "The first. What is asked?\n\nGiven with it."
    assert (two.label, two.minutes, two.text) == ("ex-two", 15, "The second.")
    assert [cell.source for cell in one.cells] == ["complete me"]
    assert [cell.source for cell in two.cells] == ["and me"]


@pytest.mark.parametrize("option", [":label: ex-one\n", ":class: minutes-10\n"])
def test_an_exercise_without_a_label_or_a_time_is_refused(option: str) -> None:
    with pytest.raises(ValueError, match=r"needs a :label: and its time"):
        exercises([new_markdown_cell(ONE.replace(option, ""))])


def test_the_list_has_every_exercise_of_the_book() -> None:
    text = sections()
    labels = [
        label
        for chapter in chapters()
        for cell in chapter.cells
        for label in re.findall(r"^:label: (ex-\S+)", cell.source, re.MULTILINE)
    ]
    assert len(labels) > 40
    assert re.findall(r"^- \{ref\}`(.+?)`, \d+ min", text, re.MULTILINE) == labels
    assert "Solution" not in text


def test_each_time_is_shown_with_its_exercise() -> None:
    style = (ROOT / "book/_static/book.css").read_text("utf-8")
    for chapter in chapters():
        for exercise in exercises(chapter.cells):
            n = exercise.minutes
            assert f'.minutes-{n} {{ --minutes: "{n}"; }}' in style
