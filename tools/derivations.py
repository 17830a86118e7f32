"""The derivations of the book, collected from its cells without deciding anything.

Cells tagged ``derivation`` need nothing of the other cells; they run here in the order
of the page. Their checks are switched off, for nbval runs the same cells with them.
"""

import contextlib
import functools
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from lib.proof import abbreviations, derivation
from lib.proof.derivation import Derivation
from lib.proof.equality import Verdict
from tools.digest import code_cells
from tools.notebooks import BOOK, book_notebooks, read


@dataclass
class Derived:
    """A derivation, and the variable of its notebook that holds it, if one does."""

    chain: Derivation
    variable: str = ""


def derivation_cells(path: Path) -> list[str]:
    """The sources of the cells that carry the tag."""
    return [
        cell.source
        for cell in code_cells(read(path))
        if "derivation" in cell.metadata.get("tags", [])
    ]


def derivations() -> dict[str, list[Derived]]:
    """Of each chapter, by its path under ``book/``, in the order of the page."""
    return {
        path.relative_to(BOOK).with_suffix("").as_posix(): derived_in(path)
        for path in book_notebooks()
    }


@functools.cache
def derived_in(path: Path) -> list[Derived]:
    """Those of one notebook."""
    found: list[Derived] = []
    start = Derivation.__init__

    def noted(chain: Derivation, *arguments: Any, **options: Any) -> None:
        start(chain, *arguments, **options)
        found.append(Derived(chain))

    def accepted(*_: Any) -> Verdict:
        return Verdict(True, "normal form")

    names: dict[str, Any] = {}
    with (
        mock.patch.object(Derivation, "__init__", noted),
        mock.patch.object(derivation, "_decided", accepted),
        mock.patch.object(abbreviations, "_refuse_unlike"),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        for source in derivation_cells(path):
            exec(compile(source, str(path), "exec"), names)
    held = {id(value): name for name, value in names.items()}
    for derived in found:
        derived.variable = held.get(id(derived.chain), "")
    return found
