"""A sheet has the exercises and what their code needs, and no solution."""

from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient

from tools import sheet
from tools.site.contents import chapters
from tools.site.exercises import exercises

NAMES = [chapter.name for chapter in chapters()]


@pytest.mark.parametrize("name", NAMES)
def test_a_sheet_has_every_exercise_and_no_solution(name: str, tmp_path: Path) -> None:
    path = sheet.ROOT / "book" / f"{name}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    found = exercises(cells)
    notebook, page = sheet.write(path, tmp_path)
    made = nbformat.read(notebook, as_version=4)
    nbformat.validate(made)
    text = "\n".join(cell.source for cell in made.cells)
    html = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    for number, exercise in enumerate(found, start=1):
        assert f"## Exercise {number} (about {exercise.minutes} minutes)\n" in text
    assert len(html.find_all("h2")) == len(found)
    for shown in (text, html.get_text()):
        assert "{solution" not in shown
        assert "{eq}" not in shown
    given = [cell.source for exercise in found for cell in exercise.cells]
    first = cells.index(found[0].cells[0]) if found[0].cells else 0
    solved = [c.source for c in cells[first:] if c.cell_type == "code"] if first else []
    assert not [s for s in solved if s not in given and s in text]
    assert "$" not in html.get_text()
    assert html.find("math")
    assert not html.find_all(["script", "link", "img"])


def test_what_the_code_of_an_exercise_needs_is_kept_and_no_more() -> None:
    def code(source: str) -> nbformat.NotebookNode:
        return nbformat.v4.new_code_cell(source)

    before = [
        "import a",
        "unused = 1",
        "x = 0",
        "x = a.f()",
        "def g(y):\n    return x + y",
        "z = [x for x in range(3)]",
    ]
    after = code("def h(z):\n    return z\n\n\nh(g(1))")
    kept = sheet.needed([code(source) for source in before], [after])
    assert kept == [before[0], before[3], before[4]]


def test_the_cells_of_a_sheet_run(tmp_path: Path) -> None:
    path = sheet.ROOT / "book/vae/elbo.ipynb"
    made = nbformat.read(sheet.write(path, tmp_path)[0], as_version=4)
    place = {"metadata": {"path": tmp_path}}  # as JupyterLab runs it, where it lies
    run = NotebookClient(made, timeout=300, resources=place).execute()
    said = [
        output.get("text", "")
        for cell in run.cells
        for output in cell.get("outputs", ())
    ]
    assert sum(text.startswith("not yet") for text in said) == 4


def test_a_notebook_without_exercises_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no exercises"):
        sheet.write(sheet.ROOT / "book/appendix/concordance.ipynb", tmp_path)
    assert not list(tmp_path.iterdir())
