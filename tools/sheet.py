"""Write a chapter's exercises without their solutions, as a notebook and to print.

    python -m tools.sheet book/vae/elbo.ipynb

Both go to _build/sheets/. The notebook begins with the chapter's cells on which the
exercises' own code rests; the page needs no script and no network.
"""

import argparse
import html
import os
import re
import symtable
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbformat import NotebookNode, v4

from tools.digest import ROOT
from tools.site import mathml
from tools.site.contents import macros
from tools.site.exercises import Exercise, exercises
from tools.site.mathematics import converted, lines_of

OUT = ROOT / "_build" / "sheets"
ROLE = re.compile(r"\{(eq|numref|doc|cite|term)(?::\w+)?\}`(.+?)`")
SAID = {"eq": "equation `{}`", "numref": "figure `{}`", "doc": "chapter `{}`"}
STYLE = """\
body { font: 12pt/1.4 "STIX Two Text", serif; margin: 2em auto; max-width: 44em; }
pre { background: #f3f4f5; font-size: 9pt; padding: .6em; white-space: pre-wrap; }
h2 { break-after: avoid; margin-top: 2em; }
.lines { display: grid; grid-template-columns: auto auto; justify-content: center; }
.formula { text-align: center; }
"""


def plain(text: str) -> str:
    """Text in which what only the book can resolve is said in words."""

    def said(role: re.Match[str]) -> str:
        return SAID.get(role[1], "{}").format(role[2])

    return ROLE.sub(said, text)


def heading(number: int, exercise: Exercise) -> str:
    return f"## Exercise {number} (about {exercise.minutes} minutes)"


# The notebook


def names(source: str) -> tuple[set[str], set[str]]:
    """The global names that code gives a meaning, and those that it asks for."""
    given, asked = set(), set()
    tables = [symtable.symtable(source, "cell", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        top = table.get_type() == "module"
        for symbol in table.get_symbols():
            if top and (symbol.is_assigned() or symbol.is_imported()):
                given.add(symbol.get_name())
            if symbol.is_referenced() and (top or symbol.is_global()):
                asked.add(symbol.get_name())
    return given, asked


def needed(before: Sequence[NotebookNode], after: Sequence[NotebookNode]) -> list[str]:
    """The code before the exercises on which their own rests, in its order."""
    wanted = set().union(*(names(cell.source)[1] for cell in after))
    kept: list[str] = []
    for cell in reversed(before):
        given, asked = names(cell.source)
        if given & wanted:
            wanted = wanted - given | asked
            kept.insert(0, cell.source)
    return kept


def notebook(title: str, cells: Sequence[NotebookNode], out: Path) -> NotebookNode:
    """The exercises with their cells, after those of the chapter that they need.

    In the folder ``out`` it finds the records that the chapter finds beside itself.
    """
    found = exercises(cells)
    own = [cell for exercise in found for cell in exercise.cells]
    start = min((cells.index(cell) for cell in own), default=0)
    before = [cell for cell in cells[:start] if cell.cell_type == "code"]
    made = [v4.new_markdown_cell(f"# {title}: exercises")]
    records = os.path.relpath(ROOT / "book" / "records", out).replace(os.sep, "/")
    if setup := needed(before, own):
        made.append(v4.new_markdown_cell("What the exercises need of the chapter:"))
        setup = [source.replace("../records", records) for source in setup]
        made += [v4.new_code_cell(source) for source in setup]
    for number, exercise in enumerate(found, start=1):
        text = f"{heading(number, exercise)}\n\n{plain(exercise.text)}"
        made.append(v4.new_markdown_cell(text))
        made += [v4.new_code_cell(cell.source) for cell in exercise.cells]
        if not exercise.cells:
            made.append(v4.new_code_cell())
    return v4.new_notebook(cells=made)


# The page


def page(title: str, found: Sequence[Exercise]) -> str:
    """The exercises as a page of HTML, mathematics set as in the book."""
    body = "\n".join(_parts(found))
    name = html.escape(title)
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{name}: exercises</title>
<style>{STYLE}</style></head>
<body><h1>{name}: exercises</h1>
{body}
</body></html>
"""


def _parts(found: Sequence[Exercise]) -> Iterator[str]:
    markdown = MarkdownIt().use(dollarmath_plugin, double_inline=True)
    for kind in ("math_inline", "math_inline_double", "math_block"):
        markdown.add_render_rule(kind, _mathematics)
    for number, exercise in enumerate(found, start=1):
        yield markdown.render(f"{heading(number, exercise)}\n\n{plain(exercise.text)}")
        for cell in exercise.cells:
            yield f"<pre>{html.escape(cell.source)}</pre>"


def _mathematics(
    self: object, tokens: Sequence[Token], index: int, options: object, env: object
) -> str:
    token = tokens[index]
    if token.type == "math_inline":
        return mathml.inline(converted(token.content, False, macros()))
    return mathml.display(converted(lines_of(token.content), True, macros()))


def write(path: Path, out: Path = OUT) -> tuple[Path, Path]:
    """Write both of a chapter's sheets. Raises ValueError if it has no exercises."""
    cells = nbformat.read(path, as_version=4).cells
    found = exercises(cells)
    if not found:
        raise ValueError(f"{path} has no exercises")
    title = cells[0].source.splitlines()[0].removeprefix("# ")
    out.mkdir(parents=True, exist_ok=True)
    files = out / f"{path.stem}.ipynb", out / f"{path.stem}.html"
    nbformat.write(notebook(title, cells, out), files[0])
    files[1].write_text(page(title, found), "utf-8")
    return files


def main() -> int:
    parser = argparse.ArgumentParser(description="Write exercises without solutions.")
    parser.add_argument("path", type=Path, metavar="PATH")
    path = parser.parse_args().path
    if path.suffix != ".ipynb" or not path.is_file():
        parser.error(
            f"{path} is not a notebook; give one: make sheet NB=book/vae/elbo.ipynb"
        )
    try:
        files = write(path)
    except ValueError as problem:
        parser.error(str(problem))
    print(*files, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
