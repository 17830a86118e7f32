"""The chapters of the book, in its order, and what the notebooks among them store."""

import functools
import json
from typing import NamedTuple

import nbformat
import yaml

from tools.digest import ROOT


class Chapter(NamedTuple):
    """A notebook of a part: ``name`` is its path below ``book/``, as in vae/elbo."""

    part: str
    name: str

    @property
    def cells(self) -> list[nbformat.NotebookNode]:
        return stored_cells(self.name)

    @property
    def title(self) -> str:
        """Its heading of the first level."""
        return self.cells[0].source.splitlines()[0].removeprefix("# ")


@functools.cache
def chapters() -> tuple[Chapter, ...]:
    """The notebooks of the numbered parts."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return tuple(
        Chapter(part["caption"], entry["file"].removeprefix("book/"))
        for part in contents["parts"]
        if part.get("numbered")
        for entry in part["chapters"]
    )


@functools.cache
def stored_cells(name: str) -> list[nbformat.NotebookNode]:
    """The cells of a notebook of the book, with their outputs."""
    return nbformat.read(ROOT / "book" / f"{name}.ipynb", as_version=4).cells


def shown(cell: nbformat.NotebookNode) -> str:
    """What a code cell shows, as Markdown, where it shows any."""
    outputs = cell.get("outputs", ())
    found = (output.get("data", {}).get("text/markdown", "") for output in outputs)
    return "\n\n".join("".join(text) for text in found)


@functools.cache
def macros() -> str:
    """The TeX macros of the configuration, as ``mathematics`` takes them."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    return json.dumps(settings["sphinx"]["config"]["tex_macros"])
