"""The reader's own steps: exercises on the book's derivations, and their data.

    ```{derive} eq-kl-univariate
    :forms: KL E+KL
    ```

asks for the steps of the derivation that ends in this label. The way to its end must
pass a line that is free of KL, and one that is free of both E and KL; `first` and
`last` cut out a part of the steps. Each derivation that a page displays is marked, so
that its steps can be changed.
"""

import functools
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from lib.proof.attempt import Exercise
from lib.proof.questions import names_of
from lib.proof.saved import as_data
from tools.derivations import Derived, derived_in
from tools.digest import ROOT

FOLDER = "book/"
NO_SCRIPT = "The lines that you write are checked here, which needs scripts."
SAID = {
    "E": "an expectation",
    "KL": "a divergence",
    "Int": "an integral over a whole space",
    "Integral": "an integral",
    "Var": "a variance",
    "Gradient": "a gradient",
    "Derivative": "a derivative",
    "log": "a logarithm",
    "exp": "an exponential",
    "Determinant": "a determinant",
    "Jacobian": "a Jacobian",
    "LayerNorm": "a LayerNorm",
    "MatrixGradient": "a gradient",
    "sigmoid": "a sigmoid",
    "Sum": "a sum",
}


def setup(app: Sphinx) -> None:
    app.add_directive("derive", Derive)
    app.add_node(derive, html=(visit, depart), latex=(skip, None), text=(skip, None))


def derived(page: str) -> list[Derived]:
    """The derivations of a page, in the order in which it makes them."""
    path = ROOT / f"{page}.ipynb"
    return derived_in(path) if path.is_file() else []


def place(page: str, tex: str) -> int | None:
    """Which of a page's derivations it is that prints so."""
    return _places(page).get(_unmarked(tex))


@functools.cache
def _places(page: str) -> dict[str, int]:
    chains = [found.chain for found in derived(page)]
    return {
        _unmarked(chain.blocks[0]): index
        for index, chain in enumerate(chains)
        if chain.steps
    }


def _unmarked(tex: str) -> str:
    """TeX without the star over a sign, which says how a step was checked: not here."""
    return " ".join(re.sub(r"\\overset\{\*\}\{(.*?)\}", r"\1", tex).split())


class derive(nodes.General, nodes.Element):  # noqa: N801 - as docutils names nodes
    """An exercise; what it shows without a script stands inside."""


class Derive(SphinxDirective):
    """``{derive} label``: steps of a derivation, for the reader to write."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {
        "first": directives.nonnegative_int,
        "last": directives.nonnegative_int,
        "forms": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        page, label = self.env.docname, self.arguments[0]
        found = derived(page)
        index = next((i for i, d in enumerate(found) if d.chain.label == label), None)
        if index is None:
            raise self.error(f"{page} has no derivation that ends in {label}")
        forms = [form.split("+") for form in self.options.get("forms", "").split()]
        exercise = Exercise(
            found[index].chain,
            self.options.get("first", 0),
            self.options.get("last", -1),
            forms,
        )
        data = {
            "chain": index,
            "first": exercise.first,
            "last": exercise.last,
            "forms": forms,
        }
        node = derive(data=json.dumps(data), ids=[f"derive-{label[3:]}"])
        self.state.nested_parse(self.content, self.content_offset, node)
        node += statement(exercise)
        return [node]


def statement(exercise: Exercise) -> list[nodes.Node]:
    """The start, the goal, and what the way between them must pass."""
    start, goal = exercise.chain.lines[exercise.first], exercise.goal
    parts: list[nodes.Node] = []
    for words, line in (("From", start), ("to", goal)):
        parts.append(nodes.paragraph(words, words))
        parts.append(
            nodes.math_block(line.latex, line.latex, nowrap=False, number=None)
        )
    if exercise.forms:
        parts.append(nodes.paragraph("", "passing, on the way,"))
        items = [
            nodes.list_item("", _free_of(exercise, form)) for form in exercise.forms
        ]
        parts.append(nodes.bullet_list("", *items, classes=["way"]))
    return parts


def _free_of(exercise: Exercise, form: Sequence[str]) -> nodes.paragraph:
    """What a form asks for: an operator in words, all else as it prints."""
    printed = names_of(exercise.chain)
    said = nodes.paragraph("", "a line free of ")
    for index, name in enumerate(form):
        if index:
            said += nodes.Text(" and ")
        if name in SAID:
            said += nodes.Text(SAID[name])
        else:
            said += nodes.math(printed[name], printed[name])
    return said


def visit(self: HTML5Translator, node: nodes.Element) -> None:
    title = '<p class="derive-title">Derive it yourself</p>'
    data: dict[str, Any] = {"data-exercise": node["data"]}
    self.body.append(self.starttag(node, "section", "", CLASS="derive", **data) + title)


def depart(self: HTML5Translator, node: nodes.Element) -> None:
    self.body.append(f'<p class="needs-scripts">{NO_SCRIPT}</p></section>\n')


def skip(self: Any, node: nodes.Element) -> None:
    raise nodes.SkipNode


def write(site: Path) -> None:
    """The derivations of each page as data, beside its other files."""
    for html in sorted((site / FOLDER).rglob("*.html")):
        page = html.relative_to(site).with_suffix("")
        if found := derived(page.as_posix()):
            data = [as_data(each.chain) | {"variable": each.variable} for each in found]
            name = page.relative_to(FOLDER).with_suffix(".json")
            file = site / "_static" / "derivations" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(data, separators=(",", ":")), "utf-8")
