"""A release says one version everywhere, loses no address, is packed alike twice."""

import datetime
import zipfile
from pathlib import Path

import pytest

from tools import release
from tools.digest import ROOT
from tools.release import addresses, disagreements, edition, pack

CHANGELOG = (
    "# Changelog\n\n## [Unreleased]\n{}\n## 1.2.0 - 2026-03-04\n\n- Something.\n"
)


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book whose files agree, with one released page."""
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    (tmp_path / "CITATION.cff").write_text(
        'version: 1.2.0\ndate-released: "2026-03-04"\n'
    )
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG.format(""))
    page = tmp_path / "site" / "book" / "a.html"
    page.parent.mkdir(parents=True)
    page.write_text(
        '<p id="equation-eq-a"></p><p id="other"></p>'
        "<footer>Version 1.2.0 of 4 March 2026</footer>"
    )
    (tmp_path / "released.txt").write_text("book/a.html\nbook/a.html#equation-eq-a\n")
    monkeypatch.setattr(release, "RELEASED", tmp_path / "released.txt")
    return tmp_path


def test_edition_is_read_in_one_place(book: Path) -> None:
    assert edition(book) == ("1.2.0", datetime.date(2026, 3, 4), False)
    assert edition(book).said == "Version 1.2.0 of 4 March 2026"
    (book / "CHANGELOG.md").write_text(CHANGELOG.format("\n- New.\n"))
    after = "Work in progress after version 1.2.0 of 4 March 2026"
    assert edition(book).said == after


def test_addresses_are_pages_and_what_is_linked_to(book: Path) -> None:
    assert addresses(book / "site") == {"book/a.html", "book/a.html#equation-eq-a"}


def test_files_that_agree_are_a_release(book: Path) -> None:
    assert disagreements(book, book / "site") == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("pyproject.toml", "1.2.0", "1.3.0", "no section '## 1.3.0 - YYYY-MM-DD'"),
        ("CHANGELOG.md", "1.2.0", "1.3.0", "no section '## 1.2.0 - YYYY-MM-DD'"),
        ("CHANGELOG.md", "ed]\n", "ed]\n\n- New.\n", "changes under [Unreleased]"),
        ("CITATION.cff", "1.2.0", "1.1.0", "version 1.1.0 instead of 1.2.0"),
        ("CITATION.cff", "03-04", "03-05", "2026-03-05 instead of 2026-03-04"),
        ("site/book/a.html", "1.2.0", "1.1.0", "footer of book/a.html does not say"),
        ("released.txt", "eq-a", "eq-b", "book/a.html#equation-eq-b is gone"),
    ],
)
def test_what_disagrees_is_named(
    book: Path, file: str, old: str, new: str, said: str
) -> None:
    path = book / file
    path.write_text(path.read_text().replace(old, new))
    assert any(said in problem for problem in disagreements(book, book / "site"))


def test_this_book_says_one_version() -> None:
    problems = disagreements(ROOT, ROOT / "no such folder")
    assert [p for p in problems if "CITATION" in p or "no section" in p] == []


def test_archive_is_the_same_twice_and_has_all(book: Path) -> None:
    for name in ("one.zip", "two.zip"):
        pack(book / "site", book / name, "name-1.2.0")
    assert (book / "one.zip").read_bytes() == (book / "two.zip").read_bytes()
    with zipfile.ZipFile(book / "one.zip") as packed:
        assert packed.namelist() == ["name-1.2.0/book/a.html"]
