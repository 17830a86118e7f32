"""`make chapter`: what it makes passes the book's rules, or it makes nothing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import book_rules
from tools import chapter
from tools.digest import ROOT, digest
from tools.notebooks import book_notebooks, read, stored_digest

LONG = "transformer/" + "m" * chapter.LONGEST


def empty_book(folder: Path) -> Path:
    """The book's configuration and its table of contents, without a page."""
    for name in ("_toc.yml", "pyproject.toml", "book/ruff.toml"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for part in ("vae", "gan", "transformer"):
        (folder / "book" / part).mkdir()
    return folder


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_book(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def made(book: Path) -> Path:
    return chapter.add(LONG, book)


@pytest.mark.parametrize(
    "rule",
    [*book_rules.OF_NOTEBOOKS, *book_rules.OF_CHAPTERS],
    ids=lambda rule: rule.__name__,
)
def test_made_chapter_keeps_rule(rule, made: Path) -> None:
    assert rule(read(made)) == []


def test_made_chapter_stores_its_digest(made: Path) -> None:
    assert stored_digest(read(made)) == digest(read(made))


def test_made_chapter_gives_its_outputs_again(made: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", made],
        capture_output=True,
        text=True,
        cwd=made.parent,
        env={k: v for k, v in os.environ.items() if "PYTEST" not in k}
        | {"PYTHONPATH": str(ROOT)},
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_made_chapter_is_listed_and_the_table_else_as_it_was(
    book: Path, made: Path
) -> None:
    before = (ROOT / "_toc.yml").read_text("utf-8").splitlines()
    after = (book / "_toc.yml").read_text("utf-8").splitlines()
    entry = f"      - file: book/{LONG}"
    last = max(n for n, line in enumerate(before) if "book/transformer/" in line)
    assert after == [*before[: last + 1], entry, *before[last + 1 :]]


def labels(text: str) -> set[str]:
    return set(re.findall(r"\b(?:eq|ex|fig)-[\w-]+", text))


def test_labels_are_the_chapters_own() -> None:
    one, other = (
        labels(str(chapter.example(part, "moments"))) for part in ("vae", "gan")
    )
    taken = set().union(*(labels(path.read_text("utf-8")) for path in book_notebooks()))
    assert len(one) == 7
    assert not one & (other | taken)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("moments", "give part/name"),
        ("vae/", "give part/name"),
        ("vae/Moments", "give part/name"),
        ("vae/two words", "give part/name"),
        ("vae/../moments", "give part/name"),
        ("vae/" + "m" * (chapter.LONGEST + 1), "at most 36"),
        ("flows/moments", "no part 'flows': choose one of vae, gan, transformer"),
        ("appendix/moments", "no part 'appendix'"),
        ("vae/taken", "book/vae/taken.ipynb is there already"),
    ],
)
def test_unfit_name_is_refused(name: str, says: str, tmp_path: Path) -> None:
    root = empty_book(tmp_path)
    (root / "book/vae/taken.ipynb").touch()
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    with pytest.raises(chapter.ChapterError, match=re.escape(says)):
        chapter.add(name, root)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_example_that_does_not_run_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chapter, "TEMPLATE", tmp_path / "wrong.md")
    chapter.TEMPLATE.write_text("# TITLE\n\n```{code-cell}\n1 / 0\n```\n")
    root = empty_book(tmp_path)
    before = (root / "_toc.yml").read_text("utf-8")
    with pytest.raises(chapter.ChapterError, match=r"wrong\.md does not run"):
        chapter.add("vae/moments", root)
    assert (root / "_toc.yml").read_text("utf-8") == before
    assert list(root.rglob("*.ipynb")) == []


def test_error_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", ["chapter", "vae/elbo"])
    assert chapter.main() == 2
    assert capsys.readouterr().err.startswith("error: book/vae/elbo.ipynb is there")
