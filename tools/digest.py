"""A digest of all that a notebook's outputs rest on: its code, `lib`, and records.

By it a test tells a picture that no longer shows what the code computes.
"""

import ast
import functools
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
RECORDS = ROOT / "book" / "records"
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def canonical(value: object) -> object:
    """Return a syntax tree as nested lists, without comments, docstrings, positions.

    Python's own `ast.dump` differs between 3.11 and 3.12, which have other empty
    fields; here empty fields are left out.
    """
    if isinstance(value, ast.AST):
        fields = dict(ast.iter_fields(value))
        if isinstance(value, DOCUMENTED) and ast.get_docstring(value) is not None:
            fields["body"] = fields["body"][1:]
        if isinstance(value, ast.JoinedStr):
            # Python 3.12.1 ends a nested format with an empty string.
            fields["values"] = [
                part for part in value.values if getattr(part, "value", None) != ""
            ]
        return [type(value).__name__] + [
            [name, canonical(field)]
            for name, field in fields.items()
            if field is not None and field != []
        ]
    if isinstance(value, list):
        return [canonical(item) for item in value]
    return repr(value)


def parse_cell(source: str) -> ast.Module:
    """Parse a code cell; a leading string is kept, for the cell displays it."""
    tree = ast.parse(source)
    if ast.get_docstring(tree) is not None:
        tree.body.insert(0, ast.Pass())
    return tree


def lib_imports(tree: ast.AST, package: tuple[str, ...] = ()) -> set[str]:
    """Return the modules of `lib` that a piece of code in a package imports from.

    What a wing's door passes on counts as imported from where it is defined.
    """
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            parts = (*above, *(node.module or "").split("."))
            module = ".".join(part for part in parts if part)
            found |= {home(module, alias.name) for alias in node.names}
    return {name for name in found if name.split(".")[0] == "lib" and _file(name)}


def _file(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    places = (path.with_suffix(".py"), path / "__init__.py")
    return next((place for place in places if place.exists()), None)


def home(module: str, name: str) -> str:
    """Return the module in which what `module` calls `name` is defined."""
    if _file(f"{module}.{name}"):
        return f"{module}.{name}"
    door = _file(module)
    if module.split(".")[0] != "lib" or door is None or door.name != "__init__.py":
        return module
    for node in ast.walk(ast.parse(door.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if name == (alias.asname or alias.name):
                    return home(f"{module}.{node.module}", alias.name)
    return module


def lib_modules(trees: list[ast.Module]) -> dict[str, object]:
    """Return the modules of `lib` that code imports, directly or not, canonical."""
    found: dict[str, object] = {}
    waiting = set().union(*map(lib_imports, trees))
    while waiting:
        name = waiting.pop()
        file = _file(name)
        assert file is not None
        package = file.relative_to(ROOT).parent.parts
        found[name], imports = _read_module(file.read_text("utf-8"), package)
        waiting |= imports - set(found)
    return found


@functools.cache  # twelve notebooks rest on the same modules
def _read_module(text: str, package: tuple[str, ...]) -> tuple[object, set[str]]:
    """A module as ``canonical`` gives it, and what it imports."""
    tree = ast.parse(text)
    return canonical(tree), lib_imports(tree, package)


def record_files(trees: list[ast.Module]) -> Iterator[Path]:
    """Yield the records whose file name starts with a string that the code holds."""
    strings = {
        Path(node.value).name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    stems = tuple(string for string in strings if len(string) > 3)
    for path in sorted(RECORDS.rglob("*")):
        if path.is_file() and path.name.startswith(stems):
            yield path


def digest(notebook: nbformat.NotebookNode) -> str:
    """Return a digest of the notebook's code and of all that the code rests on.

    That is the code cells, the modules of `lib` that they import, directly or
    through one another, and the records that they name; not comments, not
    docstrings.
    """
    cells = [parse_cell(cell.source) for cell in code_cells(notebook)]
    parts = {
        "cells": [canonical(tree) for tree in cells],
        "lib": lib_modules(cells),
        "records": {
            path.relative_to(RECORDS).as_posix(): hashlib.sha256(
                path.read_bytes()
            ).hexdigest()
            for path in record_files(cells)
        },
    }
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
