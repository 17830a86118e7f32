"""What Sphinx does for the pages beyond its own extensions: one of ours, in parts."""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from . import (
    folds,
    fonts,
    generated,
    headings,
    icons,
    library,
    mathematics,
    pictures,
    sections,
)


def setup(app: Sphinx) -> ExtensionMetadata:
    mathematics.setup(app)
    for part in (folds, generated, headings, library, sections):
        part.setup(app)
    app.connect("build-finished", finish)
    # One MathJax answers one writer at a time.
    return {"parallel_read_safe": True, "parallel_write_safe": False}


def finish(app: Sphinx, problem: Exception | None) -> None:
    """Write what is made from the finished pages, and change these."""
    if problem is None and app.builder.format == "html":
        for part in (fonts, icons, pictures):
            part.write(Path(app.outdir))
