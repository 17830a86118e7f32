"""{section}`vae/elbo: eq-elbo-gap` links to a section by its title.

It is the one of that chapter in which the equation with this label stands, or the code
or text that follows the colon; the chapter itself, where there is none.
"""

import functools
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.roles import XRefRole
from sphinx.util.nodes import make_refnode

KIND = "book-section"


class SectionRole(XRefRole):
    """A link that is made when all pages are read."""

    def process_link(
        self,
        env: BuildEnvironment,
        refnode: nodes.Element,
        has_explicit_title: bool,
        title: str,
        target: str,
    ) -> tuple[str, str]:
        refnode["reftype"] = KIND
        return title, target


def setup(app: Sphinx) -> None:
    app.add_role("section", SectionRole(innernodeclass=nodes.inline))
    app.connect("missing-reference", resolve)


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Any
) -> nodes.reference | None:
    """The link, or None where there is no such chapter, of which Sphinx warns."""
    if node["reftype"] != KIND:
        return None
    chapter, _, mark = node["reftarget"].partition(": ")
    page = f"book/{chapter}"
    if page not in env.found_docs:
        return None
    section = section_with(doctree(env, page), mark)
    target = "" if isinstance(section.parent, nodes.document) else section["ids"][0]
    title = nodes.inline("", "", *(n.deepcopy() for n in section[0].children))
    return make_refnode(app.builder, node["refdoc"], page, target, title)


@functools.lru_cache(64)  # a page of claims names the same chapters again and again
def doctree(env: BuildEnvironment, page: str) -> nodes.document:
    return env.get_doctree(page)


def section_with(document: nodes.document, mark: str) -> nodes.section:
    """The innermost section with an equation of this label, or with this text."""
    found = next(document.findall(nodes.section))
    for node in document.findall(lambda node: _bears(node, mark)):
        while not isinstance(node, nodes.section):
            node = node.parent
        return node
    return found


def _bears(node: nodes.Node, mark: str) -> bool:
    if isinstance(node, nodes.math_block):
        return node.get("label") == mark
    return isinstance(node, nodes.literal_block) and mark in node.astext()
