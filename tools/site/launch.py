"""The cell that makes Colab ready for a chapter.

Colab brings PyTorch and what usually goes with it; the cell installs, in versions of
the book, what a chapter of each part imports beyond. It is shown where the repository
has an address.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tools.lock import LOCK, pins

# What Colab lacks; myst-nb glues numbers into the text.
LACKING = (
    "filelock",
    "jaxtyping",
    "myst-nb",
    "sacrebleu",
    "sacremoses",
    "safetensors",
    "tokenizers",
)
CELL = """\
!git clone --depth 1 {repository}
%pip install --quiet {packages}
%pip install --quiet --no-deps --editable {folder}
import sys
sys.path.insert(0, "/content/{folder}")
%cd {folder}/book"""


def cell(repository: str) -> str:
    """The first cell of a notebook in Colab, with a repository's address."""
    versions = pins(LOCK.read_text("utf-8"))
    packages = " ".join(f"{name}=={versions[name]}" for name in LACKING)
    folder = repository.rstrip("/").rpartition("/")[2].removesuffix(".git")
    return CELL.format(repository=repository, packages=packages, folder=folder)


class Colab(SphinxDirective):
    """How to run a chapter in Colab, or nothing where the book has no address."""

    def run(self) -> list[nodes.Node]:
        repository = self.config.html_theme_options.get("repository_url")
        if not repository:
            return []
        said = (
            "The rocket at the top of a chapter opens it in Binder, where all is"
            " installed, or in Colab, where you run this first:"
        )
        code = nodes.literal_block("", cell(repository), language="text")
        return [nodes.paragraph("", said), code]


def setup(app: Sphinx) -> None:
    app.add_directive("colab", Colab)
