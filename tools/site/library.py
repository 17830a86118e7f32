"""The public functions of ``lib``, as MyST text, from their sources and docstrings.

Nothing is imported: signatures and docstrings are read. What a docstring names as
{eq}`eq-...` links to the equation, and the equation's chapter back to the function.
"""

import ast
import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from tools.digest import ROOT, home

Definition = ast.FunctionDef | ast.ClassDef
WINGS = {
    "proof": "Derivations and their checks",
    "report": "The report's claims",
    "models": "Models",
    "data": "Data",
    "training": "Training",
    "experiments": "Experiments",
    "pages": "Figures and tables",
}
EQUATION = re.compile(r"\{eq\}`(eq-[\w-]+)`")


class Entry(NamedTuple):
    """A public function or class: where it is defined, and how one reaches it."""

    wing: str
    module: str
    definition: Definition

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def anchor(self) -> str:
        kind = "-class" if isinstance(self.definition, ast.ClassDef) else ""
        return re.sub("[._]", "-", f"{self.module}.{self.name}{kind}").lower()

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.definition) or ""


@functools.cache
def tree(module: str) -> ast.Module:
    path = ROOT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text("utf-8"))


@functools.cache
def entries() -> tuple[Entry, ...]:
    """What the wings' doors name, and what the modules define that they name.

    Once each, also what several modules pass on.
    """
    return tuple(dict.fromkeys(entry for wing in WINGS for entry in _of_wing(wing)))


def _of_wing(wing: str) -> Iterator[Entry]:
    door = f"lib.{wing}"
    for name in _named_by(door):
        module = home(door, name)
        if module == f"{door}.{name}":  # a module of the wing
            for definition in _public(module):
                yield Entry(wing, module, definition)
            yield from _passed_on(wing, module)
        else:
            yield from (
                Entry(wing, module, d) for d in _public(module) if d.name == name
            )


def _passed_on(wing: str, module: str) -> Iterator[Entry]:
    """What a module takes from one of its wing that the door does not name."""
    for node in tree(module).body:
        if isinstance(node, ast.ImportFrom) and node.level and node.module:
            origin = f"lib.{wing}.{node.module}"
            taken = {alias.name for alias in node.names}
            if node.module not in _named_by(f"lib.{wing}"):
                for definition in _public(origin):
                    if definition.name in taken:
                        yield Entry(wing, origin, definition)


def _named_by(door: str) -> list[str]:
    for node in tree(door).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    raise ValueError(f"{door} has no __all__")


def _public(module: str) -> list[Definition]:
    """The functions and classes of a module that have a docstring and a plain name."""
    return [
        node
        for node in tree(module).body
        if isinstance(node, Definition)
        and not node.name.startswith("_")
        and ast.get_docstring(node)
    ]


MAKERS = ("__init__", "__new__", "eval")  # the last is how SymPy's functions are made


def signature(definition: Definition) -> str:
    """How a function is called or a class is made, as it stands in the source."""
    if isinstance(definition, ast.FunctionDef):
        returned = (
            f" -> {ast.unparse(definition.returns)}" if definition.returns else ""
        )
        return f"{definition.name}({ast.unparse(definition.args)}){returned}"
    methods = {n.name: n for n in definition.body if isinstance(n, ast.FunctionDef)}
    made = [methods[name] for name in MAKERS if name in methods]
    if made:
        _, *arguments = ast.unparse(made[0].args).split(", ", 1)
        return f"class {definition.name}({''.join(arguments)})"
    fields = [ast.unparse(n) for n in definition.body if isinstance(n, ast.AnnAssign)]
    return f"class {definition.name}({', '.join(fields)})"


def sections() -> str:
    """A section for each wing, one for each of its modules, and their entries."""
    parts: list[str] = []
    wing = module = ""
    for entry in sorted(entries(), key=lambda e: (list(WINGS).index(e.wing), e.module)):
        if entry.wing != wing:
            wing = entry.wing
            parts.append(f"## {WINGS[wing]}")
        if entry.module != module:
            module = entry.module
            parts += [f"### {module}", _first_line(module), _shapes(module)]
        parts.append(_shown(entry))
    return "\n\n".join(parts)


def _first_line(module: str) -> str:
    return (ast.get_docstring(tree(module)) or "").split("\n\n")[0]


def _shapes(module: str) -> str:
    """What a module calls its kinds of tensors, where it has names for them."""
    named = [
        f"`{ast.unparse(node.targets[0])}` is `{ast.unparse(node.value)}`"
        for node in tree(module).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript)
        if "Tensor, " in ast.unparse(node.value)
    ]
    return f"Here {', '.join(named)}." if named else ""


def _shown(entry: Entry) -> str:
    return (
        f"({entry.anchor})=\n#### {entry.name}\n\n"
        f"```python\n{signature(entry.definition)}\n```\n\n{entry.docstring}"
    )


def implementations() -> dict[str, list[Entry]]:
    """The entries whose docstrings name an equation, by its label."""
    found: dict[str, list[Entry]] = {}
    for entry in entries():
        for label in dict.fromkeys(EQUATION.findall(entry.docstring)):
            found.setdefault(label, []).append(entry)
    return found


class BackLinks(SphinxTransform):
    """Under an equation that the library implements: where."""

    default_priority = 400

    def apply(self, **arguments: object) -> None:
        known = implementations()
        for equation in list(self.document.findall(nodes.math_block)):
            named = known.get(equation.get("label") or "", [])
            if named and equation.parent is not None:
                place = equation.parent.index(equation) + 1
                equation.parent.insert(place, in_code(self.env.docname, named))


def in_code(page: str, named: list[Entry]) -> nodes.paragraph:
    """A line that links to these entries."""
    line = nodes.paragraph("", "In code: ", classes=["in-code"])
    for index, entry in enumerate(named):
        line += nodes.Text(", " if index else "")
        line += pending_xref(
            "",
            nodes.literal(entry.name, entry.name),
            refdoc=page,
            refdomain="std",
            reftype="ref",
            reftarget=entry.anchor,
            refexplicit=True,
            refwarn=True,
        )
    return line


def setup(app: Sphinx) -> None:
    app.add_transform(BackLinks)
