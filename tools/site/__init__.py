"""What Sphinx does for the pages beyond its own extensions: one of ours, in parts."""

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from . import folds, fonts, icons, mathematics, pictures


def setup(app: Sphinx) -> ExtensionMetadata:
    for part in (mathematics, folds, fonts, icons, pictures):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
