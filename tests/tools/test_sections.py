"""A section is found by the equation or the code that stands in it."""

import pytest
from docutils import nodes
from docutils.utils import new_document

from tools.site.sections import section_with


def section(title: str, *content: nodes.Node) -> nodes.section:
    return nodes.section("", nodes.title(title, title), *content)


@pytest.fixture
def document() -> nodes.document:
    equation = nodes.math_block("", "a = b", label="eq-a")
    code = nodes.container("", nodes.literal_block("", "answer(1)"))
    made = new_document("page")
    inner = section("Inner", equation)
    made += section("Page", section("Outer", inner), section("Last", code))
    return made


@pytest.mark.parametrize(
    ("mark", "title"),
    [("eq-a", "Inner"), ("answer(1)", "Last"), ("answer(2)", "Page"), ("eq", "Page")],
)
def test_the_innermost_section_with_the_mark_is_found(
    document: nodes.document, mark: str, title: str
) -> None:
    assert section_with(document, mark)[0].astext() == title
