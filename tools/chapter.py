"""Make a new chapter that passes every test, to be filled with its own content.

    python -m tools.chapter part/name       or make chapter NAME=part/name

The chapter is the example in ``tools/chapter.md`` under its own name and labels. It is
run and written in normal form, and entered at the end of its part in ``_toc.yml``.
"""

import argparse
import re
import sys
from pathlib import Path

import yaml
from myst_nb.core.read import read_myst_markdown_notebook
from nbformat import NotebookNode

from tools.digest import ROOT
from tools.notebooks import refresh, write

TEMPLATE = Path(__file__).with_suffix(".md")
LONGEST = 36  # with more, the lines of code that hold a label leave the page


class ChapterError(Exception):
    """A chapter that cannot be made as it was asked for."""


def parts(toc: str) -> list[str]:
    """The folders in book/ whose chapters are numbered, in the order of the book."""
    files = [
        chapter["file"]
        for part in yaml.safe_load(toc)["parts"]
        if part.get("numbered")
        for chapter in part["chapters"]
    ]
    return list(dict.fromkeys(file.split("/")[1] for file in files))


def entered(toc: str, part: str, name: str) -> str:
    """The table of contents with one more chapter, all else as it was."""
    *_, last = re.finditer(rf"^( *- file: book/{part}/)\S+.*\n", toc, re.MULTILINE)
    return f"{toc[: last.end()]}{last[1]}{name}\n{toc[last.end() :]}"


def example(part: str, name: str) -> NotebookNode:
    """The example as a notebook, with this chapter's title and labels; not yet run."""
    text = TEMPLATE.read_text("utf-8")
    text = text.replace("NAME", f"{part}-{name}".replace("_", "-"))
    text = text.replace("TITLE", name.replace("_", " ").capitalize())
    return read_myst_markdown_notebook(text)


def add(chapter: str, root: Path = ROOT) -> Path:
    """Make a chapter in the book under `root` and return its path.

    Raises ChapterError, and leaves everything as it was, if the name is unfit, the part
    unknown, the chapter there already, or the example does not run.
    """
    table = root / "_toc.yml"
    toc = table.read_text("utf-8")
    part, _, name = chapter.partition("/")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or len(name) > LONGEST:
        raise ChapterError(
            f"no chapter {chapter!r}: give part/name, as in vae/gaussian_kl, the name "
            f"of at most {LONGEST} small letters, digits and single underscores"
        )
    if part not in parts(toc):
        raise ChapterError(f"no part {part!r}: choose one of {', '.join(parts(toc))}")
    path = root / "book" / part / f"{name}.ipynb"
    if path.exists():
        raise ChapterError(f"{path.relative_to(root)} is there already: name another")
    try:
        write(example(part, name), path)
        if not refresh(path, force=True):
            raise ChapterError(f"the example in tools/{TEMPLATE.name} does not run")
        table.write_text(entered(toc, part, name), "utf-8")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def main() -> int:
    parser = argparse.ArgumentParser(description="Make a new chapter.")
    parser.add_argument("chapter", metavar="PART/NAME")
    try:
        path = add(parser.parse_args().chapter)
    except ChapterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{path.relative_to(ROOT)} is made and listed in _toc.yml; now fill it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
