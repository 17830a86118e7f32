"""What a cell shows may have headings: they are sections of the page, as if typed.

MyST-NB takes them for captions, which the contents and the search do not know.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform


class OutputHeadings(SphinxTransform):
    """Turn what follows a heading in an output into a section after its cell."""

    default_priority = 200  # before targets hand their names on to what follows them

    def apply(self, **arguments: object) -> None:
        for output in list(self.document.findall(nodes.container)):
            shown = output.get("mime_type") == "text/markdown"
            if shown and any(map(_level, output.children)):
                hoist(self.document, output)


def setup(app: Sphinx) -> None:
    app.add_transform(OutputHeadings)


def _level(node: nodes.Node) -> int:
    """The level of a heading, the page's own being one; else zero."""
    return int(node.get("level", 0)) if isinstance(node, nodes.rubric) else 0


def hoist(document: nodes.document, output: nodes.Element) -> None:
    """Move an output, from its first heading on, into sections at its section's end."""
    home = output.parent
    while not isinstance(home, nodes.section):
        home = home.parent
    open_sections = [(_depth(home), home)]
    targets: list[nodes.Element] = []  # wait for what they name
    for node in output.children[_first_heading(output) :]:
        output.remove(node)
        if isinstance(node, nodes.target):
            targets.append(node)
        elif isinstance(node, nodes.rubric) and (level := _level(node)):
            while open_sections[-1][0] >= level:
                open_sections.pop()
            section = _section(document, node, targets)
            open_sections[-1][1].append(section)
            open_sections.append((level, section))
            targets = []
        else:
            open_sections[-1][1].extend([*targets, node])
            targets = []


def _first_heading(output: nodes.Element) -> int:
    """Where the first heading is, or the first of the targets that name it."""
    first = next(i for i, node in enumerate(output.children) if _level(node))
    while first and isinstance(output.children[first - 1], nodes.target):
        first -= 1
    return first


def _depth(section: nodes.Element) -> int:
    depth = 1
    while isinstance(section.parent, nodes.section):
        section, depth = section.parent, depth + 1
    return depth


def _section(
    document: nodes.document, heading: nodes.Element, targets: list[nodes.Element]
) -> nodes.section:
    """The section that a heading opens, with the names of the targets before it."""
    section = nodes.section()
    for named in (*targets, heading):
        section["ids"] += named["ids"]
        section["names"] += named["names"]
    for name in section["ids"]:
        document.ids[name] = section
    section += nodes.title(heading.rawsource, "", *heading.children)
    return section
