"""The reader's own steps: exercises on the book's derivations, and their data.

    ```{derive} eq-kl-univariate
    :forms: KL, E
    ```

asks for the steps of the derivation that ends in this label, or in which a line lies
that is free of KL and another that is free of E. `first` and `last` cut out a part of
it. Each derivation that a page displays is marked, so that its steps can be changed.
"""

import json
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from lib.proof.attempt import Exercise
from lib.proof.chain import displayed
from lib.proof.saved import as_data
from tools.derivations import Derived, derivations

FOLDER = "book/"
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
    "sigmoid": "a sigmoid",
    "Sum": "a sum",
}


def setup(app: Sphinx) -> None:
    app.add_directive("derive", Derive)
    app.add_node(derive, html=(visit, depart), latex=(skip, None), text=(skip, None))


def derived(page: str) -> list[Derived]:
    """The derivations of a page, in the order in which it makes them."""
    return derivations().get(page.removeprefix(FOLDER), [])


def place(page: str, tex: str) -> int | None:
    """Which of a page's derivations it is that prints so."""
    for index, found in enumerate(derived(page)):
        if found.chain.steps and displayed(found.chain) == tex:
            return index
    return None


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
        said = {"said": [f"free of {_listed(form)}" for form in forms]}
        node = derive(data=json.dumps(data | said), ids=[f"derive-{label[3:]}"])
        text = nodes.paragraph()
        self.state.nested_parse(self.content, self.content_offset, node)
        node += text
        node += self._statement(exercise, said["said"])
        return [node]

    def _statement(self, exercise: Exercise, said: list[str]) -> list[nodes.Node]:
        """The start, the goal, and what the way must pass."""
        start, goal = exercise.chain.lines[exercise.first], exercise.goal
        parts: list[nodes.Node] = []
        for words, line in (("From", start), ("to", goal)):
            parts.append(nodes.paragraph(words, words))
            formula = nodes.math_block(
                line.latex, line.latex, nowrap=False, number=None
            )
            parts.append(formula)
        if said:
            way = f"On the way, pass a line {'; and one '.join(said)}."
            parts.append(nodes.paragraph(way, way))
        return parts


def _listed(form: list[str]) -> str:
    return " and ".join(SAID[name] for name in form)


def visit(self: HTML5Translator, node: nodes.Element) -> None:
    title = '<p class="derive-title">Derive it yourself</p>'
    opening = self.starttag(node, "section", "", CLASS="derive")
    data = f" data-exercise='{self.attval(node['data'])}'>"
    self.body.append(opening.rstrip().removesuffix(">") + data + title)


def depart(self: HTML5Translator, node: nodes.Element) -> None:
    self.body.append("</section>\n")


def skip(self: Any, node: nodes.Element) -> None:
    raise nodes.SkipNode


def write(site: Path) -> None:
    """The derivations of each page as data, beside its other files."""
    for page, found in derivations().items():
        if found:
            data = [as_data(each.chain) | {"variable": each.variable} for each in found]
            file = site / "_static" / "derivations" / f"{page}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(data, separators=(",", ":")), "utf-8")
