"""The checks themselves: each is shown something wrong and must refuse it."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.shared import book_rules
from tools import digest as digests
from tools.digest import ROOT, code_cells, digest
from tools.notebooks import execute, normal_form, write

CELLS = [
    "from IPython.display import Latex, Markdown\n\nprint(2 + 2)",
    "Markdown('$a := b$')",
    "Latex('$a := b$')",
    "total = 4",
]


def command(target: str, tool: str, instead_of: str, path: Path) -> list[str]:
    """Return the command of a make target that runs `tool`, on another folder."""
    run = subprocess.run(
        ["make", "--dry-run", "--always-make", target],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    lines = run.stdout.replace("\\\n", " ").splitlines()
    line = next(line for line in lines if f"{tool} " in line)
    return [str(path) if word == instead_of else word for word in shlex.split(line)]


def outcome(words: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command from the project's folder, as if no pytest ran around it."""
    ours = {key: value for key, value in os.environ.items() if "PYTEST" not in key}
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=ours)


def notebook(*cells: NotebookNode) -> NotebookNode:
    return nbformat.v4.new_notebook(cells=list(cells))


def code(source: str, **metadata: object) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata=metadata, execution_count=1)


def text(source: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source)


# nbval


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


def test_notebooks_that_raise_are_left_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "raising.ipynb"
    nbformat.write(notebook(nbformat.v4.new_code_cell("1 / 0")), path)
    before = path.read_bytes()
    run = outcome([sys.executable, "-m", "tools.notebooks", str(path)])
    assert run.returncode == 1
    assert "ZeroDivisionError" in run.stderr
    assert path.read_bytes() == before


# The build


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


# The rules of book_rules


def test_unexecuted_cell_is_refused() -> None:
    cell = code("x = 1")
    cell.execution_count = None
    assert book_rules.unexecuted(notebook(cell))
    assert book_rules.unexecuted(notebook(code("x = 1"))) == []


def test_cells_executed_out_of_order_are_refused() -> None:
    first, second = code("x = 1"), code("y = 2")
    first.execution_count = 2
    assert book_rules.unexecuted(notebook(first, second))


@pytest.mark.parametrize(
    "cell",
    [
        code("x = 1", tags=["nbval-skip"]),
        code("x = 1", tags=["raises-exception"]),
        code("# NBVAL_" + "IGNORE_OUTPUT\nx = 1"),
    ],
)
def test_exempt_cell_is_refused(cell: NotebookNode) -> None:
    assert book_rules.unwatched(notebook(cell))


def test_stored_error_and_warning_are_refused() -> None:
    error, warning = code("1 / 0"), code("warn()")
    error.outputs = [nbformat.v4.new_output("error", ename="ZeroDivisionError")]
    warning.outputs = [nbformat.v4.new_output("stream", name="stderr", text="careful")]
    assert len(book_rules.unwatched(notebook(error, warning))) == 2


def test_untagged_derivation_is_refused() -> None:
    untagged = code('kl = Derivation(a, name="a")')
    heavy = code("import torch", tags=["derivation"])
    assert len(book_rules.hidden_derivations(notebook(untagged, heavy))) == 2
    tagged = code(untagged.source, tags=["derivation"])
    assert book_rules.hidden_derivations(notebook(tagged)) == []


@pytest.mark.parametrize("source", ["x" * 80, "x = 1\n" * 21, "plot(x);"])
def test_sprawling_cell_is_refused(source: str) -> None:
    assert book_rules.sprawling(notebook(code(source)))
    assert book_rules.sprawling(notebook(code("x" * 79 + "\nx = 1" * 19))) == []


def test_repeated_function_is_refused() -> None:
    one = notebook(code("def f(x):\n    return x + 1"))
    renamed = notebook(code('def g(x):\n    """Add."""\n    return x + 1'))
    other = notebook(code("def f(x):\n    return x + 2"))
    library = {"sums": ast.parse(renamed.cells[0].source)}
    assert book_rules.repeated({"one": one, "renamed": renamed}, {})
    assert book_rules.repeated({"one": one, "other": other}, {})
    assert book_rules.repeated({"one": one}, library)
    assert book_rules.repeated({"one": one, "another": notebook(code("x"))}, {}) == []
    assert book_rules.repeated({"other": other}, library) == []


def test_picture_without_alt_text_is_refused() -> None:
    picture = nbformat.v4.new_output("display_data", {"image/png": ""})
    silent = code("show()")
    described = code("show()", mystnb={"image": {"alt": "Two bells that move apart"}})
    silent.outputs, described.outputs = [picture], [picture]
    assert book_rules.undescribed_pictures(notebook(silent))
    assert book_rules.undescribed_pictures(notebook(described)) == []
    described.outputs = [picture, picture]
    assert book_rules.undescribed_pictures(notebook(described))


@pytest.mark.parametrize(
    "latex",
    [
        "a = b",
        r"a \le b",
        r"\pi \approx 3",
        "f(x) := a = b",
        r"\sum_{i = 1}^{n} a_i = b",
        r"\begin{aligned} a &= b \\ &= c \end{aligned}",
        r"\left(\frac{a}{b}\right) \ge 0",
        "a < b",
    ],
)
def test_claim_needs_a_check(latex: str) -> None:
    assert book_rules.unchecked_claims(f"$$ {latex} $$", set())
    assert book_rules.unchecked_claims(f"$$ {latex} $$ (eq-a)", {"eq-b"})
    assert book_rules.unchecked_claims(f"$$\n{latex}\n$$ (eq-a)", {"eq-a"}) == []


@pytest.mark.parametrize(
    "latex",
    [
        "f(x) := a + b",
        r"f(x) \coloneqq \sum_{i = 1}^{n} x_i",
        r"p := P(Y = 1 \mid x)",
        r"A := \{ z : |z| < 1 \}",
        r"z \sim \mathcal{N}(0, I)",
        r"f := g \quad\text{where a = b}",
        r"\left. a \right|_{x = 0}",
    ],
)
def test_definition_needs_none(latex: str) -> None:
    assert book_rules.unchecked_claims(f"$$ {latex} $$", set()) == []


def test_check_is_looked_for_in_the_code_of_the_page() -> None:
    claim = text("$$ a = b $$ (eq-a)")
    assert book_rules.unchecked_equations(notebook(claim, code("# eq-a\nx = 1")))
    assert book_rules.unchecked_equations(notebook(claim, code("f('eq-a')"))) == []
    assert book_rules.unchecked_equations(notebook(code("f('$$ a = b $$')")))


@pytest.mark.parametrize(
    "form", ["\\begin{align} a &= b \\end{align}", "```{math}\na\n```"]
)
def test_mathematics_without_a_place_for_a_label_is_refused(form: str) -> None:
    assert book_rules.unchecked_claims(form, set())


@pytest.mark.parametrize(
    "prose",
    [
        "The loss falls to 104.7 nats.",
        "About 97 % of them.",
        "About 97% of them.",
        "A share of 97 per cent.",
        "The loss is $104.7$.",
        r"A ratio of $r \approx 1.5$.",
        r"A share of $97\,\%$ or $97\%$.",
        "```{note}\nThe loss falls to 104.7.\n```",
        ":::{note}\nThe loss falls to 104.7.\n:::",
        "- the loss falls to .5 nats",
    ],
)
def test_typed_result_is_refused(prose: str) -> None:
    assert book_rules.typed_results(prose)


@pytest.mark.parametrize(
    "prose",
    [
        "With `lr = 0.001` and {glue:text}`loss:.2f` nats.",
        "See [the paper](https://example.org/1401.0118) and {cite}`a1.5`.",
        r"Let $\sigma = 0.5$, and $$ a := 0.5 b $$ so.",
        "```python\nx = 0.5\n```",
        "````{solution} ex-1\n:class: dropdown\n```python\nx = 0.5\n```\n````",
        "```{image} a.png\n:width: 50%\n```",
        "In 80 epochs of 1,797 digits. 3. Then",
    ],
)
def test_setting_and_citation_pass(prose: str) -> None:
    assert book_rules.typed_results(prose) == []


EXERCISE = "```{{exercise}}\n:label: ex-{0}\nDo it.\n```\n"
SOLUTION = "```{{solution}} ex-{0}\n:class: dropdown\nDone.\n```\n"


def test_exercises_need_folded_solutions() -> None:
    whole = "\n".join((EXERCISE + "\n" + SOLUTION).format(n) for n in range(3))
    assert book_rules.exercise_problems(notebook(text(whole))) == []
    for spoilt in (
        whole.replace(EXERCISE.format(2), ""),
        whole.replace(SOLUTION.format(1), ""),
        whole.replace(":class: dropdown\n", "", 1),
    ):
        assert book_rules.exercise_problems(notebook(text(spoilt)))


def test_chapter_needs_a_derivation_and_pytorch() -> None:
    both = code("import torch\nfrom lib.derivation import Derivation\nDerivation(x)")
    assert book_rules.missing_parts(notebook(both)) == []
    assert len(book_rules.missing_parts(notebook(code("Derivation")))) == 2


# The digest and the normal form


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("x = 1", "x = 1  # one", True),
        ("x = 1", "x  =  1\n\n", True),
        ("x = 1", "x = 2", False),
        ("def f():\n    return 1", "def f():\n    'One.'\n    return 1", True),
        ("'shown'", "'shown otherwise'", False),
        ("x = f'{y:.2f}'", "x = f'{y:.3f}'", False),
        ("x = 1", "import lib.models.gaussian\nx = 1", False),
    ],
)
def test_digest_sees_code_alone(before: str, after: str, same: bool) -> None:
    digests = digest(notebook(code(before))), digest(notebook(code(after)))
    assert (digests[0] == digests[1]) is same


def test_digest_follows_imports_and_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "ROOT", tmp_path)
    monkeypatch.setattr(digests, "RECORDS", tmp_path)
    wing = tmp_path / "lib/wing"
    wing.mkdir(parents=True)
    top, base, door = tmp_path / "lib/top.py", wing / "base.py", wing / "__init__.py"
    stranger, record = wing / "stranger.py", tmp_path / "run-seed0.json"
    top.write_text("from lib.wing import x")
    door.write_text("from .base import x\nfrom .stranger import y")
    for path in (base, stranger, record):
        path.write_text("x = 1")
    page = notebook(code("from lib import top\nshow('run-seed')"))
    before = digest(page)
    stranger.write_text("x = 2")
    base.write_text("'Numbers.'\nx = 1  # one")
    assert digest(page) == before
    base.write_text("x = 2")
    assert digest(page) != before
    base.write_text("x = 1")
    record.write_text("x = 2")
    assert digest(page) != before


def test_normal_form_is_its_own_normal_form() -> None:
    cell = code("print(1)", tags=["hide-input"], execution={"start": "now"})
    cell.outputs = [nbformat.v4.new_output("stream", text="1\n")]
    once = normal_form(notebook(text("# A"), cell, text("# A"), code("  ")))
    assert normal_form(once) == once
    assert len(once.cells) == 3
    assert once.cells[1].metadata == {"tags": ["hide-input"]}
    assert len({cell.id for cell in once.cells}) == 3


def test_cell_keeps_its_id_when_it_changes_and_a_copy_gets_its_own() -> None:
    page = notebook(text("# A"), text("# B"), text("# B"))
    page.cells[2].id = page.cells[1].id
    before = [cell.id for cell in page.cells]
    page.cells[0].source = "# A changed heading"
    ids = [cell.id for cell in normal_form(page).cells]
    assert ids[:2] == before[:2]
    assert len(set(ids)) == 3
