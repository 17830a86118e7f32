"""Folded cells say what is in them: a derivation, a figure, or what others use.

Those that show nothing are folded together with the next one that does.
"""

import json
from typing import Any

from sphinx.application import Sphinx

Cell = dict[str, Any]


def setup(app: Sphinx) -> None:
    app.connect("source-read", fold)


def fold(app: Sphinx, name: str, source: list[str]) -> None:
    """Name the folds of a notebook in its cells' metadata, for MyST-NB to print."""
    if not str(app.env.doc2path(name)).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    notebook["cells"] = joined(notebook["cells"])
    for cell in filter(is_folded, notebook["cells"]):
        said = said_of(cell)
        prompts = {"code_prompt_show": said, "code_prompt_hide": said}
        cell["metadata"].setdefault("mystnb", {}).update(prompts)
    source[0] = json.dumps(notebook)


def is_folded(cell: Cell) -> bool:
    return "hide-input" in cell["metadata"].get("tags", [])


def joined(cells: list[Cell]) -> list[Cell]:
    """The cells, and what is folded without an output put before what follows it."""
    found: list[Cell] = []
    for cell in cells:
        before = found[-1] if found else None
        silent = before is not None and is_folded(before) and not before["outputs"]
        if before is not None and silent and is_folded(cell):
            code = ["".join(c["source"]) for c in (found.pop(), cell)]
            cell = {**cell, "source": "\n\n".join(code)}
        found.append(cell)
    return found


def said_of(cell: dict[str, Any]) -> str:
    """What a folded cell holds, in words."""
    if not cell["outputs"]:
        return "What the next cells use"
    if "derivation" in cell["metadata"]["tags"]:
        return "How this derivation is written"
    if any("image/png" in output.get("data", {}) for output in cell["outputs"]):
        return "How this figure is drawn"
    return "The code of this output"
