"""The notebooks and pages keep the rules that make them worth trusting."""

import ast
import functools
import re
from pathlib import Path

import pytest
import yaml

from tests.shared import book_rules
from tools.digest import ROOT, digest
from tools.notebooks import BOOK, book_notebooks, read, stored_digest

NOTEBOOKS = {path.relative_to(BOOK).as_posix(): read(path) for path in book_notebooks()}
PAGES = {path.relative_to(BOOK).as_posix(): path for path in sorted(BOOK.rglob("*.md"))}
CHAPTERS = {
    name: notebook
    for name, notebook in NOTEBOOKS.items()
    if name.split("/")[0] in ("vae", "gan", "transformer")
}
MODULES = sorted((ROOT / "lib").rglob("*.py"))
SKIPPED = {".git", ".venv", "_build", "data", "node_modules"}
TEXT = {
    "",
    ".bib",
    ".cff",
    ".css",
    ".ipynb",
    ".js",
    ".md",
    ".py",
    ".toml",
    ".txt",
    ".yml",
}
# The letters in brackets keep these patterns from finding themselves.
UNFIT = {
    "a path of one machine": r"(?<![\w.])/(?:work|tmp|root|home|opt)/\w",
    "a package index": r"py[p]i\.org|pythonhoste[d]\.org|pytorc[h]\.org/whl"
    r"|--(?:extra-)?index-ur[l]|anacond[a]\.org",
    "unfinished work": r"\b(?:TOD[O]|FIXM[E]|XX[X])\b",
}


def toc_files() -> list[str]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    chapters = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    return [toc["root"], *chapters]


@functools.cache
def project_files() -> list[Path]:
    tops = [top for top in ROOT.iterdir() if top.name not in SKIPPED]
    return [
        path
        for path in sorted(p for top in tops for p in (top, *top.rglob("*")))
        if path.is_file()
        and path.suffix in TEXT
        and not SKIPPED & set(path.relative_to(ROOT).parts)
        and not any(part.endswith((".egg-info", "_cache")) for part in path.parts)
        and "__pycache__" not in path.parts
        and ".ipynb_checkpoints" not in path.parts
        and ".hypothesis" not in path.parts
    ]


@functools.cache
def without_pictures(path: Path) -> str:
    """The file's text less its stored pictures, whose letters may spell anything."""
    return re.sub(r'"image/png": "[^"]*"', "", path.read_text("utf-8"))


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize(
    "rule", book_rules.OF_NOTEBOOKS, ids=lambda rule: rule.__name__
)
def test_notebook_keeps_rule(rule, name: str) -> None:
    assert rule(NOTEBOOKS[name]) == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_shows_what_its_code_computes(name: str) -> None:
    message = f"{name} is older than its code: run `make notebooks` and commit it"
    assert stored_digest(NOTEBOOKS[name]) == digest(NOTEBOOKS[name]), message


@pytest.mark.parametrize("name", CHAPTERS)
@pytest.mark.parametrize("rule", book_rules.OF_CHAPTERS, ids=lambda rule: rule.__name__)
def test_chapter_is_complete(rule, name: str) -> None:
    assert rule(CHAPTERS[name]) == []


@pytest.mark.parametrize("name", PAGES)
def test_page_types_no_results(name: str) -> None:
    markdown = PAGES[name].read_text("utf-8")
    assert book_rules.typed_results(markdown) == []


@pytest.mark.parametrize("name", PAGES)
def test_page_claims_nothing_unchecked(name: str) -> None:
    markdown = PAGES[name].read_text("utf-8")
    assert book_rules.unchecked_claims(markdown, set()) == []


def test_no_function_is_defined_twice() -> None:
    library = {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8"))
        for path in MODULES
    }
    assert book_rules.repeated(NOTEBOOKS, library) == []


def test_there_is_a_book() -> None:
    assert CHAPTERS


def test_table_of_contents_lists_every_page_once() -> None:
    listed = toc_files()
    pages = [f"book/{name.rsplit('.', 1)[0]}" for name in (*NOTEBOOKS, *PAGES)]
    assert sorted(listed) == sorted(pages)


def test_equations_cited_in_docstrings_exist() -> None:
    defined: set[str] = set()
    for notebook in NOTEBOOKS.values():
        defined |= book_rules.notebook_labels(notebook)
    for page in PAGES.values():
        defined |= book_rules.labels(page.read_text("utf-8"))
    missing = {
        f"{module.relative_to(ROOT)}: {label}"
        for module in MODULES
        for label in book_rules.cited_equations(module.read_text("utf-8")) - defined
    }
    assert missing == set()


@pytest.mark.parametrize("what", UNFIT)
def test_no_file_contains(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path in project_files()
        if (hit := re.search(UNFIT[what], without_pictures(path)))
    ]
    assert found == []
