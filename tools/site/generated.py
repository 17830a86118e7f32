"""Parts of pages that are made anew from the book and its library in each build."""

from collections.abc import Callable

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from . import checks, exercises, growth, library, runs

PARTS: dict[str, Callable[[], str]] = {
    "checked-steps": checks.table,
    "published-figures": runs.compared,
    "growth": growth.table,
    "exercises-by-chapter": exercises.sections,
    "recorded-runs": runs.sections,
    "library": library.sections,
}


class Generated(SphinxDirective):
    """The MyST text that the part of this directive's name makes.

    Sections in it become the page's, so it stands at the end; what is before its first
    heading would come after all of them.
    """

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        text = PARTS[self.name]()
        return self.parse_text_to_nodes(text, allow_section_headings=True)


class Counted(SphinxRole):
    """{counted}`steps`: a number that is counted under this name."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        self.env.note_reread()
        counts = {**checks.counts(), **exercises.counts()}
        if self.text not in counts:
            known = ", ".join(sorted(counts))
            message = self.inliner.reporter.error(
                f"nothing is counted as {self.text!r}: there are {known}"
            )
            return [], [message]
        return [nodes.Text(f"{counts[self.text]:,}")], []


def setup(app: Sphinx) -> None:
    for name in PARTS:
        app.add_directive(name, Generated)
    app.add_role("counted", Counted())
