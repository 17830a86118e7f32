"""What Sphinx does for the pages beyond its own extensions: one of ours, in parts."""

import gc
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from tools import finished

from . import (
    about,
    attempts,
    engine,
    folds,
    fonts,
    generated,
    headings,
    icons,
    launch,
    library,
    licences,
    mathematics,
    moved,
    origins,
    parts,
    pictures,
    playables,
    policy,
    previews,
    quiet,
    search,
    sections,
    translators,
)

# New objects after which Python looks for garbage. A build keeps most of what it makes:
# looking after every 700, as Python does, takes a third of its time.
OBJECTS = 500_000


def setup(app: Sphinx) -> ExtensionMetadata:
    gc.set_threshold(OBJECTS)
    about.setup(app)
    mathematics.setup(app)
    for part in (origins, folds, attempts, playables, translators, launch, licences):
        part.setup(app)
    for part in (generated, headings, library, sections):
        part.setup(app)
    app.connect("build-finished", finish)
    # One MathJax answers one writer at a time.
    return {"parallel_read_safe": True, "parallel_write_safe": False}


def finish(app: Sphinx, problem: Exception | None) -> None:
    """Write what is made from the finished pages, and change these."""
    if problem is not None or app.builder.format != "html":
        return
    finished.forget()
    out = Path(app.outdir)
    for part in (
        *(fonts, icons, pictures, attempts, engine, search, previews, parts),
        *(licences, quiet),
    ):
        part.write(out)
    first = app.builder.get_target_uri(app.config.root_doc)
    moved.write(out, first, app.config.project, Path(app.srcdir) / "book")
    policy.write(out)  # at the end: it knows each script in a page by its text
