"""Headings in a cell's output become sections of the page, with their targets."""

from docutils import nodes
from docutils.utils import new_document

from tools.site.headings import hoist


def rubric(text: str, level: int) -> nodes.rubric:
    name = text.lower()
    return nodes.rubric(text, text, level=level, ids=[name], names=[name])


def paragraph(text: str) -> nodes.paragraph:
    return nodes.paragraph(text, text)


def page(*shown: nodes.Node) -> tuple[nodes.document, nodes.container]:
    """A page with one section, whose last cell shows these nodes."""
    document = new_document("page")
    output = nodes.container("", *shown, mime_type="text/markdown")
    cell = nodes.container("", output)
    document += nodes.section("", nodes.title("Page", "Page"), cell, ids=["page"])
    return document, output


def outline(node: nodes.Element) -> list:
    """Titles with what stands under each, and texts."""
    found: list = []
    for child in node.children:
        if isinstance(child, nodes.section):
            found.append((child[0].astext(), outline(child)))
        elif isinstance(child, nodes.paragraph):
            found.append(child.astext())
    return found


def test_what_follows_a_heading_is_its_section() -> None:
    target = nodes.target("", "", ids=["claim-1"], names=["claim-1"])
    head, one, two = paragraph("head"), paragraph("one"), paragraph("two")
    document, output = page(
        head, rubric("A", 2), target, rubric("A1", 3), one, rubric("B", 2), two
    )
    hoist(document, output)
    assert output.children == [head]
    assert outline(document[0]) == [("A", [("A1", ["one"])]), ("B", ["two"])]
    section = document[0][2][1]
    assert section["ids"] == ["claim-1", "a1"]
    assert document.ids["claim-1"] is document.ids["a1"] is section


def test_a_target_that_names_no_heading_stays_before_what_it_names() -> None:
    target = nodes.target("", "", ids=["t"])
    text = paragraph("text")
    document, output = page(rubric("A", 2), target, text)
    hoist(document, output)
    assert document[0][2].children[1:] == [target, text]
