"""The licences of what the built pages carry: THIRD_PARTY.md's table, and their texts.

Each row names the files that come from one author, the package that brings them and
where that package has the licence's text; the texts go into ``_static/licences/``.
"""

import importlib.metadata
import re
import shutil
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from tools.digest import ROOT

TABLE = ROOT / "THIRD_PARTY.md"
HEAD = "| what | whose | files | package | licence | text |"
FOLDER = "_static/licences"
OURS = "checked-gradients.txt"


class Entry(NamedTuple):
    """A row of the table."""

    what: str
    whose: str
    files: tuple[str, ...]  # patterns, below _static
    package: str
    licence: str
    text: str  # a pattern in the package, or a path of this project

    @property
    def name(self) -> str:
        """The file name of the licence's text, beside the pages."""
        words = self.what.partition(",")[0].lower()
        return re.sub(r"[^a-z0-9]+", "-", words) + ".txt"

    def owns(self, file: str) -> bool:
        """Whether a file, named by its path below ``_static``, is from this entry."""
        return any(fnmatch(file, pattern) for pattern in self.files)


def entries(text: str) -> list[Entry]:
    """The rows of the table of what the pages carry, in Markdown."""
    lines = text.partition(HEAD)[2].lstrip("\n").splitlines()[1:]
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        what, whose, files, *rest = (c.strip() for c in line.strip("|").split("|"))
        package, licence, where = rest
        patterns = tuple(re.findall("`([^`]+)`", files))
        found.append(Entry(what, whose, patterns, package, licence, where.strip("`")))
    return found


def text_of(entry: Entry) -> Path:
    """The file with the licence's text.

    Raises:
        ExtensionError: the package has no such file, or several.
    """
    if entry.text.startswith("tools/"):
        return ROOT / entry.text
    found = [p for p in _files(entry.package) if fnmatch(str(p), f"*/{entry.text}")]
    if len(found) != 1:
        raise ExtensionError(
            f"THIRD_PARTY.md: {entry.what!r} has its licence at {entry.text!r} of "
            f"{entry.package}, where {len(found)} files are; name one"
        )
    return found[0]


def _files(package: str) -> list[Path]:
    """The files of an installed package, of Python's or npm's."""
    folder = ROOT / "node_modules" / package
    if folder.is_dir():
        return list(folder.iterdir())
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        raise ExtensionError(f"THIRD_PARTY.md: {package} is not installed") from None
    return [Path(str(file.locate())) for file in files]


class Licences(SphinxDirective):
    """A list of what the pages carry, with links to the licences' texts."""

    def run(self) -> list[nodes.Node]:
        above = "../" * self.env.docname.count("/")
        rows = [(f"{e.what} ({e.whose})", e.licence, e.name) for e in all_entries()]
        listed = nodes.bullet_list()
        for what, licence, name in [("This book", "MIT, CC BY 4.0", OURS), *rows]:
            link = nodes.reference("", licence, refuri=f"{above}{FOLDER}/{name}")
            paragraph = nodes.paragraph("", "", nodes.Text(f"{what}: "), link)
            listed += nodes.list_item("", paragraph)
        return [listed]


def all_entries() -> list[Entry]:
    return entries(TABLE.read_text("utf-8"))


def setup(app: Sphinx) -> None:
    app.add_directive("licences", Licences)


def write(out: Path) -> None:
    """Copy the texts, and take away what only the themes' authors use."""
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "LICENSE", folder / OURS)
    for entry in all_entries():
        shutil.copyfile(text_of(entry), folder / entry.name)
    for template in out.glob("_static/*webpack-macros.html"):
        template.unlink()
