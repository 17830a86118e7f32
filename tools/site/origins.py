"""Where an output's numbers come from: recorded runs, or a training on the page.

A cell says so below its output if its code reads a record or trains a model, or names
what was read or trained. What is computed from that further on is not followed.
"""

import ast
import json
from collections.abc import Iterator

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from .folds import Cell

RECORDS = "records"  # the module by which chapters read what runs have left
TRAINING = "train_"  # how the functions begin that train a model
RUNS = "/book/appendix/recorded_runs"
SAID = {
    (True, False): ("recorded", "From"),
    (False, True): ("trained", "Trained when this page was run"),
    (True, True): ("recorded", "Trained when this page was run, beside"),
}


def setup(app: Sphinx) -> None:
    app.add_directive("origin", Origin)
    app.connect("source-read", name_origins)


class Origin(SphinxDirective):
    """A line that says where the output above it comes from."""

    required_arguments = 1
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        recorded, trained = (kind in self.arguments for kind in ("recorded", "trained"))
        mark, words = SAID[recorded, trained]
        said = nodes.emphasis("", words + (" " if recorded else "."))
        if recorded:
            options = {"refdomain": "std", "reftype": "doc", "refexplicit": True}
            runs = pending_xref("", reftarget=RUNS, refdoc=self.env.docname, **options)
            runs += nodes.inline(
                "", "recorded runs", classes=["xref", "std", "std-doc"]
            )
            said += [runs, nodes.Text(".")]
        return [nodes.paragraph("", "", said, classes=["mark", mark])]


def name_origins(app: Sphinx, name: str, source: list[str]) -> None:
    """Put the lines below the cells of a notebook that MyST-NB is about to read."""
    if str(app.env.doc2path(name)).endswith(".ipynb"):
        notebook = json.loads(source[0])
        notebook["cells"] = list(with_origins(notebook["cells"]))
        source[0] = json.dumps(notebook)


def with_origins(cells: list[Cell]) -> Iterator[Cell]:
    """The cells, and a line below each that shows what was recorded or trained."""
    names: dict[str, set[str]] = {"recorded": set(), "trained": set()}
    for cell in cells:
        yield cell
        if cell["cell_type"] != "code":
            continue
        found = named_in(ast.parse("".join(cell["source"])), names)
        printed = not any("data" in output for output in cell["outputs"])
        if found == ["trained"] and printed:  # what it prints says so itself
            continue
        if found and cell["outputs"]:
            text = f"```{{origin}} {' '.join(found)}\n```"
            line = {"cell_type": "markdown", "metadata": {}, "source": text}
            yield line | ({"id": f"{cell['id']}-origin"} if "id" in cell else {})


def named_in(tree: ast.Module, names: dict[str, set[str]]) -> list[str]:
    """The origins that code names; ``names`` of each follow what it assigns."""
    own = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.For | ast.comprehension):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            value = node.value if isinstance(node, ast.Assign) else node.iter
            for kind, known in names.items():
                assigned = set().union(*map(bases, targets))
                if makes(value, kind):
                    known |= assigned
                else:
                    known -= assigned
        for kind, known in names.items():
            if makes(node, kind) or (
                isinstance(node, ast.Name) and node.id in known - own
            ):
                found.add(kind)
    return sorted(found)


def makes(node: ast.AST, kind: str) -> bool:
    """Whether a record is read in a piece of code, or a model trained."""
    calls = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
    if kind == "recorded":
        read = (c.value for c in calls if isinstance(c, ast.Attribute))
        return any(isinstance(v, ast.Name) and v.id == RECORDS for v in read)
    return any(isinstance(c, ast.Name) and c.id.startswith(TRAINING) for c in calls)


def bases(target: ast.AST) -> set[str]:
    """The names that an assignment gives a value, or a part of one."""
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    names = (node for node in ast.walk(target) if isinstance(node, ast.Name))
    return {node.id for node in names}
