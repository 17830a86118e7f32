"""Tables: what a reader sees is what was put in."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from lib.pages.tables import as_table, mean_and_spread

WORDS = st.text("ab |\\\n*", max_size=6)


@given(st.lists(st.tuples(WORDS, st.integers()), max_size=3))
def test_cells_come_out_as_they_went_in(rows: list[tuple[str, int]]) -> None:
    html = MarkdownIt("zero").enable("table").render(as_table(["a", "b"], rows).data)
    assert html.count("<td>") == 2 * len(rows)
    assert html.count("|") == sum(word.count("|") for word, _ in rows)
    for _, number in rows:
        assert f"<td>{number}</td>" in html


def test_a_space_that_must_not_break_stays() -> None:
    assert mean_and_spread([1, 3]) in as_table(["a"], [[mean_and_spread([1, 3])]]).data


def test_a_row_with_too_few_cells_is_refused() -> None:
    with pytest.raises(ValueError, match="2 columns, but a row has 1"):
        as_table(["a", "b"], [["x"]])


def test_mean_and_spread_are_those_of_the_standard_library() -> None:
    values = [0.98, 0.97, 0.975]
    mean, spread = statistics.mean(values), statistics.stdev(values)
    assert mean_and_spread(values) == f"{mean:.3f}\N{NO-BREAK SPACE}±\xa0{spread:.3f}"
    assert mean_and_spread([1, 3], "+.0f").split() == ["+2", "±", "1"]
    assert mean_and_spread([-1, -3], "+.0f").split() == ["\N{MINUS SIGN}2", "±", "1"]
    with pytest.raises(ValueError, match="two values"):
        mean_and_spread([1.0])
