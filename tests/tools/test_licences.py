"""The licences of what the pages carry: the table's rows, and where their texts are."""

import pytest
from sphinx.errors import ExtensionError

from tools.site.licences import HEAD, Entry, all_entries, entries, text_of

ENTRY = Entry("x", "y", ("x.css",), "sphinx", "MIT", "*.dist-info/*LICENSE.rst")


def test_the_table_is_read() -> None:
    row = "| Name, of a kind | A | `a.css` `b/*` | sphinx | MIT | `LICENSE` |"
    text = f"# Data\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n{HEAD}\n|---|\n{row}\n\nx"
    [entry] = entries(text)
    assert entry == (
        "Name, of a kind",
        "A",
        ("a.css", "b/*"),
        "sphinx",
        "MIT",
        "LICENSE",
    )
    assert entry.name == "name.txt"
    assert entry.owns("b/c/d.js")
    assert not entry.owns("c/a.css")


@pytest.mark.parametrize("entry", all_entries(), ids=lambda entry: entry.name)
def test_each_licence_has_its_text(entry: Entry) -> None:
    text = text_of(entry).read_text("utf-8")
    word = "SIL Open Font" if "SIL" in entry.licence else "copyright"
    assert word.lower() in text.lower()
    assert len(text) > 500


def test_licences_have_names_of_their_own() -> None:
    names = [entry.name for entry in all_entries()]
    assert len(set(names)) == len(names) > 0


def test_a_licence_that_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(ExtensionError, match=r"'x'.*0 files"):
        text_of(ENTRY._replace(text="no such file"))
    with pytest.raises(ExtensionError, match=r"no-such-package is not installed"):
        text_of(ENTRY._replace(package="no-such-package"))
