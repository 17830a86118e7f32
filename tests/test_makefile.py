"""The commands of the Makefile: each is shown something wrong and must refuse it."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

from tests.shared.cells import notebook
from tools.digest import ROOT, code_cells
from tools.notebooks import execute, normal_form, write

CELLS = [
    "from IPython.display import Latex, Markdown\n\nprint(2 + 2)",
    "Markdown('$a := b$')",
    "Latex('$a := b$')",
    "total = 4",
]


def command(target: str, tool: str, instead_of: str, path: Path) -> list[str]:
    """Return the command of a make target that runs `tool`, on another folder.

    It stands in place of the folder, or of the files within that the command names.
    """
    run = subprocess.run(
        ["make", "--dry-run", "--always-make", target],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    lines = run.stdout.replace("\\\n", " ").splitlines()
    line = next(line for line in lines if f"{tool} " in line)
    words = shlex.split(line)
    named = [w for w in words if w == instead_of or w.startswith(f"{instead_of}/")]
    kept = [word for word in words if word not in named[1:]]
    return [str(path) if word == named[0] else word for word in kept]


def outcome(words: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command from the project's folder, as if no pytest ran around it."""
    ours = {key: value for key, value in os.environ.items() if "PYTEST" not in key}
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=ours)


# make compare


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Compare a sound notebook and four spoilt ones; return what pytest says."""
    folder = tmp_path_factory.mktemp("book")
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(notebook(*cells), folder / "sound.ipynb")
    sound = normal_form(execute(folder / "sound.ipynb"))
    write(sound, folder / "sound.ipynb")
    spoilt = {name: sound.copy() for name in ("number", "markdown", "latex", "raising")}
    spoilt = {name: normal_form(copy) for name, copy in spoilt.items()}
    code_cells(spoilt["number"])[0].outputs[0].text = "5\n"
    code_cells(spoilt["markdown"])[1].outputs[0].data["text/markdown"] = "$a := c$"
    code_cells(spoilt["latex"])[2].outputs[0].data["text/latex"] = "$a := c$"
    code_cells(spoilt["raising"])[3].source = "total = 1 / 0"
    for name, copy in spoilt.items():
        write(copy, folder / f"{name}.ipynb")
    words = command("book", "pytest", "book", folder)
    run = outcome([*words, "-rA", "--color=no"])
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize(
    ("name", "cell"), [("number", 0), ("markdown", 1), ("latex", 2), ("raising", 3)]
)
def test_nbval_refuses(compared: str, name: str, cell: int) -> None:
    lines = compared.splitlines()
    failed = [line for line in lines if line.startswith("FAILED") and name in line]
    assert len(failed) == 1
    assert f"{name}.ipynb::Cell {cell}" in failed[0]


def test_nbval_passes_the_sound_notebook(compared: str) -> None:
    lines = compared.splitlines()
    passed = [line for line in lines if line.startswith("PASSED") and "sound" in line]
    assert len(passed) == len(CELLS)


# make html


def build(folder: Path, page: str) -> subprocess.CompletedProcess[str]:
    """Build a book of one page with this book's configuration and make's options."""
    shutil.copy(ROOT / "_config.yml", folder)
    (folder / "book/_static").mkdir(parents=True)
    (folder / "book/references.bib").touch()
    (folder / "_toc.yml").write_text("format: jb-book\nroot: page\n")
    (folder / "page.md").write_text(page)
    return outcome(command("html", "jupyter-book", ".", folder))


def test_build_passes_a_sound_page(tmp_path: Path) -> None:
    run = build(tmp_path, "# Page\n\n$$ a := b $$ (eq-here)\n\nSee {eq}`eq-here`.\n")
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / "_build/html/page.html").exists()


BROKEN = {
    "equation": ("See {eq}`eq-nowhere`.", "equation not found: eq-nowhere"),
    "section": ("See {ref}`nowhere`.", "undefined label: 'nowhere'"),
    "page": ("See [there](nowhere.md).", "nowhere.md"),
    "solution": ("```{solution} ex-nowhere\nDone.\n```", "ex-nowhere"),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Build a page with every kind of broken reference; return what Sphinx says."""
    texts = [text for text, _ in BROKEN.values()]
    run = build(tmp_path_factory.mktemp("book"), "\n\n".join(["# Page", *texts]))
    assert run.returncode != 0
    return run.stdout + run.stderr


@pytest.mark.parametrize("kind", BROKEN)
def test_build_refuses_broken_reference(broken: str, kind: str) -> None:
    warnings = [line for line in broken.splitlines() if "WARNING" in line]
    assert any(BROKEN[kind][1] in line for line in warnings)


def test_no_recipe_hides_a_failure() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipes = re.findall(r"^\t(.*)", makefile, re.MULTILINE)
    assert recipes
    assert not [line for line in recipes if re.match(r"[@+]*-(?!-)", line)]
    assert not [line for line in recipes if re.search(r"\|\| *(?:true|:)", line)]
