"""Each entry of the bibliography was checked against a source, or is said not to be."""

import csv
import datetime
import re

from tools.digest import ROOT

KEYS = re.findall(
    r"^@\w+\{([^,]+),", (ROOT / "book/references.bib").read_text("utf-8"), re.MULTILINE
)


def rows() -> list[dict[str, str]]:
    with (ROOT / "book/references_checked.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_each_entry_is_in_the_table_once_in_the_same_order() -> None:
    assert [row["key"] for row in rows()] == KEYS
    assert len(set(KEYS)) == len(KEYS) > 0


def test_an_entry_is_checked_on_a_day_against_something_or_marked() -> None:
    for row in rows():
        if row["against"] == "not checked":
            assert row["checked on"] == "", row["key"]
        else:
            assert datetime.date.fromisoformat(row["checked on"]), row["key"]
            assert len(row["against"]) > 10, row["key"]
