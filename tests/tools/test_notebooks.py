"""The normal form of a notebook, and what becomes of one that raises."""

import subprocess
import sys
from pathlib import Path

import nbformat

from tests.shared.cells import code, notebook, text
from tools.digest import ROOT
from tools.notebooks import normal_form


def test_normal_form_is_its_own_normal_form() -> None:
    cell = code("print(1)", tags=["hide-input"], execution={"start": "now"})
    cell.outputs = [nbformat.v4.new_output("stream", text="1\n")]
    once = normal_form(notebook(text("# A"), cell, text("# A"), code("  ")))
    assert normal_form(once) == once
    assert len(once.cells) == 3
    assert once.cells[1].metadata == {
        "jupyter": {"source_hidden": True},
        "tags": ["hide-input"],
    }
    assert "jupyter" not in once.cells[0].metadata
    assert len({cell.id for cell in once.cells}) == 3


def test_cell_keeps_its_id_when_it_changes_and_a_copy_gets_its_own() -> None:
    page = notebook(text("# A"), text("# B"), text("# B"))
    page.cells[2].id = page.cells[1].id
    before = [cell.id for cell in page.cells]
    page.cells[0].source = "# A changed heading"
    ids = [cell.id for cell in normal_form(page).cells]
    assert ids[:2] == before[:2]
    assert len(set(ids)) == 3


def test_notebooks_that_raise_are_left_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "raising.ipynb"
    nbformat.write(notebook(nbformat.v4.new_code_cell("1 / 0")), path)
    before = path.read_bytes()
    run = subprocess.run(
        [sys.executable, "-m", "tools.notebooks", path],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert run.returncode == 1
    assert "ZeroDivisionError" in run.stderr
    assert path.read_bytes() == before
