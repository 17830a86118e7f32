"""The commands of the Makefile: each is shown something wrong and must refuse it."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

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
    """Compare a sound notebook and one with four errors; return what pytest says."""
    folder = tmp_path_factory.mktemp("book")
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(notebook(*cells), folder / "sound.ipynb")
    sound = normal_form(execute(folder / "sound.ipynb"))
    write(sound, folder / "sound.ipynb")
    spoilt = normal_form(sound.copy())
    number, markdown, latex, raising = code_cells(spoilt)
    number.outputs[0].text = "5\n"
    markdown.outputs[0].data["text/markdown"] = "$a := c$"
    latex.outputs[0].data["text/latex"] = "$a := c$"
    raising.source = "total = 1 / 0"
    write(spoilt, folder / "spoilt.ipynb")
    words = command("book", "pytest", "book", folder)
    run = outcome([*words, "-rA", "--color=no"])
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout


def test_nbval_refuses_another_number_markdown_or_formula_and_an_error(
    compared: str,
) -> None:
    failed = re.findall(r"^FAILED \S*?(\w+)\.ipynb::Cell (\d)", compared, re.MULTILINE)
    assert sorted(failed) == [("spoilt", str(cell)) for cell in range(len(CELLS))]


def test_nbval_passes_the_sound_notebook(compared: str) -> None:
    passed = re.findall(r"^PASSED \S*?(\w+)\.ipynb::Cell (\d)", compared, re.MULTILINE)
    assert sorted(passed) == [("sound", str(cell)) for cell in range(len(CELLS))]


# make html


def build(
    folder: Path, page: str, addresses: tuple[str, str] = ("", "")
) -> subprocess.CompletedProcess[str]:
    """Build a book of two pages with this book's configuration and make's options.

    The addresses are those of the repository and of the pages.
    """
    configuration = (ROOT / "_config.yml").read_text("utf-8")
    for key, address in zip(("  url", "  baseurl"), addresses, strict=True):
        configuration = configuration.replace(f'{key}: ""', f'{key}: "{address}"')
    (folder / "_config.yml").write_text(configuration, "utf-8")
    shutil.copytree(ROOT / "book/_static", folder / "book/_static")
    (folder / "book/references.bib").touch()
    (folder / "_toc.yml").write_text(
        "format: jb-book\nroot: page\nchapters:\n  - file: other\n"
    )
    (folder / "page.md").write_text(page)
    (folder / "other.md").write_text("# Another\n")
    return outcome(command("html", "jupyter-book", ".", folder))


def test_sound_book_without_addresses_names_none(tmp_path: Path) -> None:
    sound = "# Page\n\nOf things.\n\n$$ a := b $$ (eq-here)\n\nSee {eq}`eq-here`.\n"
    run = build(tmp_path, f"{sound}\n```{{colab}}\n```\n")
    assert run.returncode == 0, run.stdout + run.stderr
    site = tmp_path / "_build/html"
    page = (site / "page.html").read_text("utf-8")
    for word in ("canonical", "og:url", "og:image", "git clone", "OWNER", "http://"):
        assert word not in page
    assert not (site / "sitemap.xml").exists()
    assert 'content="Of things."' in page


BROKEN = {
    "equation": ("See {eq}`eq-nowhere`.", "equation not found: eq-nowhere"),
    "section": ("See {ref}`nowhere`.", "undefined label: 'nowhere'"),
    "page": ("See [there](nowhere.md).", "nowhere.md"),
    "solution": ("```{solution} ex-nowhere\nDone.\n```", "ex-nowhere"),
}
Broken = tuple[Path, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Broken:
    """A book with addresses and with references of every kind that lead nowhere."""
    folder = tmp_path_factory.mktemp("broken")
    addresses = ("https://github.com/someone/a-book", "https://example.org/a-book/")
    page = "# Page\n\nOf things.\n\n```{colab}\n```\n\n"
    page += "\n\n".join(text for text, _ in BROKEN.values())
    return folder / "_build/html", build(folder, page, addresses)


def test_build_refuses_broken_references_of_every_kind(broken: Broken) -> None:
    _, run = broken
    assert run.returncode != 0
    printed = (run.stdout + run.stderr).splitlines()
    warnings = "\n".join(line for line in printed if "WARNING" in line)
    assert [kind for kind, (_, said) in BROKEN.items() if said not in warnings] == []


def test_book_with_addresses_has_what_needs_them(broken: Broken) -> None:
    site, _ = broken
    page = (site / "page.html").read_text("utf-8")
    links = {
        link.get("rel", ["a"])[0]: link["href"]
        for link in BeautifulSoup(page, "html.parser").find_all(
            ["link", "a"], href=True
        )
        if link["href"].startswith("https://")
    }
    assert links["canonical"] == "https://example.org/a-book/page.html"
    assert '"og:url" content="https://example.org/a-book/page.html"' in page
    assert '"og:image" content="https://example.org/a-book/_static/card.png"' in page
    assert "https://github.com/someone/a-book/edit/main/page.md" in page
    assert "https://github.com/someone/a-book/issues/new" in page
    assert "git clone --depth 1 https://github.com/someone/a-book\n" in page
    assert "<loc>https://example.org/a-book/page.html</loc>" in (
        site / "sitemap.xml"
    ).read_text("utf-8")
    missing = (site / "404.html").read_text("utf-8")
    assert 'href="/a-book/_static/book.css' in missing
    assert '"Font Awesome 6 Brands"' in (site / "_static/icons.css").read_text("utf-8")


def test_no_recipe_hides_a_failure() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipes = re.findall(r"^\t(.*)", makefile, re.MULTILINE)
    assert recipes
    assert not [line for line in recipes if re.match(r"[@+]*-(?!-)", line)]
    assert not [line for line in recipes if re.search(r"\|\| *(?:true|:)", line)]
